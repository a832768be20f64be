"""Role × right × visibility × door, all of it: what each door answers is held against `rights.may`.

Refusals are looked at, too: what one may not know of answers like what is not there.
"""

from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from accounts.models import Actor, Membership, TokenRole, User
from accounts.models import Role as OrganizationRole
from models_registry import models
from models_registry.community.models import Event
from models_registry.models import AccessRequest, Repository
from models_registry.services import references
from models_registry.services.changes import AddFile
from models_registry.services.pull_requests import propose
from tests import make
from tests.permissions.doors import ANYBODY, BROWSER, DOORS, Door
from tests.permissions.rights import ROLES, TOLD, VISIBILITIES, Right, Role, Standing, Visibility, is_told, may

NAME = "lab/net"


class _Undo(Exception):
    """What an attempt has changed is taken back, so that the next door meets the same hub."""


def build(role: Role, what: Visibility) -> tuple[Client, str]:
    """The repository; a client that comes as that role, and the comment that is there."""
    founder, user = make.user("founder"), make.user("someone")
    make.organization("lab", admin=founder, contributor=user)
    repository = make.repository(user if role.creator else founder, "net", namespace="lab")
    make.commit(repository, {"a": "hello"}, actor=Actor(user=founder))
    references.create_branch(actor=Actor(user=founder), repository=repository, name="old")
    references.create_tag(actor=Actor(user=founder), repository=repository, name="v1", revision="main")
    proposer = user if role.proposer else founder
    propose(
        actor=Actor(user=proposer), repository=repository, base="main", parent=None, title="a proposal",
        changes=[AddFile.of("b", b"proposed")],
    )  # fmt: skip
    AccessRequest.objects.create(repository=repository, user=make.user("asker"))
    _place(role, what, user, repository)
    comment = Event.objects.filter(discussion__repository=repository, kind=Event.Kind.COMMENT)[0].public_id
    return _client(role, user, repository), comment


def _place(role: Role, what: Visibility, user: User, repository: Repository) -> None:
    membership = Membership.objects.filter(user=user)
    membership.update(role=list(OrganizationRole)[role.member - 1]) if role.member else membership.delete()
    if role.access:
        AccessRequest.objects.create(repository=repository, user=user, status=role.access)
    if role.suspended:
        User.objects.filter(pk=user.pk).update(suspended_reason="spam")
    Repository.objects.filter(pk=repository.pk).update(
        private=what.private,
        gated="manual" if what.gated else "",
        disabled_reason="" if what.standing == Standing.GOOD else "spam",
        disabled_as=models.Standing.HIDDEN if what.standing == Standing.GOOD else models.Standing[what.standing.name],
        public_notice="A court has ordered it.",
    )


def _client(role: Role, user: User, repository: Repository) -> Client:
    if not role.known:
        return Client()
    if role.token is None:
        client = Client()
        client.force_login(user)
        return client
    scopes: list[dict[str, Any]] = []
    if role.token == "fine-grained":
        other = make.repository(user, "own")
        scopes = [{"action": "write", "repository": other.pk}]
        if role.opens in {"read", "write"}:
            scopes.append({"action": role.opens, "repository": repository.pk})
    value = make.token(user, TokenRole(role.token), scopes=scopes)
    return Client(headers=make.bearer(value))


def knock(client: Client, door: Door, name: str, comment: str) -> Any:
    return client.generic(door.method, door.at(name, comment), door.sent(name), content_type=door.content_type)


def attempt(client: Client, door: Door, name: str, comment: str) -> tuple[str, str]:
    """What came of it (see `outcome`), and what was said. Nothing stays changed."""
    found = ("", "")
    try:
        with transaction.atomic():
            answer = knock(client, door, name, comment)
            said = answer.get("X-Error-Message", "") or answer.get("Location", "")
            found = outcome(answer), f"{answer.status_code} {said}".replace(name, "NAME")
            raise _Undo
    except _Undo:
        return found


def outcome(answer: Any) -> str:
    status = answer.status_code
    if status in {301, 302, 307} and "/accounts/login" in answer["Location"]:
        return "sign in"
    if status < 400:
        return "yes"
    code = answer.get("X-Error-Code", "")
    if code == "GatedRepo":
        return "gated"
    if status == 404 or code == "RepoNotFound":
        return "missing"
    if status == 451 or answer.get("X-Error-Message") == "Access to this resource is disabled.":
        return (
            "closed" if "court" in answer.content.decode() or answer.request["REQUEST_METHOD"] == "HEAD" else "disabled"
        )
    return {401: "sign in", 403: "no"}.get(status, f"wrong: {status}")


WITH_A_SESSION = {"stranger", "administrator"}
"""Who knocks at the doors of programs with a browser's session, too; for the others the rights behind it are the same."""


def applies(door: Door, role: Role, what: Visibility) -> bool:
    if door.gated_only and not what.gated:
        return False
    if not role.known:
        return True
    if door.by == ANYBODY:
        return role.token is not None or role.name in WITH_A_SESSION
    return (door.by == BROWSER) == (role.token is None)


@pytest.mark.parametrize("what", VISIBILITIES, ids=lambda what: what.name)
@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_a_door_opens_to_whom_it_should(role: Role, what: Visibility):
    client, comment = build(role, what)
    wrong = []
    for door in DOORS:
        if not applies(door, role, what):
            continue
        came, said = attempt(client, door, NAME, comment)
        expected = _expected(role, door, what)
        if expected == {"missing"}:
            of_none = _of_nothing(role, client, door, comment)
            expected = {came} if (came, said) == of_none and came != "yes" else {"as if it were not there"}
        if came not in expected:
            wrong.append(f"{door}: {came} ({said}), not {' or '.join(sorted(expected))}")
    assert not wrong, "\n" + "\n".join(wrong)


_known: dict[tuple[str, int], tuple[str, str]] = {}


def _of_nothing(role: Role, client: Client, door: Door, comment: str) -> tuple[str, str]:
    """What the door answers that role of a repository that is not there: how another one may be seen changes nothing of it."""
    key = role.name, id(door)  # of DOORS; one with a body has no hash
    if key not in _known:
        _known[key] = attempt(client, door, "lab/nothing", comment)
    return _known[key]


def _expected(role: Role, door: Door, what: Visibility) -> set[str]:
    if not may(role, Right.KNOW, what):
        return {"closed", "sign in"} if is_told(role, what) else {"missing"}
    if may(role, door.right, what):  # of what is closed to all, its members' page is the notice, too
        return {"closed", "yes"} if what.standing in TOLD else {"yes"}
    return {"no", "gated", "sign in", "disabled", "closed"}
