"""From (who, repository, revision, path) to a file: the hub's most used question, in one query and one look-up.

Who may read what is `RepositoryQuerySet`'s rule; its SQL is compiled once and run with other values, because the ORM takes
longer to write that query than the database to answer it. What a commit holds at a path never changes, so it is kept in
a bounded cache of the process, misses too.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from accounts.models import Actor, TokenRole, User
from models_registry import access
from models_registry.errors import EntryNotFound
from models_registry.models import Commit, Gate, Repository
from models_registry.services import references, trees
from models_registry.services.trees import TreeEntry

_CACHED_ENTRIES = 50_000


@dataclass(frozen=True)
class ResolvedFile:
    """A file the actor may read. `commit`: the full id of the revision."""

    repository_id: int
    commit: str
    entry: TreeEntry


class _MissingEntry(EntryNotFound):
    """Told together with the commit, so that clients remember what it lacks."""

    def __init__(self, path: str, commit: str):
        super().__init__(f"There is no file {path!r} at revision {commit[:12]}.", headers={"X-Repo-Commit": commit})


def file_at(actor: Actor, kind: str, namespace: str, name: str, rest: str) -> ResolvedFile:
    """`rest`: revision and path together, as they stand in an address.

    Raises RepositoryNotFound, RevisionNotFound, EntryNotFound (with the commit in its headers), GatedRepository.
    """
    revision, _, path = rest.partition("/")
    found = _quick(actor, kind, namespace, name, revision)
    if found is None:  # a branch with slashes, a short id, an annotated tag, a gated repository, a fine-grained token
        repository = access.repository_for(actor, kind, f"{namespace}/{name}")
        access.require_read(actor, repository)
        revision, path = references.split(repository, rest)
        found = repository.pk, references.resolve(repository, revision).oid
    repository_id, commit = found
    entry = _entry_at(repository_id, commit, path)
    if entry is None:
        raise _MissingEntry(path, commit)
    return ResolvedFile(repository_id, commit, entry)


@lru_cache(maxsize=_CACHED_ENTRIES)
def _entry_at(repository_id: int, commit: str, path: str) -> TreeEntry | None:
    repository = Repository(pk=repository_id)
    row = Commit.objects.get(repository=repository_id, oid=commit)
    entry = trees.find(repository, row, [path]).get(path)
    return None if entry is None or entry.is_folder else entry


_ASKED = ("\0kind", "\0namespace", "\0name", "\0branch", "\0tag")
_USER = -7_919_000_001  # stands for a user's id in the compiled query: no row has it


def _query(actor: Actor, kind: str, namespace: str, name: str, branch: str, tag: str) -> QuerySet[Any, Any]:
    return (
        Repository.objects.visible_to(actor)
        .named(kind, namespace, name)
        .filter(references__name__in=[branch, tag])
        .values_list("pk", "gated", "disabled_reason", "references__name", "references__target")
    )


@cache
def _compiled(known: bool) -> tuple[str, Callable[[dict[Any, Any]], list[Any]]]:
    """The SQL of `_query`, and a function that puts values in place of the stand-ins."""
    actor = Actor(user=User(pk=_USER)) if known else Actor()
    sql, parameters = _query(actor, *_ASKED).query.sql_with_params()

    def fill(values: dict[Any, Any]) -> list[Any]:
        return [values.get(parameter, parameter) for parameter in parameters]

    return sql, fill


def _quick(actor: Actor, kind: str, namespace: str, name: str, revision: str) -> tuple[int, str] | None:
    """(repository id, commit id) where one query can tell. None: look closer."""
    if actor.token is not None and actor.token.role == TokenRole.FINE_GRAINED:
        return None
    branch, tag = f"refs/heads/{revision}", f"refs/tags/{revision}"
    sql, fill = _compiled(actor.user is not None)
    values: dict[Any, Any] = dict(zip(_ASKED, (kind, namespace.lower(), name.lower(), branch, tag), strict=True))
    if actor.user is not None:
        values[_USER] = actor.user.pk
    with connection.cursor() as cursor:
        cursor.execute(sql, fill(values))
        rows = cursor.fetchall()
    for wanted in (branch, tag):
        for repository_id, gated, disabled_reason, reference, target in rows:
            if reference == wanted:
                if gated != Gate.OPEN or disabled_reason or not _is_commit(repository_id, bytes(target).hex()):
                    return None
                return repository_id, bytes(target).hex()
    return None


@lru_cache(maxsize=_CACHED_ENTRIES)
def _is_commit(repository_id: int, oid: str) -> bool:
    """Not an annotated tag. What an id names never changes."""
    return Commit.objects.filter(repository=repository_id, oid=oid).exists()
