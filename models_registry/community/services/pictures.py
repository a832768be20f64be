"""Pictures for comments: taken from members, shown to whoever knows the name, and collected when no comment holds them."""

import hashlib
import logging
import secrets
from contextlib import suppress
from datetime import timedelta

from django.db import transaction
from django.db.models import Count, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Actor
from hub.errors import Invalid, NotFound, RateLimited, TooLarge
from models_registry import storage
from models_registry.community.models import Picture
from models_registry.errors import StorageUnavailable
from models_registry.storage import keys

logger = logging.getLogger(__name__)

LARGEST = 10 * 2**20  # bytes
MOST_A_DAY = 100
MOST_BYTES_A_DAY = 200 * 2**20
UNUSED_FOR = timedelta(days=1)
_LISTED = 1000
_STARTS = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}


def media_type_of(content: bytes) -> str | None:
    """By its first bytes, whatever it was said to be. None: no picture, or one that can hold programs, such as SVG."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for start, kind in _STARTS.items() if content.startswith(start)), None)


def take(*, actor: Actor, content: bytes) -> Picture:
    """Keep a picture. Never within a transaction: bytes first, rows second.

    Raises Unauthenticated, Suspended, ReadOnlyToken, Invalid, TooLarge, RateLimited, StorageUnavailable.
    """
    user = actor.require_writer()
    if len(content) > LARGEST:
        raise TooLarge(_("A picture may have %(most)s bytes.") % {"most": LARGEST})
    media_type = media_type_of(content)
    if media_type is None:
        raise Invalid(_("Only PNG, JPEG, GIF and WebP pictures are taken here."))
    _require_room(user.pk, len(content))
    name = secrets.token_urlsafe(32)
    key = keys.picture(hashlib.sha256(name.encode()).hexdigest())
    storage.put(key, content)
    return Picture.objects.create(name=name, uploader=user, key=key, media_type=media_type, size=len(content))


def _require_room(user_id: int, size: int) -> None:
    today = Picture.objects.filter(uploader=user_id, created_at__gt=timezone.now() - timedelta(days=1))
    sent = today.aggregate(count=Count("pk"), bytes=Sum("size"))
    if sent["count"] >= MOST_A_DAY or (sent["bytes"] or 0) + size > MOST_BYTES_A_DAY:
        raise RateLimited(
            _("A member may send %(most)s pictures a day, and %(size)s bytes of them: go on tomorrow.")
            % {"most": MOST_A_DAY, "size": MOST_BYTES_A_DAY},
            headers={"Retry-After": "3600"},
        )


def address_of(name: str, *, actor: Actor) -> str:
    """Where a picture's bytes are, for an hour. Who moderates sees hidden ones, too. Raises NotFound."""
    found = Picture.objects.filter(name=name).first()
    if found is None or (_is_hidden(found) and not actor.may("community.hide_picture")):
        raise NotFound(_("There is no such picture."))
    return storage.presign_get(found.key, media_type=found.media_type)


def _is_hidden(picture: Picture) -> bool:
    if picture.hidden_reason:
        return True
    return picture.shown_in.exists() and not picture.shown_in.filter(hidden_at=None).exists()


def sweep() -> None:
    """Remove what no comment holds, a day after it came, and objects in storage that nobody has a row for.

    What a moderator has hidden stays to be looked at.
    """
    before = timezone.now() - UNUSED_FOR
    for pk in list(
        Picture.objects.filter(created_at__lt=before, shown_in=None, hidden_reason="").values_list("pk", flat=True)
    ):
        _remove_unused(pk)
    after = ""
    while page := storage.listing(keys.PICTURES, after=after, count=_LISTED):
        old = [found.key for found in page if found.modified < before]
        known = set(Picture.objects.filter(key__in=old).values_list("key", flat=True))
        _delete([key for key in old if key not in known])
        after = page[-1].key


def _remove_unused(pk: int) -> None:
    with transaction.atomic():
        row = Picture.objects.select_for_update().filter(pk=pk).first()
        if row is None or row.shown_in.exists():
            return
        row.delete()
    _delete([row.key])
    logger.info("picture %d removed: no comment holds it", pk)


def _delete(stored: list[str]) -> None:
    for key in stored:
        with suppress(StorageUnavailable):  # it is found again
            storage.delete(key)
