"""Each CAS request: parse, call a service, present. There is no session here; every right is in the bearer token."""

import json
import re
from collections import deque
from collections.abc import Iterator
from threading import BoundedSemaphore
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.views.decorators.http import require_GET, require_POST
from drf_spectacular.utils import OpenApiParameter

from hub.error_responses import answers_in_json
from hub.errors import BadRequest, HubError, NotFound, Unauthenticated, Unavailable
from hub.wire import json_text, rate_limits
from hub.wire.body import body_stream
from hub.wire.client_address import client_address
from hub.wire.describing import ANY_OBJECT, BYTES, JSON, describe, describe_function
from models_registry.cas_api import shapes
from models_registry.cas_api.heartbeat import with_heartbeat
from models_registry.errors import ContentTooLarge
from models_registry.formats import shard, xorb
from models_registry.services.xet import dedup, registration, xorbs
from models_registry.services.xet import reconstruction as rebuilding
from models_registry.services.xet.reconstruction import Reconstruction
from models_registry.services.xet.registration import Progress
from models_registry.services.xet.tokens import Caller, caller_with

OCTETS = "application/octet-stream"
NDJSON = "application/x-ndjson"
RANGE = OpenApiParameter("Range", str, OpenApiParameter.HEADER, description="bytes=first-last")
_MAX_GRANT_BODY = 4096
_BLOCK = 1024 * 1024
# Xorbs and shards are held while they are checked, up to 64 MiB each. Current clients send xorbs straight to storage.
_bodies = BoundedSemaphore(4)
_BODY_WAIT_SECONDS = 60
# Clients give up after five minutes without a word.
_HEARTBEAT_SECONDS = 10.0
_RANGE = re.compile(r"bytes=(\d{1,19})-(\d{0,19})")


def _caller(request: HttpRequest) -> Caller:
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthenticated("Send the CAS token that the hub gave you.")
    caller = caller_with(value.strip())
    if not caller.converts:
        rate_limits.spend_as("xet", caller.actor.user.pk if caller.actor.user else None, client_address(request))
    return caller


def _body(request: HttpRequest, limit: int) -> bytes:
    """The whole body. Raises ContentTooLarge before more than `limit` bytes are read."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > limit:
        raise ContentTooLarge(f"At most {limit} bytes are accepted here.")
    stream, blocks, size = body_stream(request), [], 0
    while block := stream.read(_BLOCK):
        size += len(block)
        if size > limit:
            raise ContentTooLarge(f"At most {limit} bytes are accepted here.")
        blocks.append(block)
    return b"".join(blocks)


class _RoomForBody:
    """Waits for its turn to hold a large body. Raises Unavailable after a minute."""

    def __enter__(self) -> None:
        if not _bodies.acquire(timeout=_BODY_WAIT_SECONDS):
            raise Unavailable("Too many uploads at once: try again in a moment.")

    def __exit__(self, *_error: object) -> None:
        _bodies.release()


@describe_function(get=describe(answer=BYTES, media_type=OCTETS))
@require_GET
@answers_in_json
def known_chunks(request: HttpRequest, prefix: str, chunk_hash: str) -> HttpResponseBase:
    """A shard that tells in which xorbs of the reader's this chunk, and its neighbours, lie already."""
    answer = dedup.known_chunks(_caller(request), chunk_hash)
    if answer is None:
        raise NotFound("This chunk is not known.")
    return HttpResponse(answer, content_type="application/octet-stream")


@describe_function(
    post=describe(body=shapes.WantedXorb, answer=shapes.XorbGrant, status=201, also={200: "It is here already."})
)
@require_POST
@answers_in_json
def grant_xorb(request: HttpRequest, prefix: str, xorb_hash: str) -> HttpResponseBase:
    """Where to send a xorb.

    The checksum that clients send along is left alone: the hub hashes the bytes themselves.
    """
    caller = _caller(request)
    try:
        size = json_text.loads(_body(request, _MAX_GRANT_BODY))["length"]
    except (KeyError, TypeError) as error:
        raise BadRequest("The body must be a JSON object with the xorb's length.") from error
    if not isinstance(size, int):
        raise BadRequest("The xorb's length must be a number.")
    granted = xorbs.grant_upload(caller, xorb_hash, size)
    if granted is None:
        return JsonResponse({})
    answer = {"id": str(granted.grant.id), "method": "PUT", "url": granted.address, "headers": {}}
    return JsonResponse(answer, status=201)


@describe_function(post=describe(answer=shapes.ReceivedXorb, refuses=[409]))
@require_POST
@answers_in_json
def commit_xorb(request: HttpRequest, prefix: str, xorb_hash: str, grant_id: UUID) -> HttpResponseBase:
    """A granted xorb has arrived: check it, and keep it."""
    return JsonResponse({"was_inserted": xorbs.commit_grant(_caller(request), xorb_hash, grant_id)})


@describe_function(post=describe(body={OCTETS: BYTES}, answer=shapes.ReceivedXorb))
@require_POST
@answers_in_json
def upload_xorb(request: HttpRequest, prefix: str, xorb_hash: str) -> HttpResponseBase:
    """Send a xorb through the CAS itself, as clients do that know no grants."""
    caller = _caller(request)
    caller.require_write()  # before a byte of the body is read
    with _RoomForBody():
        data = _body(request, xorb.MAX_SERIALIZED)
        return JsonResponse({"was_inserted": xorbs.receive(caller, xorb_hash, data)})


@describe_function(post=describe(body={OCTETS: BYTES}, answer=shapes.RegisteredShard))
@require_POST
@answers_in_json
def register_shard(request: HttpRequest) -> HttpResponseBase:
    """Tell of which xorbs files are made."""
    caller = _caller(request)
    caller.require_write()
    with _RoomForBody():
        data = _body(request, shard.MAX_SHARD)
        deque(registration.register_shard(caller, data), maxlen=0)
    return JsonResponse({"result": 1})


@describe_function(post=describe(body={OCTETS: BYTES}, answer=shapes.PROGRESS, media_type=NDJSON))
@require_POST
@answers_in_json
def register_shard_with_progress(request: HttpRequest) -> HttpResponseBase:
    """Tell of which xorbs files are made, and hear how far it is.

    A line of JSON at a time, the last one the result or the refusal.
    """
    caller = _caller(request)
    caller.require_write()
    with _RoomForBody():
        data = _body(request, shard.MAX_SHARD)
    return StreamingHttpResponse(_progress_lines(caller, data), content_type="application/x-ndjson")


def _progress_lines(caller: Caller, data: bytes) -> Iterator[bytes]:
    frame = _line(type="validating", verified=0, total=0)
    yield frame
    try:
        for progress in with_heartbeat(registration.register_shard(caller, data), _HEARTBEAT_SECONDS):
            if progress is not None:
                frame = _frame(progress)
            yield frame
    except HubError as error:
        yield _line(type="error", message=str(error), retryable=error.status >= 500)
    else:
        yield _line(type="result")


def _frame(progress: Progress) -> bytes:
    if progress.committing:
        return _line(type="committing", stage="syncing")
    return _line(type="validating", verified=progress.verified, total=progress.total)


def _line(**members: Any) -> bytes:
    return json.dumps(members).encode() + b"\n"


@describe_function(get=describe(answer=shapes.Reconstruction, query=[RANGE], also={416: "Past the end."}))
@require_GET
@answers_in_json
def reconstruction(request: HttpRequest, file_hash: str) -> HttpResponseBase:
    """Where the bytes of a file are."""
    found = _reconstruction(request, file_hash)
    fetch_info = {
        xorb_hash: [
            {
                "range": {"start": fetch.start, "end": fetch.end},
                "url": fetch.address,
                "url_range": {"start": fetch.first, "end": fetch.last - 1},
            }
            for fetch in fetches
        ]
        for xorb_hash, fetches in found.fetches.items()
    }
    return JsonResponse({**_terms(found), "fetch_info": fetch_info})


@describe_function(get=describe(answer=shapes.ReconstructionV2, query=[RANGE], also={416: "Past the end."}))
@require_GET
@answers_in_json
def reconstruction_v2(request: HttpRequest, file_hash: str) -> HttpResponseBase:
    """Where the bytes of a file are.

    One range per address: clients would ask each range by itself anyway, and a signature holds for one.
    """
    found = _reconstruction(request, file_hash)
    xorbs_by_hash = {
        xorb_hash: [
            {
                "url": fetch.address,
                "ranges": [
                    {
                        "chunks": {"start": fetch.start, "end": fetch.end},
                        "bytes": {"start": fetch.first, "end": fetch.last - 1},
                    }
                ],
            }
            for fetch in fetches
        ]
        for xorb_hash, fetches in found.fetches.items()
    }
    return JsonResponse({**_terms(found), "xorbs": xorbs_by_hash})


def _reconstruction(request: HttpRequest, file_hash: str) -> Reconstruction:
    return rebuilding.reconstruct(_caller(request), file_hash, *_asked_range(request))


def _asked_range(request: HttpRequest) -> tuple[int, int | None]:
    """[start, end) of the Range header; end is None where the header leaves it open, or is not there."""
    header = request.headers.get("Range")
    if header is None:
        return 0, None
    match = _RANGE.fullmatch(header)
    if match is None:
        raise BadRequest("The range must have the form bytes=first-last.")
    return int(match[1]), int(match[2]) + 1 if match[2] else None


def _terms(found: Reconstruction) -> dict[str, Any]:
    terms = [
        {"hash": term.xorb, "unpacked_length": term.length, "range": {"start": term.start, "end": term.end}}
        for term in found.terms
    ]
    return {"offset_into_first_range": found.offset, "terms": terms}


@describe_function(post=describe(body={JSON: ANY_OBJECT}))
def telemetry(request: HttpRequest) -> HttpResponseBase:
    """Clients report speeds here; nothing is kept."""
    return JsonResponse({})


def live(request: HttpRequest) -> HttpResponseBase:
    return JsonResponse({"status": "ok"})
