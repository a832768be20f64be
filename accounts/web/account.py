"""Settings → Your data (taking it along, leaving), and Settings → Invitations (letting others in)."""

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import exporting
from accounts.models import Invitation
from accounts.requests import ActorRequest
from accounts.services import invitations, leaving
from accounts.web.forms import InvitationForm, LeaveForm
from hub.errors import HubError, NotFound
from hub.wire import rate_limits


@login_required
@require_safe
def account(request: ActorRequest) -> HttpResponse:
    return _account_page(request, LeaveForm(name=request.actor.require_user().username))


def _account_page(request: ActorRequest, form: LeaveForm) -> HttpResponse:
    losses = exporting.losses_of(request.actor.require_user())
    return render(request, "accounts/account.html", {"form": form, "losses": losses})


@rate_limits.under(writes="export")
@login_required
@require_POST
@reauthentication_required
def export(request: ActorRequest) -> HttpResponseBase:
    user = request.actor.require_user()
    leaving.note_export(actor=request.actor)
    name = f"{user.username}-{timezone.now():%Y-%m-%d}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingHttpResponse(leaving.export(user), content_type="application/zip", headers=headers)


@rate_limits.under(writes="sign_in")
@login_required
@require_POST
@reauthentication_required
def delete(request: ActorRequest) -> HttpResponse:
    form = LeaveForm(request.POST, name=request.actor.require_user().username)
    if form.is_valid():
        try:
            leaving.delete_account(actor=request.actor)
        except HubError as refusal:
            form.add_error(None, str(refusal))
        else:
            logout(request)
            messages.success(request, _("Your account is deleted."))
            return redirect("home")
    return _account_page(request, form)


@rate_limits.under(writes="invitation")
@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation_list(request: ActorRequest) -> HttpResponse:
    """Those to the hub itself that wait for an answer; a POST makes one."""
    if not invitations.may_invite(request.actor):
        raise NotFound(_("You may not invite to this hub."))
    form = InvitationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            invitations.invite(actor=request.actor, email=form.cleaned_data["email"])
        except HubError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The invitation is made. It is good for two weeks, and for one person."))
            return redirect("settings-invitations")
    waiting = Invitation.objects.pending(timezone.now()).filter(invited_by=request.actor.user, organization=None)
    return render(request, "accounts/invitations.html", {"form": form, "invitations": waiting})


@login_required
@require_POST
def revoke_invitation(request: ActorRequest, pk: int) -> HttpResponse:
    invitation = get_object_or_404(Invitation, pk=pk, invited_by=request.actor.require_user(), organization=None)
    try:
        invitations.revoke(actor=request.actor, invitation=invitation)
    except HubError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The invitation is taken back: its link opens nothing any more."))
    return redirect("settings-invitations")
