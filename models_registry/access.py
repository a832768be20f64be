"""Asks the querysets that hold the rule (`models/repository.py`) and raises the right refusal. Every door asks here."""

import re

from django.utils.translation import gettext as _

from accounts.models import Actor, Namespace
from hub.errors import Forbidden
from models_registry.errors import (
    GatedRepository,
    PullRequestClosed,
    RepositoryClosed,
    RepositoryDisabled,
    RepositoryMoved,
    RepositoryNotFound,
)
from models_registry.models import Kind, PullRequest, Repository, Standing

_PULL_REQUEST = re.compile(r"refs/pr/([1-9][0-9]{0,8})")


def repository_for(actor: Actor, kind: str, full_name: str) -> Repository:
    """The repository, if this actor may know of it. A private one and a missing one look alike.

    Raises RepositoryNotFound; RepositoryMoved if it had this name once, which doors answer by leading on; RepositoryClosed
    if moderators took it down, which it tells everybody.
    """
    namespace, _slash, name = full_name.partition("/")
    visible = Repository.objects.visible_to(actor).select_related("namespace__organization")
    found = visible.named(kind, namespace, name).first()
    if found is not None:
        return found
    # As many queries for what is not there as for what may not be known.
    if told := Repository.objects.answering_with_a_notice().named(kind, namespace, name).first():
        refuse_what_is_closed(told)
    answering = Repository.objects.answering(actor).select_related("namespace")
    if once := answering.once_named(kind, namespace, name).first():
        if not visible.filter(pk=once.pk).exists():
            refuse_what_is_closed(once)
        raise RepositoryMoved(
            _("%(full_name)s has moved to %(moved)s.") % {"full_name": full_name, "moved": once.full_name},
            old=full_name,
            new=once.full_name,
        )
    raise RepositoryNotFound(
        _("There is no %(kind)s %(full_name)r, or you may not see it.")
        % {"kind": Kind(kind).in_words, "full_name": full_name},
        anonymous=actor.user is None,
    )


def refuse_what_is_closed(repository: Repository) -> None:
    """Raises RepositoryClosed with its notice, or RepositoryDisabled, if moderators have closed it."""
    match repository.standing:
        case Standing.TAKEN_DOWN:
            raise RepositoryClosed(
                notice=repository.public_notice,
                legal_basis=repository.legal_basis,
                since=repository.disabled_at,
            )
        case Standing.QUARANTINED:
            notice = repository.public_notice or _("It is in quarantine: it may be dangerous. A moderator looks at it.")
            raise RepositoryClosed(notice=notice, since=repository.disabled_at)
        case Standing.HIDDEN:
            raise RepositoryDisabled


def keep(repository: Repository) -> None:
    """Within a transaction: until its end, nobody deletes the repository. Raises RepositoryNotFound if somebody has."""
    if not Repository.objects.select_for_update(no_key=True).filter(pk=repository.pk).values_list("pk"):
        raise RepositoryNotFound(_("The repository has just been deleted."))


def require_read(actor: Actor, repository: Repository) -> None:
    """May this actor read the content? Raises GatedRepository, RepositoryDisabled."""
    refuse_what_is_closed(repository)
    if repository.gated and not Repository.objects.filter(pk=repository.pk).readable_by(actor).exists():
        raise GatedRepository(
            _(
                "Access to %(kind)s %(repository)s is restricted and you are not in the authorized list."
                " Visit %(address)s to ask for access."
            )
            % {
                "kind": Kind(repository.kind).in_words,
                "repository": repository.full_name,
                "address": repository.get_absolute_url(),
            },
            repository=repository.full_name,
            gate=f"{repository.get_absolute_url()}/access",
            anonymous=actor.user is None,
        )


def require_write(actor: Actor, repository: Repository) -> None:
    """May this actor change it? Raises Unauthenticated, Suspended, ReadOnlyToken, RepositoryDisabled, Forbidden."""
    actor.require_writer()
    refuse_what_is_closed(repository)
    if not Repository.objects.filter(pk=repository.pk).writable_by(actor).exists():
        raise Forbidden(
            _("You may not write to %(repository)s with this account or token.") % {"repository": repository.full_name}
        )


def require_proposal(actor: Actor, repository: Repository) -> None:
    """May this actor send it a pull request? Raises as `require_write`, and GatedRepository."""
    actor.require_writer()
    require_read(actor, repository)
    if not Repository.objects.filter(pk=repository.pk).proposable_by(actor).exists():
        raise Forbidden(
            _("You may not propose changes to %(repository)s with this account or token.")
            % {"repository": repository.full_name}
        )


def require_write_to(actor: Actor, repository: Repository, reference: str) -> None:
    """May this actor add commits to that reference (its full name)? A pull request's author may, who else only reads.

    Raises as `require_write`, GatedRepository, and PullRequestClosed.
    """
    number = _PULL_REQUEST.fullmatch(reference)
    if number is None:
        require_write(actor, repository)
        return
    actor.require_writer()
    require_read(actor, repository)
    found = PullRequest.objects.writable_by(actor).filter(repository=repository, number=number[1]).first()
    if found is None:
        require_write(actor, repository)
    elif not found.is_open:
        words = (
            _("Pull request %(number)s is merged: open another one to propose more commits.")
            if found.merge_commit
            else _("Pull request %(number)s is closed: reopen it to propose more commits.")
        )
        raise PullRequestClosed(words % {"number": found.number})


def require_push(actor: Actor, repository: Repository) -> None:
    """May this actor push anything: to all of it, or a proposal? Raises as `require_proposal`.

    What may move is asked of each reference (`require_write_to`).
    """
    require_proposal(actor, repository)


def require_administration(actor: Actor, repository: Repository) -> None:
    """May this actor delete, move or hide it? Raises as `require_write`."""
    actor.require_writer()
    if not Repository.objects.filter(pk=repository.pk).administered_by(actor).exists():
        raise Forbidden(
            _("You may not administer %(repository)s with this account or token.")
            % {"repository": repository.full_name}
        )


def require_creation(actor: Actor, namespace: Namespace) -> None:
    """May this actor make a repository there? Raises Unauthenticated, Suspended, ReadOnlyToken, Forbidden."""
    actor.require_writer()
    if not actor.may_create_in(namespace):
        raise Forbidden(
            _("You don't have the rights to create a repository under the namespace %(namespace)r.")
            % {"namespace": namespace.name}
        )
