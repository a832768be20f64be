"""Members and their roles; and who may do what to them, as a table."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.errors import LastAdministrator, NoSuchInvitation
from accounts.events import membership_changed, user_leaving
from accounts.models import AccessToken, Actor, AuditEntry, Invitation, Membership, Organization, Role, TokenRole, User
from accounts.services import invitations, memberships, organizations, profiles, renaming
from accounts.services.staff_roles import set_roles
from hub.errors import BadRequest, Conflict, Forbidden, HubError, NotFound
from tests import make


def actor(user: User) -> Actor:
    return Actor(user=user)


def role_of(organization: Organization, user: User) -> Role | None:
    return organization.namespace.role_of(user)


def test_a_role_is_changed_and_written_down_and_told() -> None:
    ada, bob = make.user("ada"), make.user("bob")
    lab = make.organization("lab", admin=ada, read=bob)
    told = []

    def listen(sender: object, organization: Organization, user: User, role: Role | None, **_: object) -> None:
        told.append((organization, user, role))

    membership_changed.connect(listen)
    memberships.change_role(actor=actor(ada), organization=lab, user=bob, role=Role.WRITE)
    memberships.remove(actor=actor(ada), organization=lab, user=bob)
    membership_changed.disconnect(listen)
    assert told == [(lab, bob, Role.WRITE), (lab, bob, None)]
    entry = AuditEntry.objects.get(action="membership.changed")
    assert entry.details == {"member": "bob", "role": "write", "before": "read"}
    assert AuditEntry.objects.get(action="membership.deleted").namespace == lab.namespace
    assert role_of(lab, bob) is None


ENDS: dict[str, Callable[[Organization, User], object]] = {
    "leaving": lambda lab, ada: memberships.leave(actor=actor(ada), organization=lab),
    "removal": lambda lab, ada: memberships.remove(actor=actor(ada), organization=lab, user=ada),
    "a lower role": lambda lab, ada: memberships.change_role(
        actor=actor(ada), organization=lab, user=ada, role=Role.WRITE
    ),
    "deletion of the account": lambda _lab, ada: user_leaving.send(sender=User, user=ada),
}


@pytest.mark.parametrize("end", ENDS)
def test_the_last_administrator_stays(end: str) -> None:
    ada, bob = make.user(), make.user()
    lab = make.organization("lab", admin=ada, write=bob)
    with pytest.raises(LastAdministrator):
        ENDS[end](lab, ada)
    assert role_of(lab, ada) == Role.ADMIN


def test_an_administrator_who_cannot_sign_in_does_not_count() -> None:
    ada, gone = make.user(), make.user()
    lab = make.organization("lab", admin=ada)
    Membership.objects.create(organization=lab, user=gone, role=Role.ADMIN)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    with pytest.raises(LastAdministrator):
        memberships.leave(actor=actor(ada), organization=lab)


def test_an_organisation_is_handed_over() -> None:
    ada, bob = make.user(), make.user()
    lab = make.organization("lab", admin=ada, read=bob)
    memberships.hand_over(actor=actor(ada), organization=lab, to=bob, own_role=Role.WRITE)
    assert (role_of(lab, ada), role_of(lab, bob)) == (Role.WRITE, Role.ADMIN)
    memberships.hand_over(actor=actor(bob), organization=lab, to=ada, own_role=None)
    assert (role_of(lab, ada), role_of(lab, bob)) == (Role.ADMIN, None)


def test_an_organisation_is_handed_over_to_members_alone() -> None:
    ada, stranger = make.user(), make.user()
    lab = make.organization("lab", admin=ada)
    with pytest.raises(NotFound):
        memberships.hand_over(actor=actor(ada), organization=lab, to=stranger, own_role=None)
    with pytest.raises(BadRequest):
        memberships.hand_over(actor=actor(ada), organization=lab, to=ada, own_role=None)
    assert role_of(lab, ada) == Role.ADMIN


def test_an_administrators_invitations_end_with_the_trust_in_them() -> None:
    ada, bob, alt = make.user(), make.user(), make.user()
    lab = make.organization("lab", admin=ada)
    Membership.objects.create(organization=lab, user=bob, role=Role.ADMIN)
    made = invitations.invite(actor=actor(bob), user=alt, organization=lab, role=Role.ADMIN)
    memberships.remove(actor=actor(ada), organization=lab, user=bob)
    with pytest.raises(NoSuchInvitation):
        invitations.accept(actor=actor(alt), invitation=made)


def test_inviting_an_address_does_not_tell_whose_it_is() -> None:
    ada, bob = make.user(), make.user("bob")
    lab = make.organization("lab", admin=ada, read=bob)
    made = invitations.invite(actor=actor(ada), email="bob@example.org", organization=lab)
    assert (made.user, made.email) == (None, "bob@example.org")


def test_tokens_open_nothing_of_an_organisation_that_was_left() -> None:
    ada, bob = make.user("ada"), make.user("bob")
    lab = make.organization("lab", admin=ada, write=bob)
    secret = make.repository(bob, "secret", namespace="lab", private=True)
    scopes = [{"action": "write", "namespace": lab.namespace.pk}, {"action": "write", "repository": secret.pk}]
    values = [make.token(bob, TokenRole.FINE_GRAINED, scopes=scopes), make.token(bob), make.token(bob, "read")]

    def sees(value: str) -> tuple[int, int, bool]:
        token = AccessToken.objects.with_value(value)
        asking = Actor(user=bob, token=token)
        rows = type(secret).objects.filter(pk=secret.pk)
        return rows.visible_to(asking).count(), rows.writable_by(asking).count(), asking.may_create_in(lab.namespace)

    assert [sees(value)[:2] for value in values] == [(1, 1), (1, 1), (1, 0)]
    memberships.leave(actor=actor(bob), organization=lab)
    assert [sees(value) for value in values] == [(0, 0, False)] * 3


def test_maintainers_give_an_organisation_an_administrator() -> None:
    bob, maintainer = make.user(), make.user(is_admin=True)
    lab = make.organization("lab")
    memberships.appoint(actor=actor(maintainer), organization=lab, user=bob, reason="The last one died")
    assert role_of(lab, bob) == Role.ADMIN
    assert AuditEntry.objects.get(action="membership.changed").details["reason"] == "The last one died"


def test_an_operator_appoints_nobody_where_somebody_manages_and_never_themselves() -> None:
    ada, bob, operator = make.user(), make.user(), make.user()
    set_roles(actor=actor(make.user(is_admin=True)), user=operator, roles=["operator"])
    staff = actor(User.objects.get(pk=operator.pk))
    lab, orphan = make.organization("lab", admin=ada), make.organization("orphan")
    with pytest.raises(Conflict):
        memberships.appoint(actor=staff, organization=lab, user=bob, reason="x")
    with pytest.raises(Forbidden):
        memberships.appoint(actor=staff, organization=orphan, user=operator, reason="x")
    memberships.appoint(actor=staff, organization=orphan, user=bob, reason="x")
    assert (role_of(lab, bob), role_of(orphan, operator), role_of(orphan, bob)) == (None, None, Role.ADMIN)


@pytest.mark.parametrize("how", ["leaves", "hands over", "is banned"])
def test_what_an_administrator_invited_ends_with_their_trust(how: str) -> None:
    ada, bob, puppet = make.user(), make.user(), make.user()
    lab = make.organization("lab", admin=ada)
    Membership.objects.create(organization=lab, user=bob, role=Role.ADMIN)
    invitation = invitations.invite(actor=actor(bob), user=puppet, organization=lab, role=Role.ADMIN)
    if how == "leaves":
        memberships.leave(actor=actor(bob), organization=lab)
    elif how == "hands over":
        memberships.hand_over(actor=actor(bob), organization=lab, to=ada, own_role=Role.READ)
    else:
        User.objects.filter(pk=bob.pk).update(is_active=False)
    with pytest.raises(NoSuchInvitation):
        invitations.accept(actor=actor(puppet), invitation=invitation)
    assert role_of(lab, puppet) is None


def test_only_a_token_of_the_role_write_answers_invitations() -> None:
    ada, bob = make.user(), make.user()
    lab = make.organization("lab", admin=ada)
    invitation = invitations.invite(actor=actor(ada), user=bob, organization=lab, role=Role.ADMIN)
    own = [{"action": "write", "repository": make.repository(bob).pk}]
    for value in (make.token(bob, TokenRole.FINE_GRAINED, scopes=own), make.token(bob, TokenRole.READ)):
        asking = Actor(user=bob, token=make.token_row(value))
        for answer in (invitations.accept, invitations.decline):
            with pytest.raises(Forbidden):
                answer(actor=asking, invitation=invitation)
    assert role_of(lab, bob) is None
    invitations.accept(actor=Actor(user=bob, token=make.token_row(make.token(bob))), invitation=invitation)
    assert role_of(lab, bob) == Role.ADMIN


# Who may do what: {what: the roles that may}; everybody else is refused, whatever they hold.
Act = Callable[[Actor, Organization, User], object]
EVERY_MEMBER = {"read", "contributor", "write", "admin"}
ACTS: dict[str, tuple[Act, set[str]]] = {
    "invite by name": (
        lambda who, lab, _bob: invitations.invite(actor=who, user=make.user(), organization=lab), {"admin"}
    ),
    "invite by address": (
        lambda who, lab, _bob: invitations.invite(actor=who, email="x@example.net", organization=lab), {"admin"}
    ),
    "take an invitation back": (
        lambda who, lab, _bob: invitations.revoke(actor=who, invitation=_invitation(lab)), {"admin", "maintainer"}
    ),
    "change a role": (
        lambda who, lab, bob: memberships.change_role(actor=who, organization=lab, user=bob, role=Role.WRITE), {"admin"}
    ),
    "make oneself administrator": (
        lambda who, lab, _bob: memberships.change_role(
            actor=who, organization=lab, user=who.require_user(), role=Role.ADMIN
        ),
        {"admin"},
    ),
    "remove a member": (
        lambda who, lab, bob: memberships.remove(actor=who, organization=lab, user=bob), {"admin"}
    ),
    "leave": (lambda who, lab, _bob: memberships.leave(actor=who, organization=lab), EVERY_MEMBER),
    "hand over": (
        lambda who, lab, bob: memberships.hand_over(actor=who, organization=lab, to=bob, own_role=Role.READ), {"admin"}
    ),
    "change the profile": (
        lambda who, lab, _bob: profiles.change_profile(actor=who, namespace=lab.namespace, about="x"), {"admin"}
    ),
    "change the defaults": (
        lambda who, lab, _bob: organizations.change_defaults(actor=who, organization=lab, private_by_default=True),
        {"admin"},
    ),
    "rename": (
        lambda who, lab, _bob: renaming.rename(actor=who, namespace=lab.namespace, name="other"), {"admin"}
    ),
    "delete": (
        lambda who, lab, _bob: organizations.delete_organization(actor=who, organization=lab), {"admin"}
    ),
    "verify": (
        lambda who, lab, _bob: organizations.verify(
            actor=who, organization=lab, verified_as="company", reason="x"
        ),
        {"maintainer"},
    ),
    "appoint": (
        lambda who, lab, bob: memberships.appoint(actor=who, organization=lab, user=bob, reason="x"), {"maintainer"}
    ),
    "rename by force": (
        lambda who, lab, _bob: renaming.rename_by_maintainer(
            actor=who, namespace=lab.namespace, name="other", reason="squatted"
        ),
        {"maintainer"},
    ),
}  # fmt: skip
WHO = ["nobody", "stranger", *Role.labels, "maintainer"]
CREDENTIALS = ["session", "write token", "read token", "fine-grained token", "suspended"]


def _invitation(lab: Organization) -> Invitation:
    until = timezone.now() + timedelta(days=1)
    return Invitation.objects.create(organization=lab, email="asked@example.net", expires_at=until)


def _actor(who: str, credential: str, lab: Organization) -> Actor:
    if who == "nobody":
        return Actor()
    user = make.user(is_admin=who == "maintainer")
    if who in Role.labels:
        Membership.objects.create(organization=lab, user=user, role=Role.named(who))
    if credential == "suspended":
        User.objects.filter(pk=user.pk).update(suspended_reason="spam")
        user.refresh_from_db()
    if not credential.endswith("token"):
        return Actor(user=user)
    scopes = [{"action": "write", "namespace": lab.namespace.pk}] if credential.startswith("fine") else None
    value = make.token(user, credential.removesuffix(" token"), scopes=scopes)
    return Actor(user=user, token=make.token_row(value))


@pytest.mark.parametrize("credential", CREDENTIALS)
@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("what", ACTS)
def test_who_may_do_what_to_an_organisation(what: str, who: str, credential: str) -> None:
    bob = make.user()
    lab = make.organization("lab", admin=make.user(), read=bob)
    act, allowed = ACTS[what]
    asking = _actor(who, credential, lab)
    may = who in allowed and (credential == "session" or (credential == "write token" and who != "maintainer"))
    if what == "leave" and credential == "suspended":
        may = who in allowed  # to go is no writing
    refused = 0
    try:
        act(asking, lab, bob)
    except HubError as refusal:
        refused = refusal.status
    assert refused == 0 if may else refused in {401, 403, 404}
