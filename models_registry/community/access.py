"""Asks the querysets of the community's models and raises the right refusal. Every door and service asks here."""

import re

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import Actor, Namespace, Role, TokenRole, User
from hub.errors import Forbidden
from models_registry.access import refuse_what_is_closed
from models_registry.community.errors import (
    CollectionNotFound,
    CommentNotFound,
    DiscussionLocked,
    DiscussionNotFound,
)
from models_registry.community.models import Collection, Discussion, Event
from models_registry.models import Repository

_LARGEST_ID = 2**63 - 1
_ID = re.compile(r"(?:^|-)0{8}([0-9a-f]{16})\Z")


def discussion_for(actor: Actor, repository: Repository, number: int) -> Discussion:
    """A thread of a repository that this actor may know of. Raises DiscussionNotFound."""
    visible = Discussion.objects.visible_to(actor).for_lists()
    found = visible.filter(repository=repository, number=number).first() if number <= 2**31 - 1 else None
    if found is None:
        raise DiscussionNotFound(
            _("%(repository)s has no discussion %(number)s.") % {"repository": repository.full_name, "number": number}
        )
    return found


def comment_for(discussion: Discussion, public_id: str) -> Event:
    """By the id that programs know. Raises CommentNotFound."""
    try:
        identity = int(public_id, 16)
    except ValueError:
        identity = 0
    comments = discussion.events.comments().for_timeline()
    found = comments.filter(pk=identity).first() if 0 < identity <= _LARGEST_ID else None
    if found is None:
        raise CommentNotFound(
            _("Discussion %(number)s has no comment %(public_id)r.")
            % {"number": discussion.number, "public_id": public_id[:40]}
        )
    return found


def require_discussing(actor: Actor, repository: Repository) -> User:
    """May this actor open discussions there? Every member who may know of it.

    Raises Unauthenticated, Suspended, ReadOnlyToken, RepositoryDisabled, Forbidden.
    """
    user = actor.require_writer()
    refuse_what_is_closed(repository)
    if not Repository.objects.filter(pk=repository.pk).discussable_by(actor).exists():
        raise Forbidden(
            _("You may not discuss %(repository)s with this account or token.") % {"repository": repository.full_name}
        )
    return user


def require_commenting(actor: Actor, discussion: Discussion) -> User:
    """May this actor comment there? Raises as `require_discussing`, and DiscussionLocked."""
    user = require_discussing(actor, discussion.repository)
    if not Discussion.objects.commentable_by(actor).filter(pk=discussion.pk).exists():
        raise DiscussionLocked
    return user


def require_steering(actor: Actor, discussion: Discussion) -> User:
    """May this actor change its title and status? Its author, and who writes the repository. Raises as `require_commenting`."""
    user = require_discussing(actor, discussion.repository)
    if not Discussion.objects.steerable_by(actor).filter(pk=discussion.pk).exists():
        raise Forbidden(_("Only the author, or who may write the repository, can do this."))
    return user


def require_governing(actor: Actor, discussion: Discussion) -> User:
    """May this actor lock, pin and merge? Who writes the repository. Raises as `require_discussing`."""
    user = require_discussing(actor, discussion.repository)
    if not Discussion.objects.governed_by(actor).filter(pk=discussion.pk).exists():
        raise Forbidden(
            _("Only who may write %(repository)s can do this.") % {"repository": discussion.repository.full_name}
        )
    return user


def require_editing(actor: Actor, comment: Event) -> User:
    """May this actor change its text? Its author alone. Raises as `require_commenting`."""
    user = require_commenting(actor, comment.discussion)
    if not Event.objects.editable_by(actor).filter(pk=comment.pk).exists():
        raise Forbidden(
            _("A hidden comment stays as it is.") if comment.is_hidden else _("Only its author edits a comment.")
        )
    return user


def require_hiding(actor: Actor, comment: Event) -> User:
    """Its author, and who writes the repository. Raises as `require_discussing`."""
    user = require_discussing(actor, comment.discussion.repository)
    if not Event.objects.hideable_by(actor).filter(pk=comment.pk).exists():
        raise Forbidden(_("Only its author, or who may write the repository, can hide a comment."))
    return user


def who_may_know_of(repository: Repository, members: QuerySet[User]) -> QuerySet[User]:
    """Those of the members to whom the repository is no secret."""
    return members if repository.is_public else members.filter(pk__in=repository.insiders().values("pk"))


def collection_for(actor: Actor, slug: str) -> Collection:
    """The collection of that address, if this actor may know of it: the name of its owner, now or once, and its id.

    Raises CollectionNotFound; a private one and a missing one look alike.
    """
    owner, _slash, name = slug.partition("/")
    found = _ID.search(name)
    if found and (pk := int(found[1], 16)) < 2**63:
        named = Namespace.objects.filter(Q(key=owner.lower()) | Q(redirects__old_key=owner.lower())).values("pk")
        visible = Collection.objects.visible_to(actor).for_lists()
        if collection := visible.filter(pk=pk, namespace__in=named).first():
            return collection
    raise CollectionNotFound


def require_collection_write(actor: Actor, collection: Collection) -> None:
    """May this actor change it? Raises Unauthenticated, Suspended, ReadOnlyToken, Forbidden."""
    actor.require_writer()
    if not Collection.objects.filter(pk=collection.pk).writable_by(actor).exists():
        raise Forbidden(
            _("You may not change collections of %(namespace)s with this account or token.")
            % {"namespace": collection.namespace.name}
        )


def require_collection_in(actor: Actor, namespace: Namespace) -> None:
    """May this actor make a collection there? Raises as `require_collection_write`."""
    actor.require_writer()
    opened = not (actor.token and actor.token.role == TokenRole.FINE_GRAINED) or namespace.pk in (
        actor.token.scoped_ids("write", "namespace")
    )
    if not (opened and actor.namespaces(Role.WRITE).filter(pk=namespace.pk).exists()):
        raise Forbidden(
            _("You may not make collections for %(namespace)s with this account or token.")
            % {"namespace": namespace.name}
        )
