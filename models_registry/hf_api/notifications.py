"""What a member is told: their own notifications."""

from datetime import datetime
from typing import Any

from django.conf import settings
from rest_framework.response import Response

from accounts.models import Actor, TokenRole
from accounts.requests import ActorApiRequest
from hub.errors import BadRequest, Forbidden
from hub.wire.describing import describe, flag
from hub.wire.pagination import next_link, page_limit
from hub.wire.views import HubApiView, json_object
from models_registry.community.models import Notification
from models_registry.community.services import notifications, wording
from models_registry.hf_api.shapes import notifications as shapes
from models_registry.hf_api.views import is_true
from models_registry.services import listing
from models_registry.services.listing import Order

_ORDER = Order("updated_at", datetime)
_MOST = 1000


def _require_whole(actor: Actor) -> None:
    """Raises Forbidden."""
    if actor.token is not None and actor.token.role == TokenRole.FINE_GRAINED:
        raise Forbidden("A fine-grained token opens repositories, no notifications.")


class Notifications(HubApiView):
    @describe(answer=shapes.Notification(many=True), paged=True, query=[flag("unread", "Only what is not read yet.")])
    def get(self, request: ActorApiRequest) -> Response:
        """One's own, the latest first; those of a thread are one."""
        request.actor.require_user()
        _require_whole(request.actor)
        rows = notifications.of_actor(request.actor)
        if is_true(request.query_params.get("unread")):
            rows = rows.unread()
        limit = page_limit(request, default=50, most=100)
        found, cursor = listing.page(rows, _ORDER, cursor=request.query_params.get("cursor", ""), limit=limit)
        headers = next_link(request, cursor)
        return Response([_described(row) for row in found], headers=headers)


class MarkNotifications(HubApiView):
    @describe(body=shapes.Marks, answer=shapes.Marked)
    def post(self, request: ActorApiRequest, how: str) -> Response:
        """Note one's own notifications as `read`, `unread` or `done` with: those of the ids, or all."""
        request.actor.require_writer()
        _require_whole(request.actor)
        body = json_object(request)
        ids = body.get("ids")
        if ids is not None and not (isinstance(ids, list) and len(ids) <= _MOST and all(map(_is_id, ids))):
            raise BadRequest(f"ids must be a list of at most {_MOST} ids.")
        if ids is None and body.get("all") is not True:
            raise BadRequest('Say {"ids": […]} or {"all": true}.')
        numbers = None if ids is None else [int(value) for value in ids]
        if how == "done":
            if numbers is None:
                raise BadRequest("What is done with is named by its ids.")
            return Response({"changed": notifications.put_away(actor=request.actor, notifications=numbers)})
        changed = notifications.mark(actor=request.actor, notifications=numbers, read=how == "read")
        return Response({"changed": changed})


def _is_id(value: object) -> bool:
    return isinstance(value, str) and value.isdecimal() and value.isascii() and len(value) <= 18


def _described(row: Notification) -> dict[str, Any]:
    notice, line = row.notice, wording.of(row)
    answer: dict[str, Any] = {
        "id": str(row.pk),
        "kind": row.kind,
        "title": line.title,
        "text": line.what,
        "url": f"{settings.BASE_URL}{line.url}",
        "read": row.read_at is not None,
        "count": row.count,
        "updatedAt": row.updated_at,
    }
    if notice.actor is not None:
        answer["author"] = {"name": notice.actor.username}
    if notice.repository is not None:
        answer["repo"] = {"name": notice.repository.full_name, "type": notice.repository.kind}
    if notice.discussion is not None:
        answer["discussion"] = {"num": notice.discussion.number, "isPullRequest": notice.discussion.is_pull_request}
    return answer
