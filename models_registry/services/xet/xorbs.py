"""Xorbs on their way in: each is read once, validated, and those very bytes are what is kept."""

import logging
import os
from collections.abc import Iterable
from datetime import datetime, timedelta
from threading import BoundedSemaphore
from typing import NamedTuple
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone

from hub.errors import NotFound, RateLimited
from models_registry import access, storage
from models_registry.errors import ContentTooLarge, Malformed
from models_registry.formats import merkle, xorb
from models_registry.models import XetChunkKey, XetGrant, Xorb, XorbHolder
from models_registry.services import reading
from models_registry.services.xet.tokens import Caller
from models_registry.storage import keys

logger = logging.getLogger(__name__)

GRANT_LIFETIME = timedelta(hours=1)
MOST_GRANTS = 2000
"""Of one user, used by none yet: a client has 64 under way."""
# Clients remember for three weeks what they have sent, and build on it without asking.
KEPT_AFTER_UPLOAD = timedelta(days=35)
# Each validation wants a core.
_validations = BoundedSemaphore(os.cpu_count() or 1)


class Granted(NamedTuple):
    grant: XetGrant
    address: str


def grant_upload(caller: Caller, xorb_hash: str, size: int) -> Granted | None:
    """Leave to put a xorb straight into storage; None if the caller's namespace is known to have sent it before.

    The address is that of a part of a multipart upload under the xorb's final key: once the hub has completed it, nobody
    can write there any more, so what is validated then is what is kept, without a second copy.
    Raises Forbidden and its kin; ContentTooLarge; RateLimited; StorageUnavailable.
    """
    caller.require_write()
    if not 0 < size <= xorb.MAX_SERIALIZED:
        raise ContentTooLarge(f"A xorb has 1 to {xorb.MAX_SERIALIZED} bytes, not {size}.")
    if _prolong(caller, xorb_hash):
        return None
    if XetGrant.objects.filter(user=caller.actor.user, expires_at__gt=timezone.now()).count() >= MOST_GRANTS:
        raise RateLimited(f"At most {MOST_GRANTS} xorbs of one account may be under way: send those first.")
    key = keys.xorb(xorb_hash)
    grant = XetGrant(
        xorb_hash=xorb_hash,
        repository=caller.repository,
        user=caller.actor.user,
        key=key,
        multipart_id=storage.create_multipart(key),
        size=size,
        expires_at=timezone.now() + GRANT_LIFETIME,
    )
    with transaction.atomic():
        access.keep(caller.repository)
        grant.save(force_insert=True)
    return Granted(grant, storage.presign_part(key, grant.multipart_id, 1))


def _prolong(caller: Caller, xorb_hash: str) -> bool:
    """Whether the namespace holds this xorb; if so it stays for another while, since the client now counts on it."""
    held = Xorb.objects.filter(hash=xorb_hash, holders__namespace=caller.namespace)
    return bool(Xorb.objects.filter(pk__in=held.values("pk")).update(announced_until=announcement()))


def announcement() -> Greatest:
    """For an update of `announced_until`: a client has been told, or has told us, that this xorb is here."""
    return Greatest(F("announced_until"), timezone.now() + KEPT_AFTER_UPLOAD)


def commit_grant(caller: Caller, xorb_hash: str, grant_id: UUID) -> bool:
    """Keep what was put under a grant, which is used up by it. Whether this namespace had not sent it before.

    Raises NotFound (no such grant, or nothing has arrived); Malformed; StorageUnavailable (then it may be tried again).
    """
    caller.require_write()
    grant = XetGrant.objects.filter(
        pk=grant_id,
        xorb_hash=xorb_hash,
        repository=caller.repository,
        user=caller.actor.user,
        expires_at__gt=timezone.now(),
    ).first()
    if grant is None:
        if _prolong(caller, xorb_hash):  # used up by a request whose answer was lost
            return False
        raise NotFound("There is no such grant.")
    try:
        size = _complete(grant)
        with _validations:
            found = _validated(xorb_hash, reading.stream_plain(grant.key, size))
        _store(found, xorb_hash, lies_at=grant.key, size=size)
    except Malformed:
        withdraw(grant)
        raise
    except storage.ObjectMissing:  # another request committed the same grant, and needed no second object
        if not Xorb.objects.filter(hash=xorb_hash).exists():
            raise NotFound("No data has arrived under this grant.") from None
    is_new = _hold(caller, xorb_hash)
    grant.delete()
    return is_new


def _complete(grant: XetGrant) -> int:
    """Close the upload, so that its object can only be read. Returns the object's bytes.

    Running it twice is harmless. Raises ObjectMissing if nothing has arrived; Malformed.
    """
    try:
        arrived = storage.parts_of(grant.key, grant.multipart_id)
        size = sum(length for _part, length in arrived)
        if size > xorb.MAX_SERIALIZED:
            raise Malformed(f"The uploaded xorb has {size} bytes; at most {xorb.MAX_SERIALIZED} are allowed.")
        if arrived:
            storage.complete_multipart(grant.key, grant.multipart_id, [part for part, _length in arrived])
    except storage.ObjectMissing:
        logger.info("grant %s was completed by another request", grant.pk)  # one at the same time, or one before
    there = storage.size_of(grant.key)
    if there is None:
        raise storage.ObjectMissing(f"Nothing lies under {grant.key}.")
    return there


def withdraw(grant: XetGrant) -> None:
    """Remove a grant with whatever was put under it, unless that has become a xorb. Raises StorageUnavailable."""
    try:
        storage.abort_multipart(grant.key, grant.multipart_id)
    except storage.ObjectMissing:
        if not Xorb.objects.filter(key=grant.key).exists():
            storage.delete(grant.key)
    grant.delete()


def sweep_expired_grants() -> int:
    """Remove grants whose client never came back, with what they left in storage. Returns how many."""
    swept = 0
    for grant in XetGrant.objects.filter(expires_at__lt=timezone.now() - GRANT_LIFETIME).order_by("expires_at")[:1000]:
        withdraw(grant)
        swept += 1
    return swept


def receive(caller: Caller, xorb_hash: str, data: bytes) -> bool:
    """Keep a xorb that came in a request's body. Whether this namespace had not sent it before.

    Raises Malformed; StorageUnavailable.
    """
    caller.require_write()
    with _validations:
        found = _validated(xorb_hash, [data])
    _store(found, xorb_hash, data=data)
    return _hold(caller, xorb_hash)


def _validated(xorb_hash: str, blocks: Iterable[bytes]) -> xorb.Xorb:
    try:
        found = xorb.validate(blocks)
    except xorb.MalformedXorb as error:
        raise Malformed(f"Xorb {xorb_hash}: {error}") from error
    measured = merkle.hash_to_text(found.hash)
    if measured != xorb_hash:
        raise Malformed(f"The bytes sent as xorb {xorb_hash} are those of xorb {measured}.")
    return found


def _store(found: xorb.Xorb, xorb_hash: str, *, data: bytes = b"", lies_at: str = "", size: int = 0) -> None:
    """See that there is one row and one object of this xorb: of `data`, or of the `size` bytes that lie under a final key.

    Bytes first, row second. Of two who send the same at once, one row stays, and its object.
    """
    if Xorb.objects.filter(hash=xorb_hash).update(announced_until=announcement()):  # from now on it is not collected
        _remove_unless_kept(lies_at)
        return
    key = lies_at
    if found.packed_size != size:  # it lies nowhere yet, or with the footer of an older client, which is not kept
        key = keys.xorb(xorb_hash)
        storage.put(key, memoryview(data or storage.read_range(lies_at, 0, found.packed_size))[: found.packed_size])
    try:
        with transaction.atomic():
            row = Xorb.objects.create(
                hash=xorb_hash,
                key=key,
                packed_size=found.packed_size,
                unpacked_size=found.unpacked_size,
                chunk_count=len(found.table),
                chunk_table=found.table.packed,
                announced_until=_after_upload(),
            )
            XetChunkKey.objects.bulk_create(
                XetChunkKey(chunk=merkle.hash_to_text(raw), xorb=row) for raw in _findable(found.table)
            )
    except IntegrityError:
        _remove_unless_kept(key)
    else:
        logger.info("xorb %s stored: %d chunks, %d bytes", xorb_hash, len(found.table), found.packed_size)
    if key != lies_at:
        _remove_unless_kept(lies_at)


def _remove_unless_kept(key: str) -> None:
    """The same grant may be committed twice at once: then the other request's row names this very object."""
    if key and not Xorb.objects.filter(key=key).exists():
        storage.delete(key)


def _hold(caller: Caller, xorb_hash: str) -> bool:
    with transaction.atomic():
        row = Xorb.objects.select_for_update().get(hash=xorb_hash)
        _holder, is_new = XorbHolder.objects.get_or_create(xorb=row, namespace=caller.namespace)
        Xorb.objects.filter(pk=row.pk).update(announced_until=announcement())
    return is_new


def _after_upload() -> datetime:
    return timezone.now() + KEPT_AFTER_UPLOAD


def _findable(table: xorb.ChunkTable) -> set[bytes]:
    """The chunks for which any client may ask the whole hub (file starts are added when files are registered)."""
    hashes = (table.hash(index) for index in range(len(table)))
    return {raw for raw in hashes if merkle.hash_modulo(raw, merkle.GLOBAL_DEDUP_MODULUS) == 0}
