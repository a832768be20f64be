"""Who follows whom and what."""

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import Actor, Namespace, User, in_good_standing
from hub.errors import BadRequest
from models_registry import access
from models_registry.community.access import require_discussing
from models_registry.community.models import Follow
from models_registry.models import Repository

MOST = 5000


@transaction.atomic
def follow(*, actor: Actor, namespace: Namespace | None = None, repository: Repository | None = None) -> bool:
    """Whether it was not followed before: a person's or an organisation's namespace, or a repository they know of.

    Raises Unauthenticated, Suspended, ReadOnlyToken; BadRequest for oneself, or for too many; for a repository as
    `community.access.require_discussing`.
    """
    user = actor.require_writer()
    if namespace is not None and namespace.user_id == user.pk:
        raise BadRequest(_("You cannot follow yourself."))
    if repository is not None:
        require_discussing(actor, repository)
        access.keep(repository)
    if Follow.objects.filter(user=user).count() >= MOST:
        raise BadRequest(_("You follow %(most)s already: that is as many as one can.") % {"most": MOST})
    _row, is_new = Follow.objects.get_or_create(user=user, namespace=namespace, repository=repository)
    return is_new


def unfollow(*, actor: Actor, namespace: Namespace | None = None, repository: Repository | None = None) -> bool:
    """Whether it was followed before. Raises Unauthenticated, Suspended, ReadOnlyToken."""
    user = actor.require_writer()
    return bool(Follow.objects.filter(user=user, namespace=namespace, repository=repository).delete()[0])


def is_following(actor: Actor, *, namespace: Namespace | None = None, repository: Repository | None = None) -> bool:
    if actor.user is None:
        return False
    return Follow.objects.filter(user=actor.user, namespace=namespace, repository=repository).exists()


def followers(*, namespace: Namespace | None = None, repository: Repository | None = None) -> QuerySet[Follow]:
    """Newest first, and nobody who has been suspended."""
    rows = Follow.objects.filter(in_good_standing("user"), namespace=namespace, repository=repository)
    return rows.select_related("user__namespace").order_by("-pk")


def following(user: User) -> QuerySet[Follow]:
    """The people and organisations that a member follows, newest first."""
    rows = Follow.objects.filter(user=user, namespace__isnull=False)
    return rows.select_related("namespace__user", "namespace__organization").order_by("-pk")


def followed_repositories(user: User, *, seen_by: Actor) -> QuerySet[Follow]:
    """Of those that the asker may know of, newest first."""
    visible = Repository.objects.visible_to(seen_by).values("pk")
    rows = Follow.objects.filter(user=user, repository__in=visible)
    return rows.select_related("repository__namespace__user", "repository__namespace__organization").order_by("-pk")
