"""Webhooks made, changed, disabled and deleted by their owners; and what was sent to them, sent again."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import NamespaceNotFound
from accounts.models import Actor, AuditEntry, Namespace, Role, TokenRole
from accounts.services.accounts import namespace_named
from hub.errors import BadRequest, Conflict, Forbidden, Invalid, NotFound, NotOffered
from models_registry import access
from models_registry.community.models import Delivery, WatchedItem, Webhook, WebhookEvent
from models_registry.community.services.webhooks import announcing, payloads
from models_registry.community.services.webhooks.addresses import endpoint_of
from models_registry.models import Kind, Repository

MOST = 20  # of one owner
MOST_WATCHED = 100
LONGEST_SECRET = 200
DOMAINS = ("repo", "discussion")
_NOT_HERE = ("space", "bucket", "kernel")


@dataclass(frozen=True)
class Watched:
    """`type` as Hub clients write it: user, org, model, dataset."""

    type: str
    name: str


def of(actor: Actor, owner: Namespace) -> QuerySet[Webhook]:
    """The webhooks of a namespace, with what they watch. Raises Forbidden."""
    _require_administration(actor, owner)
    return _shown(actor, Webhook.objects.managed_by(actor).filter(owner=owner)).order_by("pk")


def webhook(actor: Actor, pk: int) -> Webhook:
    """Raises NotFound, also for one that is another's."""
    found = _shown(actor, Webhook.objects.managed_by(actor)).filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such webhook."))
    return found


def _shown(actor: Actor, webhooks: QuerySet[Webhook]) -> QuerySet[Webhook]:
    """With what they watch, as far as the actor may know of it now."""
    known = Q(repository=None) | Q(repository__in=Repository.objects.visible_to(actor).values("pk"))
    items = WatchedItem.objects.filter(known).select_related("namespace", "repository__namespace").order_by("pk")
    return webhooks.select_related("owner").prefetch_related(Prefetch("watched", items))


def owners(actor: Actor) -> list[Namespace]:
    """Whose webhooks the actor may manage: their own first, then organisations'."""
    user = actor.require_user()
    return sorted(actor.namespaces(Role.ADMIN), key=lambda space: (space.user_id != user.pk, space.name.lower()))


def _require_administration(actor: Actor, owner: Namespace) -> None:
    user = actor.require_user()
    if actor.token is not None and actor.token.role == TokenRole.FINE_GRAINED:
        raise Forbidden(_("A fine-grained token opens repositories, no webhooks."))
    if owner.role_of(user) != Role.ADMIN:
        raise Forbidden(_("You may not manage the webhooks of %(owner)s.") % {"owner": owner.name})


@transaction.atomic
def create(
    *,
    actor: Actor,
    owner: Namespace,
    url: str,
    watched: Sequence[Watched],
    domains: Iterable[str] = DOMAINS,
    secret: str = "",
) -> Webhook:
    """Raises Unauthenticated, Suspended, ReadOnlyToken, Forbidden, Invalid, NotFound, Conflict, NotOffered."""
    actor.require_writer()
    _require_administration(actor, owner)
    endpoint_of(url)
    Namespace.objects.select_for_update(no_key=True).get(pk=owner.pk)  # one at a time, so that the count holds
    if Webhook.objects.filter(owner=owner).count() >= MOST:
        raise Conflict(
            _("%(owner)s has %(most)s webhooks, the most there may be: delete one first.")
            % {"owner": owner.name, "most": MOST}
        )
    made = Webhook(owner=owner, url=url, secret=_checked_secret(secret))
    _set_domains(made, domains)
    made.save()
    _watch(actor, made, watched)
    AuditEntry.objects.record(actor, "webhook.created", owner.name, url=_without_query(url), id=made.pk)
    return webhook(actor, made.pk)


@transaction.atomic
def update(
    *,
    actor: Actor,
    webhook: Webhook,
    url: str | None = None,
    watched: Sequence[Watched] = (),
    domains: Iterable[str] | None = None,
    secret: str | None = None,
) -> Webhook:
    """None, and an empty `watched`, leave as it is: the client always sends that one. Raises as `create`."""
    actor.require_writer()
    _require_administration(actor, webhook.owner)
    if url is not None:
        endpoint_of(url)
        if url != webhook.url:
            webhook.paused_until, webhook.failures, webhook.failing_since = None, 0, None
        webhook.url = url
    if secret is not None:
        webhook.secret = _checked_secret(secret)
    if domains is not None:
        _set_domains(webhook, domains)
    webhook.save(
        update_fields=[
            "url", "secret", "on_repositories", "on_discussions", "paused_until", "failures", "failing_since",
        ]
    )  # fmt: skip
    if watched:
        webhook.watched.all().delete()
        _watch(actor, webhook, watched)
    AuditEntry.objects.record(
        actor, "webhook.changed", webhook.owner.name, url=_without_query(webhook.url), id=webhook.pk
    )
    return _shown(actor, Webhook.objects.all()).get(pk=webhook.pk)


@transaction.atomic
def enable(*, actor: Actor, webhook: Webhook) -> Webhook:
    """What happened while it was disabled is not told. Raises as `create`."""
    actor.require_writer()
    _require_administration(actor, webhook.owner)
    webhook.disabled_at, webhook.disabled_reason = None, ""
    webhook.failing_since, webhook.failures, webhook.paused_until = None, 0, None
    webhook.save(update_fields=["disabled_at", "disabled_reason", "failing_since", "failures", "paused_until"])
    AuditEntry.objects.record(actor, "webhook.enabled", webhook.owner.name, id=webhook.pk)
    return webhook


@transaction.atomic
def disable(*, actor: Actor, webhook: Webhook) -> Webhook:
    """Raises as `create`."""
    actor.require_writer()
    _require_administration(actor, webhook.owner)
    stop(webhook, reason="")
    AuditEntry.objects.record(actor, "webhook.disabled", webhook.owner.name, id=webhook.pk)
    return webhook


def stop(webhook: Webhook, *, reason: str) -> None:
    """What is on its way to it does not leave any more."""
    webhook.disabled_at, webhook.disabled_reason = timezone.now(), reason
    webhook.save(update_fields=["disabled_at", "disabled_reason"])
    webhook.deliveries.filter(state=Delivery.State.QUEUED).update(state=Delivery.State.DROPPED)


@transaction.atomic
def delete(*, actor: Actor, webhook: Webhook) -> None:
    """With all that was sent to it. Raises as `create`."""
    actor.require_writer()
    _require_administration(actor, webhook.owner)
    AuditEntry.objects.record(
        actor, "webhook.deleted", webhook.owner.name, url=_without_query(webhook.url), id=webhook.pk
    )
    webhook.delete()


@transaction.atomic
def send_again(*, actor: Actor, delivery: Delivery) -> None:
    """As often as at first, from now on. Raises as `create`, Conflict where the webhook is disabled."""
    actor.require_writer()
    _require_administration(actor, delivery.webhook.owner)
    _require_work(delivery.webhook)
    Delivery.objects.filter(pk=delivery.pk).update(state=Delivery.State.QUEUED, tries=0, due_at=timezone.now())
    _send_soon(delivery.webhook)


@transaction.atomic
def send_test(*, actor: Actor, webhook: Webhook) -> Delivery:
    """An event of a repository that there is not, marked as a test. Raises as `send_again`."""
    actor.require_writer()
    _require_administration(actor, webhook.owner)
    _require_work(webhook)
    event = WebhookEvent.objects.create(
        namespace=webhook.owner, was_public=True, scope="repo", action="update", is_test=True,
        payload=payloads.example(webhook.owner),
    )  # fmt: skip
    announcing.queue(event, [webhook.pk])
    _send_soon(webhook)
    return Delivery.objects.get(event=event)


def _require_work(webhook: Webhook) -> None:
    if Webhook.objects.select_for_update(no_key=True).filter(pk=webhook.pk, disabled_at=None).first() is None:
        raise Conflict(_("The webhook is disabled: enable it first."))


def _send_soon(webhook: Webhook) -> None:
    Webhook.objects.filter(pk=webhook.pk).update(paused_until=None)
    announcing.ask_for(webhook)


def _checked_secret(secret: str) -> str:
    if len(secret) > LONGEST_SECRET or not all(" " <= sign <= "~" for sign in secret) or secret != secret.strip():
        raise Invalid(
            _("The secret goes into a header: at most %(most)s printable ASCII characters.") % {"most": LONGEST_SECRET}
        )
    return secret


def _set_domains(webhook: Webhook, domains: Iterable[str]) -> None:
    asked = list(domains)
    if not asked or not set(asked) <= set(DOMAINS):
        raise Invalid(_("The domains are one or both of %(choices)s.") % {"choices": ", ".join(DOMAINS)})
    webhook.on_repositories, webhook.on_discussions = "repo" in asked, "discussion" in asked


def _watch(actor: Actor, webhook: Webhook, watched: Sequence[Watched]) -> None:
    items = list(dict.fromkeys(watched))
    if not items or len(items) > MOST_WATCHED:
        raise Invalid(
            _("A webhook watches from one to %(most)s users, organisations, models and datasets.")
            % {"most": MOST_WATCHED}
        )
    found = {(row.namespace_id, row.repository_id): row for row in (_item(actor, webhook, item) for item in items)}
    WatchedItem.objects.bulk_create(found.values())


def _item(actor: Actor, webhook: Webhook, watched: Watched) -> WatchedItem:
    if watched.type in _NOT_HERE:
        raise NotOffered(
            _("This hub holds models and datasets, no %(types)s to watch.") % {"types": f"{watched.type}s"}
        )
    if watched.type in Kind.values:
        return WatchedItem(webhook=webhook, repository=access.repository_for(actor, watched.type, watched.name))
    if watched.type not in {"user", "org"}:
        raise BadRequest(_("There is nothing of the type %(type)r to watch.") % {"type": watched.type[:30]})
    space = namespace_named(watched.name)
    if space.is_organization != (watched.type == "org"):
        raise NamespaceNotFound(
            _("There is no %(type)s %(watched)r.") % {"type": watched.type, "watched": watched.name}
        )
    return WatchedItem(webhook=webhook, namespace=space)


def _without_query(url: str) -> str:
    """Queries carry keys."""
    return url.partition("?")[0][:255]
