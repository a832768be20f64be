"""Content that no commit names: possessions, then what nobody possesses, then what that was made of."""

import hashlib
import logging
import os
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from models_registry import storage
from models_registry.errors import StorageUnavailable
from models_registry.models import (
    BlobContent,
    GitObject,
    LfsObject,
    Repository,
    RepositoryLfsObject,
    ServedBytes,
    XetFile,
    XetTerm,
    Xorb,
)
from models_registry.services import storage_use, uploads
from models_registry.services.garbage.amounts import Amounts, Plan
from models_registry.services.xet import xorbs

logger = logging.getLogger(__name__)

_SCANNED = 2000
_TERMS_AT_ONCE = 5000


def _page(rows: QuerySet, position: str) -> list[int]:
    """Keys of the next rows, needed or not."""
    return list(rows.filter(pk__gt=int(position or 0)).order_by("pk").values_list("pk", flat=True)[:_SCANNED])


def step_uploads(_position: str, plan: Plan, amounts: Amounts) -> str | None:
    """Uploads whose client never came back."""
    if not plan.dry_run:
        amounts.add("uploads given up", uploads.sweep_expired() + xorbs.sweep_expired_grants())
    return None


def step_possessions(position: str, plan: Plan, amounts: Amounts) -> str | None:
    return _possessions(RepositoryLfsObject.objects.all(), position, plan, amounts)


def collect_possessions(repository: Repository, plan: Plan, amounts: Amounts) -> None:
    """All of one repository."""
    position: str | None = ""
    while position is not None:
        position = _possessions(repository.possessions.all(), position, plan, amounts)


def _possessions(rows: QuerySet[RepositoryLfsObject], position: str, plan: Plan, amounts: Amounts) -> str | None:
    page = _page(rows, position)
    by_repository = defaultdict(list)
    for pk, repository_id in _unnamed(page, plan).values_list("pk", "repository_id"):
        by_repository[repository_id].append(pk)
    for repository_id, unneeded in by_repository.items():
        amounts.add("possessions", _forget(repository_id, unneeded, plan))
    return str(page[-1]) if page else None


def _unnamed(among: list[int], plan: Plan) -> QuerySet[RepositoryLfsObject]:
    """Those that no file of the repository names, and that were not uploaded lately to be named soon."""
    naming = GitObject.objects.filter(repository=OuterRef("repository"), lfs_sha256=OuterRef("lfs_object__sha256"))
    old = RepositoryLfsObject.objects.filter(pk__in=among, told_at__lt=plan.in_flight_before())
    return old.filter(~Exists(naming))


@transaction.atomic
def _forget(repository_id: int, possessions: list[int], plan: Plan) -> int:
    # Commits hold this lock while they look for what they name.
    list(Repository.objects.select_for_update(no_key=True).filter(pk=repository_id).values_list("pk"))
    unnamed = list(_unnamed(possessions, plan).values_list("pk", flat=True))
    if not plan.dry_run:
        RepositoryLfsObject.objects.filter(pk__in=unnamed).delete()
        if unnamed:
            storage_use.request([repository_id])
    return len(unnamed)


def step_lfs_objects(position: str, plan: Plan, amounts: Amounts) -> str | None:
    page = _page(LfsObject.objects.all(), position)
    unneeded = LfsObject.objects.filter(pk__in=page, possessions__isnull=True).order_by("pk")
    for pk in unneeded.values_list("pk", flat=True):
        _remove_lfs_object(pk, plan, amounts)
    return str(page[-1]) if page else None


def _remove_lfs_object(pk: int, plan: Plan, amounts: Amounts) -> None:
    with transaction.atomic():
        # Whoever comes to possess it waits for this lock, or has it.
        row = LfsObject.objects.select_for_update().filter(pk=pk).first()
        if row is None or RepositoryLfsObject.objects.filter(lfs_object=pk).exists():
            return
        amounts.add("large files", 1, row.size if row.plain_key else 0)
        if plan.dry_run:
            return
        ServedBytes.objects.filter(lfs_object=pk).delete()
        row.delete()
    if row.plain_key:
        remove_objects([row.plain_key])
    logger.info("content %s removed", row.sha256)


def step_xet_files(position: str, plan: Plan, amounts: Amounts) -> str | None:
    page = _page(XetFile.objects.all(), position)
    for pk in XetFile.objects.filter(pk__in=page, lfs_object__isnull=True).order_by("pk").values_list("pk", flat=True):
        if plan.dry_run:
            amounts.add("files in chunks", 1)
        else:
            _remove_xet_file(pk, amounts)
    return str(page[-1]) if page else None


def _remove_xet_file(pk: int, amounts: Amounts) -> None:
    with transaction.atomic():
        row = XetFile.objects.select_for_update().filter(pk=pk).first()
        if row is None or LfsObject.objects.filter(xet_file=pk).exists():
            return
        # Its name goes first: whoever uploads this file now makes a new row, while the terms of this one go bit by bit.
        nameless = hashlib.sha256(os.urandom(32)).hexdigest()
        XetFile.objects.filter(pk=pk).update(hash=nameless)
    while terms := list(XetTerm.objects.filter(file=pk).values_list("pk", flat=True)[:_TERMS_AT_ONCE]):
        XetTerm.objects.filter(pk__in=terms).delete()
    XetFile.objects.filter(pk=pk, lfs_object__isnull=True).delete()
    amounts.add("files in chunks", 1)


def step_xorbs(position: str, plan: Plan, amounts: Amounts) -> str | None:
    page = _page(Xorb.objects.all(), position)
    unneeded = Xorb.objects.filter(pk__in=page, announced_until__lt=timezone.now(), terms__isnull=True).order_by("pk")
    for pk in unneeded.values_list("pk", flat=True):
        _remove_xorb(pk, plan, amounts)
    return str(page[-1]) if page else None


def _remove_xorb(pk: int, plan: Plan, amounts: Amounts) -> None:
    with transaction.atomic():
        # Whoever registers a file on it, or tells a client of it, waits for this lock, or has it.
        row = Xorb.objects.select_for_update().filter(pk=pk, announced_until__lt=timezone.now()).first()
        if row is None or XetTerm.objects.filter(xorb=pk).exists():
            return
        amounts.add("xorbs", 1, row.packed_size)
        if plan.dry_run:
            return
        row.delete()
    remove_objects([row.key])
    logger.info("xorb %s removed", row.hash)


def step_blobs(position: str, plan: Plan, amounts: Amounts) -> str | None:
    """What lies in storage of regular files; it is there before its git object is."""
    page = _page(BlobContent.objects.all(), position)
    unneeded = BlobContent.objects.filter(
        pk__in=page, created_at__lt=plan.in_flight_before(), git_objects__isnull=True
    ).order_by("pk")
    for pk in unneeded.values_list("pk", flat=True):
        _remove_blob(pk, plan, amounts)
    return str(page[-1]) if page else None


def _remove_blob(pk: int, plan: Plan, amounts: Amounts) -> None:
    with transaction.atomic():
        row = BlobContent.objects.select_for_update().filter(pk=pk).first()
        if row is None or GitObject.objects.filter(content=pk).exists():
            return
        amounts.add("contents of regular files", 1, row.size)
        if plan.dry_run:
            return
        row.delete()
    remove_objects([row.key])


def remove_objects(stored: Iterable[str]) -> None:
    """Their rows are gone. What cannot be removed now is an orphan, and found as one later."""
    for key in stored:
        with suppress(StorageUnavailable):
            storage.delete(key)
