"""Founding an organisation, and the settings that its administrators see."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import access
from accounts.models import AuditEntry, Invitation, Membership, Namespace, Organization, Role
from accounts.requests import ActorRequest
from accounts.services import invitations, memberships, organizations, profiles, renaming
from accounts.services.accounts import namespace_named, organization_named, user_named
from accounts.web.audit_words import described
from accounts.web.organization_forms import (
    ROLE_WORDS,
    DefaultsForm,
    FoundingForm,
    HandOverForm,
    InviteForm,
    NameForm,
    ProfileForm,
    RoleForm,
)
from hub.errors import HubError
from hub.typed_name import TypedName
from hub.wire import rate_limits

PAGE_SIZE = 50


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: ActorRequest) -> HttpResponse:
    form = FoundingForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            with transaction.atomic():
                made = organizations.found(actor=request.actor, name=said["name"], full_name=said["full_name"])
                if said["about"]:
                    profiles.change_profile(actor=request.actor, namespace=made.namespace, about=said["about"])
        except HubError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("%(name)s is there. Invite its members.") % {"name": made.namespace.name})
            return redirect("organization-invitations", made.namespace.name)
    return render(request, "accounts/organization_new.html", {"form": form})


def administered(request: ActorRequest, name: str) -> Organization:
    """Raises Forbidden, NamespaceNotFound, NamespaceMoved."""
    organization = organization_named(name)
    access.require_administration(request.actor, organization)
    return organization


def _page(
    request: ActorRequest, name: str, organization: Organization, status: int = 200, **more: object
) -> HttpResponse:
    context = {"organization": organization, "namespace": organization.namespace, "current": name, **more}
    return render(request, f"accounts/organization_{name}.html", context, status=status)


def tried(request: ActorRequest, act: Callable[[], object], said: str) -> bool:
    """Do it, and say so on the next page; or say there why not."""
    try:
        act()
    except HubError as refusal:
        messages.error(request, str(refusal))
        return False
    messages.success(request, said)
    return True


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: ActorRequest, name: str) -> HttpResponse:
    organization = administered(request, name)
    initial = ProfileForm.initial_of(organization.namespace, profiles.profile_of(organization.namespace))
    form = ProfileForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            profiles.change_profile(actor=request.actor, namespace=organization.namespace, **form.cleaned_data)
        except HubError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The profile is saved."))
            return redirect("organization-profile", name)
    return _page(request, "profile", organization, form=form)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def defaults(request: ActorRequest, name: str) -> HttpResponse:
    organization = administered(request, name)
    form = DefaultsForm(request.POST or None, initial=DefaultsForm.initial_of(organization))
    if request.method == "POST" and form.is_valid():
        act = organizations.change_defaults
        if tried(
            request,
            lambda: act(actor=request.actor, organization=organization, **form.cleaned_data),
            _("The defaults are saved."),
        ):
            return redirect("organization-defaults", name)
    return _page(request, "defaults", organization, form=form)


@login_required
@require_safe
def members(request: ActorRequest, name: str) -> HttpResponse:
    organization = administered(request, name)
    rows = Membership.objects.filter(organization=organization).select_related("user").order_by("-role", "pk")
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    return _page(
        request,
        "members",
        organization,
        page=page,
        roles=[(role.value, role.title) for role in Role],
        role_words=ROLE_WORDS.values(),
    )


@login_required
@require_POST
def change_role(request: ActorRequest, name: str, member: str) -> HttpResponse:
    organization, form = administered(request, name), RoleForm(request.POST)
    user = user_named(member)
    if form.is_valid():
        role: Role = form.cleaned_data["role"]
        said = _("%(member)s has the role %(role)s now.") % {"member": user.username, "role": role.title}
        tried(
            request,
            lambda: memberships.change_role(actor=request.actor, organization=organization, user=user, role=role),
            said,
        )
    return redirect("organization-members", name)


@login_required
@require_POST
def remove(request: ActorRequest, name: str, member: str) -> HttpResponse:
    organization, user = administered(request, name), user_named(member)
    said = _("%(member)s is no member any more.") % {"member": user.username}
    tried(request, lambda: memberships.remove(actor=request.actor, organization=organization, user=user), said)
    if user == request.user:
        return redirect("namespace", name)
    return redirect("organization-members", name)


@rate_limits.under(writes="invitation")
@rate_limits.under(writes="invitation")
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def invitation_list(request: ActorRequest, name: str) -> HttpResponse:
    organization = administered(request, name)
    form = InviteForm(request.POST or None, initial={"role": organization.default_role})
    if request.method == "POST" and form.is_valid():
        whom, role = form.cleaned_data["whom"], form.cleaned_data["role"]
        try:
            to = {"email": whom} if "@" in whom else {"user": user_named(whom)}
            invitations.invite(actor=request.actor, organization=organization, role=role, **to)
        except HubError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("%(whom)s is invited.") % {"whom": whom})
            return redirect("organization-invitations", name)
    rows = Invitation.objects.pending(timezone.now()).filter(organization=organization)
    page = Paginator(rows.select_related("user", "invited_by"), PAGE_SIZE).get_page(request.GET.get("page"))
    return _page(request, "invitations", organization, form=form, page=page)


@login_required
@require_POST
def revoke_invitation(request: ActorRequest, name: str, pk: int) -> HttpResponse:
    organization = administered(request, name)
    found = Invitation.objects.select_related("organization__namespace", "user")
    invitation = found.filter(organization=organization, pk=pk).first()
    if invitation is not None:
        tried(
            request,
            lambda: invitations.revoke(actor=request.actor, invitation=invitation),
            _("The invitation is taken back."),
        )
    return redirect("organization-invitations", name)


@login_required
@require_safe
def audit(request: ActorRequest, name: str) -> HttpResponse:
    organization = administered(request, name)
    rows = AuditEntry.objects.filter(namespace=organization.namespace)
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    return _page(
        request, "audit", organization, page=page, entries=[described(entry, organization.namespace) for entry in page]
    )


@login_required
@require_safe
def danger(request: ActorRequest, name: str) -> HttpResponse:
    return _danger_page(request, administered(request, name))


def _danger_page(
    request: ActorRequest,
    organization: Organization,
    *,
    naming: NameForm | None = None,
    handing: HandOverForm | None = None,
    deletion: TypedName | None = None,
) -> HttpResponse:
    return _page(
        request,
        "danger",
        organization,
        status=400 if naming or handing or deletion else 200,
        naming=naming or NameForm(auto_id="id_naming_%s"),
        handing=handing or HandOverForm(auto_id="id_handing_%s"),
        deletion=deletion or TypedName(name=organization.namespace.name),
    )


@login_required
@require_POST
def rename(request: ActorRequest, name: str) -> HttpResponse:
    """Of an organisation, or of oneself: who may not is refused by the service."""
    namespace = namespace_named(name)
    access.require_own(request.actor, namespace)
    back = "settings-profile" if namespace.user else "organization-danger"
    form = NameForm(request.POST, auto_id="id_naming_%s")
    if not form.is_valid():
        if namespace.organization:
            return _danger_page(request, namespace.organization, naming=form)
        for error in form.errors.get("name", []):
            messages.error(request, str(error))
        return redirect(back)
    wanted = form.cleaned_data["name"]
    said = _("The name is %(name)s now. The old one leads here.") % {"name": wanted}
    done = tried(request, lambda: renaming.rename(actor=request.actor, namespace=namespace, name=wanted), said)
    if namespace.user:
        return redirect(back)
    return redirect(back, wanted if done else name)


@login_required
@require_POST
def hand_over(request: ActorRequest, name: str) -> HttpResponse:
    organization, form = administered(request, name), HandOverForm(request.POST, auto_id="id_handing_%s")
    if form.is_valid():
        to, own_role = form.cleaned_data["to"].strip().lstrip("@"), form.cleaned_data["own_role"]
        try:
            memberships.hand_over(actor=request.actor, organization=organization, to=user_named(to), own_role=own_role)
        except HubError as refusal:
            form.add_error("to", str(refusal))
        else:
            said = _("%(to)s administers %(name)s now.") % {"to": to, "name": organization.namespace.name}
            messages.success(request, said)
            return redirect("namespace", organization.namespace.name)
    return _danger_page(request, organization, handing=form)


@login_required
@require_POST
def delete(request: ActorRequest, name: str) -> HttpResponse:
    organization = administered(request, name)
    form = TypedName(request.POST, name=organization.namespace.name)
    if form.is_valid():
        try:
            organizations.delete_organization(actor=request.actor, organization=organization)
        except HubError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("%(name)s is deleted.") % {"name": name})
            return redirect("settings-organizations")
    return _danger_page(request, organization, deletion=form)


@require_safe
def lead_on(request: ActorRequest, name: str) -> HttpResponse:
    found: Namespace = organization_named(name).namespace
    return redirect("namespace", found.name)
