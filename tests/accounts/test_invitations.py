"""Inviting to the hub and to organisations."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.errors import NoSuchInvitation
from accounts.models import Actor, Invitation, Membership, Role, User
from accounts.services import invitations
from accounts.tasks import send_invitation
from hub.errors import Conflict, Forbidden, Invalid, RateLimited
from hub.jobs.models import Job
from tests import make

PASSWORD = "correct horse battery staple"


def actor(user: User) -> Actor:
    return Actor(user=user)


@pytest.fixture
def by_invitation(settings: LazySettings) -> None:
    settings.REGISTRATION = "invitation"


def test_an_address_gets_a_letter_with_the_link() -> None:
    admin = make.user()
    lab = make.organization("lab", admin=admin)
    made = invitations.invite(actor=actor(admin), email="New@Example.org", organization=lab, role=Role.WRITE)
    send_invitation(Job.objects.get(kind="send_invitation").key)
    (letter,) = mail.outbox
    assert letter.to == ["new@example.org"]
    assert "lab" in letter.subject
    found = re.search(r"/invitations/(\S+)", str(letter.body))
    assert found
    assert invitations.open_invitation(found[1]) == made


def test_who_accepts_has_the_role() -> None:
    admin, guest = make.user(), make.user()
    lab = make.organization("lab", admin=admin)
    made = invitations.invite(actor=actor(admin), user=guest, organization=lab, role=Role.CONTRIBUTOR)
    assert Invitation.objects.addressed_to(guest).get() == made
    invitations.accept(actor=actor(guest), invitation=made)
    assert Membership.objects.get(user=guest).role == Role.CONTRIBUTOR
    with pytest.raises(NoSuchInvitation):
        invitations.accept(actor=actor(guest), invitation=made)


def test_a_higher_role_stays() -> None:
    admin, guest = make.user(), make.user()
    lab = make.organization("lab", admin=admin)
    made = invitations.invite(actor=actor(admin), user=guest, organization=lab)
    Membership.objects.create(organization=lab, user=guest, role=Role.WRITE)
    invitations.accept(actor=actor(guest), invitation=made)
    assert Membership.objects.get(user=guest).role == Role.WRITE


def test_nobody_accepts_what_another_was_asked_by_name() -> None:
    admin, guest = make.user(), make.user()
    made = invitations.invite(actor=actor(admin), user=guest, organization=make.organization(admin=admin))
    with pytest.raises(NoSuchInvitation):
        invitations.accept(actor=actor(make.user()), invitation=made)


@pytest.mark.parametrize("end", ["revoked", "declined", "expired", "asked again"])
def test_an_invitation_that_has_ended_opens_nothing(end: str) -> None:
    admin, guest = make.user(), make.user()
    lab = make.organization(admin=admin)
    made = invitations.invite(actor=actor(admin), user=guest, organization=lab)
    if end == "revoked":
        invitations.revoke(actor=actor(admin), invitation=made)
    elif end == "declined":
        invitations.decline(actor=actor(guest), invitation=made)
    elif end == "expired":
        Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    else:
        invitations.invite(actor=actor(admin), user=guest, organization=lab)
    with pytest.raises(NoSuchInvitation):
        invitations.open_invitation(made.value)
    with pytest.raises(NoSuchInvitation):
        invitations.accept(actor=actor(guest), invitation=made)


@pytest.mark.parametrize("value", ["", "1", "1-", "-", "99999999999999999999-x", "１-x"])
def test_a_link_cannot_be_guessed(value: str) -> None:
    admin = make.user()
    invitations.invite(actor=actor(admin), email="a@example.org", organization=make.organization(admin=admin))
    with pytest.raises(NoSuchInvitation):
        invitations.open_invitation(value)


@pytest.mark.parametrize("role", ["read", "contributor", "write"])
def test_admins_alone_invite_to_an_organisation(role: str) -> None:
    member = make.user()
    lab = make.organization(**{role: member})
    with pytest.raises(Forbidden):
        invitations.invite(actor=actor(member), email="a@example.org", organization=lab)


@pytest.mark.parametrize(
    ("registration", "inviting", "is_admin", "allowed"),
    [
        ("open", "members", True, False),
        ("closed", "members", True, False),
        ("invitation", "members", False, True),
        ("invitation", "staff", False, False),
        ("invitation", "staff", True, True),
    ],
)
def test_the_operator_says_who_invites_to_the_hub(
    settings: LazySettings, registration: str, inviting: str, is_admin: bool, allowed: bool
) -> None:
    settings.REGISTRATION, settings.INVITING = registration, inviting
    assert invitations.may_invite(actor(make.user(is_admin=is_admin))) == allowed


def test_members_are_not_asked_again_and_addresses_are_addresses(by_invitation: None) -> None:
    admin, member = make.user(), make.user()
    lab = make.organization(admin=admin, read=member)
    with pytest.raises(Conflict):
        invitations.invite(actor=actor(admin), user=member, organization=lab)
    with pytest.raises(Conflict):
        invitations.invite(actor=actor(admin), email=member.email)
    with pytest.raises(Invalid):
        invitations.invite(actor=actor(admin), email="not an address")


def test_the_number_of_open_invitations_is_bounded(by_invitation: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invitations, "MOST_PENDING", 2)
    member = make.user()
    for _ in range(2):
        invitations.invite(actor=actor(member))
    with pytest.raises(RateLimited):
        invitations.invite(actor=actor(member))


def sign_up(client: Client, name: str = "new-comer", email: str = "new@example.org") -> Any:
    form = {"email": email, "username": name, "password1": PASSWORD, "password2": PASSWORD}
    return client.post("/accounts/signup/", form)


def test_without_an_invitation_nobody_signs_up(by_invitation: None, client: Client) -> None:
    assert "closed" in client.get("/accounts/signup/").content.decode().lower()
    sign_up(client)
    assert not User.objects.filter(username="new-comer").exists()


def test_an_invitation_admits_one_person(by_invitation: None) -> None:
    member = make.user()
    made = invitations.invite(actor=actor(member))
    first, second = Client(), Client()
    for visitor in (first, second):
        assert visitor.get(f"/invitations/{made.value}").status_code == 200
        assert "password1" in visitor.get("/accounts/signup/").content.decode()
    assert sign_up(first).status_code == 302
    made.refresh_from_db()
    assert made.accepted_by == User.objects.get(username="new-comer")
    sign_up(second, "other", "other@example.org")
    assert not User.objects.filter(username="other").exists()


def test_an_invitation_to_an_organisation_admits_to_the_hub_too(by_invitation: None, client: Client) -> None:
    admin = make.user()
    lab = make.organization("lab", admin=admin)
    made = invitations.invite(actor=actor(admin), email="new@example.org", organization=lab, role=Role.WRITE)
    client.get(f"/invitations/{made.value}")
    sign_up(client)
    assert Membership.objects.get(user__username="new-comer").role == Role.WRITE


def test_closed_is_closed_to_the_invited_too(settings: LazySettings, client: Client) -> None:
    admin = make.user()
    lab = make.organization("lab", admin=admin)
    settings.REGISTRATION = "closed"
    made = invitations.invite(actor=actor(admin), email="new@example.org", organization=lab)
    client.get(f"/invitations/{made.value}")
    sign_up(client)
    assert not User.objects.filter(username="new-comer").exists()


def test_members_make_links_and_take_them_back(by_invitation: None, client: Client) -> None:
    member = make.user()
    client.force_login(member)
    client.post("/settings/invitations", {"email": ""})
    made = Invitation.objects.get()
    assert made.link in client.get("/settings/invitations").content.decode()
    client.post("/settings/invitations", {"email": "a@example.org"})
    addressed = Invitation.objects.exclude(email="").get()
    assert addressed.value not in client.get("/settings/invitations").content.decode()  # it proves the address
    stranger = Client()
    stranger.force_login(make.user())
    assert stranger.post(f"/settings/invitations/{made.pk}/revoke").status_code == 404
    client.post(f"/settings/invitations/{made.pk}/revoke")
    made.refresh_from_db()
    assert made.revoked_at


def test_the_page_is_not_there_where_nobody_is_invited(client: Client) -> None:
    client.force_login(make.user())
    assert client.get("/settings/invitations").status_code == 404
    assert "/settings/invitations" not in client.get("/settings/profile").content.decode()
