"""Members, organisations, tokens and the audit log, for moderators."""

from typing import Any, cast

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from accounts.models import AccessToken, AuditEntry, Membership, Namespace, Organization, User
from accounts.requests import ActorRequest
from accounts.services.accounts import suspend
from accounts.services.tokens import revoke_token
from hub.administration import ConfirmForm, ReasonForm, ShowOnly, done

# Staff sign in where everybody does: with its limits on guessing, and two factors where they are set up.
_TOTP, _WEBAUTHN = Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN
_sign_in = secure_admin_login(admin.site.login)
_may_enter = admin.site.has_permission


def _needs_second_factor(request: HttpRequest) -> bool:
    return settings.STAFF_NEEDS_TWO_FACTORS and not is_mfa_enabled(request.user, [_TOTP, _WEBAUTHN])


def _login(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    if _may_enter(request) and _needs_second_factor(request):
        messages.warning(request, _("The administration opens when you have set up a second factor."))
        return redirect("settings-security")
    return cast("HttpResponse", _sign_in(request, *args, **kwargs))


def _has_permission(request: HttpRequest) -> bool:
    return _may_enter(request) and not _needs_second_factor(request)


admin.site.login = _login  # type: ignore[method-assign]
admin.site.has_permission = _has_permission  # type: ignore[method-assign]
# Rights come from namespaces and `is_staff`; factors and keys of sign-in are their owner's, or come from the settings.
for model in (Group, EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken, UserSession):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


@admin.register(User)
class UserAdmin(ShowOnly):
    list_display = ["username", "email", "full_name", "standing", "is_staff", "date_joined", "last_login"]
    list_filter = ["is_staff", "is_active"]
    search_fields = ["username", "email", "full_name"]
    ordering = ["-date_joined"]
    fields = [
        "username",
        "email",
        "full_name",
        "suspended_reason",
        "is_staff",
        "is_superuser",
        "date_joined",
        "last_login",
    ]
    actions_detail = ["suspend_member", "restore_member"]

    @display(description="Standing", label={"suspended": "danger", "good": "success"})
    def standing(self, user: User) -> str:
        return "suspended" if user.is_suspended else "good"

    @action(
        description="Suspend",
        permissions=["act"],
        variant=ActionVariant.DANGER,
        dialog={
            "title": "Suspend this member",
            "description": "They keep reading, and write nothing any more.",
            "form_class": ReasonForm,
            "form_submit_text": "Suspend",
        },
    )
    def suspend_member(self, request: ActorRequest, form: ReasonForm, object_id: str) -> HttpResponse:
        user = User.objects.get(pk=object_id)
        suspend(actor=request.actor, user=user, reason=form.cleaned_data["reason"])
        return done(request, reverse("admin:accounts_user_change", args=[object_id]), f"{user} is suspended.")

    @action(
        description="Restore",
        permissions=["act"],
        dialog={
            "title": "Lift the suspension",
            "description": "They write again as before.",
            "form_class": ConfirmForm,
            "form_submit_text": "Restore",
        },
    )
    def restore_member(self, request: ActorRequest, form: ConfirmForm, object_id: str) -> HttpResponse:
        user = User.objects.get(pk=object_id)
        suspend(actor=request.actor, user=user, reason="")
        return done(request, reverse("admin:accounts_user_change", args=[object_id]), f"{user} may write again.")


class MembershipInline(TabularInline):
    model = Membership
    extra = 0
    autocomplete_fields = ["user"]


@admin.register(Organization)
class OrganizationAdmin(ModelAdmin):
    list_display = ["__str__", "name", "private_by_default", "created_at"]
    search_fields = ["full_name", "namespace__name"]
    fields = ["full_name", "private_by_default"]
    inlines = [MembershipInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Organization]:
        return super().get_queryset(request).select_related("namespace")

    @display(description="Name", ordering="namespace__key")
    def name(self, organization: Organization) -> str:
        return organization.namespace.name

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # an organisation is made with its namespace: manage.py create_organization

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_related(self, request: ActorRequest, form: ModelForm, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        target = form.instance.namespace.name
        for formset in formsets:
            for made in formset.new_objects:
                _note(request, "membership.created", target, made)
            for changed, _fields in formset.changed_objects:
                _note(request, "membership.changed", target, changed)
            for deleted in formset.deleted_objects:
                _note(request, "membership.deleted", target, deleted)


def _note(request: ActorRequest, what: str, target: str, membership: Membership) -> None:
    AuditEntry.objects.record(
        request.actor, what, target, member=membership.user.username, role=membership.get_role_display()
    )


@admin.register(AccessToken)
class AccessTokenAdmin(ShowOnly):
    list_display = ["prefix", "name", "user", "role", "standing", "created_at", "last_used_at", "expires_at"]
    list_filter = ["role"]
    search_fields = ["prefix", "name", "user__username"]
    list_select_related = ["user"]
    fields = ["user", "name", "prefix", "role", "scopes", "created_at", "last_used_at", "expires_at", "revoked_at"]
    actions_detail = ["revoke"]

    @display(description="Standing", label={"revoked": "danger", "in use": "success"})
    def standing(self, token: AccessToken) -> str:
        return "revoked" if token.revoked_at else "in use"

    @action(
        description="Revoke",
        permissions=["act"],
        variant=ActionVariant.DANGER,
        dialog={
            "title": "Revoke this token",
            "description": "It opens nothing any more. This cannot be undone.",
            "form_class": ConfirmForm,
            "form_submit_text": "Revoke",
        },
    )
    def revoke(self, request: ActorRequest, form: ConfirmForm, object_id: str) -> HttpResponse:
        token = AccessToken.objects.select_related("user").get(pk=object_id)
        revoke_token(actor=request.actor, token=token)
        return done(request, reverse("admin:accounts_accesstoken_change", args=[object_id]), f"{token} is revoked.")


@admin.register(Namespace)
class NamespaceAdmin(ShowOnly):
    list_display = ["name", "user", "organization"]
    search_fields = ["name"]
    list_select_related = ["user", "organization"]


@admin.register(AuditEntry)
class AuditEntryAdmin(ShowOnly):
    list_display = ["created_at", "actor_name", "action", "target", "token_prefix"]
    list_filter = ["action"]
    search_fields = ["actor_name", "target", "action"]
    date_hierarchy = "created_at"
