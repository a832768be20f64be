"""What happened at whom and what a member follows.

It is put together when it is read: each branch takes its newest rows from its own index, already narrowed to what the
reader may know of now, so what has become private is gone from every feed at once. Pages begin after an id.
"""

from collections.abc import Sequence

from django.db.models import Q, QuerySet

from accounts.models import Actor, Namespace, in_good_standing
from models_registry.community.models import Activity, Collection, Follow
from models_registry.models import Repository

_NOISE = (Activity.Verb.LIKED,)  # told of people one follows, not of each stranger who likes what one follows


def visible(actor: Actor) -> QuerySet[Activity]:
    repositories = Repository.objects.visible_to(actor).values("pk")
    collections = Collection.objects.visible_to(actor).values("pk")
    return Activity.objects.filter(
        Q(repository=None) | Q(repository__in=repositories),
        Q(collection=None) | Q(collection__in=collections),
        Q(actor=None) | in_good_standing("actor"),
    )


def of_followed(actor: Actor, *, before: int = 0, size: int = 30) -> tuple[list[Activity], int]:
    """One page of a member's feed, the newest first, and where the next one begins (0: none). Without their own acts."""
    user = actor.require_user()
    followed = Follow.objects.filter(user=user)
    namespaces = followed.filter(namespace__isnull=False).values("namespace")
    people = Namespace.objects.filter(pk__in=namespaces, user__isnull=False).values("user")
    repositories = followed.filter(repository__isnull=False).values("repository")
    rows = visible(actor).exclude(actor=user)
    quiet = rows.exclude(verb__in=_NOISE)
    return _page(
        actor,
        [
            rows.filter(actor__in=people),
            quiet.filter(namespace__in=namespaces),
            quiet.filter(repository__in=repositories),
        ],
        before=before, size=size,
    )  # fmt: skip


def of_namespace(actor: Actor, namespace: Namespace, *, before: int = 0, size: int = 30) -> tuple[list[Activity], int]:
    """What a member did, or what was done to an organisation's things; as much of it as the reader may know of."""
    rows = visible(actor)
    found = rows.exclude(verb__in=_NOISE).filter(namespace=namespace)
    return _page(actor, [rows.filter(actor=namespace.user) if namespace.user_id else found], before=before, size=size)


def _page(
    actor: Actor, branches: Sequence[QuerySet[Activity]], *, before: int, size: int
) -> tuple[list[Activity], int]:
    wanted = Q(pk__in=[])
    for branch in branches:
        rows = branch.filter(pk__lt=before) if before else branch
        wanted |= Q(pk__in=rows.order_by("-pk").values("pk")[: size + 1])
    found = list(
        Activity.objects.filter(wanted)
        .select_related(
            "actor",
            "repository__namespace__user",
            "repository__namespace__organization",
            "discussion",
            "collection__namespace__user",
            "collection__namespace__organization",
        )
        .order_by("-pk")[: size + 1]
    )
    for activity in found:
        if activity.discussion is not None and activity.repository is not None:
            activity.discussion.repository = activity.repository  # its address needs no query
    _leave_out_what_is_gated(actor, found)
    return found[:size], found[size - 1].pk if len(found) > size else 0


def _leave_out_what_is_gated(actor: Actor, activities: Sequence[Activity]) -> None:
    """That there is a new version everybody may know; what its commit says is for who may read it. One query at most."""
    gated = {one.repository.pk for one in activities if one.repository is not None and one.repository.gated}
    if not gated:
        return
    readable = set(Repository.objects.filter(pk__in=gated).readable_by(actor).values_list("pk", flat=True))
    for activity in activities:
        if activity.repository_id in gated - readable:
            activity.data = {key: value for key, value in activity.data.items() if key not in {"title", "oid"}}
