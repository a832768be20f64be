"""Where bytes can be had: addresses on the content server, good for an hour.

An address opens its content for whoever has it. Of a repository that is private or gated it holds who asked, too, and the
content server asks their right anew: so a right that is taken away is gone at once, and not in an hour.
"""

from typing import Any, NamedTuple
from urllib.parse import quote

from django.conf import settings

from accounts.models import Actor
from hub.errors import Unauthenticated
from models_registry import storage
from models_registry.models import LfsObject, Repository
from models_registry.services import plain_copies, quarantine, signed

ADDRESS_SECONDS = 3600
_PURPOSE = "content"


class Guard(NamedTuple):
    """For whom an address is, and of which repository it gives content: one that not everybody may read."""

    actor: Actor
    repository_id: int


class ContentAddress(NamedTuple):
    """What an address on the content server opens: one object, under one name. `claims`: of its guard, if it has one."""

    lfs_object_id: int
    filename: str
    claims: tuple[tuple[str, int | None], ...] = ()

    def is_open(self) -> bool:
        """Whether who asked for it may still read the repository. Two queries, for those that are guarded."""
        if not self.claims:
            return True
        claims = dict(self.claims)
        try:
            actor = signed.actor_of(claims)
        except Unauthenticated:
            return False
        return Repository.objects.filter(pk=claims["repository"] or 0).readable_by(actor).exists()


def content_address(lfs_object: LfsObject, filename: str, guard: Guard | None = None) -> str:
    """An address that anyone who has it may read for an hour: give it only to who may read the file.

    filename: the name under which a browser saves it; folders are left out.
    """
    name = filename.rpartition("/")[2]
    claims: dict[str, Any] = {"object": lfs_object.pk, "name": name}
    if guard is not None:
        claims["guard"] = {"repository": guard.repository_id, **signed.claims_of(guard.actor)}
    text, _expires = signed.sign(_PURPOSE, claims, seconds=ADDRESS_SECONDS)
    return f"{settings.CONTENT_URL}/{quote(name, safe='')}?signed={text}"


def download_address(lfs_object: LfsObject, filename: str, guard: Guard | None = None) -> str:
    """Where a client finds the bytes: in storage if there is a plain copy and no guard, else on the content server.

    The address opens the content for whoever has it: give it only to who may read the file. Raises ContentQuarantined.
    """
    quarantine.require_free(lfs_object.sha256)
    if guard is None and lfs_object.plain_key and lfs_object.is_read_plainly:
        plain_copies.note_use(lfs_object)
        return storage.presign_get(lfs_object.plain_key, filename=filename.rpartition("/")[2])
    return content_address(lfs_object, filename, guard)


def read_content_address(text: str) -> ContentAddress:
    """What the `signed` part of an address says. Raises BadStatement."""
    claims = signed.read(_PURPOSE, text)
    guard = claims.get("guard") or {}
    return ContentAddress(claims["object"], claims["name"], tuple(sorted(guard.items())))
