"""Xorbs on their way in: each is read once, validated, and those very bytes are what is kept."""

import logging
import os
from datetime import datetime, timedelta
from threading import BoundedSemaphore
from typing import NamedTuple
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone

from hub.errors import NotFound
from models_registry import storage
from models_registry.errors import ContentTooLarge, Malformed
from models_registry.formats import merkle, xorb
from models_registry.models import XetChunkKey, XetGrant, Xorb, XorbHolder
from models_registry.services.xet.tokens import Caller
from models_registry.storage import keys

logger = logging.getLogger(__name__)

GRANT_LIFETIME = timedelta(hours=1)
# Clients remember for three weeks what they have sent, and build on it without asking.
KEPT_AFTER_UPLOAD = timedelta(days=35)
# Each validation holds up to 64 MiB and a core.
_validations = BoundedSemaphore(os.cpu_count() or 1)


class Granted(NamedTuple):
    grant: XetGrant
    address: str


def grant_upload(caller: Caller, xorb_hash: str, size: int) -> Granted | None:
    """Leave to put a xorb straight into storage; None if the caller's namespace is known to have sent it before.

    Raises Forbidden and its kin; ContentTooLarge.
    """
    caller.require_write()
    if not 0 < size <= xorb.MAX_SERIALIZED:
        raise ContentTooLarge(f"A xorb has 1 to {xorb.MAX_SERIALIZED} bytes, not {size}.")
    if _prolong(caller, xorb_hash):
        return None
    grant = XetGrant(
        xorb_hash=xorb_hash,
        repository=caller.repository,
        user=caller.actor.require_user(),
        size=size,
        expires_at=timezone.now() + GRANT_LIFETIME,
    )
    grant.key = keys.staging(grant.id.hex)
    grant.save()
    return Granted(grant, storage.presign_put(grant.key))


def _prolong(caller: Caller, xorb_hash: str) -> bool:
    """Whether the namespace holds this xorb; if so it stays for another while, since the client now counts on it."""
    held = Xorb.objects.filter(hash=xorb_hash, holders__namespace=caller.repository.namespace_id)
    return bool(Xorb.objects.filter(pk__in=held.values("pk")).update(announced_until=announcement()))


def announcement() -> Greatest:
    """For an update of `announced_until`: a client has been told, or has told us, that this xorb is here."""
    return Greatest(F("announced_until"), timezone.now() + KEPT_AFTER_UPLOAD)


def commit_grant(caller: Caller, xorb_hash: str, grant_id: UUID) -> bool:
    """Keep what was put under a grant, which is used up by it. Whether this namespace had not sent it before.

    The granted address stays writable for a while; that is why the bytes that were validated are stored anew, under a
    key that no client can write. Raises NotFound (no such grant, or nothing has arrived); Malformed.
    """
    caller.require_write()
    grant = XetGrant.objects.filter(
        pk=grant_id,
        xorb_hash=xorb_hash,
        repository=caller.repository,
        user=caller.actor.user,
        expires_at__gt=timezone.now(),
    ).first()
    size = storage.size_of(grant.key) if grant else None
    if grant is None or size is None:
        raise NotFound("No data has arrived under this grant.")
    try:
        is_new = _keep_staged(caller, xorb_hash, grant.key, size)
    except Malformed:
        _use_up(grant)
        raise
    _use_up(grant)  # but not if the storage failed: then the same grant may be committed again
    return is_new


def _keep_staged(caller: Caller, xorb_hash: str, key: str, size: int) -> bool:
    if size > xorb.MAX_SERIALIZED:
        raise Malformed(f"The uploaded xorb has {size} bytes; at most {xorb.MAX_SERIALIZED} are allowed.")
    with _validations:
        return _keep(caller, xorb_hash, storage.read_range(key, 0, size))


def _use_up(grant: XetGrant) -> None:
    grant.delete()
    storage.delete(grant.key)


def receive(caller: Caller, xorb_hash: str, data: bytes) -> bool:
    """Keep a xorb that came in a request's body. Whether this namespace had not sent it before. Raises Malformed."""
    caller.require_write()
    with _validations:
        return _keep(caller, xorb_hash, data)


def _keep(caller: Caller, xorb_hash: str, data: bytes) -> bool:
    try:
        found = xorb.validate(data)
    except xorb.MalformedXorb as error:
        raise Malformed(f"Xorb {xorb_hash}: {error}") from error
    measured = merkle.hash_to_text(found.hash)
    if measured != xorb_hash:
        raise Malformed(f"The bytes sent as xorb {xorb_hash} are those of xorb {measured}.")
    if not Xorb.objects.filter(hash=xorb_hash).exists():
        _store(xorb_hash, found, memoryview(data)[: found.packed_size])
    with transaction.atomic():
        row = Xorb.objects.select_for_update().get(hash=xorb_hash)
        _holder, is_new = XorbHolder.objects.get_or_create(xorb=row, namespace=caller.repository.namespace)
        Xorb.objects.filter(pk=row.pk).update(announced_until=announcement())
    return is_new


def _store(xorb_hash: str, found: xorb.Xorb, data: memoryview) -> None:
    """Bytes first, row second. Of two who send the same at once, one row stays, and its object."""
    key = keys.xorb(xorb_hash)
    storage.put(key, data)
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
        storage.delete(key)
        return
    logger.info("xorb %s stored: %d chunks, %d bytes", xorb_hash, len(found.table), found.packed_size)


def _after_upload() -> datetime:
    return timezone.now() + KEPT_AFTER_UPLOAD


def _findable(table: xorb.ChunkTable) -> set[bytes]:
    """The chunks for which any client may ask the whole hub (file starts are added when files are registered)."""
    hashes = (table.hash(index) for index in range(len(table)))
    return {raw for raw in hashes if merkle.hash_modulo(raw, merkle.GLOBAL_DEDUP_MODULUS) == 0}
