"""`/{repository}/resolve/{revision}/{path}`: where every download begins.

HEAD is answered here, with all that a client wants to know. GET of a small file is answered here too; anything that lies in
storage is redirected there, or to the content server: file bytes do not pass through the API's workers.
"""

import mimetypes
import re
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from accounts.requests import ActorRequest
from hub.error_responses import answers_in_json
from hub.errors import HubError
from models_registry.models import GitObject, Kind, LfsObject
from models_registry.services import addresses, objects, resolving
from models_registry.services.resolving import ResolvedFile

_RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})")


class RangeNotSatisfiable(HubError):
    """The file ends before the range that was asked for."""

    status = 416


@csrf_exempt
@require_safe
@answers_in_json
def resolve(request: ActorRequest, namespace: str, name: str, rest: str, kind: str = Kind.MODEL) -> HttpResponseBase:
    file = resolving.file_at(request.actor, kind, namespace, name, rest)
    return _large(request, kind, namespace, name, file) if file.entry.lfs else _small(request, file)


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


def _large(request: HttpRequest, kind: str, namespace: str, name: str, file: ResolvedFile) -> HttpResponse:
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
    stored = LfsObject.objects.get(sha256=entry.lfs.sha256, possessions__repository=file.repository_id)
    return HttpResponseRedirect(addresses.download_address(stored, entry.name), headers=headers)


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
    asked = _range(request.headers.get("Range", ""), len(content))
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


def _range(header: str, size: int) -> tuple[int, int] | None:
    """[start, end) of a single range; None: send the whole (several ranges, or none, or nonsense). Raises RangeNotSatisfiable."""
    found = _RANGE.fullmatch(header.strip())
    if not found or not (found[1] or found[2]):
        return None
    if found[1]:
        start, end = int(found[1]), min(int(found[2]) + 1, size) if found[2] else size
    else:
        start, end = max(size - int(found[2]), 0), size
    if start >= size or start >= end:
        raise RangeNotSatisfiable(headers={"Content-Range": f"bytes */{size}"})
    return start, end
