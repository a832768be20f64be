"""Webhooks of a member, or of an organisation that they administer."""

from typing import Any

from rest_framework.response import Response

from accounts.models import Actor, Namespace, TokenRole
from accounts.requests import ActorApiRequest
from accounts.services.accounts import namespace_named
from hub.errors import BadRequest, NotFound
from hub.wire import rate_limits
from hub.wire.describing import describe, text
from hub.wire.views import HubApiView, json_object
from models_registry.community.models import Webhook
from models_registry.community.services.webhooks import keeping
from models_registry.community.services.webhooks.keeping import Watched
from models_registry.hf_api.shapes import webhooks as shapes

_MOST_DIGITS = 24
_NAMESPACE = text("namespace", "Of which organisation; the member's own without it.")


def _presented(webhook: Webhook, actor: Actor) -> dict[str, Any]:
    """The secret is shown to who could change it."""
    may_write = actor.token is None or actor.token.role != TokenRole.READ
    return {
        "id": webhook.public_id,
        "url": webhook.url,
        "watched": [{"type": item.kind, "name": item.name} for item in webhook.watched.all()],
        "domains": webhook.domains,
        "disabled": webhook.is_disabled,
        **({"disabledReason": webhook.disabled_reason} if webhook.disabled_reason else {}),
        **({"secret": webhook.secret} if webhook.secret and may_write else {}),
    }


def _owner(actor: Actor, name: object) -> Namespace:
    user = actor.require_user()
    return namespace_named(str(name)) if name else user.namespace


def _found(request: ActorApiRequest, webhook_id: str) -> Webhook:
    """Raises Unauthenticated, NotFound."""
    request.actor.require_user()
    try:
        pk = int(webhook_id, 16) if len(webhook_id) <= _MOST_DIGITS else -1
    except ValueError:
        pk = -1
    if not 0 <= pk < 2**63:
        raise NotFound("There is no such webhook.")
    return keeping.webhook(request.actor, pk)


def _watched(body: dict[str, Any]) -> list[Watched]:
    """Raises BadRequest."""
    items = body.get("watched") or []
    if not isinstance(items, list) or not all(
        isinstance(item, dict) and isinstance(item.get("type"), str) and isinstance(item.get("name"), str)
        for item in items
    ):
        raise BadRequest("watched must be a list of objects with type and name.")
    return [Watched(item["type"], item["name"]) for item in items[: keeping.MOST_WATCHED + 1]]


def _domains(body: dict[str, Any]) -> list[str] | None:
    """Raises BadRequest."""
    asked = body.get("domains")
    if asked is not None and not (isinstance(asked, list) and all(isinstance(item, str) for item in asked)):
        raise BadRequest("domains must be a list of texts.")
    return asked


def _text(body: dict[str, Any], name: str) -> str | None:
    """Raises BadRequest."""
    value = body.get(name)
    if not isinstance(value, str | None):
        raise BadRequest(f"{name} must be a text.")
    return value


def _refuse_jobs(body: dict[str, Any]) -> None:
    if body.get("jobSourceId"):
        raise BadRequest("This hub runs no jobs: a webhook needs a url.")


@rate_limits.under(writes="webhook")
class Webhooks(HubApiView):
    @describe(answer=shapes.Webhook(many=True), query=[_NAMESPACE], refuses=[403, 404])
    def get(self, request: ActorApiRequest) -> Response:
        """Those there are, the oldest first."""
        owner = _owner(request.actor, request.query_params.get("namespace"))
        return Response([_presented(webhook, request.actor) for webhook in keeping.of(request.actor, owner)])

    @describe(body=shapes.NewWebhook, answer=shapes.OneWebhook, refuses=[404, 409, 501])
    def post(self, request: ActorApiRequest) -> Response:
        """Tell an address of what happens from now on."""
        body = json_object(request)
        _refuse_jobs(body)
        url = _text(body, "url")
        if not url:
            raise BadRequest("The body needs the address as 'url'.")
        domains = _domains(body)
        made = keeping.create(
            actor=request.actor,
            owner=_owner(request.actor, _text(body, "namespace")),
            url=url,
            watched=_watched(body),
            domains=keeping.DOMAINS if domains is None else domains,
            secret=_text(body, "secret") or "",
        )
        return Response({"webhook": _presented(made, request.actor)})


@rate_limits.under(writes="webhook")
class OneWebhook(HubApiView):
    @describe(answer=shapes.OneWebhook)
    def get(self, request: ActorApiRequest, webhook_id: str) -> Response:
        """What it watches, and where it tells of it."""
        return Response({"webhook": _presented(_found(request, webhook_id), request.actor)})

    @describe(body=shapes.ChangedWebhook, answer=shapes.OneWebhook, refuses=[501])
    def post(self, request: ActorApiRequest, webhook_id: str) -> Response:
        """Change it. What the body does not name stays, and so does what it watches where `watched` is empty."""
        found = _found(request, webhook_id)
        body = json_object(request)
        _refuse_jobs(body)
        changed = keeping.update(
            actor=request.actor,
            webhook=found,
            url=_text(body, "url"),
            watched=_watched(body),
            domains=_domains(body),
            secret=_text(body, "secret"),
        )
        return Response({"webhook": _presented(changed, request.actor)})

    @describe()
    def delete(self, request: ActorApiRequest, webhook_id: str) -> Response:
        """Delete it, with the record of what was sent to it."""
        keeping.delete(actor=request.actor, webhook=_found(request, webhook_id))
        return Response({})


class Enable(HubApiView):
    @describe(answer=shapes.OneWebhook)
    def post(self, request: ActorApiRequest, webhook_id: str) -> Response:
        """Send to it again. What happened meanwhile is not told."""
        enabled = keeping.enable(actor=request.actor, webhook=_found(request, webhook_id))
        return Response({"webhook": _presented(enabled, request.actor)})


class Disable(HubApiView):
    @describe(answer=shapes.OneWebhook)
    def post(self, request: ActorApiRequest, webhook_id: str) -> Response:
        """Send nothing to it, until it is enabled."""
        disabled = keeping.disable(actor=request.actor, webhook=_found(request, webhook_id))
        return Response({"webhook": _presented(disabled, request.actor)})
