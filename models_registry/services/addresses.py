"""Where bytes can be had: addresses on the content server, good for an hour."""

from typing import NamedTuple
from urllib.parse import quote

from django.conf import settings

from models_registry import storage
from models_registry.models import LfsObject
from models_registry.services import plain_copies, quarantine, signed

ADDRESS_SECONDS = 3600
_PURPOSE = "content"


class ContentAddress(NamedTuple):
    """What an address on the content server opens: one object, under one name."""

    lfs_object_id: int
    filename: str


def content_address(lfs_object: LfsObject, filename: str) -> str:
    """An address that anyone who has it may read for an hour: give it only to who may read the file.

    filename: the name under which a browser saves it; folders are left out.
    """
    name = filename.rpartition("/")[2]
    text, _expires = signed.sign(_PURPOSE, {"object": lfs_object.pk, "name": name}, seconds=ADDRESS_SECONDS)
    return f"{settings.CONTENT_URL}/{quote(name, safe='')}?signed={text}"


def download_address(lfs_object: LfsObject, filename: str) -> str:
    """Where a client finds the bytes: in storage if there is a plain copy, else on the content server.

    The address opens the content for whoever has it: give it only to who may read the file. Raises ContentQuarantined.
    """
    quarantine.require_free(lfs_object.sha256)
    if lfs_object.plain_key and lfs_object.is_read_plainly:
        plain_copies.note_use(lfs_object)
        return storage.presign_get(lfs_object.plain_key, filename=filename.rpartition("/")[2])
    return content_address(lfs_object, filename)


def read_content_address(text: str) -> ContentAddress:
    """What the `signed` part of an address says. Raises BadStatement."""
    claims = signed.read(_PURPOSE, text)
    return ContentAddress(lfs_object_id=claims["object"], filename=claims["name"])
