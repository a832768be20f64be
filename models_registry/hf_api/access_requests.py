"""Who asks to read a gated repository, and what its owners say."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponseRedirect
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response

from accounts.requests import ActorApiRequest
from hub.errors import BadRequest
from hub.wire import rate_limits
from hub.wire.describing import describe
from hub.wire.pagination import page_by_id
from hub.wire.views import AnyJson, Form, HubApiView, json_object
from models_registry import access
from models_registry.errors import AnswersNeeded
from models_registry.hf_api.shapes import people as shapes
from models_registry.hf_api.views import RepositoryView
from models_registry.models import AccessRequest, Kind
from models_registry.services import gating


@rate_limits.under(writes="access")
class AskAccess(HubApiView):
    """Ask to read a gated repository.

    `fields` holds the answers by question; without it, the members of the body are taken for them. `terms` is the SHA-256 of
    the text of the terms that are accepted. What is asked is at `…/gate`. Programs get JSON; a browser is led back to the
    repository's page.
    """

    parser_classes = [Form, MultiPartParser, AnyJson]  # browsers' forms, too

    @describe(body=shapes.Ask, answer=shapes.AskState, also={302: "The repository's page."})
    def post(
        self, request: ActorApiRequest, namespace: str, name: str, kind: str = Kind.MODEL
    ) -> Response | HttpResponseRedirect:
        repository = access.repository_for(request.actor, kind, f"{namespace}/{name}")
        body = json_object(request)
        try:
            asked = gating.ask(
                actor=request.actor,
                repository=repository,
                answers=_answers(body),
                terms=_text(body, "terms") or "",
            )
        except AnswersNeeded:
            if request.actor.token is None:
                return HttpResponseRedirect(f"{repository.get_absolute_url()}/access")
            raise
        if request.actor.token is None:
            return HttpResponseRedirect(repository.get_absolute_url())
        return Response({"status": asked.status})


def _answers(body: dict[str, Any]) -> dict[str, Any]:
    fields = body.get("fields")
    return fields if isinstance(fields, dict) else {name: value for name, value in body.items() if name != "terms"}


class GateView(RepositoryView):
    """What is asked of who wants to read a gated repository, and how it stands with who asks here."""

    @describe(answer=shapes.GateShape)
    def get(self, request: ActorApiRequest, plural: str, namespace: str, name: str) -> Response:
        repository = self.repository(request, plural, namespace, name)
        form, asked = gating.form_of(repository), gating.state_of(request.actor, repository)
        return Response(
            {
                "gated": repository.gated or False,
                "heading": form.heading,
                "description": form.description,
                "prompt": form.prompt,
                "fields": form.fields,
                "terms": {"sha256": form.terms_sha256, "text": form.terms} if form.terms else None,
                "request": {"status": asked.status, "timestamp": asked.created_at} if asked else None,
            }
        )


class AccessRequests(RepositoryView):
    """Who asks to read a gated repository, for its owners."""

    @describe(answer=shapes.Request(many=True), paged=True, refuses=[403])
    def get(self, request: ActorApiRequest, plural: str, namespace: str, name: str, status: str) -> Response:
        repository = self.repository(request, plural, namespace, name)
        found = gating.requests(actor=request.actor, repository=repository, status=status)
        rows, headers = page_by_id(request, found)
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
    addresses = gating.addresses_of(rows)
    return [_request(row, addresses.get(row.user_id)) for row in rows]


def _request(request: AccessRequest, address: str | None) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "requestId": str(request.pk),
        "user": {
            "_id": request.user.namespace.public_id,
            "user": request.user.username,
            "fullname": request.user.get_full_name(),
            "email": address,
            "avatarUrl": "",
            "type": "user",
        },
        "status": request.status,
        "timestamp": request.created_at,
    }
    if request.fields:
        answer["fields"] = request.fields
    if request.terms_sha256:
        answer["terms"] = {"sha256": request.terms_sha256, "commit": request.terms_commit}
    if request.rejection_reason:
        answer["rejectionReason"] = request.rejection_reason
    return answer
