"""Signing in at another site, against a real OpenID Connect provider that runs beside the test."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.conf import LazySettings
from django.test import Client
from oidc_provider_mock import run_server_in_thread

from accounts.adapter import free_name_like
from accounts.models import Namespace, User
from hub import content_security, sign_in_providers
from tests import make

PASSWORD = "correct horse battery staple"


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    with run_server_in_thread() as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture(autouse=True)
def _configured(provider: str, settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = {"URL": provider, "CLIENT_ID": "grove", "CLIENT_SECRET": "a secret", "NAME": "Institute"}
    for name, value in chosen.items():
        monkeypatch.setitem(sign_in_providers.env._environment.ENVIRON, f"HUB_OIDC_{name}", value)
    settings.SOCIALACCOUNT_PROVIDERS = sign_in_providers.configured()


def known_there(provider: str, sub: str, **claims: Any) -> None:
    requests.put(f"{provider}/users/{sub}", json=claims, timeout=10).raise_for_status()


def sign_in(client: Client, provider: str, sub: str, process: str = "login") -> Any:
    """From our button over their page back to us; what our page then answers."""
    answer = client.post(f"/accounts/oidc/openid/login/?process={process}")
    there = answer.headers["Location"]
    assert there.startswith(f"{provider}/")
    back = requests.post(there, data={"sub": sub}, allow_redirects=False, timeout=10).headers["Location"]
    parts = urlsplit(back)
    return client.get(f"{parts.path}?{parts.query}", follow=True)


def finish(client: Client, name: str, email: str) -> Any:
    return client.post("/accounts/3rdparty/signup/", {"username": name, "email": email})


def who(client: Client) -> str:
    answer = client.get("/settings/profile")
    return answer.context["request"].user.username if answer.status_code == 200 else ""


def test_a_new_member_chooses_a_name_and_comes_back_by_the_same_way(client: Client, provider: str) -> None:
    make.user("ada")
    known_there(
        provider, "s1", preferred_username="ada", email="ada@institute.example", email_verified=True, name="Ada L."
    )
    assert "Institute" in client.get("/accounts/login/").content.decode()
    form = sign_in(client, provider, "s1").content.decode()
    assert 'value="ada-2"' in form  # a free name like theirs
    finish(client, "lovelace", "ada@institute.example")
    assert who(client) == "lovelace"
    made = User.objects.get(username="lovelace")
    assert made.full_name == "Ada L."
    assert Namespace.objects.get(key="lovelace").user == made
    assert not made.has_usable_password()
    assert EmailAddress.objects.get(user=made).verified
    again = Client()
    sign_in(again, provider, "s1")
    assert who(again) == "lovelace"


@pytest.mark.parametrize("verified", [True, False])
def test_an_address_said_by_another_site_opens_no_account_of_that_address(
    client: Client, provider: str, verified: bool
) -> None:
    victim = make.user("victim")
    known_there(provider, "s2", preferred_username="mallory", email=victim.email, email_verified=verified)
    sign_in(client, provider, "s2")
    assert who(client) == ""
    finish(client, "mallory", victim.email)
    assert who(client) == ""
    assert not SocialAccount.objects.exists()


def test_an_unverified_address_stays_unverified(client: Client, provider: str) -> None:
    known_there(provider, "s3", preferred_username="newton", email="n@example.org", email_verified=False)
    sign_in(client, provider, "s3")
    finish(client, "newton", "n@example.org")
    assert not EmailAddress.objects.get(email="n@example.org").verified


def test_a_member_connects_another_site_and_takes_it_away(client: Client, provider: str) -> None:
    member = make.user("ada", password=PASSWORD)
    known_there(provider, "s4", email="other@example.org", email_verified=True)
    client.post("/accounts/login/", {"login": "ada", "password": PASSWORD})
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    sign_in(client, provider, "s4", process="connect")
    account = SocialAccount.objects.get(user=member)
    assert "Connected accounts" in client.get("/settings/security").content.decode()
    other = Client()
    sign_in(other, provider, "s4")
    assert who(other) == "ada"
    client.post("/accounts/3rdparty/", {"account": account.pk})
    assert not SocialAccount.objects.exists()


def test_where_registration_is_closed_another_site_admits_nobody(
    client: Client, provider: str, settings: LazySettings
) -> None:
    settings.REGISTRATION = "closed"
    known_there(provider, "s5", preferred_username="eve", email="eve@example.org", email_verified=True)
    sign_in(client, provider, "s5")
    finish(client, "eve", "eve@example.org")
    assert not User.objects.filter(username="eve").exists()


def test_a_forged_answer_signs_nobody_in(client: Client, provider: str) -> None:
    answer = client.get("/accounts/oidc/openid/login/callback/?code=x&state=forged", follow=True)
    assert answer.status_code < 500
    assert who(client) == ""


def test_a_link_alone_begins_no_sign_in(client: Client) -> None:
    answer = client.get("/accounts/oidc/openid/login/")
    assert answer.status_code == 200
    assert "Continue" in answer.content.decode()


def test_pages_may_lead_to_the_other_site(provider: str) -> None:
    assert f"form-action 'self' {provider};" in content_security.policies()[0]


@pytest.mark.parametrize(
    ("wishes", "name"),
    [
        (("Ada Lovelace", ""), "Ada-Lovelace"),
        (("", "ada.l@example.org"), "ada-l"),
        (("settings", ""), "settings-2"),
        (("李雷", ""), ""),
        (("x" * 80, ""), "x" * 38),
    ],
)
def test_a_name_is_made_of_what_the_other_site_says(wishes: tuple[str, str], name: str) -> None:
    assert free_name_like(*wishes) == name


def test_sites_are_chosen_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = sign_in_providers.env._environment.ENVIRON
    for name in ("GITHUB", "GITLAB"):
        monkeypatch.setitem(environment, f"HUB_{name}_CLIENT_ID", "id")
        monkeypatch.setitem(environment, f"HUB_{name}_CLIENT_SECRET", "secret")
    monkeypatch.setitem(environment, "HUB_GITLAB_URL", "https://git.example.org/")
    found = sign_in_providers.configured()
    assert found.keys() == {"openid_connect", "github", "gitlab"}
    assert found["gitlab"]["APPS"][0]["settings"] == {"gitlab_url": "https://git.example.org"}
    assert {"https://github.com", "https://git.example.org"} <= set(sign_in_providers.origins())
