"""Who asks to read a gated repository, and what its owners say."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponseRedirect
from rest_framework.response import Response

from accounts.requests import ActorApiRequest
from accounts.services.accounts import verified_addresses
from hub.errors import BadRequest
from hub.wire import rate_limits
from hub.wire.describing import describe
from hub.wire.pagination import page_by_id
from hub.wire.views import HubApiView, json_object
from models_registry import access
from models_registry.hf_api.shapes import people as shapes
from models_registry.hf_api.views import RepositoryView
from models_registry.models import AccessRequest, Kind
from models_registry.services import gating


@rate_limits.under(writes="access")
class AskAccess(HubApiView):
    """Ask to read a gated repository.

    Programs get JSON; the button on the repository's page leads back to it.
    """

    @describe(answer=shapes.AskState, also={302: "The repository's page."})
    def post(
        self, request: ActorApiRequest, namespace: str, name: str, kind: str = Kind.MODEL
    ) -> Response | HttpResponseRedirect:
        repository = access.repository_for(request.actor, kind, f"{namespace}/{name}")
        asked = gating.ask(actor=request.actor, repository=repository)
        if request.actor.token is None:
            return HttpResponseRedirect(repository.get_absolute_url())
        return Response({"status": asked.status})


class AccessRequests(RepositoryView):
    """Who asks to read a gated repository, for its owners."""

    @describe(answer=shapes.Request(many=True), paged=True, refuses=[403])
    def get(self, request: ActorApiRequest, plural: str, namespace: str, name: str, status: str) -> Response:
        repository = self.repository(request, plural, namespace, name)
        found = gating.requests(actor=request.actor, repository=repository, status=status)
        rows, headers = page_by_id(request._request, found)  # noqa: SLF001 - DRF has no public name for Django's request
        return Response(_requests(rows), headers=headers)


class HandleAccessRequest(RepositoryView):
    """Accept a request for access, reject it, or set it back to pending."""

    @describe(body=shapes.Decision, answer=shapes.Request)
    def post(self, request: ActorApiRequest, plural: str, namespace: str, name: str) -> Response:
        repository = self.repository(request, plural, namespace, name)
        body = json_object(request)
        username, request_id = _text(body, "user"), _text(body, "requestId")
        if (username is None) == (request_id is None):
            raise BadRequest("The body needs either the user or the requestId.")
        decided = gating.decide(
            actor=request.actor,
            repository=repository,
            status=_text(body, "status") or "",
            username=username,
            request_id=request_id,
            reason=_text(body, "rejectionReason") or "",
        )
        return Response(_requests([decided])[0])


class GrantAccess(RepositoryView):
    """Let somebody read a gated repository, asked or unasked."""

    @describe(body=shapes.Grant, answer=shapes.Request)
    def post(self, request: ActorApiRequest, plural: str, namespace: str, name: str) -> Response:
        repository = self.repository(request, plural, namespace, name)
        username = _text(json_object(request), "user")
        if not username:
            raise BadRequest("The body needs the user to let in.")
        granted = gating.grant(actor=request.actor, repository=repository, username=username)
        return Response(_requests([granted])[0])


def _text(body: dict[str, Any], name: str) -> str | None:
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise BadRequest(f"{name} must be a text.")
    return value


def _requests(rows: Sequence[AccessRequest]) -> list[dict[str, Any]]:
    """For the owners alone: it holds the address of who asked; who was let in unasked has given none.

    An address that nobody has confirmed may be another's, on whose name they would be let in.
    """
    addresses = verified_addresses(row.user for row in rows if not row.granted_by_hand)
    return [_request(row, addresses.get(row.user_id)) for row in rows]


def _request(request: AccessRequest, address: str | None) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "requestId": str(request.pk),
        "user": {
            "_id": str(request.user_id),
            "user": request.user.username,
            "fullname": request.user.get_full_name(),
            "email": address,
            "avatarUrl": "",
            "type": "user",
        },
        "status": request.status,
        "timestamp": request.created_at,
    }
    if request.rejection_reason:
        answer["rejectionReason"] = request.rejection_reason
    return answer
