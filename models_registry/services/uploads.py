"""Plain uploads of large files (the LFS batch API): a session each, straight to storage, hashed by the hub before they count.

A single PUT stays writable through its presigned address until it expires, so its object is copied to a final key first
and hashed there. A multipart upload is completed by the hub; then its parts can no longer be written, and it is hashed
where it lies.
"""

import contextlib
import hashlib
import logging
import time
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Actor
from hub.errors import Forbidden, RateLimited
from hub.jobs.models import Job
from models_registry import access, storage
from models_registry.errors import (
    ContentMismatch,
    ContentMissing,
    ContentTooLarge,
    RepositoryNotFound,
    StillReading,
    StorageUnavailable,
)
from models_registry.models import LfsObject, Repository, UploadSession
from models_registry.services import possession
from models_registry.services.xet import conversion
from models_registry.storage import Part, keys
from models_registry.storage.s3 import WRITE_SECONDS

logger = logging.getLogger(__name__)

SINGLE_PUT_LIMIT = 64 * 1024 * 1024  # what is copied within the storage
SINGLE_PUT_MOST = 5 * 1024**3  # S3's own limit of one PUT
PART_SIZE = 32 * 1024 * 1024
MAX_PARTS = 1000  # each needs an address, so larger content goes in larger parts
MOST_ADDRESSES = 40_000  # of one call
MAX_SIZE = 1024**4
MOST_UNDER_WAY = 5000  # sessions of one user
# By one request. What is larger is read and hashed by a worker, while the client asks now and then whether it is done.
HASHED_AT_ONCE = 256 * 1024 * 1024
_WAIT_SECONDS = 45.0
_LOOK_SECONDS = 0.2


@dataclass(frozen=True)
class PlannedUpload:
    """What a client has to do: nothing (`session` None: the content is here, unless there is a `refusal`), one PUT, or
    parts of `part_size` bytes."""

    sha256: str
    size: int
    session: UploadSession | None = None
    put_address: str = ""
    part_addresses: Sequence[str] = ()
    part_size: int = 0
    refusal: str = ""


def plan(
    *, actor: Actor, repository: Repository, wanted: Sequence[tuple[str, int]], multipart: bool
) -> list[PlannedUpload]:
    """Open a session for each content (SHA-256, bytes) that this repository lacks, in the order asked.

    Who may propose a change may upload what it needs: old clients do not say here for which branch it is.
    Raises Forbidden, RepositoryNotFound, ContentTooLarge (told in `refusal` for a single content), StorageUnavailable.
    """
    access.require_proposal(actor, repository)
    here = possession.available(actor, repository, [sha256 for sha256, _size in wanted])
    possession.told(actor, repository, sorted(here))
    lacking = [(sha256, size) for sha256, size in wanted if sha256 not in here and size <= most(multipart=multipart)]
    if multipart:
        require_few_parts(size for _sha256, size in lacking)
    under_way = UploadSession.objects.filter(user=actor.user, expires_at__gt=timezone.now(), failure="").count()
    if under_way + len(lacking) > MOST_UNDER_WAY:
        raise RateLimited(
            _("At most %(most)s uploads of one account may be under way: finish some first.") % {"most": MOST_UNDER_WAY}
        )
    sessions = {item: _session(actor, repository, *item, multipart=multipart) for item in lacking}
    with transaction.atomic():
        access.keep(repository)
        UploadSession.objects.bulk_create(sessions.values())
    return [_planned(sha256, size, sessions.get((sha256, size)), sha256 in here) for sha256, size in wanted]


def require_few_parts(sizes: Iterable[int]) -> None:
    """Raises ContentTooLarge if contents of these sizes need more addresses than one call gives."""
    if sum(part_count(size) for size in sizes if _in_parts(size, multipart=True)) > MOST_ADDRESSES:
        raise ContentTooLarge(
            _("These uploads need more than %(most)s parts together: ask for fewer at once.") % {"most": MOST_ADDRESSES}
        )


def most(*, multipart: bool) -> int:
    """Bytes of the largest content that can be uploaded this way."""
    return MAX_SIZE if multipart else SINGLE_PUT_MOST


def _in_parts(size: int, multipart: bool) -> bool:
    return multipart and size > SINGLE_PUT_LIMIT


def part_size(size: int) -> int:
    """Of each part but the last of a content of `size` bytes."""
    return max(PART_SIZE, -(-size // MAX_PARTS))


def part_count(size: int) -> int:
    return -(-size // part_size(size))


def _session(actor: Actor, repository: Repository, sha256: str, size: int, *, multipart: bool) -> UploadSession:
    """Not saved yet."""
    identity = uuid.uuid4()
    in_parts = _in_parts(size, multipart)
    key = keys.lfs(sha256) if in_parts else keys.staging(identity.hex)
    return UploadSession(
        id=identity,
        repository=repository,
        user=actor.require_user(),
        sha256=sha256,
        size=size,
        key=key,
        multipart_id=storage.create_multipart(key) if in_parts else "",
        expires_at=timezone.now() + timedelta(seconds=WRITE_SECONDS),
    )


def _planned(sha256: str, size: int, session: UploadSession | None, is_here: bool) -> PlannedUpload:
    if session is None:
        refusal = "" if is_here else f"{size} bytes are more than this way of uploading can carry."
        return PlannedUpload(sha256, size, refusal=refusal)
    if not session.multipart_id:
        return PlannedUpload(sha256, size, session, put_address=storage.presign_put(session.key))
    addresses = [
        storage.presign_part(session.key, session.multipart_id, number) for number in range(1, part_count(size) + 1)
    ]
    return PlannedUpload(sha256, size, session, part_addresses=addresses, part_size=part_size(size))


def store(*, actor: Actor, repository: Repository, content: bytes) -> str:
    """Small content that came through the hub itself. Returns its SHA-256. Raises as `plan` and `finish`."""
    sha256 = hashlib.sha256(content).hexdigest()
    session = plan(actor=actor, repository=repository, wanted=[(sha256, len(content))], multipart=False)[0].session
    if session is not None:
        storage.put(session.key, content)
        finish(session)
    return sha256


def complete_parts(session: UploadSession, parts: Sequence[Part], *, wait_seconds: float | None = None) -> None:
    """The client has sent all parts: join them, and check what came.

    Raises Forbidden and its kin, if whoever began it may not go on; else as `settle`.
    """
    if not session.user.is_active:
        raise Forbidden(_("The account that began this upload is closed."))
    access.require_proposal(Actor(user=session.user), session.repository)
    if session.multipart_id:
        count = part_count(session.size)
        if [part.number for part in parts] != list(range(1, count + 1)):
            raise ContentMismatch(_("The parts must be numbered from 1 to %(count)s.") % {"count": count})
        if storage.size_of(session.key) is None:  # a second call finds them joined
            with contextlib.suppress(storage.ObjectMissing):  # joined by a call at this very moment
                storage.complete_multipart(session.key, session.multipart_id, parts)
    settle(session, wait_seconds=wait_seconds)


def settle(session: UploadSession, *, wait_seconds: float | None = None) -> None:
    """See that what arrived is content of the repository; a worker does what takes longer, and is waited for a while.

    Raises as `finish`; StillReading, on which clients ask again.
    """
    if session.size <= HASHED_AT_ONCE:
        finish(session)
        return
    if session.failure:
        raise ContentMismatch(session.failure)
    if storage.size_of(session.key) is None:
        _finished_meanwhile(session)
        return
    with transaction.atomic():
        Job.objects.add("finish_upload", session.pk.hex)
    until = time.monotonic() + (_WAIT_SECONDS if wait_seconds is None else wait_seconds)
    while time.monotonic() < until:
        failure = UploadSession.objects.filter(pk=session.pk).values_list("failure", flat=True).first()
        if failure is None:  # the session is used up
            _finished_meanwhile(session)
            return
        if failure:
            raise ContentMismatch(failure)
        time.sleep(_LOOK_SECONDS)
    raise StillReading


def finish_one(session_id: str) -> None:
    """As a worker does it. What is wrong with the content is written down for who asks. Raises StorageUnavailable."""
    session = UploadSession.objects.filter(pk=session_id).select_related("repository").first()
    if session is not None:
        with contextlib.suppress(ContentMismatch, ContentMissing, RepositoryNotFound):
            finish(session)


def finish(session: UploadSession) -> LfsObject:
    """Hash what arrived and make it content of the repository. Running it twice, also at once, changes nothing.

    Raises ContentMissing, ContentMismatch, RepositoryNotFound, StorageUnavailable.
    """
    if session.failure:
        raise ContentMismatch(session.failure)
    arrived = storage.size_of(session.key)
    if arrived is None:
        return _finished_meanwhile(session)
    if arrived != session.size:
        raise _refuse(session, f"{arrived} bytes arrived of the {session.size} announced for sha256 {session.sha256}.")
    final = session.key if session.multipart_id else keys.lfs(session.sha256)
    try:
        if final != session.key:
            storage.copy(session.key, final)
        found = _sha256_of(final)
    except storage.ObjectMissing:
        return _finished_meanwhile(session)
    except StorageUnavailable:
        _drop_copy(session, final)
        raise
    if found != session.sha256:
        _drop_copy(session, final)
        raise _refuse(session, f"What arrived has sha256 {found}, not {session.sha256}.")
    try:
        stored = _register(session, final)
    except RepositoryNotFound:  # deleted meanwhile, and the session with it
        _drop(final)
        raise
    if final != session.key:
        _drop(session.key)
    if stored.plain_key != final:  # somebody else's upload of the same content was first
        _drop(final)
    return stored


def _refuse(session: UploadSession, failure: str) -> ContentMismatch:
    """What arrived goes; the session stays a while to say why."""
    UploadSession.objects.filter(pk=session.pk).update(failure=failure)
    _drop(session.key)
    return ContentMismatch(failure)


def _sha256_of(key: str) -> str:
    digest = hashlib.sha256()
    for block in storage.stream(key):
        digest.update(block)
    return digest.hexdigest()


def _finished_meanwhile(session: UploadSession) -> LfsObject:
    """What another request made of the session at the same moment. Raises ContentMissing."""
    stored = LfsObject.objects.filter(sha256=session.sha256, possessions__repository=session.repository_id).first()
    if stored is None:
        raise ContentMissing(_("Nothing was uploaded for sha256 %(sha256)s yet.") % {"sha256": session.sha256})
    return stored


def _drop_copy(session: UploadSession, final: str) -> None:
    if final != session.key:
        _drop(final)


def _drop(key: str) -> None:
    """Nothing refers to it any more; if the storage does not answer now, garbage collection finds it."""
    with contextlib.suppress(StorageUnavailable):
        storage.delete(key)


@transaction.atomic
def _register(session: UploadSession, key: str) -> LfsObject:
    access.keep(session.repository)
    is_open = bool(UploadSession.objects.select_for_update().filter(pk=session.pk).values_list("pk"))
    if key == session.key and not is_open:  # it was swept, with what lay there, or finished by another call
        return _finished_meanwhile(session)
    # Garbage collection takes the same lock before it removes a content.
    stored = LfsObject.objects.select_for_update().filter(sha256=session.sha256).first()
    created = False
    if stored is None:
        stored, created = LfsObject.objects.get_or_create(
            sha256=session.sha256, defaults={"size": session.size, "plain_key": key}
        )
    possession.possess(session.repository, [stored])
    UploadSession.objects.filter(pk=session.pk).delete()
    if created:
        conversion.request(stored)
        logger.info("content %s stored, %d bytes", session.sha256, session.size)
    return stored


def finish_pending(repository: Repository, hashes: Iterable[str]) -> None:
    """Finish uploads into this repository whose client never asked for it: a commit names them now."""
    wanted = list(hashes)
    possessed = set(
        LfsObject.objects.filter(sha256__in=wanted, possessions__repository=repository).values_list("sha256", flat=True)
    )
    missing = [sha256 for sha256 in wanted if sha256 not in possessed]
    if missing:
        open_sessions = UploadSession.objects.filter(repository=repository, sha256__in=missing, failure="")
        for session in open_sessions.select_related("repository"):
            if storage.size_of(session.key) is not None:
                settle(session)


def session_for(repository: Repository, sha256: str) -> UploadSession | None:
    return UploadSession.objects.filter(repository=repository, sha256=sha256).order_by("-created_at").first()


@transaction.atomic
def _taken_out(session: UploadSession) -> bool:
    """Whether the session was still there. Whoever makes content of it at this moment has its lock, or comes too late."""
    locked = list(UploadSession.objects.select_for_update().filter(pk=session.pk))
    UploadSession.objects.filter(pk__in=[row.pk for row in locked]).delete()
    return bool(locked)


def sweep_expired() -> int:
    """Remove sessions whose client never finished, with what they left in storage. Returns how many.

    Raises StorageUnavailable; what was not swept then is swept the next time.
    """
    swept = 0
    for session in UploadSession.objects.filter(expires_at__lt=timezone.now()).order_by("expires_at")[:1000]:
        swept += discard(session)
    return swept


def discard(session: UploadSession) -> bool:
    """End an upload, with what has arrived of it. Returns whether it was still there. Raises StorageUnavailable."""
    if session.multipart_id and storage.size_of(session.key) is None:
        with contextlib.suppress(storage.ObjectMissing):  # the server has forgotten it
            storage.abort_multipart(session.key, session.multipart_id)
    is_ours = _taken_out(session)
    if is_ours:
        _drop(session.key)
    return is_ours
