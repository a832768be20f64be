"""The large files of a repository as a whole: listed, removed for good, copied to another."""

import re
from typing import Any

from rest_framework.response import Response

from accounts.requests import ActorApiRequest
from hub.errors import BadRequest
from hub.wire import rate_limits
from hub.wire.describing import describe
from hub.wire.pagination import id_cursor, next_link, page_limit
from hub.wire.views import json_object
from models_registry import access
from models_registry.hf_api.shapes import lfs_files as shapes
from models_registry.hf_api.views import RepositoryView, kind_of
from models_registry.models import Repository
from models_registry.services import lfs_files
from models_registry.services.lfs_files import LargeFile

_SHA256 = re.compile(r"[0-9a-f]{64}")
_MOST_COPIES = 500


class LargeFiles(RepositoryView):
    """Every large content that a commit of the repository names, in the order in which they came."""

    @describe(answer=shapes.ListedFile(many=True), paged=True)
    def get(self, request: ActorApiRequest, plural: str, namespace: str, name: str) -> Response:
        repository = self.repository(request, plural, namespace, name)
        access.require_read(request.actor, repository)
        limit = page_limit(request, default=100, most=1000)
        found, more = lfs_files.listing(repository, after=id_cursor(request), limit=limit)
        headers = next_link(request, str(found[-1].id) if more else None)
        return Response([_listed(file) for file in found], headers=headers)


def _listed(file: LargeFile) -> dict[str, Any]:
    answer = {
        "fileOid": file.sha256,
        "oid": file.sha256,
        "filename": file.path,
        "size": file.size,
        "pushedAt": file.pushed_at,
    }
    return answer | ({"ref": file.reference.removeprefix("refs/heads/")} if file.reference else {})


class Removal(RepositoryView):
    """Remove large contents for good, and by default the files that name them from every commit."""

    @describe(body=shapes.AskedRemoval, refuses=[409])
    def post(self, request: ActorApiRequest, plural: str, namespace: str, name: str) -> Response:
        repository = self.repository(request, plural, namespace, name)
        match json_object(request).get("deletions"):
            case {"sha": list(hashes), **more}:
                rewrite = more.get("rewriteHistory", True)
            case _:
                raise BadRequest("The body needs 'deletions' with a list 'sha'.")
        if len(hashes) > lfs_files.MAX_FILES or not all(_is_sha256(value) for value in hashes):
            raise BadRequest(f"sha must be a list of at most {lfs_files.MAX_FILES} hashes in hex.")
        if not isinstance(rewrite, bool):
            raise BadRequest("rewriteHistory must be true or false.")
        lfs_files.remove(actor=request.actor, repository=repository, hashes=hashes, rewrite_history=rewrite)
        return Response({})


def _is_sha256(value: Any) -> bool:
    return isinstance(value, str) and _SHA256.fullmatch(value) is not None


@rate_limits.under(writes="upload")
class Copying(RepositoryView):
    """Let another repository have large contents of this one: nothing is moved, and commits there may name them."""

    @describe(body=shapes.AskedCopy, answer=shapes.Copied)
    def post(self, request: ActorApiRequest, plural: str, namespace: str, name: str) -> Response:
        source = self.repository(request, plural, namespace, name)
        body = json_object(request)
        target = self._target(request, body.get("target"))
        asked = body.get("files")
        if not isinstance(asked, list) or len(asked) > _MOST_COPIES:
            raise BadRequest(f"files must be a list of at most {_MOST_COPIES}.")
        files = [_copied(item) for item in asked]
        failed = lfs_files.copy(actor=request.actor, source=source, target=target, files=files)
        answer = [{"sha256": sha256, "error": reason} for sha256, reason in failed.items()]
        return Response({"success": not failed, "failed": answer})

    def _target(self, request: ActorApiRequest, value: Any) -> Repository:
        match value:
            case {"type": str(kind), "name": str(name)} if name.count("/") == 1:
                return access.repository_for(request.actor, kind_of(f"{kind}s"), name)
        raise BadRequest("target needs the type and the name of a repository.")


def _copied(item: Any) -> tuple[str, str | None]:
    match item:
        case {"sha256": sha256} if _is_sha256(sha256):
            xet_hash = item.get("xetHash")
            return sha256, xet_hash if isinstance(xet_hash, str) else None
    raise BadRequest("Each file needs its sha256 in hex.")
