"""Inviting to the hub and to organisations."""

import re
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.core import mail
from django.utils import timezone

from accounts.errors import NoSuchInvitation
from accounts.models import Actor, Invitation, Membership, Role, User
from accounts.services import invitations
from accounts.tasks import send_invitation
from hub.errors import Conflict, Forbidden, Invalid, RateLimited
from hub.jobs.models import Job
from tests import make


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
