"""Large files sent in parts, as the pages of this hub do: what has arrived is asked of the storage, so it can be gone on with."""

import re
from typing import Any

from rest_framework.response import Response

from accounts.requests import ActorApiRequest
from hub.errors import BadRequest
from hub.wire import rate_limits
from hub.wire.describing import describe
from hub.wire.views import json_object
from models_registry.hf_api.shapes import uploads as shapes
from models_registry.hf_api.views import RepositoryView
from models_registry.services import resuming
from models_registry.services.resuming import Ended, UnderWay

_SHA256 = re.compile(r"[0-9a-f]{64}")


@rate_limits.under(writes="upload")
class Uploads(RepositoryView):
    @describe(body=shapes.Contents, answer=shapes.ContentsUnderWay)
    def post(self, request: ActorApiRequest, plural: str, namespace: str, name: str) -> Response:
        """Begin to upload contents, or go on with what you have begun.

        The answer tells of each what is left: PUT every part to its address, then call `uploads/complete`. An address is good
        for six hours; for another one, ask again.
        """
        repository = self.repository(request, plural, namespace, name)
        wanted = [_content(item) for item in _list(request, "objects")]
        found = resuming.begin(actor=request.actor, repository=repository, wanted=wanted)
        return Response({"objects": [_under_way(upload) for upload in found]})


@rate_limits.under(writes="upload")
class CompleteUploads(RepositoryView):
    @describe(body=shapes.Hashes, answer=shapes.EndedUploads)
    def post(self, request: ActorApiRequest, plural: str, namespace: str, name: str) -> Response:
        """Every part was sent: join them, and hash what came. A commit may name what is `stored`."""
        repository = self.repository(request, plural, namespace, name)
        ended = resuming.complete(actor=request.actor, repository=repository, hashes=_hashes(request))
        return Response({"objects": [_ended(upload) for upload in ended]})


@rate_limits.under(writes="upload")
class CancelUploads(RepositoryView):
    @describe(body=shapes.Hashes, answer=shapes.Cancelled)
    def post(self, request: ActorApiRequest, plural: str, namespace: str, name: str) -> Response:
        """Give up what is under way of what you have begun to upload; none of its parts stay in the storage."""
        repository = self.repository(request, plural, namespace, name)
        count = resuming.cancel(actor=request.actor, repository=repository, hashes=_hashes(request))
        return Response({"cancelled": count})


def _list(request: ActorApiRequest, name: str) -> list[Any]:
    value = json_object(request).get(name)
    if not isinstance(value, list) or len(value) > resuming.MOST_AT_ONCE:
        raise BadRequest(f"The body needs a list {name!r} of at most {resuming.MOST_AT_ONCE}.")
    return value


def _content(item: Any) -> tuple[str, int]:
    match item:
        case {"oid": str(sha256), "size": int(size)} if _SHA256.fullmatch(sha256) and size >= 0:
            return sha256, size
    raise BadRequest("Each object needs its sha256 in hex as oid, and its size.")


def _hashes(request: ActorApiRequest) -> list[str]:
    hashes = _list(request, "oids")
    if not all(isinstance(value, str) and _SHA256.fullmatch(value) for value in hashes):
        raise BadRequest("oids are sha256 in hex.")
    return list(dict.fromkeys(hashes))


def _under_way(upload: UnderWay) -> dict[str, Any]:
    answer = {
        "oid": upload.sha256, "size": upload.size, "stored": upload.is_stored, "partSize": upload.part_size,
        "arrived": upload.arrived, "addresses": upload.addresses,
    }  # fmt: skip
    return answer | ({"error": upload.refusal} if upload.refusal else {})


def _ended(upload: Ended) -> dict[str, Any]:
    state = "stored" if upload.is_stored else "refused" if upload.refusal else "checking"
    return {"oid": upload.sha256, "state": state} | ({"error": upload.refusal} if upload.refusal else {})
