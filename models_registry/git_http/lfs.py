"""The git-lfs batch API: https://github.com/git-lfs/git-lfs/blob/main/docs/api/batch.md, and Hub clients' multipart."""

import re
from typing import Any

from django.core import signing
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.requests import ActorApiRequest
from hub.errors import BadRequest, Forbidden, HubError
from hub.wire import rate_limits
from hub.wire.describing import describe
from hub.wire.views import HubApiView, json_object
from models_registry import access
from models_registry.errors import ContentMissing, ContentQuarantined
from models_registry.git_http import lfs_xet, shapes
from models_registry.models import Kind, LfsObject, Repository, UploadSession
from models_registry.services import addresses, uploads
from models_registry.services.uploads import PlannedUpload
from models_registry.storage import Part

_SHA256 = re.compile(r"[0-9a-f]{64}")
_ETAG = re.compile(r"[!-~]{1,256}")
_MAX_OBJECTS = 1000
HOW_TO_ASK = 'Basic realm="the hub: an access token is the password"'
_signer = signing.TimestampSigner(salt="lfs-upload")


class LfsView(HubApiView):
    """git-lfs shows a refusal's `message`, and asks the person for a token where it is told how."""

    def handle_exception(self, exc: Exception) -> Response:
        response = super().handle_exception(exc)
        if isinstance(response.data, dict) and "error" in response.data:
            response.data["message"] = exc.in_words if isinstance(exc, HubError) else response.data["error"]
        if response.status_code == 401:
            response["LFS-Authenticate"] = response["WWW-Authenticate"] = HOW_TO_ASK
        return response

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        if response.status_code < 400:
            response.content_type = shapes.MEDIA_TYPE
        return super().finalize_response(request, response, *args, **kwargs)

    def repository(self, request: ActorApiRequest, kind: str, namespace: str, name: str) -> Repository:
        return access.repository_for(request.actor, kind, f"{namespace}/{name}")


@rate_limits.under(writes="upload")
class Batch(LfsView):
    """Where these large files are to be sent, or can be had."""

    @describe(body={shapes.MEDIA_TYPE: shapes.LfsBatch}, answer=shapes.LfsBatchAnswer, media_type=shapes.MEDIA_TYPE)
    def post(self, request: ActorApiRequest, namespace: str, name: str, kind: str = Kind.MODEL) -> Response:
        repository = self.repository(request, kind, namespace, name)
        body = json_object(request)
        if body.get("hash_algo", "sha256") != "sha256":
            raise BadRequest("Only sha256 is spoken here.")
        items = [_checked(item) for item in _list(body, "objects", _MAX_OBJECTS)]
        if body.get("operation") == "download":
            access.require_read(request.actor, repository)
            answers = _downloads(request, repository, items)
            transfer = "basic"
        elif body.get("operation") == "upload":
            access.require_proposal(request.actor, repository)
            answers, transfer = _uploads(request, repository, body, items)
        else:
            raise BadRequest("operation must be upload or download.")
        return Response({"transfer": transfer, "objects": answers, "hash_algo": "sha256"})


def _list(body: dict[str, Any], name: str, most: int) -> list[Any]:
    items = body.get(name)
    if not isinstance(items, list) or len(items) > most:
        raise BadRequest(f"{name} must be a list of at most {most}.")
    return items


def _part(item: Any) -> Part:
    match item:
        case {"partNumber": int(number), "etag": str(etag)} if _ETAG.fullmatch(etag):
            return Part(number, etag)
    raise BadRequest("Each part needs its partNumber and etag.")


def _checked(item: Any) -> tuple[str, int]:
    match item:
        case {"oid": str(oid), "size": int(size)} if _SHA256.fullmatch(oid) and size >= 0:
            return oid, size
    raise BadRequest("Each object needs its sha256 in hex as oid, and its size.")


def _uploads(
    request: ActorApiRequest, repository: Repository, body: dict[str, Any], items: list[tuple[str, int]]
) -> tuple[list[dict[str, Any]], str]:
    """What to do with each object, and by which way of transfer: the best of those that the client offers."""
    offered = body.get("transfers")
    transfers = offered if isinstance(offered, list) else []
    if "xet" in transfers:
        return lfs_xet.uploads(request, repository, body, items), "xet"
    multipart = "multipart" in transfers
    planned = uploads.plan(actor=request.actor, repository=repository, wanted=items, multipart=multipart)
    answers = [_upload(request, repository, upload) for upload in planned]
    in_parts = any("chunk_size" in answer.get("actions", {}).get("upload", {}).get("header", {}) for answer in answers)
    return answers, "multipart" if in_parts else "basic"


def _upload(request: ActorApiRequest, repository: Repository, planned: PlannedUpload) -> dict[str, Any]:
    answer: dict[str, Any] = {"oid": planned.sha256, "size": planned.size}
    if planned.refusal:
        return answer | {"error": {"code": 413, "message": planned.refusal}}
    if planned.session is None:
        return answer
    if planned.part_addresses:
        upload: dict[str, Any] = {
            "href": request.build_absolute_uri(
                f"{_git_address(repository)}/info/lfs/complete/{_signer.sign(planned.session.pk.hex)}"
            ),
            "header": {"chunk_size": str(planned.part_size)}
            | {str(number): address for number, address in enumerate(planned.part_addresses, 1)},
        }
    else:
        upload = {"href": planned.put_address}
    verify: dict[str, Any] = {"href": request.build_absolute_uri(f"{_git_address(repository)}/info/lfs/verify")}
    if authorization := request.headers.get("Authorization"):
        verify["header"] = {"Authorization": authorization}  # git-lfs sends only what it is told to
    return answer | {"authenticated": True, "actions": {"upload": upload, "verify": verify}}


def _git_address(repository: Repository) -> str:
    return f"{repository.get_absolute_url()}.git"


def _downloads(request: ActorApiRequest, repository: Repository, items: list[tuple[str, int]]) -> list[dict[str, Any]]:
    guard = addresses.Guard(request.actor, repository.pk) if repository.private or repository.gated else None
    rows = LfsObject.objects.filter(sha256__in={sha256 for sha256, _ in items}, possessions__repository=repository)
    stored = {row.sha256: row for row in rows}
    return [_download(stored.get(sha256), sha256, size, guard) for sha256, size in items]


def _download(stored: LfsObject | None, sha256: str, size: int, guard: addresses.Guard | None) -> dict[str, Any]:
    if stored is None:
        return {"oid": sha256, "size": size, "error": {"code": 404, "message": "This repository has no such content."}}
    try:
        action = {"href": addresses.download_address(stored, sha256, guard)}
    except ContentQuarantined as error:
        return {"oid": sha256, "size": size, "error": {"code": error.status, "message": str(error)}}
    return {"oid": sha256, "size": stored.size, "authenticated": True, "actions": {"download": action}}


@rate_limits.under(writes="upload")
class Verify(LfsView):
    """The client says it is done: hash what arrived. 200 means it is content of this repository."""

    @describe(body={shapes.MEDIA_TYPE: shapes.LfsObjectName}, media_type=shapes.MEDIA_TYPE)
    def post(self, request: ActorApiRequest, namespace: str, name: str, kind: str = Kind.MODEL) -> Response:
        repository = self.repository(request, kind, namespace, name)
        access.require_proposal(request.actor, repository)
        sha256, size = _checked(json_object(request))
        session = uploads.session_for(repository, sha256)
        if session is not None:
            uploads.settle(session)
        stored = LfsObject.objects.filter(sha256=sha256, size=size, possessions__repository=repository).first()
        if stored is None:
            raise ContentMissing(f"Content {sha256} of {size} bytes was not uploaded to this repository.")
        return Response({})


@rate_limits.under(writes="upload")
class CompleteParts(HubApiView):
    """All parts are there. Called without credentials: the address itself is the right to finish this one upload."""

    @describe(body={shapes.MEDIA_TYPE: shapes.LfsParts})
    def post(self, request: ActorApiRequest, signed: str, **_repository: str) -> Response:
        try:
            identity = _signer.unsign(signed, max_age=uploads.WRITE_SECONDS)
        except signing.BadSignature:
            raise Forbidden("This address is wrong or has expired: ask for a new upload.") from None
        parts = [_part(item) for item in _list(json_object(request), "parts", uploads.MAX_PARTS)]
        session = UploadSession.objects.filter(pk=identity).first()
        if session is not None:  # none: finished by an earlier call
            uploads.complete_parts(session, sorted(parts))
        return Response({})
