"""Who may do what with a repository: the rule written a second time, as plain facts, for the doors to be held against.

Nothing here asks the hub. A change of the rule is a change here, too, on purpose.
"""

from dataclasses import dataclass
from enum import StrEnum

READ, CONTRIBUTOR, WRITE, ADMIN = 1, 2, 3, 4


class Standing(StrEnum):
    """What the hub itself says of a repository, whoever owns it."""

    GOOD = "good"
    HIDDEN = "hidden"  # as if it were not there, but for its members
    QUARANTINED = "quarantined"  # it may be dangerous: everybody is told
    TAKEN_DOWN = "taken_down"  # everybody is told


TOLD = {Standing.QUARANTINED, Standing.TAKEN_DOWN}


@dataclass(frozen=True)
class Visibility:
    name: str
    private: bool = False
    gated: bool = False
    standing: Standing = Standing.GOOD


VISIBILITIES = [
    Visibility("public"),
    Visibility("private", private=True),
    Visibility("gated", gated=True),
    Visibility("private and gated", private=True, gated=True),
    Visibility("hidden", standing=Standing.HIDDEN),
    Visibility("hidden and private", private=True, standing=Standing.HIDDEN),
    Visibility("quarantined", standing=Standing.QUARANTINED),
    Visibility("taken down", standing=Standing.TAKEN_DOWN),
    Visibility("taken down and private", private=True, standing=Standing.TAKEN_DOWN),
]


@dataclass(frozen=True)
class Role:
    """Somebody, with the credential they come with.

    member: their role in the repository's organisation, 0 for a stranger. creator: they made the repository.
    access: what came of their request to read it. token: None is a browser's session. opens: whether a fine-grained token
    names this repository (or its namespace) for that action; None for tokens that open all their member may.
    """

    name: str
    member: int = 0
    known: bool = True
    creator: bool = False
    access: str = ""
    suspended: bool = False
    token: str | None = None
    opens: str | None = None
    proposer: bool = False

    def scope(self, action: str) -> bool:
        """Whether the credential opens the repository at all."""
        if self.token == "read":
            return action == "read"
        if self.token == "fine-grained":
            return self.opens == "write" or self.opens == action
        return True


def _people() -> list[Role]:
    return [
        Role("nobody", known=False),
        Role("stranger"),
        Role("stranger who was let in", access="accepted"),
        Role("stranger who waits", access="pending"),
        Role("stranger who was refused", access="rejected"),
        Role("stranger with a pull request", proposer=True),
        Role("suspended stranger", suspended=True),
        Role("reader", member=READ),
        Role("contributor", member=CONTRIBUTOR),
        Role("contributor who made it", member=CONTRIBUTOR, creator=True),
        Role("reader who made it", member=READ, creator=True),
        Role("former member who made it", creator=True),
        Role("writer", member=WRITE),
        Role("administrator", member=ADMIN),
        Role("suspended administrator", member=ADMIN, suspended=True),
    ]


def _with_tokens(people: list[Role]) -> list[Role]:
    roles = []
    for role in people:
        roles.append(role)
        if role.known:
            roles.append(_with(role, "write"))
    by_name = {role.name: role for role in people}
    for name in ("stranger", "stranger who was let in", "administrator"):
        roles.append(_with(by_name[name], "read"))
        roles += [_with(by_name[name], "fine-grained", opens) for opens in ("nothing", "read", "write")]
    return roles


def _with(role: Role, token: str, opens: str | None = None) -> Role:
    values = {**role.__dict__, "token": token, "opens": opens}
    values["name"] = f"{role.name}, {token} token" + (f" for {opens}" if opens else "")
    return Role(**values)


ROLES = _with_tokens(_people())


class Right(StrEnum):
    KNOW = "know of it"
    LIST = "list its files"
    READ = "read its content"
    PROPOSE = "propose a change"
    ADD = "add to the pull request that is there"
    TALK = "talk about it"
    EDIT = "edit the comment that is there"
    STEER = "close the pull request that is there, or hide its comment"
    WRITE = "change it"
    ADMINISTER = "administer it"


def may(role: Role, right: Right, what: Visibility) -> bool:
    closed = what.standing != Standing.GOOD
    belongs = role.member >= READ and role.scope("read")
    let_in = role.access == "accepted" and role.scope("read") and not role.suspended
    knows = belongs or not (what.private or closed)
    reads = knows and not closed and (not what.gated or belongs or let_in)
    acts = role.known and not role.suspended and role.scope("write") and not closed
    owns = role.creator and role.member >= CONTRIBUTOR
    writes = acts and (role.member >= WRITE or owns)
    return {
        Right.KNOW: knows,
        Right.LIST: knows,
        Right.READ: reads,
        Right.PROPOSE: reads and acts,
        Right.ADD: reads and (writes or (acts and role.proposer)),
        Right.TALK: knows and acts,
        Right.EDIT: knows and acts and role.proposer,
        Right.STEER: knows and (writes or (acts and role.proposer)),
        Right.WRITE: writes,
        Right.ADMINISTER: acts and (role.member >= ADMIN or owns),
    }[right]


def is_told(role: Role, what: Visibility) -> bool:
    """Whether who may not know of it otherwise is told why it is closed."""
    return what.standing in TOLD and not what.private
