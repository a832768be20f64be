"""Renaming a repository and giving it away, in the browser."""

import pytest
from django.test import Client

from accounts.models import User
from tests import make


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_a_repository_is_renamed_and_given_to_an_organisation() -> None:
    ada = make.user("ada")
    make.organization("lab", contributor=ada)
    net = make.repository(ada, "net")
    client = signed_in(ada)
    assert b'href="/ada/net/settings/transfer"' in client.get("/ada/net/settings").content
    page = client.get("/ada/net/settings/transfer").content.decode()
    assert 'value="lab"' in page
    answer = client.post("/ada/net/settings/transfer", {"namespace": "lab", "name": "better"})
    assert answer["Location"] == "/lab/better"
    assert client.get("/ada/net")["Location"] == "/lab/better"
    net.refresh_from_db()
    assert net.full_key == "lab/better"


def test_it_cannot_be_given_to_whom_one_has_no_right_over() -> None:
    ada, bob = make.user("ada"), make.user("bob")
    make.organization("lab", read=ada, admin=bob)
    make.repository(ada, "net")
    client = signed_in(ada)
    page = client.get("/ada/net/settings/transfer").content.decode()
    assert "cannot be given to anybody" in page
    for owner in ("bob", "lab", "nobody"):
        assert f'value="{owner}"' not in page
        answer = client.post("/ada/net/settings/transfer", {"namespace": owner, "name": "net"})
        assert answer.status_code == 200
        assert b'class="errors"' in answer.content
    assert client.get("/ada/net").status_code == 200


def test_a_taken_name_is_refused() -> None:
    ada = make.user("ada")
    make.repository(ada, "net")
    make.repository(ada, "other")
    answer = signed_in(ada).post("/ada/net/settings/transfer", {"namespace": "ada", "name": "other"})
    assert b"already exists" in answer.content


@pytest.mark.parametrize("role", ["read", "write"])
def test_only_who_administers_it_moves_it(role: str) -> None:
    ada, bob = make.user("ada"), make.user("bob")
    make.organization("lab", admin=ada, **{role: bob})
    make.repository(ada, "net", namespace="lab")
    make.repository(ada, "secret", private=True)
    client = signed_in(bob)
    form = {"namespace": "bob", "name": "mine"}
    assert client.get("/lab/net/settings/transfer").status_code == 403
    assert client.post("/lab/net/settings/transfer", form).status_code == 403
    assert client.post("/ada/secret/settings/transfer", form).status_code == 404
    assert Client().get("/lab/net/settings/transfer").status_code == 302
