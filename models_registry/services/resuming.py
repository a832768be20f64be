"""Uploads that can be gone on with: one a content, account and repository, found again by its SHA-256.

The storage itself says which parts have arrived, so whoever sends them need not remember, nor be able to read their ETags.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Actor
from hub.errors import HubError
from models_registry import access, storage
from models_registry.errors import ContentMissing, StillReading, StorageUnavailable
from models_registry.models import LfsObject, Repository, UploadSession
from models_registry.services import possession, uploads

KEPT = timedelta(hours=24)  # after the last sign of life: an evening's upload goes on in the morning
MOST_AT_ONCE = 100
_SECONDS = 5.0  # after which one call ends no further upload


@dataclass(frozen=True)
class UnderWay:
    """What is left to send of a content: `addresses` {number: where this part goes}; a single one takes the whole.

    arrived: {number: bytes} of the parts that are there. Nothing is left of what `is_stored`, or is refused.
    """

    sha256: str
    size: int
    part_size: int = 0
    arrived: dict[int, int] = field(default_factory=dict)
    addresses: dict[int, str] = field(default_factory=dict)
    is_stored: bool = False
    refusal: str = ""


def begin(*, actor: Actor, repository: Repository, wanted: Sequence[tuple[str, int]]) -> list[UnderWay]:
    """Begin the upload of each content (SHA-256, bytes), or go on with one that the actor has begun; in the order asked.

    Raises Forbidden, RepositoryNotFound, RateLimited, ContentTooLarge, StorageUnavailable.
    """
    access.require_proposal(actor, repository)
    here = possession.available(actor, repository, [sha256 for sha256, _size in wanted])
    lacking = {item for item in wanted if item[0] not in here}
    uploads.require_few_parts(size for _sha256, size in lacking)
    sessions = _sessions(actor, repository, {sha256 for sha256, _size in lacking})
    alive = sessions.filter(failure="", expires_at__gt=timezone.now())
    newest = {(session.sha256, session.size): session for session in alive}
    begun = {item[0]: again for item in lacking & newest.keys() if (again := _again(newest[item]))}
    fresh = [item for item in wanted if item[0] not in begun]
    planned = uploads.plan(actor=actor, repository=repository, wanted=fresh, multipart=True)
    for plan in planned:
        begun[plan.sha256] = UnderWay(
            plan.sha256,
            plan.size,
            part_size=plan.part_size or plan.size,
            addresses=dict(enumerate(plan.part_addresses, 1)) or ({1: plan.put_address} if plan.session else {}),
            is_stored=plan.session is None and not plan.refusal,
            refusal=plan.refusal,
        )
    alive.update(expires_at=timezone.now() + KEPT)  # asked anew: of those that were alive, and those begun since
    return [begun[sha256] for sha256, _size in wanted]


def _sessions(actor: Actor, repository: Repository, hashes: Iterable[str]) -> QuerySet[UploadSession]:
    own = UploadSession.objects.filter(repository=repository, user=actor.require_user(), sha256__in=hashes)
    return own.select_related("repository", "user").order_by("created_at")


def _again(session: UploadSession) -> UnderWay | None:
    """What is left of an upload; None if its storage has forgotten it, or it ends just now."""
    if not session.multipart_id:
        address = storage.presign_put(session.key)
        return UnderWay(session.sha256, session.size, part_size=session.size, addresses={1: address})
    part_size, count = uploads.part_size(session.size), uploads.part_count(session.size)
    try:
        arrived = {part.number: size for part, size in storage.parts_of(session.key, session.multipart_id)}
    except storage.ObjectMissing:
        if storage.size_of(session.key) is None:
            uploads.discard(session)
            return None
        arrived = {number: _size_of_part(session.size, number) for number in range(1, count + 1)}  # joined already
    arrived = {number: size for number, size in arrived.items() if size == _size_of_part(session.size, number)}
    addresses = {
        number: storage.presign_part(session.key, session.multipart_id, number)
        for number in range(1, count + 1)
        if number not in arrived
    }
    return UnderWay(session.sha256, session.size, part_size=part_size, arrived=arrived, addresses=addresses)


def _size_of_part(size: int, number: int) -> int:
    part_size = uploads.part_size(size)
    return min(part_size, size - (number - 1) * part_size)


@dataclass(frozen=True)
class Ended:
    """Whether a content is the repository's now; neither stored nor refused: the hub still reads it, ask again."""

    sha256: str
    is_stored: bool = False
    refusal: str = ""


def complete(*, actor: Actor, repository: Repository, hashes: Sequence[str]) -> Iterator[Ended]:
    """All was sent: join the parts that have arrived, and check what they hold.

    What would take longer than one request may is for the next call, or for a worker.
    Raises Forbidden, RepositoryNotFound, StorageUnavailable; what is wrong with one content is told in its `refusal`.
    """
    access.require_proposal(actor, repository)
    sessions = {session.sha256: session for session in _sessions(actor, repository, hashes)}
    until = time.monotonic() + _SECONDS
    to_read = 0
    for sha256 in hashes:
        session = sessions.get(sha256)
        if session and session.size <= uploads.HASHED_AT_ONCE:
            to_read += session.size
        if to_read > uploads.HASHED_AT_ONCE or time.monotonic() > until:
            yield Ended(sha256)
            continue
        try:
            _complete(repository, sha256, session)
        except StillReading:
            yield Ended(sha256)
        except StorageUnavailable:
            raise
        except HubError as refusal:
            yield Ended(sha256, refusal=str(refusal))
        else:
            yield Ended(sha256, is_stored=True)


def _complete(repository: Repository, sha256: str, session: UploadSession | None) -> None:
    if session is None:
        if not LfsObject.objects.filter(sha256=sha256, possessions__repository=repository).exists():
            raise ContentMissing(_("No upload of %(sha256)s is under way.") % {"sha256": sha256})
    elif session.multipart_id:
        try:
            parts = [part for part, _size in storage.parts_of(session.key, session.multipart_id)]
        except storage.ObjectMissing:  # joined already
            uploads.settle(session, wait_seconds=0)
        else:
            uploads.complete_parts(session, parts, wait_seconds=0)
    else:
        uploads.settle(session, wait_seconds=0)


def cancel(*, actor: Actor, repository: Repository, hashes: Sequence[str]) -> int:
    """End what is under way of these contents; none of its parts stay in storage. Returns how many.

    Raises Forbidden, RepositoryNotFound, StorageUnavailable.
    """
    access.require_proposal(actor, repository)
    return sum(uploads.discard(session) for session in _sessions(actor, repository, hashes))
