"""What happened at whom and what one follows, and what one member or organisation did."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.requests import ActorRequest
from accounts.services.accounts import namespace_named
from models_registry.community.services import feed as feeds

_MOST_DIGITS = 18


def _before(request: ActorRequest) -> int:
    """Where the page begins; what makes no sense is the first page."""
    value = request.GET.get("before", "")
    return int(value) if value.isdecimal() and value.isascii() and len(value) <= _MOST_DIGITS else 0


@login_required
@require_safe
def feed(request: ActorRequest) -> HttpResponse:
    activities, older = feeds.of_followed(request.actor, before=_before(request))
    return render(request, "community/feed.html", {"activities": activities, "older": older})


@require_safe
def of_namespace(request: ActorRequest, name: str) -> HttpResponse:
    namespace = namespace_named(name)
    if namespace.name != name:
        return redirect("activity", namespace.name)
    activities, older = feeds.of_namespace(request.actor, namespace, before=_before(request))
    context = {"namespace": namespace, "activities": activities, "older": older}
    return render(request, "community/feed.html", context)
