"""No other site changes anything in a member's name: every address refuses what comes with the session alone."""

import re
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver

from tests import make
from tests.hub.test_rate_limits import patterns

SITE = [address for address, _view in patterns(get_resolver().url_patterns)]
BY_TYPE = {"int": "1", "uuid": "00000000-0000-4000-8000-000000000000", "mark": "read", "action": "commit"}
FILLED = {
    "plural": "models", "kind": "models", "namespace": "ada", "name": "net", "number": "1", "rest": "main", "path": "x.png",
    "app_label": "accounts", "url": "x", "content_type_id": "1", "uidb36": "1",
}  # fmt: skip
# What answers otherwise: nothing happens there in the name of a session.
IN_NO_NAME = {
    "api/<path:rest>",  # there is no such address
    "notifications/unsubscribe/<str:token>",  # for mail programs: the link itself is the proof
}
BY_TOKEN = ("git-upload-pack", "git-receive-pack", "info/refs")
NOT_OFFERED, ONLY_READ = 501, 405


def filled(address: str) -> str:
    """With something for each of its parts."""
    address = re.sub(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)", lambda part: FILLED.get(part[1], "x"), address)
    address = re.sub(r"<(?:(\w+):)?(\w+)>", lambda part: FILLED.get(part[2]) or BY_TYPE.get(part[1], "x"), address)
    return "/" + re.sub(r"[\^$]|\\Z", "", address)


@pytest.fixture
def her_browser() -> Client:
    """Ada's, who owns the model that the addresses name."""
    ada = make.user("ada")
    make.commit(make.repository(ada, "net"), {"README.md": "# Net"})
    signed_in = Client(enforce_csrf_checks=True)
    signed_in.force_login(ada)
    return signed_in


def written(queries: CaptureQueriesContext) -> Iterator[str]:
    for query in queries:
        if re.match(r"INSERT|UPDATE|DELETE", query["sql"]) and "session" not in query["sql"]:
            yield query["sql"]


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_forged_request_is_refused_at_every_address_and_writes_nothing(her_browser: Client, method: str) -> None:
    taken = set()
    for address in SITE:
        with CaptureQueriesContext(connection) as queries:
            form = "title=x&comment=x&reason=x&name=ada/net"
            answer = her_browser.generic(
                method, filled(address), form, content_type="application/x-www-form-urlencoded"
            )
        assert list(written(queries)) == [], address
        if answer.status_code not in {403, NOT_OFFERED, ONLY_READ}:
            taken.add(address)
    assert {address for address in taken if not address.endswith(BY_TOKEN)} <= IN_NO_NAME
