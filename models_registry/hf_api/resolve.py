"""`/{repository}/resolve/{revision}/{path}`: where every download begins.

HEAD is answered here, with all that a client wants to know. GET of a small file is answered here too; anything that lies in
storage is redirected there, or to the content server: file bytes do not pass through the API's workers.
"""

import mimetypes
from dataclasses import replace
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from accounts.requests import ActorRequest
from hub.error_responses import answers_in_json
from hub.wire import rate_limits
from hub.wire.describing import BYTES, describe, describe_function
from hub.wire.ranges import Unsatisfiable, asked_span
from models_registry.errors import RangeNotSatisfiable
from models_registry.hf_api.downloads import note_download
from models_registry.models import GitObject, Kind, LfsObject, Repository
from models_registry.services import addresses, objects, resolving, trees
from models_registry.services.resolving import ResolvedFile

_HEADERS = {
    "X-Repo-Commit": "The commit that the revision names.",
    "ETag": "Of the content: git's id of a regular file, the SHA-256 of a large one.",
    "X-Linked-Etag": "Of a large file: the SHA-256 of its content.",
    "X-Linked-Size": "Of a large file: its size in bytes.",
    "X-Xet-Hash": "Where the CAS has it: the file's hash there.",
    "Accept-Ranges": "bytes",
    "Location": "Of a large file: where its bytes are, for a while.",
}


@rate_limits.under(reads="resolve")
@describe_function(
    head=describe(answer=None, headers=_HEADERS, refuses=[403]),
    get=describe(
        answer=BYTES,
        media_type="*/*",
        also={
            206: "The asked range.",
            302: "A large file: its bytes are elsewhere.",
            304: "Unchanged.",
            416: "No such range.",
        },
        headers=_HEADERS,
        refuses=[403],
    ),
)
@csrf_exempt
@require_safe
@answers_in_json
def resolve(request: ActorRequest, namespace: str, name: str, rest: str, kind: str = Kind.MODEL) -> HttpResponseBase:
    """A file."""
    file = resolving.file_at(request.actor, kind, namespace, name, rest)
    if request.method == "GET":
        note_download(request, file)
    return _large(request, kind, namespace, name, file) if file.entry.lfs else _small(request, file)


@rate_limits.under(reads="resolve")
@describe_function(
    head=describe(answer=None, headers={"X-Repo-Commit": _HEADERS["X-Repo-Commit"]}, refuses=[403]),
    get=describe(
        answer=BYTES, media_type="text/plain", headers={"X-Repo-Commit": _HEADERS["X-Repo-Commit"]}, refuses=[403]
    ),
)
@csrf_exempt
@require_safe
@answers_in_json
def raw(request: ActorRequest, namespace: str, name: str, rest: str, kind: str = Kind.MODEL) -> HttpResponseBase:
    """A file as git keeps it: of a large one, the pointer."""
    file = resolving.file_at(request.actor, kind, namespace, name, rest)
    return _small(request, replace(file, entry=replace(file.entry, size=file.entry.blob_size)))


def _headers(file: ResolvedFile, etag: str) -> dict[str, str]:
    return {
        "X-Repo-Commit": file.commit,
        "ETag": f'"{etag}"',
        "Accept-Ranges": "bytes",
        "Content-Disposition": _disposition(file.entry.name),
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Expose-Headers": "X-Repo-Commit,X-Linked-Size,X-Linked-Etag,X-Xet-Hash,ETag,Link,Content-Range",
    }


def _disposition(name: str) -> str:
    plain = name.encode("ascii", "replace").decode().replace('"', "_").replace("\\", "_").replace("?", "_")
    return f"inline; filename*=UTF-8''{quote(name)}; filename=\"{plain}\";"


def _large(request: ActorRequest, kind: str, namespace: str, name: str, file: ResolvedFile) -> HttpResponse:
    entry = file.entry
    assert entry.lfs is not None  # the caller looked
    headers = _headers(file, entry.lfs.sha256) | {
        "X-Linked-Etag": f'"{entry.lfs.sha256}"',
        "X-Linked-Size": str(entry.lfs.size),
    }
    if entry.xet_hash:
        route = f"/api/{Kind(kind).plural}/{namespace}/{name}/xet-read-token/{file.commit}"
        headers["X-Xet-Hash"] = entry.xet_hash
        headers["Link"] = f'<{request.build_absolute_uri(route)}>; rel="xet-auth"'
    if request.method == "HEAD":
        return HttpResponse(
            headers=headers | {"Content-Length": str(entry.lfs.size)}, content_type="application/octet-stream"
        )
    stored = trees.stored(Repository(pk=file.repository_id), entry)
    assert isinstance(stored, LfsObject)  # what a pointer points to
    guard = None if file.is_open else addresses.Guard(request.actor, file.repository_id)
    return HttpResponseRedirect(addresses.download_address(stored, entry.name, guard), headers=headers)


def _small(request: HttpRequest, file: ResolvedFile) -> HttpResponse:
    entry = file.entry
    headers = _headers(file, entry.oid)
    content_type = _harmless_type(entry.name)
    if request.headers.get("If-None-Match") == headers["ETag"]:
        return HttpResponse(status=304, headers=headers)
    if request.method == "HEAD":
        return HttpResponse(headers=headers | {"Content-Length": str(entry.size)}, content_type=content_type)
    row = GitObject.objects.select_related("content").get(repository=file.repository_id, oid=entry.oid)
    content = objects.inflate(row)
    try:
        asked = asked_span(request.headers.get("Range"), len(content))
    except Unsatisfiable:
        raise RangeNotSatisfiable(headers={"Content-Range": f"bytes */{len(content)}"}) from None
    if asked is None:
        return HttpResponse(content, headers=headers, content_type=content_type)
    start, end = asked
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(content)}"
    return HttpResponse(content[start:end], status=206, headers=headers, content_type=content_type)


def _harmless_type(name: str) -> str:
    """Text as text and pictures as pictures; nothing a browser would run."""
    guessed = mimetypes.guess_type(name)[0] or "text/plain"
    if guessed in {"image/png", "image/jpeg", "image/gif", "image/webp", "application/json"}:
        return guessed
    return "text/plain; charset=utf-8"
