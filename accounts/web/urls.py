from django.urls import include, path
from django.views.generic import RedirectView

from accounts.web import device, views

urlpatterns = [
    path("settings", RedirectView.as_view(pattern_name="settings-profile"), name="settings"),
    path("settings/profile", views.profile, name="settings-profile"),
    path("settings/tokens", views.tokens, name="settings-tokens"),
    path("settings/tokens/<int:pk>/revoke", views.revoke, name="settings-tokens-revoke"),
    path("accounts/", include("allauth.urls")),
    path("login/device", device.device_login, name="device-login"),
    # The addresses that clients and people of other hubs know.
    path("login", RedirectView.as_view(pattern_name="account_login", query_string=True)),
    path("join", RedirectView.as_view(pattern_name="account_signup", query_string=True)),
]
