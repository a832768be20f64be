"""The large files of a repository: listed, copied to another, removed for good."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, F, OuterRef

from accounts.models import Actor, AuditEntry
from models_registry import access
from models_registry.formats.paths import joined
from models_registry.models import Commit, GitObject, LfsObject, Reference, Repository, RepositoryLfsObject
from models_registry.services import objects, references, rewriting, storage_use

MAX_FILES = 1000  # of one call
_MOST_FOLDERS = 20_000  # searched for the places of files that no commit of the API told


@dataclass(frozen=True)
class LargeFile:
    """`path`, `reference`: where a commit put it; empty where it lies in old commits alone and nobody noted it."""

    id: int
    sha256: str
    size: int
    path: str
    reference: str
    pushed_at: datetime


def listing(repository: Repository, *, after: int, limit: int) -> tuple[list[LargeFile], bool]:
    """Every content that some commit of the repository names, once, in the order in which they came; and whether more follow."""
    named = GitObject.objects.filter(repository=repository, lfs_sha256=OuterRef("lfs_object__sha256"))
    rows = list(
        RepositoryLfsObject.objects.filter(Exists(named), repository=repository, pk__gt=after)
        .select_related("lfs_object")
        .order_by("pk")[: limit + 1]
    )
    more, rows = len(rows) > limit, rows[:limit]
    places = _places(repository, [row.lfs_object.sha256 for row in rows if not row.path])
    found = []
    for row in rows:
        stored = row.lfs_object
        path, reference = places.get(stored.sha256, (row.path, row.reference))
        found.append(LargeFile(row.pk, stored.sha256, stored.size, path, reference, row.created_at))
    return found, more


def _places(repository: Repository, hashes: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Where branches, tags and pull requests have these contents now: {SHA-256: (path, reference)}."""
    pointers = GitObject.objects.filter(repository=repository, lfs_sha256__in=hashes).values_list("oid", "lfs_sha256")
    wanted: dict[str, str] = {oid: sha256 for oid, sha256 in pointers if sha256}
    if not wanted:
        return {}
    shown = list(Reference.objects.shown().filter(repository=repository).order_by("name"))
    peeled = references.peeled(repository, shown)
    target_of = {reference.name: peeled.get(reference.target, reference.target) for reference in shown}
    roots = dict(
        Commit.objects.filter(repository=repository, oid__in=set(target_of.values())).values_list("oid", "tree")
    )
    folders = [("", roots[target], name) for name, target in target_of.items() if target in roots]
    places: dict[str, tuple[str, str]] = {}
    seen: set[str] = set()
    while folders and wanted and len(seen) < _MOST_FOLDERS:
        folders = [folder for folder in folders if folder[1] not in seen]
        loaded = objects.first_trees(repository, (oid for _, oid, _ in folders))
        below = []
        for above, oid, reference in folders:
            if oid not in loaded or oid in seen:
                continue
            seen.add(oid)
            for name, entry in loaded[oid].items():
                path = joined(above, name)
                if entry.is_folder:
                    below.append((path, entry.oid, reference))
                elif sha256 := wanted.pop(entry.oid, None):
                    places[sha256] = path, reference
        folders = [*(folder for folder in folders if folder[1] not in loaded), *below]
    return places


def remove(*, actor: Actor, repository: Repository, hashes: Sequence[str], rewrite_history: bool) -> None:
    """Take contents (SHA-256) from the repository for good; nothing of it serves them any more.

    rewrite_history: take the files out of every commit, too, all of which get other ids. Otherwise they still name them.
    Raises Forbidden, ReferenceGuarded, Conflict.
    """
    access.require_write(actor, repository)
    if rewrite_history:
        rewriting.remove_large_files(actor, repository, hashes)
    with transaction.atomic():
        access.keep(repository)
        RepositoryLfsObject.objects.filter(repository=repository, lfs_object__sha256__in=hashes).delete()
        Repository.objects.filter(pk=repository.pk).update(epoch=F("epoch") + 1)
        storage_use.request([repository.pk])
        AuditEntry.objects.record(
            actor,
            "repository.large_files_removed",
            repository.full_name,
            sha256=list(hashes),
            rewritten=rewrite_history,
        )


@transaction.atomic
def copy(
    *, actor: Actor, source: Repository, target: Repository, files: Sequence[tuple[str, str | None]]
) -> dict[str, str]:
    """Give `target` contents of `source` (SHA-256, and the Xet hash if it is known) without moving a byte.

    Returns why it could not be done, by SHA-256. Raises Forbidden, GatedRepository, RepositoryDisabled.
    """
    access.require_read(actor, source)
    access.require_proposal(actor, target)
    access.keep(target)
    stored = {
        row.sha256: row
        for row in LfsObject.objects.filter(
            sha256__in=[sha256 for sha256, _ in files], possessions__repository=source
        ).select_related("xet_file")
    }
    failed = {}
    for sha256, xet_hash in files:
        found = stored.get(sha256)
        if found is None:
            failed[sha256] = f"{source.full_name} has no content {sha256}."
        elif xet_hash and (found.xet_file is None or found.xet_file.hash != xet_hash):
            failed[sha256] = f"The content {sha256} has another Xet hash than {xet_hash}."
    RepositoryLfsObject.objects.bulk_create(
        [
            RepositoryLfsObject(repository=target, lfs_object=row)
            for sha256, row in stored.items()
            if sha256 not in failed
        ],
        ignore_conflicts=True,
    )
    return failed
