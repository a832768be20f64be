"""Who is to be told of a notice, and why: asked by the job, when it is told."""

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from accounts.models import Membership, Role, User
from hub.batches import batches
from models_registry.community import access
from models_registry.community.models import Event, Follow, Notice, NoticeKind, Subscription
from models_registry.community.services import activities
from models_registry.models import Repository

_AT_ONCE = 1000


def of(notice: Notice) -> dict[int, NoticeKind]:
    """{user id: why they are told}, without who did it, and of a repository only those who may know of it."""
    kind = NoticeKind(notice.kind)
    reasons: dict[int, NoticeKind] = {}
    if kind == NoticeKind.VERSION and notice.repository_id:
        followers = Follow.objects.filter(repository=notice.repository_id).values_list("user_id", flat=True)
        reasons = dict.fromkeys(followers, kind)
    if kind == NoticeKind.SCORED and notice.repository is not None:
        followers = Follow.objects.filter(repository=notice.repository).values_list("user_id", flat=True)
        reasons = dict.fromkeys([*followers, *keepers_of(notice.repository)], kind)
    if notice.event is not None and kind != NoticeKind.MENTION:
        reasons = _of_thread(notice.event)
    named = set(notice.users)
    if notice.discussion_id:
        named -= _muted(notice.discussion_id)
    reasons |= dict.fromkeys(named, kind)
    if notice.actor_id:
        reasons.pop(notice.actor_id, None)
    if notice.repository is not None:
        allowed = _who_may_know_of(notice.repository, reasons)
        reasons = {user: why for user, why in reasons.items() if user in allowed}
    return reasons


def _muted(discussion: int) -> set[int]:
    muted = Subscription.objects.filter(discussion=discussion, is_muted=True)
    return set(muted.values_list("user_id", flat=True))


def _subscribed(discussion: int) -> QuerySet[Subscription]:
    return Subscription.objects.filter(discussion=discussion, is_muted=False)


def _of_thread(event: Event) -> dict[int, NoticeKind]:
    """Whoever takes part; of a new thread, those whose repository it is."""
    why = NoticeKind.REPLY if event.kind == Event.Kind.COMMENT else NoticeKind.STATUS
    reasons = dict.fromkeys(_subscribed(event.discussion_id).values_list("user_id", flat=True), why)
    if event.kind == Event.Kind.COMMENT and activities.is_first(event):
        keepers = set(keepers_of(event.discussion.repository)) - _muted(event.discussion_id)
        reasons |= dict.fromkeys(keepers, NoticeKind.OPENED)
    for named in Notice.objects.filter(event=event, kind=NoticeKind.MENTION).values_list("users", flat=True):
        reasons = {user: why for user, why in reasons.items() if user not in named}  # told of that alone
    return reasons


def keepers_of(repository: Repository) -> list[int]:
    """Whose repository it is: its member; in an organisation, who made it and who follows it, of those that may write it."""
    namespace = repository.namespace
    if namespace.user_id is not None:
        return [namespace.user_id]
    writers = Membership.objects.filter(organization=namespace.organization_id, role__gte=Role.CONTRIBUTOR)
    followers = Follow.objects.filter(repository=repository).values("user")
    return list(writers.filter(Q(user=repository.creator) | Q(user__in=followers)).values_list("user_id", flat=True))


def deciders(repository: Repository) -> QuerySet[User]:
    """Who answers for a repository: its member, or in an organisation its administrators, and who made it."""
    namespace = repository.namespace
    if namespace.user_id is not None:
        return User.objects.filter(pk=namespace.user_id)
    members = Membership.objects.filter(organization=namespace.organization_id)
    answering = members.filter(Q(role__gte=Role.ADMIN) | Q(user=repository.creator, role__gte=Role.CONTRIBUTOR))
    return User.objects.filter(pk__in=answering.values("user"))


def _who_may_know_of(repository: Repository, users: Iterable[int]) -> set[int]:
    known: set[int] = set()
    for part in batches(users, _AT_ONCE):
        members = access.who_may_know_of(repository, User.objects.filter(pk__in=part))
        known |= set(members.values_list("pk", flat=True))
    return known
