"""Tokens for the CAS: each opens one repository, for reading or for writing, for a while."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from django.conf import settings

from accounts.models import Actor, Namespace
from hub.errors import Forbidden, Unauthenticated
from models_registry import access
from models_registry.models import Repository
from models_registry.services import references, signed

NO_REVISION = "None"
"""What clients send that ask for no revision."""
_PURPOSE = "cas"


class IssuedToken(NamedTuple):
    value: str
    expires: int
    """Unix seconds."""


@dataclass(frozen=True)
class Caller:
    """Who speaks to the CAS, and what their token opens.

    `proposes`: the token was made for a pull request, for which who may read the repository may send content.
    `converts`: the hub itself speaks, for this one content of the repository (SHA-256) that came plainly.
    """

    actor: Actor
    repository: Repository
    writes: bool
    proposes: bool
    converts: str = ""

    @property
    def namespace(self) -> Namespace:
        """Under which it is remembered that the caller sent a xorb: for a proposal their own, so that it tells them nothing
        of what the repository's owners have sent."""
        user = self.actor.user
        return user.namespace if self.proposes and user else self.repository.namespace

    def require_read(self) -> None:
        """The right is asked anew: a token outlives neither a change of rights nor the access token behind it."""
        if not Repository.objects.filter(pk=self.repository.pk).readable_by(self.actor).exists():
            raise Forbidden("You may not read this repository any more.")

    def require_write(self) -> None:
        """Raises Forbidden for a read token; Unauthenticated, Suspended, ReadOnlyToken as rights have become."""
        if not self.writes:
            raise Forbidden("This token is for reading; ask the hub for a write token.")
        if self.converts:
            return
        if self.proposes:
            access.require_proposal(self.actor, self.repository)
        else:
            access.require_write(self.actor, self.repository)


def issue_read_token(actor: Actor, repository: Repository, revision: str) -> IssuedToken:
    """Raises GatedRepository, RepositoryDisabled, RevisionNotFound."""
    access.require_read(actor, repository)
    if revision != NO_REVISION:
        references.resolve(repository, revision)
    return _issue(actor, repository, revision, writes=False, proposes=False)


def issue_write_token(actor: Actor, repository: Repository, revision: str, *, proposes: bool = False) -> IssuedToken:
    """proposes: the upload is for a new pull request. One for a pull request's own reference is a proposal, too.

    Raises Unauthenticated, Suspended, ReadOnlyToken, Forbidden, GatedRepository, RevisionNotFound.
    """
    actor.require_writer()
    if not proposes:  # clients name no revision ("None") for a new one
        reference = references.branch(repository, revision)
        access.require_write_to(actor, repository, reference.name)
        proposes = not Repository.objects.filter(pk=repository.pk).writable_by(actor).exists()
    caller = Caller(actor=actor, repository=repository, writes=True, proposes=proposes)
    caller.require_write()
    return _issue(actor, repository, revision, writes=True, proposes=proposes)


def issue_conversion_token(repository: Repository, sha256: str, *, seconds: int) -> IssuedToken:
    """The hub's own: it makes chunks of one content that the repository has. No account stands behind it, so that none which
    was closed meanwhile is in the way."""
    claims = {"repository": repository.pk, "user": None, "token": None, "writes": True, "proposes": False}
    return IssuedToken(*signed.sign(_PURPOSE, {**claims, "converts": sha256}, seconds=seconds))


def _issue(actor: Actor, repository: Repository, revision: str, *, writes: bool, proposes: bool) -> IssuedToken:
    claims: dict[str, Any] = {
        "repository": repository.pk,
        "revision": revision,
        **signed.claims_of(actor),
        "writes": writes,
        "proposes": proposes,
    }
    return IssuedToken(*signed.sign(_PURPOSE, claims, seconds=settings.XET_TOKEN_SECONDS))


def caller_with(value: str) -> Caller:
    """Who sent this token. Raises Unauthenticated if it is not ours, has expired, or what it stands on is gone."""
    try:
        claims = signed.read(_PURPOSE, value)
    except signed.BadStatement as error:
        raise Unauthenticated(f"This CAS token is not valid: {error}.") from error
    repository = Repository.objects.select_related("namespace").filter(pk=claims["repository"]).first()
    if repository is None:
        raise Unauthenticated("The repository of this CAS token is gone.")
    return Caller(
        actor=signed.actor_of(claims),
        repository=repository,
        writes=claims["writes"],
        proposes=claims["proposes"],
        converts=claims.get("converts", ""),
    )
