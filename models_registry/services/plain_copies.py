"""Plain copies of files that lie in chunks, for those asked for most: a redirect to storage then spares the content server.

Off by default (HUB_PLAIN_COPY=never): a copy costs as much storage as the file, and saves little but the network of the
content servers. A copy is a cache: verified while it is written, the least used goes when the cap is reached. What came
plainly, by LFS, is one as soon as it lies in chunks, too.
"""

import hashlib
import logging
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone

from hub.jobs.models import Job
from models_registry import storage
from models_registry.errors import ContentMismatch, StorageUnavailable
from models_registry.models import LfsObject, ServedBytes
from models_registry.services import reading
from models_registry.storage import keys

logger = logging.getLogger(__name__)

WINDOW = timedelta(hours=24)
HOT_TIMES = 8
"""A file is hot when it went out so many times within the window."""
PART = 32 * 1024 * 1024
# Addresses are good for an hour, and a use is noted once an hour.
_IDLE = timedelta(hours=2)
_NOTED_ONCE_IN = timedelta(hours=1)


def is_on() -> bool:
    return bool(settings.PLAIN_COPY == "hot")


def note_served(served: Counter[int]) -> None:
    """Add to what went out in this hour: bytes, by the content's row. Content that went meanwhile is passed over."""
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    there = set(LfsObject.objects.filter(pk__in=served, plain_key__isnull=True).values_list("pk", flat=True))
    for pk in sorted(there):
        row, _created = ServedBytes.objects.get_or_create(lfs_object_id=pk, hour=hour)
        ServedBytes.objects.filter(pk=row.pk).update(size=F("size") + served[pk])


def note_use(lfs_object: LfsObject) -> None:
    """The copy is being read."""
    now = timezone.now()
    if lfs_object.copy_used_at is not None and lfs_object.copy_used_at < now - _NOTED_ONCE_IN:
        LfsObject.objects.filter(pk=lfs_object.pk, copy_used_at__isnull=False).update(copy_used_at=now)


def look_for_hot() -> int:
    """Ask for a copy of each hot file, the hottest first, as far as the cap allows. Returns how many.

    Copies beyond the cap go once nobody has used them for a while; where none are to be kept, all of them.
    """
    now = timezone.now()
    ServedBytes.objects.filter(hour__lt=now - 2 * WINDOW).delete()
    if not is_on():
        for row in _idle():
            drop(row)
        return 0
    _room_for(0)
    hot = (
        LfsObject.objects.filter(plain_key__isnull=True, served__hour__gt=now - WINDOW)
        .annotate(sent=Sum("served__size"))
        .filter(sent__gte=F("size") * HOT_TIMES, size__gt=0, size__lte=settings.PLAIN_COPY_BYTES)
        .order_by("-sent")[:20]
    )
    asked = 0
    for row in hot:
        if _room_for(row.size):
            Job.objects.add("copy_plainly", row.sha256)
            asked += 1
    return asked


def _room_for(size: int) -> bool:
    """Whether a copy of so many bytes fits under the cap, now or once copies that nobody uses have gone."""
    held = LfsObject.objects.filter(copy_used_at__isnull=False).aggregate(size=Sum("size"))["size"] or 0
    for row in _idle():
        if held + size <= settings.PLAIN_COPY_BYTES:
            return True
        held -= row.size
        drop(row)
    return bool(held + size <= settings.PLAIN_COPY_BYTES)


def _idle() -> Iterator[LfsObject]:
    idle = LfsObject.objects.filter(copy_used_at__lt=timezone.now() - _IDLE)
    return idle.order_by("copy_used_at").iterator(chunk_size=100)


def drop(lfs_object: LfsObject) -> None:
    """Let a copy go: the row first, then the object. Raises nothing: what stays is found as an orphan."""
    with transaction.atomic():
        row = LfsObject.objects.select_for_update().filter(pk=lfs_object.pk, copy_used_at__isnull=False).first()
        if row is None or row.plain_key is None:
            return
        LfsObject.objects.filter(pk=row.pk).update(plain_key=None, copy_used_at=None)
    try:
        storage.delete(row.plain_key)
    except StorageUnavailable:
        logger.warning("the plain copy of %s is left to the collection of garbage", row.sha256)


def make(sha256: str) -> None:
    """Write the copy, unless there is one. Raises StorageUnavailable; ContentMismatch if the chunks are not the file."""
    row = LfsObject.objects.filter(sha256=sha256, plain_key__isnull=True).select_related("xet_file").first()
    if row is None or row.xet_file is None or not is_on() or not _room_for(row.size):
        return
    key = keys.lfs(sha256)
    _write(row, key)
    with transaction.atomic():
        # Garbage collection takes the same lock before it removes the content.
        locked = LfsObject.objects.select_for_update().filter(pk=row.pk, plain_key__isnull=True)
        taken = [found.pk for found in locked]
        LfsObject.objects.filter(pk__in=taken).update(plain_key=key, copy_used_at=timezone.now())
    if taken:
        logger.info("content %s copied plainly, %d bytes", sha256, row.size)
    else:
        storage.delete(key)


def _write(row: LfsObject, key: str) -> None:
    """In parts, hashed on their way; nothing stays of a copy that is not the file."""
    upload = storage.create_multipart(key)
    try:
        digest = hashlib.sha256()
        parts = []
        for number, piece in enumerate(_pieces(row), 1):
            digest.update(piece)
            parts.append(storage.put_part(key, upload, number, piece))
        if digest.hexdigest() != row.sha256:
            raise ContentMismatch(f"The chunks of {row.sha256} make {digest.hexdigest()}: run fsck.")
        storage.complete_multipart(key, upload, parts)
    except BaseException:
        storage.abort_multipart(key, upload)
        raise


def _pieces(row: LfsObject) -> Iterator[bytes]:
    waiting, size = [], 0
    part = max(PART, -(-row.size // 9000))
    for block in reading.stream(row):
        waiting.append(block)
        size += len(block)
        if size >= part:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)
