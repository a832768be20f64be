"""From (who, repository, revision, path) to a file: the hub's most used question, in one query and one look-up.

Who may read what is `RepositoryQuerySet`'s rule; its SQL is compiled once and run with other values, because the ORM takes
longer to write that query than the database to answer it. What a commit holds at a path never changes, so it is kept in
a bounded cache of the process, misses too.
"""

from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from django.db.models import QuerySet

from accounts.models import Actor, TokenRole, User
from hub.sql import CompiledQuery
from models_registry import access
from models_registry.errors import EntryNotFound
from models_registry.formats.paths import MAX_PATH_BYTES
from models_registry.models import Commit, Gate, Repository
from models_registry.services import quarantine, references, trees
from models_registry.services.random_access import content_id
from models_registry.services.trees import TreeEntry

_CACHED_ENTRIES = 50_000


@dataclass(frozen=True)
class ResolvedFile:
    """A file the actor may read. `commit`: the full id of the revision. `is_open`: everybody may read the repository."""

    repository_id: int
    commit: str
    entry: TreeEntry
    is_open: bool


class _MissingEntry(EntryNotFound):
    """Told together with the commit, so that clients remember what it lacks."""

    def __init__(self, path: str, commit: str):
        super().__init__(f"There is no file {path!r} at revision {commit[:12]}.", headers={"X-Repo-Commit": commit})


def file_at(actor: Actor, kind: str, namespace: str, name: str, rest: str) -> ResolvedFile:
    """`rest`: revision and path together, as they stand in an address.

    Raises RepositoryNotFound, RevisionNotFound, EntryNotFound (with the commit in its headers), ContentQuarantined,
    GatedRepository.
    """
    revision, _, path = rest.partition("/")
    found = _quick(actor, kind, namespace, name, revision)
    if found is None:  # a branch with slashes, a short id, an annotated tag, a gated repository, a fine-grained token
        repository = access.repository_for(actor, kind, f"{namespace}/{name}")
        access.require_read(actor, repository)
        revision, path = references.split(repository, rest)
        is_open = not (repository.private or repository.gated)
        found = repository.pk, repository.epoch, references.resolve(repository, revision).oid, is_open
    repository_id, epoch, commit, is_open = found
    if len(path) > MAX_PATH_BYTES:  # no file has it, and the cache holds what is asked
        raise _MissingEntry(f"{path[:60]}…", commit)
    entry = _entry_at(repository_id, epoch, commit, path)
    if entry is not None and entry.is_lost:  # its content was removed; since then it may have come again
        entry = _entry_at.__wrapped__(repository_id, epoch, commit, path)
    if entry is None or entry.is_lost:
        raise _MissingEntry(path, commit)
    quarantine.require_free(content_id(entry))
    return ResolvedFile(repository_id, commit, entry, is_open)


@lru_cache(maxsize=_CACHED_ENTRIES)
def _entry_at(repository_id: int, epoch: int, commit: str, path: str) -> TreeEntry | None:
    """`epoch` is part of the question: contents that were there may be taken out, and the epoch raised."""
    repository = Repository(pk=repository_id)
    row = Commit.objects.get(repository=repository_id, oid=commit)
    entry = trees.find(repository, row, [path]).get(path)
    return None if entry is None or entry.is_folder else entry


def _references(user_id: int | None, kind: str, namespace: str, name: str, branch: str, tag: str) -> QuerySet[Any, Any]:
    """The branch and the tag of a name, where a user (None: nobody) may know of the repository."""
    actor = Actor() if user_id is None else Actor(user=User(pk=user_id))
    return (
        Repository.objects.visible_to(actor)
        .named(kind, namespace, name)
        .filter(references__name__in=[branch, tag])
        .values_list("pk", "epoch", "gated", "disabled_reason", "private", "references__name", "references__target")
    )


_STAND_INS = ("\1kind", "\1namespace", "\1name", "\1branch", "\1tag")
_for_nobody = CompiledQuery(partial(_references, None), _STAND_INS)
_for_user = CompiledQuery(_references, (-7_919_000_001, *_STAND_INS))


def _quick(actor: Actor, kind: str, namespace: str, name: str, revision: str) -> tuple[int, int, str, bool] | None:
    """(repository id, epoch, commit id, whether everybody may read it) where one query can tell. None: look closer."""
    if actor.token is not None and actor.token.role == TokenRole.FINE_GRAINED:
        return None
    branch, tag = f"refs/heads/{revision}", f"refs/tags/{revision}"
    asked = (str(kind), namespace.lower(), name.lower(), branch, tag)
    rows = _for_nobody.rows(*asked) if actor.user is None else _for_user.rows(actor.user.pk, *asked)
    for wanted in (branch, tag):
        for repository_id, epoch, gated, disabled_reason, private, reference, target in rows:
            if reference == wanted:
                commit = bytes(target).hex()
                if gated != Gate.OPEN or disabled_reason or not _is_commit(repository_id, commit):
                    return None
                return repository_id, epoch, commit, not private
    return None


@lru_cache(maxsize=_CACHED_ENTRIES)
def _is_commit(repository_id: int, oid: str) -> bool:
    """Not an annotated tag. What an id names never changes."""
    return Commit.objects.filter(repository=repository_id, oid=oid).exists()
