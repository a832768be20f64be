"""Telling people what concerns them.

`notify` writes one row in the transaction of what happened, and asks for a job; the job finds out who is to be told, and
makes their notifications in bulk. So an act takes as long for five thousand listeners as for one.
"""

from collections.abc import Iterable

from django.db import transaction

from accounts.models import Organization, User
from hub.jobs.models import Job
from models_registry.community.models import Discussion, Event, Notice, NoticeKind
from models_registry.models import Repository

KIND = "tell"


@transaction.atomic
def notify(
    *,
    kind: NoticeKind,
    key: str,
    users: Iterable[User] = (),
    actor: User | None = None,
    repository: Repository | None = None,
    discussion: Discussion | None = None,
    event: Event | None = None,
    organization: Organization | None = None,
    text: str = "",
    url: str = "",
) -> Notice:
    """Tell `users` of something, as each of them wishes to be told of its kind; within the transaction of the fact.

    key: what it is about, such as f"access:{repository.pk}": what is told again under the same key folds into one unread
    notification. actor: who did it; they are not told. repository: who may not see it any more is not told either.
    text: a plain line of what happened, where `kind` and the rest do not say it. url: where it leads, within the hub;
    without one, to the thread, the repository or the organisation.
    """
    notice = Notice.objects.create(
        kind=kind, key=key, users=[user.pk for user in users], actor=actor, repository=repository,
        discussion=discussion, event=event, organization=organization, text=text[:500], url=url,
    )  # fmt: skip
    Job.objects.add(KIND, str(notice.pk))
    return notice
