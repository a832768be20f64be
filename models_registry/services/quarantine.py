"""Content that nobody gets, because it is malware. Every door that gives bytes away asks here, by what names the content.

There is little of it, so each process holds all of it and asks the database anew every few seconds: what is put into
quarantine in one process is stopped in all others that much later, and no request waits for the answer.
"""

import logging
import threading
import time
from collections.abc import Iterable
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Actor, AuditEntry
from models_registry.errors import ContentQuarantined
from models_registry.events import content_quarantined
from models_registry.models import GitObject, LfsObject, Quarantine, Repository, RepositoryLfsObject, XetFile

logger = logging.getLogger(__name__)

KNOWN_FOR = 5.0


class _Known(NamedTuple):
    """`large`: SHA-256; `regular`: git ids; `in_chunks`: Xet hashes of the large ones."""

    large: frozenset[str] = frozenset()
    regular: frozenset[str] = frozenset()
    in_chunks: frozenset[str] = frozenset()


class _Memory:
    def __init__(self) -> None:
        self._known = _Known()
        self._until = 0.0
        self._lock = threading.Lock()

    def known(self) -> _Known:
        if time.monotonic() < self._until:
            return self._known
        with self._lock:
            if time.monotonic() >= self._until:
                self._known = _read()
                self._until = time.monotonic() + KNOWN_FOR
            return self._known

    def forget(self) -> None:
        self._until = 0.0


_memory = _Memory()
forget = _memory.forget


def _read() -> _Known:
    names = {name for pair in Quarantine.objects.active().values_list("content", "twin") for name in pair if name}
    large = frozenset(name for name in names if len(name) == 64)
    regular = frozenset(names - large)
    chunks = XetFile.objects.filter(lfs_object__sha256__in=large).values_list("hash", flat=True) if large else ()
    return _Known(large, regular, frozenset(chunks))


def holds(content: str) -> bool:
    """content: the SHA-256 of a large file, or the git id of a regular one."""
    known = _memory.known()
    return content in (known.large if len(content) == 64 else known.regular)


def require_free(content: str) -> None:
    """Raises ContentQuarantined."""
    if holds(content):
        raise ContentQuarantined


def require_free_chunks(xet_hash: str) -> None:
    """Of a large file, by its Xet hash. Raises ContentQuarantined."""
    if xet_hash in _memory.known().in_chunks:
        raise ContentQuarantined


def require_clonable(repository: Repository) -> None:
    """A clone gives away every regular file at once: a repository with one in quarantine is not cloned.

    Pointers to large files go on: their contents are stopped by themselves. Raises ContentQuarantined.
    """
    regular = _memory.known().regular
    if regular and GitObject.objects.filter(repository=repository, oid__in=regular).exists():
        raise ContentQuarantined(
            _(
                "A file of this repository is in quarantine, because it is malware: it cannot be cloned. Its other files can"
                " be downloaded one by one."
            )
        )


def is_in(repository: Repository) -> bool:
    """Whether some content of the repository is in quarantine. No query where nothing is."""
    known = _memory.known()
    if known.regular and GitObject.objects.filter(repository=repository, oid__in=known.regular).exists():
        return True
    possessed = RepositoryLfsObject.objects.filter(repository=repository, lfs_object__sha256__in=known.large)
    return bool(known.large) and possessed.exists()


@transaction.atomic
def put(*, content: str, twin: str = "", reason: str, repository: Repository, path: str = "") -> None:
    """From now on nobody gets it, whatever repository has it; those that have it are told. A released one stays released."""
    row, is_new = Quarantine.objects.get_or_create(
        content=content, defaults={"twin": twin, "reason": reason[:500], "repository": repository, "path": path[:1024]}
    )
    if row.released_at is not None:
        return
    if is_new:
        AuditEntry.objects.record(Actor(), "content.quarantined", repository.full_name, content=content, reason=reason)
        logger.warning("content %s put into quarantine: %s", content, reason)
    for holder in _holders(content, repository):
        content_quarantined.send(sender=Quarantine, quarantine=row, repository=holder)
    transaction.on_commit(forget)


def _holders(content: str, known: Repository) -> Iterable[Repository]:
    """Regular contents are looked for where they are scanned alone: each repository that has one has it scanned."""
    if len(content) != 64:
        return [known]
    held = Repository.objects.filter(possessions__lfs_object__sha256=content)
    return held.select_related("namespace").distinct()


@transaction.atomic
def confirm(*, actor: Actor, quarantine: Quarantine, reason: str) -> None:
    """A maintainer agrees: it stays. Raises Forbidden."""
    actor.require_permission("models_registry.release_quarantine")
    quarantine.confirmed_at, quarantine.released_at = timezone.now(), None
    quarantine.save(update_fields=["confirmed_at", "released_at"])
    AuditEntry.objects.record(actor, "content.quarantine_confirmed", quarantine.content, reason=reason)
    transaction.on_commit(forget)


@transaction.atomic
def release(*, actor: Actor, quarantine: Quarantine, reason: str) -> None:
    """It was no malware: everybody who could have it can again, and the same finding stops it no more. Raises Forbidden."""
    actor.require_permission("models_registry.release_quarantine")
    quarantine.released_at = timezone.now()
    quarantine.save(update_fields=["released_at"])
    AuditEntry.objects.record(actor, "content.released", quarantine.content, reason=reason)
    transaction.on_commit(forget)


def of_repository(repository: Repository) -> list[Quarantine]:
    """What of the repository is in quarantine, for moderators and its owners."""
    known = _memory.known()
    names: set[str] = set()
    if known.regular:
        own = GitObject.objects.filter(repository=repository, oid__in=known.regular)
        names |= set(own.values_list("oid", flat=True))
    if known.large:
        possessed = LfsObject.objects.filter(sha256__in=known.large, possessions__repository=repository)
        names |= set(possessed.values_list("sha256", flat=True))
    rows = Quarantine.objects.active()
    return list(rows.filter(content__in=names) | rows.filter(twin__in=names)) if names else []
