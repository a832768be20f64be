"""Which requests count as downloads: GETs of a file's beginning, and tokens to read by Xet. HEADs never do."""

from accounts.requests import ActorApiRequest, ActorRequest
from hub.wire.client_address import client_address
from models_registry.services import counting
from models_registry.services.resolving import ResolvedFile

_MARK = "X-HF-Download-Counter"
"""Set by newer clients on what they do for a download."""


def note_download(request: ActorRequest, file: ResolvedFile) -> None:
    """A GET that was allowed. One that goes on after a break, or reads a header from the middle, is no new download."""
    span = request.headers.get("Range", "")
    if span and not span.replace(" ", "").startswith("bytes=0-"):
        return
    if counting.is_counted(file.entry.path, marked=_MARK in request.headers):
        note_session(request, file.repository_id)


def note_session(request: ActorRequest | ActorApiRequest, repository_id: int) -> None:
    user = request.actor.user
    counting.add(repository_id, counting.reader(user.pk if user else None, client_address(request)))
