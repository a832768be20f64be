"""Organisations in the browser: founding, settings, invitations, leaving."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Actor, AuditEntry, Invitation, Membership, Namespace, Organization, Role, User
from accounts.services import invitations
from accounts.tasks import send_invitation
from hub.jobs.models import Job
from tests import make


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text_of(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, answer.content[:500]
    return answer.content.decode()


def invited(lab: Organization, **whom: object) -> Invitation:
    admin = Membership.objects.get(organization=lab, role=Role.ADMIN).user
    return invitations.invite(actor=Actor(user=admin), organization=lab, **whom)  # type: ignore[arg-type]


def test_an_organisation_is_founded_in_the_browser() -> None:
    ada = make.user("ada")
    client = signed_in(ada)
    assert "New organisation" in text_of(client, "/organizations/new")
    taken = client.post("/organizations/new", {"name": "ADA"})
    assert taken.status_code == 200
    assert b"taken" in taken.content
    assert b"reserved" in client.post("/organizations/new", {"name": "settings"}).content
    answer = client.post("/organizations/new", {"name": "lab", "full_name": "The Lab", "about": "We *measure*."})
    assert answer["Location"] == "/organizations/lab/settings/invitations"
    page = text_of(client, "/lab")
    assert "The Lab" in page
    assert "We <em>measure</em>." in page


PAGES = ["", "/members", "/invitations", "/defaults", "/audit", "/danger"]


@pytest.mark.parametrize("page", PAGES)
def test_settings_are_for_administrators(page: str) -> None:
    ada, bob = make.user(), make.user()
    make.organization("lab", admin=ada, write=bob)
    address = f"/organizations/lab/settings{page}"
    assert signed_in(ada).get(address).status_code == 200
    for client in (signed_in(bob), signed_in(make.user())):
        assert client.get(address).status_code == 403
    assert Client().get(address).status_code == 302


@pytest.mark.parametrize(
    "act",
    ["members/bob/role", "members/bob/remove", "invitations", "invitations/1/revoke", "defaults", "rename", "hand-over",
     "delete", ""],
)  # fmt: skip
def test_no_other_member_changes_anything(act: str) -> None:
    ada, bob = make.user("ada"), make.user("bob")
    make.organization("lab", admin=ada, write=bob)
    form = {"role": 40, "whom": "bob", "name": "other", "to": "bob", "confirmation": "lab", "full_name": "x"}
    answer = signed_in(bob).post(f"/organizations/lab/settings/{act}".rstrip("/"), form)
    assert answer.status_code == 403
    assert Membership.objects.get(user=bob).role == Role.WRITE
    assert Namespace.objects.filter(name="lab").exists()
    assert not Invitation.objects.exists()


def test_roles_are_changed_and_members_removed() -> None:
    ada, bob = make.user("ada"), make.user("bob")
    make.organization("lab", admin=ada, read=bob)
    client = signed_in(ada)
    client.post("/organizations/lab/settings/members/bob/role", {"role": 30})
    assert Membership.objects.get(user=bob).role == Role.WRITE
    client.post("/organizations/lab/settings/members/bob/role", {"role": 35})
    assert Membership.objects.get(user=bob).role == Role.WRITE
    client.post("/organizations/lab/settings/members/bob/remove")
    assert not Membership.objects.filter(user=bob).exists()
    last = client.post("/organizations/lab/settings/members/ada/remove", follow=True)
    assert b"only administrator" in last.content
    assert Membership.objects.filter(user=ada).exists()


def test_a_member_is_invited_by_name_and_joins() -> None:
    ada, bob = make.user("ada"), make.user("bob")
    lab = make.organization("lab", admin=ada)
    page = signed_in(ada).post("/organizations/lab/settings/invitations", {"whom": "@Bob", "role": 20}, follow=True)
    assert b"bob" in page.content
    assert not Job.objects.filter(kind="send_invitation").exists()  # a notification tells them, by e-mail too
    client = signed_in(bob)
    assert "You are invited" in text_of(client, "/settings/organizations")
    invitation = Invitation.objects.get()
    assert client.post(f"/settings/organizations/invitations/{invitation.pk}", {"answer": "yes"})["Location"] == "/lab"
    assert lab.namespace.role_of(bob) == Role.CONTRIBUTOR
    assert "You are invited" not in text_of(client, "/settings/organizations")


def test_nobody_is_invited_who_is_nobody_or_a_member() -> None:
    ada, bob = make.user("ada"), make.user("bob")
    make.organization("lab", admin=ada, read=bob)
    client = signed_in(ada)
    for whom in ("nobody", "bob", "lab", "no@address"):
        answer = client.post("/organizations/lab/settings/invitations", {"whom": whom, "role": 10})
        assert b'class="errors"' in answer.content, whom
    assert not Invitation.objects.exists()


def test_an_invitation_is_declined_or_taken_back() -> None:
    ada, bob = make.user("ada"), make.user("bob")
    lab = make.organization("lab", admin=ada)
    first = invited(lab, user=bob)
    signed_in(make.user()).post(f"/settings/organizations/invitations/{first.pk}", {"answer": "yes"})
    signed_in(bob).post(f"/settings/organizations/invitations/{first.pk}", {"answer": "no"})
    second = invited(lab, user=bob)
    signed_in(ada).post(f"/organizations/lab/settings/invitations/{second.pk}/revoke")
    assert signed_in(bob).get(f"/invitations/{second.value}").status_code == 404
    assert signed_in(bob).get("/invitations/1-x").status_code == 404
    assert lab.memberships.count() == 1
    actions = set(AuditEntry.objects.filter(namespace=lab.namespace).values_list("action", flat=True))
    assert {"invitation.created", "invitation.declined", "invitation.revoked"} <= actions


def test_another_organisations_invitation_is_not_taken_back() -> None:
    ada, eve = make.user("ada"), make.user("eve")
    made = invited(make.organization("lab", admin=ada), email="x@example.net")
    make.organization("other", admin=eve)
    signed_in(eve).post(f"/organizations/other/settings/invitations/{made.pk}/revoke")
    assert Invitation.objects.pending(timezone.now()).exists()


def link_in_the_letter() -> str:
    send_invitation(Job.objects.get(kind="send_invitation").key)
    found = re.search(r"https?://[^/]+(/invitations/\S+)", str(mail.outbox[-1].body))
    assert found
    return found[1]


def test_somebody_without_an_account_signs_up_by_the_letter_and_joins() -> None:
    lab = make.organization("lab", admin=make.user())
    invited(lab, email="New@example.net", role=Role.WRITE)
    link, client = link_in_the_letter(), Client()
    page = text_of(client, link)
    assert f"/accounts/signup/?next={link}" in page
    password = "correct horse battery"
    form = {"username": "newcomer", "email": "new@example.net", "password1": password, "password2": password}
    answer = client.post(f"/accounts/signup/?next={link}", {**form, "next": link})
    assert answer["Location"] == link
    client.post(link, {"answer": "yes"})
    assert client.get(link)["Location"] == "/lab"
    assert lab.namespace.role_of(User.objects.get(username="newcomer")) == Role.WRITE


def test_a_letter_is_of_no_use_to_another_account() -> None:
    lab, eve = make.organization("lab", admin=make.user()), make.user("eve")
    invited(lab, email="new@example.net")
    link, client = link_in_the_letter(), signed_in(eve)
    page = text_of(client, link)
    assert "no confirmed address of eve" in page
    client.post(link, {"answer": "yes"})
    assert lab.namespace.role_of(eve) is None


def test_an_expired_letter_opens_nothing() -> None:
    invited(make.organization("lab", admin=make.user()), email="bob@example.org")
    link = link_in_the_letter()
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert "opens nothing" in text_of(signed_in(make.user("bob")), link, 404)


def test_one_leaves_but_not_as_the_last_administrator() -> None:
    ada, bob = make.user(), make.user()
    lab = make.organization("lab", admin=ada, read=bob)
    signed_in(bob).post("/settings/organizations/lab/leave")
    answer = signed_in(ada).post("/settings/organizations/lab/leave", follow=True)
    assert b"only administrator" in answer.content
    assert list(lab.members.all()) == [ada]


def test_an_organisation_is_renamed_handed_over_and_deleted() -> None:
    ada, bob = make.user("ada"), make.user("bob")
    lab = make.organization("lab", admin=ada, read=bob)
    client = signed_in(ada)
    assert b"taken" in client.post("/organizations/lab/settings/rename", {"name": "bob"}, follow=True).content
    answer = client.post("/organizations/lab/settings/rename", {"name": "New-Lab"})
    assert answer["Location"] == "/organizations/New-Lab/settings/danger"
    assert client.get("/organizations/lab/settings")["Location"] == "/organizations/New-Lab/settings"
    wrong = client.post("/organizations/New-Lab/settings/hand-over", {"to": "nobody", "own_role": "30"})
    assert wrong.status_code == 400
    client.post("/organizations/New-Lab/settings/hand-over", {"to": "bob", "own_role": ""})
    assert lab.namespace.role_of(ada) is None
    client = signed_in(bob)
    assert client.post("/organizations/New-Lab/settings/delete", {"confirmation": "lab"}).status_code == 400
    kept = make.repository(bob, "net", namespace="New-Lab")
    refused = client.post("/organizations/New-Lab/settings/delete", {"confirmation": "New-Lab"})
    assert b"still has 1 repository" in refused.content
    kept.delete()
    assert client.post("/organizations/New-Lab/settings/delete", {"confirmation": "New-Lab"}).status_code == 302
    assert not Organization.objects.exists()


def test_a_member_is_renamed_in_the_settings() -> None:
    ada, bob = make.user("ada"), make.user("bob")
    client = signed_in(ada)
    assert b"reserved" in client.post("/settings/name/ada", {"name": "admin"}, follow=True).content
    assert client.post("/settings/name/bob", {"name": "mine"}).status_code == 403
    client.post("/settings/name/ada", {"name": "countess"})
    assert client.get("/ada")["Location"] == "/countess"
    bob.refresh_from_db()
    assert bob.username == "bob"


def test_a_profile_is_shown_and_cleaned() -> None:
    ada = make.user("ada")
    client = signed_in(ada)
    form = {
        "full_name": "Ada L.", "about": "Hello <script>alert(1)</script> [x](javascript:alert(2)) **bold**",
        "website": "https://ada.example", "location": "Brno", "links": "https://a.example\nhttps://b.example",
    }  # fmt: skip
    client.post("/settings/profile", form)
    page = text_of(Client(), "/ada")
    for shown in ("Ada L.", "<strong>bold</strong>", 'href="https://ada.example"', "Brno", 'href="https://b.example"'):
        assert shown in page
    assert "<script>alert" not in page
    assert 'href="javascript' not in page
    bad = client.post("/settings/profile", {**form, "links": "javascript:alert(1)"})
    assert b'class="errors"' in bad.content


@pytest.mark.parametrize(
    ("action", "words"),
    [("licence.changed", "changed a licence"), ("access.rejected", "declined a request for access")],
)
def test_the_audit_log_tells_in_words_what_was_done_to_repositories(action: str, words: str) -> None:
    ada = make.user("ada")
    lab = make.organization("lab", admin=ada)
    AuditEntry.objects.record(Actor(user=ada), action, "lab/net", namespace=lab.namespace)
    page = text_of(signed_in(ada), "/organizations/lab/settings/audit")
    assert words in page
    assert action not in page


def test_the_audit_log_tells_what_happened_in_the_organisation_alone() -> None:
    ada, bob = make.user("ada"), make.user("bob")
    make.organization("lab", admin=ada, read=bob)
    make.organization("other", admin=bob)
    client = signed_in(ada)
    client.post("/organizations/lab/settings/members/bob/role", {"role": 30})
    make.repository(ada, "net", namespace="lab")
    page = text_of(client, "/organizations/lab/settings/audit")
    for shown in ("founded the organisation", "changed a role", "made a repository"):
        assert shown in page
    assert "other" not in re.sub(r"Other", "", page.partition("<h1>")[2])


def _members(lab: Organization, ada: User) -> None:
    Membership.objects.create(organization=lab, user=make.user(), role=Role.READ)


def _invitations(lab: Organization, ada: User) -> None:
    invited(lab, user=make.user())


def _organizations(lab: Organization, ada: User) -> None:
    make.organization(read=ada)
    invited(make.organization(admin=make.user()), user=ada)


@pytest.mark.parametrize(
    ("address", "add"),
    [
        ("/organizations/lab/settings/members", _members),
        ("/organizations/lab/settings/invitations", _invitations),
        ("/organizations/lab/settings/audit", _invitations),
        ("/settings/organizations", _organizations),
        ("/lab", _members),
        ("/lab?show=members", _members),
        ("/ada", _organizations),
    ],
)
def test_lists_take_as_many_queries_for_many_as_for_few(
    address: str, add: Callable[[Organization, User], None]
) -> None:
    ada = make.user("ada")
    lab = make.organization("lab", admin=ada)
    client, counts = signed_in(ada), []
    for _ in range(2):
        for _ in range(4):
            add(lab, ada)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1]
