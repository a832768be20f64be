"""What can be wrong, and where that is felt."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from django.db.models import Q, QuerySet

from models_registry import storage
from models_registry.models import GitObject, Kind, LfsObject, Reference, Repository
from models_registry.services import references, trees

PAGE = 500
_MOST_NAMED = 20


@dataclass(frozen=True)
class Problem:
    """kind: missing, corrupt or orphaned. where: files that cannot be had, as `repository: path`, and how many more.

    An orphan harms nobody: garbage collection removes it.
    """

    kind: str
    what: str
    detail: str
    where: tuple[str, ...] = ()

    @property
    def is_damage(self) -> bool:
        return self.kind != "orphaned"

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        text = f"{self.kind}: {self.what}: {self.detail}"
        return text + "".join(f"\n    {place}" for place in self.where)


@dataclass(frozen=True)
class Page:
    """What was found among some rows, and the position after them."""

    phase: str
    position: str
    problems: tuple[Problem, ...] = ()


Check = Callable[[Repository | None, str, bool], Iterator[Page]]


def pages(rows: QuerySet, position: str, size: int = PAGE) -> Iterator[list[Any]]:
    """By their keys, from the first after `position` on."""
    last = int(position or 0)
    while found := list(rows.filter(pk__gt=last).order_by("pk")[:size]):
        yield found
        last = found[-1].pk


def kind_of(error: Exception) -> str:
    """What a failed reading means. Raises StorageUnavailable if it means only that the storage is away."""
    if isinstance(error, storage.ObjectMissing):
        return "missing"
    storage.size_of("health")
    return "corrupt"


def named(repository: Repository) -> str:
    return f"{Kind(repository.kind).page_prefix}{repository.full_name}"


def where_git_objects(repository: Repository, oids: set[str]) -> tuple[str, ...]:
    """The files of its branches, tags and proposals that are these objects."""
    found: dict[str, None] = {}
    for reference in Reference.objects.shown().filter(repository=repository).order_by("name"):
        for path in _paths(repository, reference, oids):
            found[f"{named(repository)}: {path} ({reference.short_name})"] = None
            if len(found) > _MOST_NAMED:
                return (*list(found)[:_MOST_NAMED], "and more")
    return tuple(found) or (f"{named(repository)}: in its history",)


def _paths(repository: Repository, reference: Reference, oids: set[str]) -> Iterator[str]:
    """As far as folders can be read: one that is missing or corrupt is a finding of its own."""
    try:
        commit = references.resolve(repository, reference.name)
        for entry in trees.listing(repository, commit, recursive=True)[0]:
            if entry.oid in oids:
                yield entry.path
    except Exception:  # noqa: BLE001 - whatever damage does to a reader; the objects at fault are told of by themselves
        yield "in a tree that cannot be read"


def where_lfs(sha256s: set[str], only: Repository | None = None) -> tuple[str, ...]:
    """The files that lead to these contents, in every repository."""
    naming = GitObject.objects.filter(lfs_sha256__in=sha256s)
    if only is not None:
        naming = naming.filter(repository=only)
    by_repository: dict[int, set[str]] = {}
    for repository_id, oid in naming.values_list("repository_id", "oid")[: 10 * _MOST_NAMED]:
        by_repository.setdefault(repository_id, set()).add(oid)
    found: list[str] = []
    for repository in Repository.objects.filter(pk__in=by_repository).select_related("namespace").order_by("pk"):
        found += where_git_objects(repository, by_repository[repository.pk])
        if len(found) > _MOST_NAMED:
            return (*found[:_MOST_NAMED], "and more")
    holders = Repository.objects.filter(possessions__lfs_object__sha256__in=sha256s).exclude(pk__in=by_repository)
    holders = holders.distinct().select_related("namespace").order_by("pk")
    return (*found, *(f"{named(holder)}: uploaded, not committed" for holder in holders[:_MOST_NAMED]))


def where_xorb(xorb_id: int) -> tuple[str, ...]:
    """The files with a part in this xorb."""
    files = LfsObject.objects.filter(Q(xet_file__terms__xorb=xorb_id)).distinct()
    return where_lfs(set(files.values_list("sha256", flat=True)[: 10 * _MOST_NAMED]))
