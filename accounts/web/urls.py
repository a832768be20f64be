from typing import Any

from allauth import urls as sign_in
from django.urls import URLPattern, include, path
from django.views.generic import RedirectView

from accounts.web import account, device, memberships, organizations, security, views
from hub.wire import rate_limits


def _guessed_at(patterns: list[Any]) -> None:
    """Puts django-allauth's own views under a bucket of ours, on top of its limits for each name."""
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            bucket = "sign_up" if pattern.name == "account_signup" else "sign_in"
            rate_limits.under(writes=bucket)(pattern.callback)
        else:
            _guessed_at(pattern.url_patterns)


_guessed_at(sign_in.urlpatterns)

urlpatterns = [
    path("settings", RedirectView.as_view(pattern_name="settings-profile"), name="settings"),
    path("settings/profile", views.profile, name="settings-profile"),
    path("settings/tokens", views.tokens, name="settings-tokens"),
    path("settings/tokens/<int:pk>/revoke", views.revoke, name="settings-tokens-revoke"),
    path("settings/security", security.security, name="settings-security"),
    path("settings/sessions/<int:pk>/end", security.end_session, name="settings-session-end"),
    path("settings/sessions/end-others", security.end_other_sessions, name="settings-sessions-end-others"),
    path("settings/account", account.account, name="settings-account"),
    path("settings/account/export", account.export, name="settings-account-export"),
    path("settings/account/delete", account.delete, name="settings-account-delete"),
    path("settings/invitations", account.invitation_list, name="settings-invitations"),
    path("settings/invitations/<int:pk>/revoke", account.revoke_invitation, name="settings-invitations-revoke"),
    # Shown together on the page of security.
    path("accounts/2fa/", RedirectView.as_view(pattern_name="settings-security")),
    path("accounts/2fa/webauthn/", RedirectView.as_view(pattern_name="settings-security")),
    path("accounts/sessions/", RedirectView.as_view(pattern_name="settings-security")),
    path("settings/name/<str:name>", organizations.rename, name="settings-name"),
    path("settings/organizations", memberships.mine, name="settings-organizations"),
    path("settings/organizations/invitations/<int:pk>", memberships.answer, name="settings-invitation"),
    path("settings/organizations/<str:name>/leave", memberships.leave, name="settings-organization-leave"),
    path("invitations/<str:value>", memberships.by_link, name="invitation"),
    path("organizations/new", organizations.new, name="new-organization"),
    path("organizations/<str:name>", organizations.lead_on),
    path("organizations/<str:name>/settings", organizations.profile, name="organization-profile"),
    path("organizations/<str:name>/settings/members", organizations.members, name="organization-members"),
    path(
        "organizations/<str:name>/settings/members/<str:member>/role",
        organizations.change_role,
        name="organization-role",
    ),
    path(
        "organizations/<str:name>/settings/members/<str:member>/remove",
        organizations.remove,
        name="organization-remove",
    ),
    path(
        "organizations/<str:name>/settings/invitations", organizations.invitation_list, name="organization-invitations"
    ),
    path(
        "organizations/<str:name>/settings/invitations/<int:pk>/revoke",
        organizations.revoke_invitation,
        name="organization-invitation-revoke",
    ),
    path("organizations/<str:name>/settings/defaults", organizations.defaults, name="organization-defaults"),
    path("organizations/<str:name>/settings/audit", organizations.audit, name="organization-audit"),
    path("organizations/<str:name>/settings/danger", organizations.danger, name="organization-danger"),
    path("organizations/<str:name>/settings/rename", organizations.rename, name="organization-rename"),
    path("organizations/<str:name>/settings/hand-over", organizations.hand_over, name="organization-hand-over"),
    path("organizations/<str:name>/settings/delete", organizations.delete, name="organization-delete"),
    path("accounts/", include(sign_in)),
    path("login/device", device.device_login, name="device-login"),
    # The addresses that clients and people of other hubs know.
    path("login", RedirectView.as_view(pattern_name="account_login", query_string=True)),
    path("join", RedirectView.as_view(pattern_name="account_signup", query_string=True)),
]
