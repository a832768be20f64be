"""Other sites at which members may sign in, read from the environment for django-allauth."""

from typing import Any
from urllib.parse import urlsplit

from hub import env
from hub.addresses import origin

_GITLAB = "https://gitlab.com"
_ORIGINS = {"github": "https://github.com", "google": "https://accounts.google.com"}


def configured() -> dict[str, dict[str, Any]]:
    """{django-allauth's module: its settings}, of those that the environment names. OpenID Connect is always known, so that an
    account of a provider that was taken out can still be shown and removed."""
    found: dict[str, dict[str, Any]] = {"openid_connect": {"APPS": []}}
    if server := env.text("HUB_OIDC_URL", ""):
        app = _app("OIDC") | {
            "provider_id": "openid",
            "name": env.text("HUB_OIDC_NAME", "") or urlsplit(server).hostname,
            "settings": {"server_url": env.address("HUB_OIDC_URL")},
        }
        found["openid_connect"] = {"APPS": [app], "OAUTH_PKCE_ENABLED": True}
    for name in ("github", "gitlab", "google"):
        if env.text(f"HUB_{name.upper()}_CLIENT_ID", ""):
            found[name] = {"APPS": [_app(name.upper())], "OAUTH_PKCE_ENABLED": True}
    if "github" in found:
        found["github"]["SCOPE"] = ["read:user", "user:email"]
    if "gitlab" in found:
        found["gitlab"]["APPS"][0]["settings"] = {"gitlab_url": env.address("HUB_GITLAB_URL", _GITLAB)}
    return found


def origins() -> list[str]:
    """Where a sign-in leads on the way: pages must be allowed to go there."""
    found = {origin for name, origin in _ORIGINS.items() if env.text(f"HUB_{name.upper()}_CLIENT_ID", "")}
    if env.text("HUB_GITLAB_CLIENT_ID", ""):
        found.add(origin(env.address("HUB_GITLAB_URL", _GITLAB)))
    if env.text("HUB_OIDC_URL", ""):
        found.add(origin(env.address("HUB_OIDC_URL")))
        found |= {origin(one) for one in env.names("HUB_OIDC_ORIGINS", ())}
    return sorted(found)


def _app(variable: str) -> dict[str, Any]:
    return {"client_id": env.text(f"HUB_{variable}_CLIENT_ID"), "secret": env.text(f"HUB_{variable}_CLIENT_SECRET")}
