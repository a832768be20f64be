"""Pages under Settings for webhooks: a member's own, and those of organisations they administer."""

import json
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Actor, Namespace
from accounts.requests import ActorRequest
from accounts.services.accounts import namespace_named
from hub.errors import HubError
from hub.wire import rate_limits
from models_registry.community.models import Delivery, Webhook
from models_registry.community.services.webhooks import delivering, keeping, payloads
from models_registry.community.services.webhooks.keeping import Watched

_A_PAGE = 30
_DATASETS = "datasets/"


class WebhookForm(forms.Form):
    url = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=2000,
        widget=forms.URLInput(attrs={"placeholder": "https://example.org/hook", "spellcheck": "false"}),
        help_text=gettext_lazy("Each event is sent there as a POST with a JSON body."),
    )
    watched = forms.CharField(
        label=gettext_lazy("What it watches"),
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "placeholder": "my-name\nsome-lab/a-model"}),
        help_text=gettext_lazy("One in each line: a member, an organisation, a model, or datasets/name/of-a-dataset."),
    )
    domains = forms.MultipleChoiceField(
        label=gettext_lazy("It is told of"),
        widget=forms.CheckboxSelectMultiple,
        choices=[
            ("repo", gettext_lazy("repositories: content, settings, moves")),
            ("discussion", gettext_lazy("discussions: threads, pull requests, comments")),
        ],
        initial=["repo", "discussion"],
    )
    secret = forms.CharField(
        label=gettext_lazy("Secret"),
        required=False,
        max_length=keeping.LONGEST_SECRET,
        strip=True,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy("Sent along in X-Webhook-Secret, and signs each event: so the receiver knows the hub."),
    )

    def watched_items(self) -> list[Watched]:
        """Raises NamespaceNotFound."""
        return [_watched(line) for line in self.cleaned_data["watched"].split()]


def _watched(name: str) -> Watched:
    if name.lower().startswith(_DATASETS):
        return Watched("dataset", name[len(_DATASETS) :])
    if "/" in name:
        return Watched("model", name)
    return Watched("org" if namespace_named(name).is_organization else "user", name)


def _lines(webhook: Webhook) -> str:
    prefix = {"dataset": _DATASETS}
    return "\n".join(prefix.get(item.kind, "") + item.name for item in webhook.watched.all())


@login_required
@require_safe
def webhooks(request: ActorRequest) -> HttpResponse:
    owner, owners = _owner(request)
    listed = list(keeping.of(request.actor, owner))
    context = {"webhooks": listed, "owner": owner, "owners": owners, "may_add": len(listed) < keeping.MOST}
    return render(request, "community/webhooks.html", context)


def address_for(owner: Namespace) -> str:
    """Of the page about an owner's webhooks."""
    return f"{reverse('settings-webhooks')}?namespace={owner.name}"


def _owner(request: ActorRequest) -> tuple[Namespace, list[Namespace]]:
    """Whose webhooks the page is about, and whose it could be."""
    owners = keeping.owners(request.actor)
    asked = request.GET.get("namespace", "").lower()
    chosen = next((space for space in owners if space.name.lower() == asked), None) if asked else owners[0]
    if chosen is None:
        raise Http404
    return chosen, owners


@rate_limits.under(writes="webhook")
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: ActorRequest) -> HttpResponse:
    owner, owners = _owner(request)
    form = WebhookForm(request.POST or None, initial={"watched": owner.name})
    if request.method == "POST" and form.is_valid():
        made = _saved(request.actor, form, owner=owner)
        if made is not None:
            messages.success(request, _("The webhook is made. Send it a test to see whether it arrives."))
            return redirect(made)
    return render(request, "community/webhook_new.html", {"form": form, "owner": owner, "owners": owners})


def _saved(
    actor: Actor, form: WebhookForm, *, owner: Namespace | None = None, webhook: Webhook | None = None
) -> Webhook | None:
    """None: the form says why not."""
    said: dict[str, Any] = {name: form.cleaned_data[name] for name in ("url", "domains", "secret")}
    try:
        if webhook is not None:
            return keeping.update(actor=actor, webhook=webhook, watched=form.watched_items(), **said)
        assert owner is not None  # a new one is somebody's
        return keeping.create(actor=actor, owner=owner, watched=form.watched_items(), **said)
    except HubError as error:
        form.add_error(None, str(error))
        return None


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def webhook(request: ActorRequest, pk: int) -> HttpResponse:
    """What it is, to be changed, and what was sent to it."""
    found = keeping.webhook(request.actor, pk)
    initial = {"url": found.url, "watched": _lines(found), "domains": found.domains, "secret": found.secret}
    form = WebhookForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid() and _saved(request.actor, form, webhook=found) is not None:
        messages.success(request, _("The webhook is saved."))
        return redirect(found)
    deliveries = found.deliveries.select_related("event").prefetch_related("attempts").order_by("-created_at")
    page = Paginator(deliveries, _A_PAGE).get_page(request.GET.get("page"))
    return render(request, "community/webhook.html", {"webhook": found, "form": form, "page": page})


@rate_limits.under(writes="webhook")
@login_required
@require_POST
def act(request: ActorRequest, pk: int, what: str) -> HttpResponse:
    """One of its buttons."""
    found = keeping.webhook(request.actor, pk)
    match what:
        case "enable":
            keeping.enable(actor=request.actor, webhook=found)
            messages.success(request, _("The webhook is enabled."))
        case "disable":
            keeping.disable(actor=request.actor, webhook=found)
            messages.success(request, _("The webhook is disabled: nothing is sent to it."))
        case "test":
            return redirect(keeping.send_test(actor=request.actor, webhook=found))
        case "delete":
            keeping.delete(actor=request.actor, webhook=found)
            messages.success(request, _("The webhook is deleted."))
            return redirect("settings-webhooks")
        case _:
            raise Http404
    return redirect(found)


def _delivery(request: ActorRequest, pk: int, delivery: UUID) -> Delivery:
    found = keeping.webhook(request.actor, pk)
    rows = Delivery.objects.select_related(
        "event__repository", "event__namespace", "webhook__owner__user"
    ).prefetch_related("attempts")
    row = rows.filter(webhook=found, pk=delivery).first()
    if row is None:
        raise Http404
    return row


@login_required
@require_safe
def delivery(request: ActorRequest, pk: int, delivery: UUID) -> HttpResponse:
    """What was sent, and what came back each time."""
    found = _delivery(request, pk, delivery)
    attempts = sorted(found.attempts.all(), key=lambda attempt: -attempt.pk)
    body = ""
    if delivering.may_be_told(found.webhook, found.event):  # now, not only when it happened
        body = json.dumps(payloads.for_webhook(found.event.payload, found.webhook), indent=2, ensure_ascii=False)
    context = {"delivery": found, "webhook": found.webhook, "attempts": attempts, "body": body}
    return render(request, "community/webhook_delivery.html", context)


@rate_limits.under(writes="webhook")
@login_required
@require_POST
def send_again(request: ActorRequest, pk: int, delivery: UUID) -> HttpResponse:
    found = _delivery(request, pk, delivery)
    keeping.send_again(actor=request.actor, delivery=found)
    messages.success(request, _("It is sent again."))
    return redirect(found)
