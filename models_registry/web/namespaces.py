"""The page of a member or an organisation: who they are, and what they share."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.models import Membership
from accounts.requests import ActorRequest
from accounts.services.accounts import namespace_named
from models_registry import panels
from models_registry.models import Kind, Repository

MOST = 50


@require_safe
def namespace(request: ActorRequest, name: str) -> HttpResponse:
    found = namespace_named(name)
    if found.name != name:
        return redirect(found)
    shared = Repository.objects.visible_to(request.actor).filter(namespace=found).for_cards().order_by("-updated_at")
    members = Membership.objects.filter(organization=found.organization).select_related("user").order_by("-role", "pk")
    memberships = Membership.objects.filter(user=found.user).select_related("organization__namespace").order_by("pk")
    context = {
        "namespace": found,
        "models": shared.filter(kind=Kind.MODEL)[:MOST],
        "datasets": shared.filter(kind=Kind.DATASET)[:MOST],
        "members": members if found.is_organization else [],
        "memberships": [] if found.is_organization else memberships,
        **{slot: panels.panels(f"namespace-{slot}", request, found) for slot in ("actions", "facts", "main", "side")},
    }
    return render(request, "models_registry/namespace.html", context)
