"""Objects in storage, and open uploads, that no row names: left by who was killed between bytes and rows."""

from collections.abc import Iterable
from contextlib import suppress

from django.db.models import Model

from hub.errors import HubError
from models_registry import storage
from models_registry.models import BlobContent, LfsObject, UploadSession, XetGrant, Xorb
from models_registry.services.garbage.amounts import Amounts, Plan
from models_registry.services.garbage.content import remove_objects
from models_registry.storage import keys

PREFIXES = (keys.STAGING, keys.LFS, keys.BLOBS, keys.XORBS)
_LISTED = 1000
_SUSPICIOUS_COUNT = 50
_SUSPICIOUS_SHARE = 0.5
_NAMING: tuple[tuple[type[Model], str], ...] = (
    (LfsObject, "plain_key"),
    (BlobContent, "key"),
    (Xorb, "key"),
    (UploadSession, "key"),
    (XetGrant, "key"),
)


class TooManyOrphans(HubError):
    says = "Most of what lies in storage has no row: is this the bucket of another hub, or a database of yesterday?"


def step_open_uploads(_position: str, plan: Plan, amounts: Amounts) -> str | None:
    for prefix in (keys.LFS, keys.XORBS):
        for upload in storage.open_uploads(prefix):
            if upload.started < plan.in_flight_before() and upload.key not in named([upload.key]):
                amounts.add("open uploads", 1)
                if not plan.dry_run:
                    with suppress(storage.ObjectMissing):  # another collection was quicker
                        storage.abort_multipart(upload.key, upload.upload_id)
    return None


def step_objects(position: str, plan: Plan, amounts: Amounts) -> str | None:
    """The next thousand objects. Raises TooManyOrphans, if the plan does not say to trust the rows."""
    prefix = next((prefix for prefix in PREFIXES if position.startswith(prefix)), PREFIXES[0])
    page = storage.listing(prefix, after=position if position != prefix else "", count=_LISTED)
    if not page:
        following = PREFIXES.index(prefix) + 1
        return PREFIXES[following] if following < len(PREFIXES) else None
    old = [found for found in page if found.modified < plan.in_flight_before()]
    known = named([found.key for found in old])
    orphans = [found for found in old if found.key not in known]
    suspicious = len(orphans) >= _SUSPICIOUS_COUNT and len(orphans) > _SUSPICIOUS_SHARE * len(page)
    if suspicious and prefix != keys.STAGING and not plan.trust_rows and not plan.dry_run:
        raise TooManyOrphans(
            f"{len(orphans)} of {len(page)} objects from {page[0].key} on have no row in this database. If it is the right"
            " database for this bucket, run collect_garbage with --trust-rows."
        )
    amounts.add("objects without a row", len(orphans), sum(found.size for found in orphans))
    if not plan.dry_run:
        remove_objects(found.key for found in orphans)
    return page[-1].key


def named(stored: Iterable[str]) -> set[str]:
    """Those of these keys that a row names."""
    wanted = list(stored)
    found: set[str] = set()
    for model, field in _NAMING:
        found |= set(model._default_manager.filter(**{f"{field}__in": wanted}).values_list(field, flat=True))  # noqa: SLF001 - Django's name for it
    return found
