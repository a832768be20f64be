"""Signing a program in by a browser that is elsewhere (RFC 8628)."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AccessToken, AuditEntry, DeviceLogin, RefreshToken, User
from tests import make

GRANT = "urn:ietf:params:oauth:grant-type:device_code"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
CLIENT = "26be6b09-91c5-47da-9861-d2d2bb7a7e36"


def send(client: Client, path: str, **form: str) -> Any:
    return client.post(path, urlencode(form), content_type="application/x-www-form-urlencoded")


def begin(client: Client) -> dict[str, Any]:
    answer = send(client, "/oauth/device", client_id=CLIENT)
    assert answer.status_code == 200, answer.content
    return answer.json()


def collect(client: Client, device_code: str) -> tuple[int, dict[str, Any]]:
    answer = send(client, "/oauth/token", grant_type=GRANT, device_code=device_code, client_id=CLIENT)
    return answer.status_code, answer.json()


def refresh(client: Client, refresh_token: str) -> tuple[int, dict[str, Any]]:
    answer = send(client, "/oauth/token", grant_type="refresh_token", refresh_token=refresh_token, client_id=CLIENT)
    return answer.status_code, answer.json()


def answer(member: Client, user_code: str, word: str = "yes", role: str = "write") -> Any:
    return member.post("/login/device", {"user_code": user_code, "answer": word, "role": role})


@pytest.fixture
def program() -> Client:
    return Client()


@pytest.fixture
def user() -> User:
    return make.user("ada")


@pytest.fixture
def member(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


def whoami(program: Client, token: str) -> Any:
    return program.get("/api/whoami-v2", headers=make.bearer(token))


def test_a_program_waits_until_the_member_says_yes(program: Client, member: Client) -> None:
    codes = begin(program)
    assert codes["verification_uri_complete"] == f"http://testserver/login/device?user_code={codes['user_code']}"
    assert collect(program, codes["device_code"]) == (
        400, {"error": "authorization_pending", "error_description": "The member has not answered yet."}
    )  # fmt: skip
    page = member.get(codes["verification_uri_complete"]).content.decode()
    assert "huggingface_hub" in page
    assert codes["user_code"] in page
    assert DeviceLogin.objects.get().state == "pending"  # looking is no answer
    assert "Done" in answer(member, codes["user_code"].lower().replace("-", " ")).content.decode()
    status, tokens = collect(program, codes["device_code"])
    assert (status, tokens["token_type"], tokens["expires_in"]) == (200, "bearer", 30 * 24 * 3600)
    me = whoami(program, tokens["access_token"]).json()
    assert (me["name"], me["auth"]["accessToken"]["role"]) == ("ada", "write")
    assert collect(program, codes["device_code"])[1]["error"] == "invalid_grant"  # once
    actions = AuditEntry.objects.order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["device_login.approved", "token.created"]


def test_only_digests_are_stored(program: Client, member: Client) -> None:
    codes = begin(program)
    answer(member, codes["user_code"])
    tokens = collect(program, codes["device_code"])[1]
    rows = [*DeviceLogin.objects.values(), *RefreshToken.objects.values(), *AccessToken.objects.values()]
    for secret in (codes["device_code"], codes["user_code"].replace("-", ""), *map(str, tokens.values())):
        assert not [row for row in rows if secret in row.values()]


def test_a_member_may_give_reading_alone(program: Client, member: Client) -> None:
    codes = begin(program)
    answer(member, codes["user_code"], role="read")
    tokens = collect(program, codes["device_code"])[1]
    assert AccessToken.objects.get().role == "read"
    assert AccessToken.objects.get().expires_at is not None
    assert refresh(program, tokens["refresh_token"])[0] == 200
    assert set(AccessToken.objects.values_list("role", flat=True)) == {"read"}


def test_no_is_no(program: Client, member: Client) -> None:
    codes = begin(program)
    assert "was told no" in answer(member, codes["user_code"], "no").content.decode()
    assert collect(program, codes["device_code"])[1]["error"] == "access_denied"
    assert answer(member, codes["user_code"]).status_code == 404
    assert not AccessToken.objects.exists()


def test_a_program_that_asks_too_often_is_slowed_down(program: Client) -> None:
    code = begin(program)["device_code"]
    assert [collect(program, code)[1]["error"] for _ in range(3)] == ["authorization_pending", "slow_down", "slow_down"]
    assert DeviceLogin.objects.get().interval == 15
    DeviceLogin.objects.update(polled_at=timezone.now() - timedelta(seconds=15))
    assert collect(program, code)[1]["error"] == "authorization_pending"


def test_codes_expire(program: Client, member: Client) -> None:
    codes = begin(program)
    DeviceLogin.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert collect(program, codes["device_code"])[1]["error"] == "expired_token"
    assert answer(member, codes["user_code"]).status_code == 404
    DeviceLogin.objects.update(expires_at=timezone.now() - timedelta(days=1))
    begin(program)
    assert DeviceLogin.objects.count() == 1


def tokens_of(program: Client, member: Client) -> dict[str, str]:
    codes = begin(program)
    answer(member, codes["user_code"])
    return collect(program, codes["device_code"])[1]


def test_a_refresh_token_is_changed_for_the_next_tokens(program: Client, member: Client) -> None:
    first = tokens_of(program, member)
    status, second = refresh(program, first["refresh_token"])
    assert status == 200
    assert whoami(program, second["access_token"]).json()["name"] == "ada"
    assert whoami(program, first["access_token"]).status_code == 200  # until it ends by itself
    assert refresh(program, first["refresh_token"])[0] == 200  # the answer may have been lost
    RefreshToken.objects.update(spent_at=timezone.now() - timedelta(minutes=2))
    assert refresh(program, first["refresh_token"])[1]["error"] == "invalid_grant"


def test_a_spent_refresh_token_that_is_shown_again_ends_the_whole_family(
    program: Client, member: Client, user: User
) -> None:
    first, other = tokens_of(program, member), tokens_of(program, member)
    second = refresh(program, first["refresh_token"])[1]
    third = refresh(program, second["refresh_token"])[1]
    RefreshToken.objects.exclude(spent_at=None).update(spent_at=timezone.now() - timedelta(minutes=2))
    assert refresh(program, first["refresh_token"])[1]["error"] == "invalid_grant"
    assert refresh(program, third["refresh_token"])[1]["error"] == "invalid_grant"
    opened = [whoami(program, tokens["access_token"]).status_code for tokens in (first, second, third, other)]
    assert opened == [401, 401, 401, 200]
    assert AuditEntry.objects.filter(action="token.revoked").count() == 3


@pytest.mark.parametrize("event", ["revoked", "expired", "unknown", "left"])
def test_a_refresh_token_dies(program: Client, member: Client, user: User, event: str) -> None:
    token = tokens_of(program, member)["refresh_token"]
    if event == "revoked":
        member.post(f"/settings/tokens/{AccessToken.objects.get().pk}/revoke")
    elif event == "expired":
        RefreshToken.objects.update(expires_at=timezone.now())
    elif event == "left":
        User.objects.update(is_active=False)
    status, refusal = refresh(program, "x" if event == "unknown" else token)
    assert (status, refusal["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("path", "body", "status", "error"),
    [
        ("/oauth/device", {}, 400, "invalid_client"),
        ("/oauth/device", {"client_id": "other"}, 400, "invalid_client"),
        ("/oauth/token", {}, 400, "unsupported_grant_type"),
        ("/oauth/token", {"grant_type": "password"}, 400, "unsupported_grant_type"),
        ("/oauth/token", {"grant_type": "refresh_token", "client_id": CLIENT}, 400, "invalid_grant"),
        ("/oauth/token", {"grant_type": "refresh_token", "refresh_token": "x"}, 400, "invalid_client"),
        ("/oauth/token", {"grant_type": GRANT, "client_id": CLIENT}, 400, "invalid_grant"),
        ("/oauth/token", {"grant_type": EXCHANGE}, 501, "This hub exchanges no tokens of others."),
    ],
)
def test_what_means_nothing_is_refused(
    program: Client, path: str, body: dict[str, str], status: int, error: str
) -> None:
    answer = send(program, path, **body)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_the_page_wants_somebody_signed_in_and_a_code(program: Client, member: Client) -> None:
    assert program.get("/login/device?user_code=BCDF-GHJK").status_code == 302
    assert member.get("/login/device").status_code == 200
    assert member.get("/login/device?user_code=BCDF-GHJK").status_code == 404
    assert member.post("/login/device", {"user_code": ""}).status_code == 200
    assert Client(enforce_csrf_checks=True).post("/login/device", {"user_code": "x"}).status_code in {302, 403}


def test_codes_cannot_be_guessed(program: Client, member: Client) -> None:
    code = begin(program)["user_code"]
    statuses = {member.get("/login/device?user_code=BCDF-GHJK").status_code for _ in range(25)}
    assert statuses == {404, 429}
    assert answer(member, code).status_code == 429


def test_one_address_keeps_nobody_else_from_signing_in(program: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.services.device_logins.MOST_BEGUN", 3, raising=False)
    for _ in range(3):
        begin(program)
    refused = send(program, "/oauth/device", client_id=CLIENT)
    assert refused.status_code == 429
    assert DeviceLogin.objects.count() == 3
    begin(Client(REMOTE_ADDR="192.0.2.7"))
