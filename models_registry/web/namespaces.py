"""The page of a member or an organisation: who they are, what they share, and who belongs together."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from accounts import access as accounts_access
from accounts.models import Invitation, Membership, Namespace, Profile, Role
from accounts.requests import ActorRequest
from accounts.services.accounts import namespace_named
from accounts.services.profiles import profile_of
from models_registry import panels
from models_registry.models import Kind, Repository
from models_registry.services.browsing import Filters, browse, shared_counts
from models_registry.services.cards import Place
from models_registry.services.cards import render as render_markdown
from models_registry.web.browsing import SORT_TITLES
from models_registry.web.usage import first_upload

PAGE_SIZE = 20
MEMBERS_ON_A_PAGE = 60
MEMBERS_AT_THE_SIDE = 12
_SLOTS = ("actions", "facts", "main", "side", "foot")


@require_safe
def namespace(request: ActorRequest, name: str) -> HttpResponse:
    found = namespace_named(name)
    if found.name != name:
        return redirect(found)
    visible = Repository.objects.visible_to(request.actor).filter(namespace=found)
    counts = shared_counts(request.actor, found)
    context: dict[str, Any] = {"namespace": found, "organization": found.organization, "profile": profile_of(found)}
    context |= {slot: panels.panels(f"namespace-{slot}", request, found) for slot in _SLOTS}
    context["about"] = about_html(found, context["profile"])
    context |= _people(request, found)
    show = request.GET.get("show", "")
    if show not in counts:
        show = "datasets" if counts["datasets"] and not counts["models"] else "models"
    context |= {"counts": counts, "member_count": counts.get("members", 0), "show": show}
    if show == "members":
        rows = _members(found)
        context["page"] = Paginator(rows, MEMBERS_ON_A_PAGE).get_page(request.GET.get("page"))
    else:
        kind = Kind.MODEL if show == "models" else Kind.DATASET
        filters = Filters.of_query(request.GET, kind)
        rows = browse(visible.filter(kind=kind), filters).for_cards()
        context["page"] = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
        context |= {
            "filters": filters,
            "sorts": SORT_TITLES,
            "kind": kind,
            "first_upload": first_upload(found.name, kind),
        }
    return render(request, "models_registry/namespace.html", context)


def _members(found: Namespace) -> Any:
    rows = Membership.objects.filter(organization=found.organization).select_related("user")
    return rows.order_by("-role", "pk")


def _people(request: ActorRequest, found: Namespace) -> dict[str, Any]:
    """Who belongs to it or where the member belongs, and what the reader may do here."""
    user = request.actor.user
    if found.organization is None:
        rows = Membership.objects.filter(user=found.user).select_related("organization__namespace")
        return {
            "memberships": rows.order_by("organization__namespace__key"),
            "may_manage": found.user_id == getattr(user, "pk", 0),
            "may_create": found.user_id == getattr(user, "pk", 0),
        }
    role = found.role_of(user)
    people = {
        "members": _members(found)[:MEMBERS_AT_THE_SIDE],
        "role": role,
        "may_manage": role == Role.ADMIN and accounts_access.may_administer(request.actor, found.organization),
        "may_create": request.actor.may_create_in(found),
    }
    if user is not None and role is None:
        asked = Invitation.objects.pending(timezone.now()).addressed_to(user)
        people["invitation"] = asked.filter(organization=found.organization).first()
    return people


def about_html(found: Namespace, profile: Profile) -> SafeString:
    """What they say of themselves, cleaned; its relative links lead to what they share."""
    if not profile.about.strip():
        return SafeString("")
    here = f"{found.get_absolute_url()}/"
    return render_markdown(profile.about, Place(blob=here, resolve=here))
