"""Gated repositories: asking, letting in, refusing."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from accounts.models import AuditEntry, User
from models_registry.models import AccessRequest, Repository
from tests import make
from tests.models_registry.hf_api.conftest import Api

PATH = "/api/models/ada/net/user-access-request"


@pytest.fixture
def owner() -> User:
    return make.user("ada")


@pytest.fixture
def gated(owner: User) -> Repository:
    return make.repository(owner, "net", gated="manual")


def listed(api: Api, status: str, token: str) -> list[dict[str, Any]]:
    answer = api("GET", f"{PATH}/{status}", token=token)
    assert answer.status_code == 200, answer.content
    return answer.json()


def handle(api: Api, token: str, **body: str) -> int:
    return api("POST", f"{PATH}/handle", body, token).status_code


def test_who_asks_waits_until_the_owners_say_yes(api: Api, owner: User, gated: Repository) -> None:
    bob, key = make.user("bob", full_name="Bob"), make.token(owner)
    token = make.token(bob)
    assert api("POST", "/ada/net/ask-access", token=token).json() == {"status": "pending"}
    assert api("POST", "/ada/net/ask-access", token=token).json() == {"status": "pending"}
    (asked,) = listed(api, "pending", key)
    assert asked["user"]["user"] == "bob"
    assert (asked["user"]["fullname"], asked["user"]["email"]) == ("Bob", "bob@example.org")
    assert asked["status"] == "pending"
    assert asked["timestamp"].endswith("Z")
    assert api("GET", "/ada/net/resolve/main/.gitattributes", token=token).status_code == 403
    assert handle(api, key, requestId=asked["requestId"], status="accepted") == 200
    assert api("GET", "/ada/net/resolve/main/.gitattributes", token=token).status_code == 200
    assert (len(listed(api, "pending", key)), len(listed(api, "accepted", key))) == (0, 1)
    actions = AuditEntry.objects.filter(action__startswith="access.").order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["access.asked", "access.accepted"]


@pytest.mark.parametrize("status", ["accepted", "rejected", "pending"])
def test_saying_the_same_twice_fails(api: Api, owner: User, gated: Repository, status: str) -> None:
    gated.access_requests.create(user=make.user("bob"), status="pending" if status != "pending" else "accepted")
    key = make.token(owner)
    assert handle(api, key, user="bob", status=status) == 200
    assert handle(api, key, user="bob", status=status) == 404


def test_a_rejection_gives_its_reason(api: Api, owner: User, gated: Repository) -> None:
    bob, key = make.user("bob"), make.token(owner)
    gated.access_requests.create(user=bob)
    assert handle(api, key, user="BOB", status="rejected", rejectionReason="Say who you are.") == 200
    assert listed(api, "rejected", key)[0]["rejectionReason"] == "Say who you are."
    assert handle(api, key, user="bob", status="accepted", rejectionReason="no") == 400
    assert handle(api, key, user="bob", status="pending") == 200
    assert gated.access_requests.get().rejection_reason == ""


def test_an_automatic_gate_opens_at_once(api: Api, gated: Repository) -> None:
    Repository.objects.update(gated="auto")
    token = make.token(make.user())
    assert api("POST", "/ada/net/ask-access", token=token).json() == {"status": "accepted"}
    assert api("GET", "/ada/net/resolve/main/.gitattributes", token=token).status_code == 200


def test_a_grant_lets_in_unasked_and_tells_no_address(api: Api, owner: User, gated: Repository) -> None:
    bob, key = make.user("bob"), make.token(owner)
    answer = api("POST", f"{PATH}/grant", {"user": "bob"}, key)
    assert (answer.status_code, answer.json()["status"]) == (200, "accepted")
    assert listed(api, "accepted", key)[0]["user"]["email"] is None
    assert api("POST", f"{PATH}/grant", {"user": "bob"}, key).status_code == 400
    assert api("POST", f"{PATH}/grant", {"user": "nobody"}, key).status_code == 404
    assert api("GET", "/ada/net/resolve/main/.gitattributes", token=make.token(bob)).status_code == 200


def test_a_grant_answers_who_has_asked(api: Api, owner: User, gated: Repository) -> None:
    gated.access_requests.create(user=make.user("bob"), status="rejected")
    assert api("POST", f"{PATH}/grant", {"user": "bob"}, make.token(owner)).status_code == 200
    assert listed(api, "accepted", make.token(owner))[0]["user"]["email"] == "bob@example.org"


CALLS = [("GET", f"{PATH}/pending", None), ("POST", f"{PATH}/handle", {"user": "bob", "status": "accepted"}),
         ("POST", f"{PATH}/grant", {"user": "bob"})]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
def test_only_who_may_write_sees_and_decides(
    api: Api, owner: User, gated: Repository, method: str, path: str, body: Any
) -> None:
    gated.access_requests.create(user=make.user("bob"))
    assert api(method, path, body, make.token(make.user())).status_code == 403
    assert api(method, path, body, make.token(owner, "read")).status_code == 403
    assert api(method, path, body).status_code == 401
    Repository.objects.update(private=True)
    answer = api(method, path, body, make.token(make.user()))
    assert (answer.status_code, answer["X-Error-Code"]) == (404, "RepoNotFound")


@pytest.mark.parametrize(("method", "path", "body"), [*CALLS, ("POST", "/ada/net/ask-access", None)])
def test_without_a_gate_there_is_nothing_to_ask(api: Api, owner: User, method: str, path: str, body: Any) -> None:
    make.repository(owner, "net")
    make.user("bob")
    assert api(method, path, body, make.token(owner)).status_code == 400


@pytest.mark.parametrize(
    ("body", "status"),
    [({}, 400), ({"user": "bob"}, 400), ({"user": "bob", "requestId": "1", "status": "accepted"}, 400),
     ({"user": 1, "status": "accepted"}, 400), ({"user": "nobody", "status": "accepted"}, 404),
     ({"user": "carol", "status": "accepted"}, 404), ({"requestId": "999999", "status": "accepted"}, 404),
     ({"requestId": "x", "status": "accepted"}, 404), ({"user": "bob", "status": "perhaps"}, 400),
     ({"user": "bob", "status": "rejected", "rejectionReason": "x" * 501}, 400)],
)  # fmt: skip
def test_a_decision_that_means_nothing_is_refused(
    api: Api, owner: User, gated: Repository, body: dict[str, Any], status: int
) -> None:
    gated.access_requests.create(user=make.user("bob"))
    make.user("carol")
    assert api("POST", f"{PATH}/handle", body, make.token(owner)).status_code == status


def test_lists_come_in_pages(api: Api, owner: User, gated: Repository) -> None:
    AccessRequest.objects.bulk_create(AccessRequest(repository=gated, user=make.user()) for _ in range(5))
    found, path = [], f"{PATH}/pending?limit=2"
    while path:
        answer = api("GET", path, token=make.token(owner))
        found += [item["requestId"] for item in answer.json()]
        path = answer.headers.get("Link", "").partition(">")[0].removeprefix("<http://testserver")
    assert len(set(found)) == len(found) == 5
    assert api("GET", f"{PATH}/nosuch", token=make.token(owner)).status_code == 404


def test_owners_need_not_ask(api: Api, owner: User, gated: Repository) -> None:
    assert api("POST", "/ada/net/ask-access", token=make.token(owner)).status_code == 400
    assert api("POST", "/ada/net/ask-access").status_code == 401
    assert api("POST", "/ada/nosuch/ask-access", token=make.token(owner))["X-Error-Code"] == "RepoNotFound"


def test_the_page_has_a_button_and_then_says_how_it_stands(client: Client, gated: Repository) -> None:
    def shown() -> str:
        return client.get("/ada/net").content.decode()

    assert "Sign in to ask for access" in shown()
    client.force_login(make.user("bob"))
    assert 'action="/ada/net/access#gate"' in shown()
    answer = client.post("/ada/net/ask-access")
    assert (answer.status_code, answer["Location"]) == (302, "/ada/net")
    assert "You have asked for access" in shown()
    gated.access_requests.update(status="rejected", rejection_reason="Say who you are.")
    assert "Say who you are." in shown()
    gated.access_requests.update(status="accepted")
    assert 'id="gate"' not in shown()


def test_the_button_needs_its_page(gated: Repository) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(make.user("bob"))
    assert browser.post("/ada/net/ask-access").status_code == 403
    assert not gated.access_requests.exists()


def test_an_address_that_nobody_confirmed_is_not_shown(api: Api, owner: User, gated: Repository) -> None:
    """It may be that of somebody whom the owners trust."""
    bob = make.user("bob")
    EmailAddress.objects.filter(user=bob).update(verified=False)
    api("POST", "/ada/net/ask-access", token=make.token(bob))
    assert [asked["user"]["email"] for asked in listed(api, "pending", make.token(owner))] == [None]
