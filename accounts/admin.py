"""Members, organisations, tokens and the audit log, for the hub's staff. Acts upon members: `community.admin`."""

import json
from collections.abc import Iterator
from typing import Any, cast

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RangeDateFilter
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from accounts.models import AccessToken, AuditEntry, Namespace, Organization, User, Verified
from accounts.requests import ActorRequest
from accounts.services.accounts import user_named
from accounts.services.memberships import appoint
from accounts.services.organizations import verify
from accounts.services.staff_roles import set_roles
from accounts.services.tokens import revoke_token
from hub import field_words
from hub.administration import ConfirmForm, ReasonForm, ShowOnly, done, holding, refused
from hub.errors import Forbidden, HubError
from hub.staff_roles import ROLES, WORDS
from hub.wire.csv_files import csv_file

# Staff sign in where everybody does: with its limits on guessing, and two factors where they are set up.
_TOTP, _WEBAUTHN = Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN
_sign_in = secure_admin_login(admin.site.login)
_may_enter = admin.site.has_permission


def _needs_second_factor(request: HttpRequest) -> bool:
    return settings.STAFF_NEEDS_TWO_FACTORS and not is_mfa_enabled(request.user, [_TOTP, _WEBAUTHN])


def _is_suspended(request: HttpRequest) -> bool:
    """Then they do no act of staff, and read nothing of what people report."""
    return bool(getattr(request.user, "is_suspended", False))


def _login(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    if _is_suspended(request):
        raise Forbidden(gettext("Your account is suspended: the administration is closed to you until that ends."))
    if _may_enter(request) and _needs_second_factor(request):
        messages.warning(request, gettext("The administration opens when you have set up a second factor."))
        return redirect("settings-security")
    return cast("HttpResponse", _sign_in(request, *args, **kwargs))


def _has_permission(request: HttpRequest) -> bool:
    return _may_enter(request) and not _is_suspended(request) and not _needs_second_factor(request)


admin.site.login = _login  # type: ignore[method-assign]
admin.site.has_permission = _has_permission  # type: ignore[method-assign]
field_words.use()
# Roles are groups that `migrate` makes and an act gives; factors and keys are their owner's, or come from the settings.
for model in (Group, EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken, UserSession):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


class RolesForm(BaseDialogForm):
    roles = forms.MultipleChoiceField(
        label=_("Roles"),
        required=False,
        choices=[(role, WORDS[role]) for role in ROLES],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        has = User.objects.get(pk=self.object_id).groups.filter(name__in=ROLES)
        self.fields["roles"].initial = list(has.values_list("name", flat=True))


@admin.register(User)
class UserAdmin(ShowOnly):
    list_display = ["username", "email", "full_name", "standing", "roles", "date_joined", "last_login"]
    list_filter = ["is_staff", "is_active", "groups"]
    search_fields = ["username", "email", "full_name"]
    ordering = ["-date_joined"]
    fields = [
        "username",
        "email",
        "full_name",
        "suspended_reason",
        "suspended_until",
        "banned_reason",
        "warning",
        "is_staff",
        "is_superuser",
        "roles",
        "date_joined",
        "last_login",
    ]
    readonly_fields = ["roles"]
    actions_detail: list[Any] = ["set_roles"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups")

    @display(description=_("Standing"), label={"banned": "danger", "suspended": "warning", "good": "success"})
    def standing(self, user: User) -> tuple[str, str]:
        if not user.is_active:
            return "banned", gettext("banned")
        return ("suspended", gettext("suspended")) if user.is_suspended else ("good", gettext("good"))

    @display(description=_("Roles"))
    def roles(self, user: User) -> str:
        names = [str(WORDS.get(group.name, group.name)) for group in user.groups.all()]
        return ", ".join([*names, gettext("superuser")] if user.is_superuser else names)

    @action(
        description=_("Roles"),
        permissions=["giving_roles"],
        dialog={
            "title": _("Roles on this hub's staff"),
            "description": _("Whoever has a role is let into the administration, to do what that role includes."),
            "form_class": RolesForm,
            "form_submit_text": _("Save"),
        },
    )
    def set_roles(self, request: ActorRequest, form: RolesForm, object_id: str) -> HttpResponse:
        user = User.objects.get(pk=object_id)
        page = reverse("admin:accounts_user_change", args=[object_id])
        try:
            set_roles(actor=request.actor, user=user, roles=form.cleaned_data["roles"])
        except HubError as refusal:
            return refused(request, page, refusal)
        roles = ", ".join(str(WORDS[role]) for role in form.cleaned_data["roles"]) or gettext("none")
        return done(request, page, gettext("%(user)s has the roles: %(roles)s.") % {"user": user, "roles": roles})

    def has_giving_roles_permission(self, request: HttpRequest, _object_id: Any = None) -> bool:
        return bool(getattr(request.user, "is_superuser", False))


class VerificationForm(ReasonForm):
    verified_as = forms.ChoiceField(
        label=_("It is verified as"), choices=Verified.choices, required=False, widget=UnfoldAdminSelectWidget
    )
    field_order = ["verified_as", "reason"]


class AppointmentForm(ReasonForm):
    member = forms.CharField(label=_("Name of the member"), max_length=42, widget=UnfoldAdminTextInputWidget)
    field_order = ["member", "reason"]


@admin.register(Organization)
class OrganizationAdmin(ShowOnly):
    """Members and settings are its administrators' own, on the site's pages."""

    list_display = ["__str__", "name", "verified_as", "how_many", "private_by_default", "created_at"]
    list_filter = ["verified_as"]
    search_fields = ["full_name", "namespace__name"]
    fields = ["full_name", "name", "verified_as", "private_by_default", "default_role", "administrators", "created_at"]
    readonly_fields = ["name", "administrators"]
    actions_detail = ["verify_organization", "appoint_administrator"]
    has_verifying_permission = holding("accounts.verify_organization")
    has_appointing_permission = holding("accounts.appoint_administrator")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Organization]:
        rows = super().get_queryset(request).select_related("namespace")
        return rows.annotate(member_count=Count("memberships"))

    def view_on_site(self, organization: Organization) -> str:
        return organization.namespace.get_absolute_url()

    @display(description=_("Name"), ordering="namespace__key")
    def name(self, organization: Organization) -> str:
        return organization.namespace.name

    @display(description=_("Members"), ordering="member_count")
    def how_many(self, organization: Organization) -> int:
        return organization.member_count  # type: ignore[attr-defined]  # by get_queryset

    @display(description=_("Administrators"))
    def administrators(self, organization: Organization) -> str:
        rows = organization.memberships.of_administrators().select_related("user").order_by("pk")[:20]
        return ", ".join(row.user.username for row in rows) or gettext("nobody")

    @action(
        description=_("Verified mark"),
        permissions=["verifying"],
        dialog={
            "title": _("The mark beside its name"),
            "description": _("Make sure whom they speak for before you set it: the mark is all that readers see."),
            "form_class": VerificationForm,
            "form_submit_text": _("Save"),
        },
    )
    def verify_organization(self, request: ActorRequest, form: VerificationForm, object_id: str) -> HttpResponse:
        mark, reason = Verified(form.cleaned_data["verified_as"]), form.cleaned_data["reason"]
        organization = Organization.objects.select_related("namespace").get(pk=object_id)
        try:
            verify(actor=request.actor, organization=organization, verified_as=mark, reason=reason)
        except HubError as refusal:
            return refused(request, self._page(object_id), refusal)
        return done(request, self._page(object_id), f"{organization.namespace}: {mark.label}")

    @action(
        description=_("Appoint an administrator"),
        permissions=["appointing"],
        dialog={
            "title": _("Give it an administrator"),
            "description": _("For an organisation that nobody manages any more. The member need not belong to it yet."),
            "form_class": AppointmentForm,
            "form_submit_text": _("Appoint"),
        },
    )
    def appoint_administrator(self, request: ActorRequest, form: AppointmentForm, object_id: str) -> HttpResponse:
        organization = Organization.objects.select_related("namespace").get(pk=object_id)
        try:
            user = user_named(form.cleaned_data["member"].strip())
            appoint(actor=request.actor, organization=organization, user=user, reason=form.cleaned_data["reason"])
        except HubError as refusal:
            return refused(request, self._page(object_id), refusal)
        said = gettext("%(user)s administers %(organization)s now.")
        return done(request, self._page(object_id), said % {"user": user, "organization": organization.namespace})

    @staticmethod
    def _page(object_id: str) -> str:
        return reverse("admin:accounts_organization_change", args=[object_id])


@admin.register(AccessToken)
class AccessTokenAdmin(ShowOnly):
    has_revoking_permission = holding("accounts.revoke_accesstoken")

    list_display = ["prefix", "name", "user", "role", "standing", "created_at", "last_used_at", "expires_at"]
    list_filter = ["role"]
    search_fields = ["prefix", "name", "user__username"]
    list_select_related = ["user"]
    fields = ["user", "name", "prefix", "role", "scopes", "created_at", "last_used_at", "expires_at", "revoked_at"]
    actions_detail = ["revoke"]

    @display(description=_("Standing"), label={"revoked": "danger", "in use": "success"})
    def standing(self, token: AccessToken) -> tuple[str, str]:
        return ("revoked", gettext("revoked")) if token.revoked_at else ("in use", gettext("in use"))

    @action(
        description=_("Revoke"),
        permissions=["revoking"],
        variant=ActionVariant.DANGER,
        dialog={
            "title": _("Revoke this token"),
            "description": _("It opens nothing any more. This cannot be undone."),
            "form_class": ConfirmForm,
            "form_submit_text": _("Revoke"),
        },
    )
    def revoke(self, request: ActorRequest, form: ConfirmForm, object_id: str) -> HttpResponse:
        token = AccessToken.objects.select_related("user").get(pk=object_id)
        revoke_token(actor=request.actor, token=token)
        page = reverse("admin:accounts_accesstoken_change", args=[object_id])
        return done(request, page, gettext("%(token)s is revoked.") % {"token": token})


@admin.register(Namespace)
class NamespaceAdmin(ShowOnly):
    list_display = ["name", "user", "organization"]
    search_fields = ["name"]
    list_select_related = ["user", "organization"]


class KindOfAct(admin.SimpleListFilter):
    """By what was acted upon: the first word of an act's name."""

    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        names = AuditEntry.objects.order_by("action").values_list("action", flat=True).distinct()
        return [(kind, kind) for kind in dict.fromkeys(name.partition(".")[0] for name in names)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        return queryset.filter(action__startswith=f"{self.value()}.") if self.value() else queryset


@admin.register(AuditEntry)
class AuditEntryAdmin(ShowOnly):
    """Who did what to what, when and why; the list as it is filtered can be taken along as CSV."""

    list_display = ["created_at", "actor_name", "action", "target", "why", "token_prefix"]
    list_filter = [KindOfAct, ("created_at", RangeDateFilter), "action"]
    list_filter_submit = True
    search_fields = ["actor_name", "target", "action", "reason"]
    date_hierarchy = "created_at"
    fields = ["created_at", "actor_name", "token_prefix", "action", "target", "details"]
    list_before_template = "admin/moderation/csv_link.html"
    actions_list = ["as_csv"]
    show_full_result_count = False

    def get_actions_list(self, request: HttpRequest) -> list[Any]:
        return []  # its button would forget how the list is filtered: the template above the list links it instead

    @display(description=_("Reason"))
    def why(self, entry: AuditEntry) -> str:
        return str(entry.details.get("reason") or "")[:120]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AuditEntry], search_term: str
    ) -> tuple[QuerySet[AuditEntry], bool]:
        for word in search_term.split():
            said = (
                Q(actor_name__icontains=word)
                | Q(target__icontains=word)
                | Q(action__icontains=word)
                | Q(details__reason__icontains=word)
            )
            queryset = queryset.filter(said)
        return queryset, False

    @action(description=_("As CSV"), url_path="as-csv", permissions=["view"])
    def as_csv(self, request: ActorRequest) -> StreamingHttpResponse:
        export = AuditEntry.objects.record(request.actor, "audit.exported", request.META.get("QUERY_STRING", "")[:255])
        entries = self.get_changelist_instance(request).get_queryset(request).filter(pk__lt=export.pk)
        return csv_file("audit-log.csv", _rows(entries))


def _rows(entries: QuerySet[AuditEntry]) -> Iterator[list[str]]:
    yield ["when", "who", "token", "act", "target", "details"]
    for entry in entries.iterator(chunk_size=2000):
        details = json.dumps(entry.details, ensure_ascii=False)
        yield [entry.created_at.isoformat(), entry.actor_name, entry.token_prefix, entry.action, entry.target, details]
