"""Two at once upon organisations and names, for real: threads with connections of their own."""

from collections import Counter
from functools import partial

import pytest

from accounts.errors import NameTaken
from accounts.models import Actor, Invitation, Membership, Namespace, NamespaceRedirect, Organization, Role
from accounts.services import invitations, memberships, organizations, renaming
from models_registry.models import Repository
from models_registry.services.repositories import create_repository
from tests import make
from tests.faults.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 4


def _lab_of_two() -> tuple[Organization, list[Actor]]:
    admins = [make.user(), make.user()]
    lab = make.organization()
    for user in admins:
        Membership.objects.create(organization=lab, user=user, role=Role.ADMIN)
    return lab, [Actor(user=user) for user in admins]


def test_of_two_administrators_who_leave_at_once_one_stays() -> None:
    for _ in range(ROUNDS):
        lab, actors = _lab_of_two()
        results = at_once(
            [lambda lab=lab, actor=actor: memberships.leave(actor=actor, organization=lab) for actor in actors]
        )
        assert Counter(results) == {None: 1, "LastAdministrator": 1}
        assert lab.memberships.filter(role=Role.ADMIN).count() == 1


def test_of_two_administrators_who_remove_each_other_one_stays() -> None:
    for _ in range(ROUNDS):
        lab, (first, second) = _lab_of_two()
        at_once(
            [
                lambda lab=lab, by=by, whom=whom: memberships.remove(
                    actor=by, organization=lab, user=whom.require_user()
                )
                for by, whom in ((first, second), (second, first))
            ]
        )
        assert lab.memberships.filter(role=Role.ADMIN).count() == 1


def test_a_name_that_is_given_up_is_not_had_by_another_at_the_same_moment() -> None:
    for number in range(ROUNDS):
        ada, bob = make.user(), make.user()
        lab = make.organization(f"lab{number}", admin=ada)

        results = at_once(
            [
                partial(renaming.rename, actor=Actor(user=ada), namespace=lab.namespace, name=f"other{number}"),
                partial(organizations.found, actor=Actor(user=bob), name=f"lab{number}"),
            ]
        )
        assert results[1] == "NameTaken"
        assert NamespaceRedirect.objects.get(old_key=f"lab{number}").namespace == lab.namespace


def test_a_name_is_taken_by_one_of_many() -> None:
    users = [make.user() for _ in range(4)]
    results = at_once(
        [
            lambda user=user: renaming.rename(actor=Actor(user=user), namespace=user.namespace, name="best")
            for user in users
        ]
    )
    assert Counter(result for result in results if isinstance(result, str)) == {NameTaken.__name__: 3}
    assert Namespace.objects.filter(key="best").count() == 1


def test_an_invitation_is_accepted_once_and_not_after_it_is_taken_back() -> None:
    for _ in range(ROUNDS):
        ada, bob = make.user(), make.user()
        lab = make.organization(admin=ada)
        made = invitations.invite(actor=Actor(user=ada), organization=lab, user=bob)
        copies = [Invitation.objects.get(pk=made.pk) for _ in range(3)]
        results = at_once(
            [
                lambda bob=bob, one=copies[0]: invitations.accept(actor=Actor(user=bob), invitation=one),
                lambda bob=bob, one=copies[1]: invitations.accept(actor=Actor(user=bob), invitation=one),
                lambda ada=ada, one=copies[2]: invitations.revoke(actor=Actor(user=ada), invitation=one),
            ]
        )
        assert results.count("NoSuchInvitation") == 2
        is_member = lab.memberships.filter(user=bob).exists()
        assert is_member == any(isinstance(result, Membership) for result in results)


def test_an_organisation_that_is_deleted_while_a_repository_is_made_holds_it_or_is_gone() -> None:
    for number in range(ROUNDS):
        ada = make.user()
        lab = make.organization(f"gone{number}", admin=ada)

        results = at_once(
            [
                partial(organizations.delete_organization, actor=Actor(user=ada), organization=lab),
                partial(create_repository, actor=Actor(user=ada), namespace=f"gone{number}", name="net"),
            ]
        )
        assert results[0] in {None, "Conflict"}
        assert (results[0] == "Conflict") == isinstance(results[1], Repository)
        namespace = Namespace.objects.filter(key=f"gone{number}").first()
        if namespace is not None:
            assert namespace.repositories.count() == 1
