"""The locks of git-lfs: https://github.com/git-lfs/git-lfs/blob/main/docs/api/locking.md"""

from collections.abc import Mapping
from typing import Any

from rest_framework.response import Response

from accounts.requests import ActorApiRequest
from hub.errors import BadRequest
from hub.wire.describing import PAGE, describe, text
from hub.wire.views import json_object
from models_registry import access
from models_registry.errors import AlreadyLocked
from models_registry.git_http import shapes
from models_registry.git_http.lfs import LfsView
from models_registry.models import Kind, LfsLock
from models_registry.services import locks

_MOST = 100


def _shown(lock: LfsLock) -> dict[str, Any]:
    return {"id": str(lock.pk), "path": lock.path, "locked_at": lock.locked_at, "owner": {"name": lock.owner.username}}


def _number(value: Any, name: str) -> int:
    """A cursor, limit or id, which come as text or number. Raises BadRequest."""
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        number = -1
    if not 0 <= number < 2**63:
        raise BadRequest(f"{name} must be a number.")
    return number


def _page(found: Any, asked: Mapping[str, Any]) -> tuple[list[LfsLock], dict[str, str]]:
    """One page of locks, and where the next begins."""
    limit = min(max(_number(asked.get("limit") or _MOST, "limit"), 1), _MOST)
    page = list(found.filter(pk__gte=_number(asked.get("cursor") or 0, "cursor"))[: limit + 1])
    return page[:limit], {"next_cursor": str(page[limit].pk)} if len(page) > limit else {}


class Locks(LfsView):
    """Locks of git-lfs: who works on which file. They are advice; the hub enforces none."""

    @describe(
        answer=shapes.LockList, media_type=shapes.MEDIA_TYPE,
        query=[*PAGE, text("path", "The lock of this file."), text("id", "This lock.")],
    )  # fmt: skip
    def get(self, request: ActorApiRequest, namespace: str, name: str, kind: str = Kind.MODEL) -> Response:
        repository = self.repository(request, kind, namespace, name)
        found = locks.listed(actor=request.actor, repository=repository)
        asked = request.query_params
        if "path" in asked:
            found = found.filter(path=asked["path"])
        if "id" in asked:
            found = found.filter(pk=_number(asked["id"], "id"))
        page, following = _page(found, asked)
        return Response({"locks": [_shown(lock) for lock in page], **following})

    @describe(
        body={shapes.MEDIA_TYPE: shapes.LockWish}, answer=shapes.LockAnswer, status=201, media_type=shapes.MEDIA_TYPE,
        also={409: shapes.LockRefusal},
    )  # fmt: skip
    def post(self, request: ActorApiRequest, namespace: str, name: str, kind: str = Kind.MODEL) -> Response:
        repository = self.repository(request, kind, namespace, name)
        path = json_object(request).get("path")
        if not isinstance(path, str):
            raise BadRequest("A lock needs a path.")
        try:
            made = locks.lock(actor=request.actor, repository=repository, path=path)
        except AlreadyLocked as error:
            held = locks.listed(actor=request.actor, repository=repository).filter(path=path).first()
            shown = {"lock": _shown(held)} if held else {}
            return Response({**shown, "message": str(error)}, status=error.status)
        return Response({"lock": _shown(made)}, status=201)


class Verify(LfsView):
    """Whose the locks are: asked before each push."""

    @describe(body={shapes.MEDIA_TYPE: shapes.LockPage}, answer=shapes.LocksByOwner, media_type=shapes.MEDIA_TYPE)
    def post(self, request: ActorApiRequest, namespace: str, name: str, kind: str = Kind.MODEL) -> Response:
        repository = self.repository(request, kind, namespace, name)
        access.require_push(request.actor, repository)
        page, following = _page(locks.listed(actor=request.actor, repository=repository), json_object(request))
        user = request.actor.require_user()
        ours = [_shown(lock) for lock in page if lock.owner_id == user.pk]
        theirs = [_shown(lock) for lock in page if lock.owner_id != user.pk]
        return Response({"ours": ours, "theirs": theirs, **following})


class Unlock(LfsView):
    """Give a lock up; with `force`, take it from somebody."""

    @describe(body={shapes.MEDIA_TYPE: shapes.UnlockWish}, answer=shapes.LockAnswer, media_type=shapes.MEDIA_TYPE)
    def post(
        self, request: ActorApiRequest, namespace: str, name: str, number: int, kind: str = Kind.MODEL
    ) -> Response:
        repository = self.repository(request, kind, namespace, name)
        force = json_object(request).get("force") is True
        gone = locks.unlock(actor=request.actor, repository=repository, number=_number(number, "id"), force=force)
        return Response({"lock": _shown(gone)})
