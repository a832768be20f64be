"""What a member sees of their own memberships: where they belong, who asks them to join, and leaving."""

from urllib.parse import quote

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.errors import NoSuchInvitation
from accounts.models import Invitation, Membership
from accounts.requests import ActorRequest
from accounts.services import invitations, memberships
from accounts.services.accounts import organization_named
from accounts.web.organizations import tried


@login_required
@require_safe
def mine(request: ActorRequest) -> HttpResponse:
    user = request.actor.require_user()
    belongs = Membership.objects.filter(user=user).select_related("organization__namespace")
    asked = Invitation.objects.pending(timezone.now()).addressed_to(user).exclude(organization=None)
    context = {
        "memberships": belongs.order_by("organization__namespace__key"),
        "invitations": asked.select_related("organization__namespace", "invited_by"),
    }
    return render(request, "accounts/organization_memberships.html", context)


@login_required
@require_POST
def leave(request: ActorRequest, name: str) -> HttpResponse:
    organization = organization_named(name)
    said = _("You are no member of %(name)s any more.") % {"name": organization.namespace.name}
    tried(request, lambda: memberships.leave(actor=request.actor, organization=organization), said)
    return redirect("settings-organizations")


@login_required
@require_POST
def answer(request: ActorRequest, pk: int) -> HttpResponse:
    """Accept or decline what one is asked by name, or at an address of one's own."""
    asked = Invitation.objects.addressed_to(request.actor.require_user())
    rows = asked.select_related("organization__namespace", "user").exclude(organization=None)
    return _answered(request, get_object_or_404(rows, pk=pk))


def _answered(request: ActorRequest, invitation: Invitation) -> HttpResponse:
    name = invitation.organization.namespace.name if invitation.organization else "Grove"
    if request.POST.get("answer") != "yes":
        said = _("You have declined to join %(name)s.") % {"name": name}
        tried(request, lambda: invitations.decline(actor=request.actor, invitation=invitation), said)
        return redirect("settings-organizations")
    said = _("You belong to %(name)s now.") % {"name": name}
    if tried(request, lambda: invitations.accept(actor=request.actor, invitation=invitation), said):
        return _welcome(invitation)
    return redirect("settings-organizations")


def _welcome(invitation: Invitation) -> HttpResponse:
    if invitation.organization is None:
        return redirect("home")
    return redirect("namespace", invitation.organization.namespace.name)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def by_link(request: ActorRequest, value: str) -> HttpResponse:
    """The page that an invitation's link opens; who has no account yet is led to sign up and comes back here."""
    try:
        invitation = invitations.open_invitation(value)
    except NoSuchInvitation as refusal:
        accepted = Invitation.objects.with_value(value)
        if accepted is not None and accepted.accepted_by_id and accepted.accepted_by == request.actor.user:
            return _welcome(accepted)  # by signing up, a moment ago
        return render(request, "accounts/invitation.html", {"refusal": str(refusal)}, status=refusal.status)
    user = request.actor.user
    is_mine = user is not None and invitations.is_for(invitation, user)
    if request.method == "POST" and is_mine:
        return _answered(request, invitation)
    if user is None:
        request.session["invitation"] = value  # signing up asks for it where registration is by invitation
        if invitation.email:
            get_adapter(request).stash_verified_email(request, invitation.email)  # it came by a letter to that address
    rows = Membership.objects.filter(organization=invitation.organization_id, user=user)
    context = {
        "invitation": invitation,
        "organization": invitation.organization,
        "is_mine": is_mine,
        "is_member": user is not None and invitation.organization is not None and rows.exists(),
        "may_sign_up": settings.REGISTRATION != "closed" and invitation.user_id is None,
        "here": quote(request.path),
    }
    return render(request, "accounts/invitation.html", context)
