"""Organisations as programs manage them."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Actor, Invitation, Organization, Role, TokenRole, User, Verified
from accounts.services import invitations, organizations
from tests import make


def call(method: str, path: str, body: Any = None, *, user: User | None = None, role: str = "write") -> Any:
    scopes = [{"action": "write", "namespace": user.namespace.pk}] if user and role == "fine-grained" else None
    headers = make.bearer(make.token(user, role, scopes=scopes)) if user else {}
    text = "" if body is None else json.dumps(body)
    return Client().generic(method, path, text, content_type="application/json", headers=headers)


def test_an_organisation_is_founded_set_up_renamed_and_deleted() -> None:
    ada = make.user("ada")
    body = {"name": "lab", "fullname": "The Lab", "about": "We measure.", "privateByDefault": True}
    assert call("POST", "/api/organizations", body).status_code == 401
    assert call("POST", "/api/organizations", body, user=ada, role="read").status_code == 403
    assert call("POST", "/api/organizations", body, user=ada, role="fine-grained").status_code == 403
    assert call("POST", "/api/organizations", body, user=ada).json()["fullname"] == "The Lab"
    assert call("POST", "/api/organizations", body, user=ada).status_code == 409
    assert call("POST", "/api/organizations", {"name": "admin"}, user=ada).status_code == 422
    settings = {"website": "https://lab.example", "defaultRole": "write", "privateByDefault": False}
    assert call("PATCH", "/api/organizations/lab", settings, user=ada).status_code == 200
    lab = Organization.objects.get()
    assert (lab.default_role, lab.private_by_default, lab.namespace.profile.about) == (30, False, "We measure.")
    assert call("POST", "/api/organizations/lab/name", {"name": "new-lab"}, user=ada).json()["name"] == "new-lab"
    assert call("DELETE", "/api/organizations/new-lab", {"name": "lab"}, user=ada).status_code == 400
    assert call("DELETE", "/api/organizations/new-lab", {"name": "new-lab"}, user=ada).status_code == 200
    assert not Organization.objects.exists()


def test_a_member_is_invited_accepts_and_is_given_a_role_and_removed() -> None:
    ada, bob = make.user("ada"), make.user("bob")
    lab = make.organization("lab", admin=ada)
    path = "/api/organizations/lab/invitations"
    made = call("POST", path, {"user": "bob", "role": "contributor"}, user=ada).json()
    assert (made["user"], made["email"], made["role"], made["invitedBy"]) == ("bob", None, "contributor", "ada")
    assert call("POST", path, {"email": "x@example.net"}, user=ada).json()["role"] == "read"
    assert [row["email"] for row in call("GET", path, user=ada).json()] == ["x@example.net", None]
    assert call("GET", path, user=bob).status_code == 403
    mine = f"/api/settings/invitations/{made['id']}"
    assert [row["organization"] for row in call("GET", "/api/settings/invitations", user=bob).json()] == ["lab"]
    assert call("POST", mine, {"accept": True}, user=ada).status_code == 404
    assert call("POST", mine, {"accept": True}, user=bob).status_code == 200
    assert lab.namespace.role_of(bob) == Role.CONTRIBUTOR
    member = "/api/organizations/lab/members/bob"
    assert call("PUT", member, {"role": "write"}, user=ada).json() == {"user": "bob", "role": "write"}
    assert call("PUT", member, {"role": "admin"}, user=bob).status_code == 403
    assert call("PUT", "/api/organizations/lab/members/ada", {"role": "read"}, user=ada).status_code == 409
    assert call("DELETE", member, user=bob).status_code == 200
    assert lab.namespace.role_of(bob) is None
    assert call("DELETE", member, user=ada).status_code == 404


def test_invitations_are_taken_back_and_declined() -> None:
    ada, bob = make.user("ada"), make.user("bob")
    lab = make.organization("lab", admin=ada)
    first = invitations.invite(actor=Actor(user=ada), organization=lab, email="x@example.net")
    assert call("DELETE", f"/api/organizations/lab/invitations/{first.pk}", user=bob).status_code == 403
    for status in (200, 404):
        assert call("DELETE", f"/api/organizations/lab/invitations/{first.pk}", user=ada).status_code == status
    second = invitations.invite(actor=Actor(user=ada), organization=lab, user=bob)
    assert call("POST", f"/api/settings/invitations/{second.pk}", {"accept": False}, user=bob).status_code == 200
    assert lab.memberships.count() == 1


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "", {"name": 3}), ("POST", "", {}), ("PATCH", "/lab", {"links": "x"}), ("PATCH", "/lab", {"about": 1}),
        ("PATCH", "/lab", {"privateByDefault": "yes"}), ("PATCH", "/lab", {"defaultRole": "king"}),
        ("PATCH", "/lab", {"defaultRole": "admin"}), ("PUT", "/lab/members/ada", {"role": 40}),
        ("POST", "/lab/invitations", {}), ("POST", "/lab/invitations", {"user": "ada", "email": "a@example.net"}),
        ("POST", "/lab/invitations", {"email": "a@example.net", "role": "x"}), ("POST", "/lab/name", {"name": None}),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_with_words(method: str, path: str, body: Any) -> None:
    ada = make.user("ada")
    make.organization("lab", admin=ada)
    answer = call(method, f"/api/organizations{path}", body, user=ada)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert not Invitation.objects.exists()


def test_the_client_reads_roles_and_the_verified_mark() -> None:
    ada, maintainer = make.user("ada"), make.user(is_admin=True)
    lab = make.organization("lab", write=ada)
    overview = "/api/organizations/lab/overview"
    assert call("GET", overview).json()["isVerified"] is False
    organizations.verify(
        actor=Actor(user=maintainer), organization=lab, verified_as=Verified.COMPANY, reason="a letter"
    )
    answer = call("GET", overview).json()
    assert (answer["isVerified"], answer["numUsers"], answer["details"]) == (True, 1, None)
    assert [org["roleInOrg"] for org in call("GET", "/api/whoami-v2", user=ada).json()["orgs"]] == ["write"]
    (member,) = call("GET", "/api/organizations/lab/members").json()
    assert (member["user"], member["role"]) == ("ada", "write")


def test_a_token_that_is_limited_to_single_things_manages_no_organisation() -> None:
    ada = make.user("ada")
    lab = make.organization("lab", admin=ada)
    scopes = [{"action": "write", "namespace": lab.namespace.pk}]
    headers = make.bearer(make.token(ada, TokenRole.FINE_GRAINED, scopes=scopes))
    for method, path in (("PATCH", ""), ("GET", "/invitations"), ("PUT", "/members/ada")):
        answer = Client().generic(
            method,
            f"/api/organizations/lab{path}",
            '{"role": "admin"}',
            content_type="application/json",
            headers=headers,
        )
        assert answer.status_code == 403


@pytest.mark.parametrize("path", ["/api/organizations/lab/invitations", "/api/settings/invitations"])
def test_invitations_are_listed_by_as_many_queries_for_many(path: str) -> None:
    ada = make.user("ada")
    lab = make.organization("lab", admin=ada)
    headers, counts = make.bearer(make.token(ada)), []
    Client().get("/api/whoami-v2", headers=headers)  # the first use of a token is noted
    for _ in range(2):
        for _ in range(3):
            invitations.invite(actor=Actor(user=ada), organization=lab, user=make.user())
            boss = make.user()
            invitations.invite(actor=Actor(user=boss), organization=make.organization(admin=boss), user=ada)
        with CaptureQueriesContext(connection) as captured:
            assert Client().get(path, headers=headers).json()
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_a_name_is_one_line_wherever_it_is_told() -> None:
    """Notifications go out by e-mail, as text: a name with lines in it would write them."""
    ada = make.user("ada")
    forged = "Lab\nBcc: all@example.org\r\n\nYour account is locked"
    call("POST", "/api/organizations", {"name": "lab", "fullname": forged}, user=ada)
    call("POST", "/api/organizations", {"name": "lab2"}, user=ada)
    call("PATCH", "/api/organizations/lab2", {"fullname": forged, "location": "a\nb"}, user=ada)
    for lab in Organization.objects.all():
        assert lab.full_name == "Lab Bcc: all@example.org Your account is locked"
    assert Organization.objects.get(namespace__name="lab2").namespace.profile.location == "a b"
