"""Plain uploads of large files (the LFS batch API): a session each, straight to storage, hashed by the hub before they count.

A single PUT stays writable through its presigned address until it expires, so its object is copied to a final key first
and hashed there. A multipart upload is completed by the hub; then its parts can no longer be written, and it is hashed
where it lies.
"""

import hashlib
import logging
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from accounts.models import Actor
from models_registry import access, storage
from models_registry.errors import ContentMismatch, ContentMissing, ContentTooLarge, StorageUnavailable
from models_registry.models import LfsObject, Repository, RepositoryLfsObject, UploadSession
from models_registry.storage import Part, keys
from models_registry.storage.s3 import WRITE_SECONDS

logger = logging.getLogger(__name__)

SINGLE_PUT_LIMIT = 64 * 1024 * 1024  # what is copied within the storage
SINGLE_PUT_MOST = 5 * 1024**3  # S3's own limit of one PUT
PART_SIZE = 32 * 1024 * 1024
MAX_PARTS = 10_000
MAX_SIZE = 1024**4


@dataclass(frozen=True)
class PlannedUpload:
    """What a client has to do: nothing (`session` None: the content is here), one PUT, or parts of `part_size` bytes."""

    sha256: str
    size: int
    session: UploadSession | None = None
    put_address: str = ""
    part_addresses: Sequence[str] = ()
    part_size: int = 0


def plan(*, actor: Actor, repository: Repository, sha256: str, size: int, multipart: bool) -> PlannedUpload:
    """Open a session for content this repository lacks. Raises Forbidden, ContentTooLarge, StorageUnavailable."""
    access.require_write(actor, repository)
    if available_to(actor, repository, [sha256]):
        return PlannedUpload(sha256, size)
    if size > MAX_SIZE or (not multipart and size > SINGLE_PUT_MOST):
        raise ContentTooLarge(f"{size} bytes are more than this way of uploading can carry.")
    in_parts = multipart and size > SINGLE_PUT_LIMIT
    identity = uuid.uuid4()
    key = keys.lfs(sha256) if in_parts else keys.staging(identity.hex)
    session = UploadSession.objects.create(
        id=identity,
        repository=repository,
        user=actor.require_user(),
        sha256=sha256,
        size=size,
        key=key,
        multipart_id=storage.create_multipart(key) if in_parts else "",
        expires_at=timezone.now() + timedelta(seconds=WRITE_SECONDS),
    )
    if not in_parts:
        return PlannedUpload(sha256, size, session, put_address=storage.presign_put(key))
    part_size = max(PART_SIZE, -(-size // MAX_PARTS))
    addresses = [
        storage.presign_part(key, session.multipart_id, number) for number in range(1, -(-size // part_size) + 1)
    ]
    return PlannedUpload(sha256, size, session, part_addresses=addresses, part_size=part_size)


def available_to(actor: Actor, repository: Repository, hashes: Iterable[str]) -> set[str]:
    """Which of these contents a commit to this repository may name already: its own, and what the actor may read elsewhere."""
    wanted = list(hashes)
    own = LfsObject.objects.filter(sha256__in=wanted, possessions__repository=repository)
    readable = LfsObject.objects.filter(
        sha256__in=wanted, possessions__repository__in=Repository.objects.readable_by(actor)
    )
    return set(own.values_list("sha256", flat=True)) | set(readable.values_list("sha256", flat=True))


def complete_parts(session: UploadSession, parts: Sequence[Part]) -> None:
    """The client has sent all parts: join them, and check what came. Raises ContentMismatch, StorageUnavailable."""
    if session.multipart_id:
        numbers = [part.number for part in parts]
        if numbers != list(range(1, len(parts) + 1)):
            raise ContentMismatch("The parts must be numbered from 1 without a gap.")
        if storage.size_of(session.key) is None:  # a second call finds them joined
            storage.complete_multipart(session.key, session.multipart_id, parts)
    finish(session)


def finish(session: UploadSession) -> LfsObject:
    """Hash what arrived and make it content of the repository. Running it twice changes nothing.

    Raises ContentMissing, ContentMismatch, StorageUnavailable.
    """
    arrived = storage.size_of(session.key)
    if arrived is None:
        raise ContentMissing(f"Nothing was uploaded for sha256 {session.sha256} yet.")
    if arrived != session.size:
        _discard(session)
        raise ContentMismatch(f"{arrived} bytes arrived of the {session.size} announced for sha256 {session.sha256}.")
    final = session.key
    if not session.multipart_id:
        final = keys.lfs(session.sha256)
        storage.copy(session.key, final)
    digest = hashlib.sha256()
    for block in storage.stream(final):
        digest.update(block)
    if digest.hexdigest() != session.sha256:
        if final != session.key:
            storage.delete(final)
        _discard(session)
        raise ContentMismatch(f"What arrived has sha256 {digest.hexdigest()}, not {session.sha256}.")
    stored = _register(session, final)
    if final != session.key:
        storage.delete(session.key)
    if stored.plain_key != final:  # somebody else's upload of the same content was first
        storage.delete(final)
    return stored


@transaction.atomic
def _register(session: UploadSession, key: str) -> LfsObject:
    stored, created = LfsObject.objects.get_or_create(
        sha256=session.sha256, defaults={"size": session.size, "plain_key": key}
    )
    RepositoryLfsObject.objects.get_or_create(repository=session.repository, lfs_object=stored)
    UploadSession.objects.filter(pk=session.pk).delete()
    if created:
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
        for session in UploadSession.objects.filter(repository=repository, sha256__in=missing, multipart_id=""):
            if storage.size_of(session.key) is not None:
                finish(session)


def session_for(repository: Repository, sha256: str) -> UploadSession | None:
    return UploadSession.objects.filter(repository=repository, sha256=sha256).order_by("-created_at").first()


def _discard(session: UploadSession) -> None:
    try:
        storage.delete(session.key)
    except StorageUnavailable:
        return  # the session stays, and is swept when it expires
    session.delete()


def sweep_expired() -> int:
    """Remove sessions whose client never finished, with what they left in storage. Returns how many."""
    swept = 0
    for session in UploadSession.objects.filter(expires_at__lt=timezone.now())[:1000]:
        if session.multipart_id and storage.size_of(session.key) is None:
            storage.abort_multipart(session.key, session.multipart_id)
        _discard(session)
        swept += 1
    return swept
