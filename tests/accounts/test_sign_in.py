"""Second factors, recovery codes, sessions, and changing the address."""

import re
import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.usersessions.models import UserSession
from django.conf import LazySettings
from django.core import mail
from django.test import Client

from accounts.models import User
from accounts.services import sessions
from accounts.web.security import device_of
from tests import make

PASSWORD = "correct horse battery staple"
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def user() -> User:
    return make.user("ada", password=PASSWORD)


def sign_in(client: Client, password: str = PASSWORD) -> Any:
    return client.post("/accounts/login/", {"login": "ada", "password": password})


def prove(client: Client) -> None:
    """Say the password again, as is asked before what could lock a member out."""
    assert client.post("/accounts/reauthenticate/", {"password": PASSWORD}).status_code == 302


def is_signed_in(client: Client) -> bool:
    return client.get("/settings/profile").status_code == 200


def code(secret: str, steps: int = 0) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))


def set_up_app(client: Client) -> tuple[str, list[str]]:
    """The secret, and the recovery codes that are shown once."""
    prove(client)
    form = client.get("/accounts/2fa/totp/activate/").content.decode()
    found = re.search(r'id="authenticator_secret"[^>]*value="(\w+)"|value="(\w+)"[^>]*id="authenticator_secret"', form)
    assert found
    secret = found[1] or found[2]
    answer = client.post("/accounts/2fa/totp/activate/", {"code": code(secret)}, follow=True)
    return secret, re.findall(r"^\d{8}$", re.sub(r"</?textarea[^>]*>", "\n", answer.content.decode()), re.MULTILINE)


def test_a_code_of_the_app_is_asked_for_after_the_password(user: User, client: Client) -> None:
    sign_in(client)
    secret, codes = set_up_app(client)
    assert len(codes) == 10
    other = Client()
    assert sign_in(other).headers["Location"].startswith("/accounts/2fa/authenticate/")
    assert not is_signed_in(other)
    other.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert not is_signed_in(other)
    other.post("/accounts/2fa/authenticate/", {"code": code(secret, steps=1)})
    assert is_signed_in(other)
    again = Client()
    sign_in(again)
    again.post("/accounts/2fa/authenticate/", {"code": code(secret, steps=1)})
    assert not is_signed_in(again)  # a code is good once


def test_the_second_step_names_recovery_codes_and_offers_no_key_to_who_has_none(user: User, client: Client) -> None:
    sign_in(client)
    set_up_app(client)
    other = Client()
    sign_in(other)
    page = other.get("/accounts/2fa/authenticate/").content.decode()
    assert "recovery codes" in page
    assert "security key" not in page


def test_the_apps_secret_is_not_readable_in_the_database(user: User, client: Client) -> None:
    sign_in(client)
    secret, codes = set_up_app(client)
    stored = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in stored
    assert codes[0] not in stored


def test_a_recovery_code_works_once_and_all_are_shown_once(user: User, client: Client) -> None:
    sign_in(client)
    _, codes = set_up_app(client)
    for entered in (True, False):
        other = Client()
        sign_in(other)
        other.post("/accounts/2fa/authenticate/", {"code": codes[0]})
        assert is_signed_in(other) == entered
    assert codes[1] not in client.get("/accounts/2fa/recovery-codes/", follow=True).content.decode()
    assert "9 codes are left" in client.get("/settings/security").content.decode()


@pytest.mark.parametrize(
    "address",
    ["/accounts/2fa/totp/activate/", "/accounts/2fa/webauthn/add/", "/accounts/email/", "/accounts/password/change/"],
)
def test_members_are_asked_again_before_what_could_lock_them_out(user: User, client: Client, address: str) -> None:
    client.force_login(user)
    if "email" in address:
        answer = client.post(address, {"email": "new@example.org", "action_add": ""})
    elif "password" in address:
        answer = client.post(address, {"oldpassword": "x", "password1": PASSWORD + "1", "password2": PASSWORD + "1"})
        assert answer.status_code == 200  # it asks for the old one itself
        return
    else:
        answer = client.get(address)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/accounts/reauthenticate/")


def test_turning_the_app_off_asks_for_a_fresh_proof_and_takes_the_codes_away(user: User, client: Client) -> None:
    sign_in(client)
    set_up_app(client)
    client.post("/accounts/2fa/totp/deactivate/")
    assert not Authenticator.objects.exists()


def test_staff_may_be_held_to_a_second_factor(client: Client, settings: LazySettings) -> None:
    make.user("ada", password=PASSWORD, is_admin=True)
    sign_in(client)
    assert client.get("/admin/").status_code == 200
    settings.STAFF_NEEDS_TWO_FACTORS = True
    answer = client.get("/admin/", follow=True)
    assert answer.request["PATH_INFO"] == "/settings/security"
    assert "The administration opens when" in answer.content.decode()
    set_up_app(client)
    assert client.get("/admin/").status_code == 200


def test_each_browser_is_listed_and_can_be_ended(user: User) -> None:
    here = Client(headers={"User-Agent": CHROME}, REMOTE_ADDR="192.0.2.1")
    there = Client(headers={"User-Agent": FIREFOX}, REMOTE_ADDR="2001:db8::7")
    for browser in (here, there):
        sign_in(browser)
    page = here.get("/settings/security").content.decode()
    for text in ("Chrome · Linux", "192.0.2.1", "Firefox · Windows", "2001:db8::7"):
        assert text in page
    assert page.count("this browser") == 1
    other = UserSession.objects.get(ip="2001:db8::7")
    here.post(f"/settings/sessions/{other.pk}/end")
    assert (is_signed_in(here), is_signed_in(there)) == (True, False)
    assert "Firefox" not in here.get("/settings/security").content.decode()


def test_nobody_ends_anothers_session(user: User, client: Client) -> None:
    sign_in(client)
    stranger = Client()
    stranger.force_login(make.user())
    stranger.post(f"/settings/sessions/{UserSession.objects.get().pk}/end")
    assert is_signed_in(client)


def test_all_others_are_ended_at_once(user: User) -> None:
    browsers = [Client(), Client(), Client()]
    for browser in browsers:
        sign_in(browser)
    browsers[0].post("/settings/sessions/end-others")
    assert [is_signed_in(browser) for browser in browsers] == [True, False, False]


def test_a_changed_password_ends_the_other_sessions_and_keeps_tokens(user: User) -> None:
    here, there = Client(), Client()
    value = make.token(user)
    for browser in (here, there):
        sign_in(browser)
    new = "a better passphrase than that"
    here.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert (is_signed_in(here), is_signed_in(there)) == (True, False)
    assert UserSession.objects.count() == 1
    assert here.get("/api/whoami-v2", headers=make.bearer(value)).status_code == 200
    assert any("password" in letter.subject.lower() for letter in mail.outbox)


def test_a_password_reset_by_letter_ends_every_session(user: User, client: Client) -> None:
    sign_in(client)
    stranger = Client()
    stranger.post("/accounts/password/reset/", {"email": user.email})
    address = re.search(r"http://testserver(\S+)", str(mail.outbox[-1].body))
    assert address
    form_address = stranger.get(address[1], follow=True).request["PATH_INFO"]
    stranger.post(form_address, {"password1": "another good passphrase", "password2": "another good passphrase"})
    assert not is_signed_in(client)
    assert not sessions.sessions_of(user)


def test_where_a_session_is_seen_is_noted_now_and_then(
    user: User, client: Client, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    sign_in(client)
    before = UserSession.objects.get()
    client.get("/settings/profile", REMOTE_ADDR="192.0.2.9")
    assert UserSession.objects.get().last_seen_at == before.last_seen_at
    later = time.time() + 600
    monkeypatch.setattr("accounts.authentication.time.time", lambda: later)
    client.get("/settings/profile", REMOTE_ADDR="192.0.2.9")
    after = UserSession.objects.get()
    assert after.last_seen_at > before.last_seen_at
    assert after.ip == "192.0.2.9"


def test_the_list_of_sessions_takes_as_many_queries_for_many(
    user: User, client: Client, django_assert_max_num_queries: Any
) -> None:
    for _ in range(8):
        sign_in(Client())
    with django_assert_max_num_queries(3):
        assert len(sessions.sessions_of(user)) == 8


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        (CHROME, "Chrome · Linux"),
        (FIREFOX, "Firefox · Windows"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1",
            "Safari · iPhone",
        ),
        ("curl/8.5", "curl/8.5"),
        ("", "unknown"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
    ],
)
def test_a_device_is_named_for_people(agent: str, said: str) -> None:
    assert device_of(agent) == said


def follow_letter(client: Client, to: str) -> Any:
    letter = next(letter for letter in reversed(mail.outbox) if letter.to == [to])
    address = re.search(r"http://testserver(/accounts/confirm-email/\S+)", str(letter.body))
    assert address
    return client.post(address[1])


def test_a_new_address_replaces_the_old_one_when_it_is_confirmed(user: User, client: Client) -> None:
    sign_in(client)
    prove(client)
    client.post("/accounts/email/", {"email": "new@example.org", "action_add": ""})
    user.refresh_from_db()
    assert user.email == "ada@example.org"
    assert "new@example.org" in client.get("/accounts/email/").content.decode()
    follow_letter(client, "new@example.org")
    user.refresh_from_db()
    assert user.email == "new@example.org"
    assert [row.email for row in user.emailaddress_set.all()] == ["new@example.org"]
    assert [letter.to for letter in mail.outbox][-1] == ["ada@example.org"]  # the old one hears of it


def test_an_address_that_another_has_confirmed_cannot_be_taken(user: User, client: Client) -> None:
    other = make.user()
    sign_in(client)
    prove(client)
    client.post("/accounts/email/", {"email": other.email, "action_add": ""})
    user.refresh_from_db()
    assert user.email == "ada@example.org"
    other.refresh_from_db()
    assert other.email == f"{other.username}@example.org"


def test_an_address_that_somebody_else_wrote_down_meanwhile_is_told_apart(user: User, client: Client) -> None:
    sign_in(client)
    prove(client)
    client.post("/accounts/email/", {"email": "new@example.org", "action_add": ""})
    User.objects.filter(pk=make.user().pk).update(email="new@example.org")  # signed up with it, and never confirmed it
    answer = follow_letter(client, "new@example.org")
    assert answer.status_code < 500


def test_addresses_are_not_tried_out_by_the_dozen(user: User, client: Client) -> None:
    sign_in(client)
    prove(client)
    answers = [
        client.post("/accounts/email/", {"email": f"a{number}@example.org", "action_add": ""}).status_code
        for number in range(12)
    ]
    assert answers[-1] == 429


def limits_told(answer: Any) -> tuple[int, str, str]:
    return answer.status_code, answer["Retry-After"], answer["RateLimit"]


def test_who_guesses_passwords_is_told_when_to_come_back(user: User, client: Client) -> None:
    answers = [sign_in(client, f"guess {number}") for number in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert limits_told(answers[-1]) == (429, "300", '"login_failed";r=0;t=300')
    assert answers[-1]["RateLimit-Policy"] == '"fixed window";"login_failed";q=5;w=300'
    assert "5 minutes" in answers[-1].content.decode()


def test_who_guesses_codes_is_told_too(user: User, client: Client) -> None:
    sign_in(client)
    set_up_app(client)
    client.post("/accounts/logout/")
    sign_in(client)
    answers = [client.post("/accounts/2fa/authenticate/", {"code": "000000"}) for _ in range(6)]
    assert limits_told(answers[-1]) == (429, "300", '"login_failed";r=0;t=300')


@pytest.mark.parametrize(
    ("address", "form", "told"),
    [
        ("/accounts/password/reset/", {"email": "ada@example.org"}, '"reset_password";r=0;t=60'),
        ("/accounts/signup/", {"username": "x"}, '"signup";r=0;t=60'),
        ("/accounts/2fa/webauthn/login/", {"credential": "{}"}, '"login";r=0;t=60'),
    ],
)
def test_what_strangers_ask_of_accounts_is_limited(
    user: User, client: Client, address: str, form: dict[str, str], told: str
) -> None:
    answers = [client.post(address, form) for _ in range(31)]
    assert limits_told(answers[-1]) == (429, "60", told)
