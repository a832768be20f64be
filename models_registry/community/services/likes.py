"""Likes, and the number of them that lists sort by: always exact, whoever likes or leaves at the same moment."""

from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.signals import post_delete
from django.dispatch import receiver

from accounts.models import Actor, User
from models_registry import access
from models_registry.community.access import require_discussing
from models_registry.community.models import Activity, Like
from models_registry.community.services import activities
from models_registry.models import Repository


@transaction.atomic
def like(*, actor: Actor, repository: Repository) -> bool:
    """Whether it was not liked before. The actor knows of the repository. Raises as `community.access.require_discussing`."""
    user = require_discussing(actor, repository)
    access.keep(repository)  # one like at a time, and none for what is being deleted
    _like, is_new = Like.objects.get_or_create(user=user, repository=repository)
    if is_new:
        Repository.objects.filter(pk=repository.pk).update(likes=F("likes") + 1)
        activities.record(actor=user, verb=Activity.Verb.LIKED, repository=repository)
    return is_new


@transaction.atomic
def unlike(*, actor: Actor, repository: Repository) -> bool:
    """Whether it was liked before. Raises Unauthenticated, Suspended, ReadOnlyToken."""
    user = actor.require_writer()
    access.keep(repository)
    activities.forget_like(user=user, repository=repository)
    return bool(Like.objects.filter(user=user, repository=repository).delete()[0])


@receiver(post_delete, sender=Like)
def count_one_less(sender: object, instance: Like, origin: Any, **_: Any) -> None:
    """Also when the member leaves. A repository that is deleted itself needs no count."""
    if origin is instance or not _is_of(origin, Repository):
        Repository.objects.filter(pk=instance.repository_id).update(likes=F("likes") - 1)


def _is_of(origin: Any, model: type[Repository]) -> bool:
    return isinstance(origin, model) or getattr(origin, "model", None) is model


def is_liked(actor: Actor, repository: Repository) -> bool:
    return actor.user is not None and Like.objects.filter(user=actor.user, repository=repository).exists()


def likers(repository: Repository) -> QuerySet[Like]:
    """Newest first."""
    return Like.objects.filter(repository=repository).select_related("user__namespace").order_by("-pk")


def liked_by(user: User, *, seen_by: Actor) -> QuerySet[Like]:
    """What a member likes, of that which the asker may know of; newest first."""
    visible = Repository.objects.visible_to(seen_by).values("pk")
    liked = Like.objects.filter(user=user, repository__in=visible)
    return liked.select_related("repository__namespace").order_by("-pk")
