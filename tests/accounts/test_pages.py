"""Signing in and out, settings and access tokens in the browser."""

import re

import pytest
from django.conf import LazySettings
from django.core import mail
from django.test import Client

from accounts.authentication import actor_from_token
from accounts.models import AccessToken, Namespace, TokenRole, User
from tests import make

PASSWORD = "correct horse battery staple"


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def signed_in(client: Client) -> User:
    user = make.user()
    client.force_login(user)
    return user


def test_signing_up_makes_the_account_and_its_namespace(client: Client) -> None:
    form = {"email": "new@example.org", "username": "new-comer", "password1": PASSWORD, "password2": PASSWORD}
    assert client.post("/accounts/signup/", form).status_code == 302
    assert Namespace.objects.get(key="new-comer").user == User.objects.get(username="new-comer")
    assert "new-comer" in page(client, "/")


@pytest.mark.parametrize("name", ["settings", "API", "a b", "-x", "taken", "Taken", "x" * 43, "a..b"])
def test_a_name_that_cannot_be_an_address_is_refused(client: Client, name: str) -> None:
    make.user("taken")
    form = {"email": "new@example.org", "username": name, "password1": PASSWORD, "password2": PASSWORD}
    assert client.post("/accounts/signup/", form).status_code == 200
    assert not User.objects.filter(email="new@example.org").exists()


def test_one_signs_in_by_name_or_address_and_out_by_a_button(client: Client) -> None:
    user = make.user(password=PASSWORD)
    for login in (user.username, user.email):
        assert client.post("/accounts/login/", {"login": login, "password": PASSWORD}).status_code == 302
        assert user.username in page(client, "/settings/profile")
        assert "Sign out" in page(client, "/accounts/logout/")  # a link alone signs nobody out
        client.post("/accounts/logout/")
        assert client.get("/settings/profile").status_code == 302


def test_the_first_token_is_given_to_this_hub_and_no_other(client: Client, settings: LazySettings) -> None:
    signed_in(client)
    settings.BASE_URL = "https://hub.example.org"
    assert "export HF_ENDPOINT=https://hub.example.org\nhf auth login" in page(client, "/settings/tokens")


def test_a_wrong_password_and_an_unknown_name_look_alike(client: Client) -> None:
    user = make.user(password=PASSWORD)

    def answer(login: str) -> str:
        text = client.post("/accounts/login/", {"login": login, "password": "wrong wrong wrong"}).content.decode()
        return re.sub(r'value="[^"]*"|<code>\w{32}</code>', "", text)

    assert answer(user.username) == answer("nobody-of-this-name")


def test_guessing_passwords_is_slowed_down(client: Client) -> None:
    user = make.user(password=PASSWORD)
    for _ in range(12):
        client.post("/accounts/login/", {"login": user.username, "password": "wrong wrong wrong"})
    answer = client.post("/accounts/login/", {"login": user.username, "password": PASSWORD})
    assert answer.status_code in {200, 429}
    assert client.get("/settings/profile").status_code == 302


def test_a_password_is_reset_by_mail(client: Client) -> None:
    user = make.user(password=PASSWORD)
    client.post("/accounts/password/reset/", {"email": user.email})
    address = re.search(r"http://testserver(\S+)", str(mail.outbox[0].body))
    assert address
    form_address = client.get(address[1], follow=True).request["PATH_INFO"]
    client.post(form_address, {"password1": "another good passphrase", "password2": "another good passphrase"})
    user.refresh_from_db()
    assert user.check_password("another good passphrase")


def test_asking_to_reset_an_unknown_address_answers_the_same(client: Client) -> None:
    user = make.user(password=PASSWORD)
    known = client.post("/accounts/password/reset/", {"email": user.email})
    unknown = client.post("/accounts/password/reset/", {"email": "nobody@example.org"})
    assert known.status_code == unknown.status_code
    assert known.headers["Location"] == unknown.headers["Location"]


def test_a_token_is_shown_once_works_and_is_listed_by_its_prefix(client: Client) -> None:
    user = signed_in(client)
    answer = client.post("/settings/tokens", {"name": "laptop", "role": "write", "days": ""})
    shown = re.findall(r"hf_\w{30,}", answer.content.decode())
    assert shown
    assert "no-store" in answer.headers["Cache-Control"]
    assert actor_from_token(shown[0]).user == user
    listed = page(client, "/settings/tokens")
    assert shown[0] not in listed
    assert shown[0][:7] in listed


def test_a_revoked_token_is_gone_from_the_list(client: Client) -> None:
    user = signed_in(client)
    token = make.token_row(make.token(user))
    client.post(f"/settings/tokens/{token.pk}/revoke")
    token.refresh_from_db()
    assert token.revoked_at
    assert token.prefix not in page(client, "/settings/tokens")


def test_nobody_revokes_anothers_token(client: Client) -> None:
    token = make.token_row(make.token(make.user()))
    signed_in(client)
    assert client.post(f"/settings/tokens/{token.pk}/revoke").status_code == 404
    token.refresh_from_db()
    assert token.revoked_at is None


def test_a_fine_grained_token_names_what_it_opens(client: Client) -> None:
    user = signed_in(client)
    repository = make.repository(user)
    form = {"name": "ci", "role": "fine-grained", "action": "write", "repository": repository.full_name}
    client.post("/settings/tokens", form)
    token = AccessToken.objects.get(user=user)
    assert token.role == TokenRole.FINE_GRAINED
    assert token.scopes == [{"action": "write", "repository": repository.pk}]
    assert repository.full_name in page(client, "/settings/tokens")


@pytest.mark.parametrize("names", ["", "nobody/nothing", "not-a-name"])
def test_a_fine_grained_token_that_opens_nothing_is_not_made(client: Client, names: str) -> None:
    user = signed_in(client)
    client.post("/settings/tokens", {"name": "ci", "role": "fine-grained", "action": "read", "repository": names})
    assert not AccessToken.objects.filter(user=user).exists()


def test_a_token_for_anothers_private_repository_cannot_be_made(client: Client) -> None:
    private = make.repository(private=True)
    user = signed_in(client)
    form = {"name": "ci", "role": "fine-grained", "action": "read", "repository": private.full_name}
    assert "or you may not see it" in client.post("/settings/tokens", form).content.decode()
    assert not AccessToken.objects.filter(user=user).exists()


@pytest.mark.parametrize("address", ["/settings/profile", "/settings/tokens", "/new"])
def test_settings_ask_visitors_to_sign_in(client: Client, address: str) -> None:
    assert client.get(address).headers["Location"] == f"/accounts/login/?next={address}"


@pytest.mark.parametrize(
    "address",
    ["/accounts/email/", "/accounts/password/change/", "/settings/security", "/settings/profile", "/settings/tokens"],
)
def test_every_page_of_settings_has_our_frame(client: Client, address: str) -> None:
    user = make.user(password=PASSWORD)
    client.post("/accounts/login/", {"login": user.username, "password": PASSWORD})
    text = page(client, address)
    assert 'class="site-header"' in text
    assert 'class="side-nav"' in text


def test_language_and_theme_are_kept_in_cookies_and_lead_back(client: Client) -> None:
    answer = client.post("/preferences", {"theme": "dark", "next": "/models?q=a"})
    assert answer.headers["Location"] == "/models?q=a"
    assert 'data-bs-theme="dark"' in page(client, "/")
    client.post("/preferences", {"language": "zh-hans"})
    assert '<html lang="zh-hans"' in page(client, "/")
    assert client.post("/preferences", {"theme": "auto", "next": "https://evil.example"}).headers["Location"] == "/"
    assert "data-bs-theme" not in page(client, "/")


def test_pages_may_load_nothing_but_our_own_files(client: Client) -> None:
    policy = client.get("/").headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert not re.search(r"<script(?![^>]*src=)|\sstyle=|\son\w+=", page(client, "/"))
