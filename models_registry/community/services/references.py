"""Notes left in a thread by what names it from elsewhere: a comment of another thread, a commit of a default branch.

Left by a job, in a transaction of its own that holds the named repository alone. Only who may comment in a thread leaves one
there; a note is shown to those alone who may know of where it comes from.
"""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.dispatch import receiver

from accounts.models import Actor, User
from hub.jobs.models import Job
from models_registry.access import keep
from models_registry.community.models import Discussion, Event
from models_registry.community.services import mentions
from models_registry.community.services.mentions import ThreadName
from models_registry.errors import RepositoryNotFound
from models_registry.events import commit_created
from models_registry.models import Commit, PullRequest, Reference, Repository
from models_registry.services import history

COMMITS = "note_commit_references"
_MOST_COMMITS = 50  # of one push that are read


def of_comment(event_id: int) -> None:
    """Leave a note in each thread that a comment names. Twice is once."""
    event = Event.objects.select_related("author", "discussion__repository__namespace").filter(pk=event_id).first()
    if event is None or event.author is None or event.is_hidden:
        return
    thread = event.discussion
    actor = Actor(user=event.author)
    for found in _found(actor, thread.repository, mentions.read(event.text).threads):
        if found.pk != thread.pk:
            _leave(actor, found, thread.repository, {"event_id": event.public_id}, origin_discussion=thread)


@receiver(commit_created)
def ask_for_notes(
    sender: object, commit: Commit, reference: Reference, before: str | None, actor: Actor | None, **_: Any
) -> None:
    """Of what arrives on the default branch; copies and cleanings (no actor) say nothing new."""
    repository = commit.repository
    if actor is not None and actor.user is not None and reference.name == f"refs/heads/{repository.default_branch}":
        Job.objects.add(COMMITS, f"{repository.pk}:{before or ''}:{commit.oid}:{actor.user.pk}")


def of_commits(key: str) -> None:
    """key: repository, the head before (or nothing), the head, who put it there. Leave a note in each thread that a new commit
    names, as far as that member may: the author that a commit names can be anybody, also who has no part in it."""
    repository_id, before, oid, user_id = key.split(":")
    user = User.objects.filter(pk=int(user_id), is_active=True).first()
    commits = Commit.objects.select_related("repository__namespace")
    head = commits.filter(repository=int(repository_id), oid=oid).first()
    if head is None or user is None:
        return
    for commit in history.commits_from(head.repository, head, _MOST_COMMITS):
        if commit.oid == before:
            break
        _of_commit(Actor(user=user), head.repository, commit)


def _of_commit(actor: Actor, repository: Repository, commit: Commit) -> None:
    if "#" not in commit.title + commit.body:
        return
    own = PullRequest.objects.filter(repository=repository, merge_commit=commit.oid).values_list("number", flat=True)
    named = dict.fromkeys(mentions.thread_names(f"{commit.title}\n{commit.body}"))
    for found in _found(actor, repository, named):
        if found.repository_id != repository.pk or found.number not in own:
            _leave(actor, found, repository, {"oid": commit.oid, "subject": commit.title})


def _found(actor: Actor, here: Repository, names: Iterable[ThreadName]) -> list[Discussion]:
    """The first of these threads that there are, and in which the actor may comment; a name of before will do."""
    found: dict[int, Discussion] = {}
    for name in list(names)[: mentions.MOST_REFERENCES]:
        repositories = Repository.objects.filter(pk=here.pk)
        if name.name:
            visible = Repository.objects.visible_to(actor)
            now, once = (find(name.kind, name.namespace, name.name) for find in (visible.named, visible.once_named))
            repositories = Repository.objects.filter(Q(pk__in=now.values("pk")) | Q(pk__in=once.values("pk")))
        threads = Discussion.objects.commentable_by(actor).select_related("repository")
        thread = threads.filter(repository__in=repositories.values("pk"), number=name.number).first()
        if thread is not None:
            found[thread.pk] = thread
    return list(found.values())


@transaction.atomic
def _leave(
    actor: Actor,
    thread: Discussion,
    origin: Repository,
    data: dict[str, str],
    *,
    origin_discussion: Discussion | None = None,
) -> None:
    """Once for each thread or commit that names it."""
    try:
        keep(thread.repository)
    except RepositoryNotFound:
        return
    notes = thread.events.filter(kind=Event.Kind.REFERENCE, origin=origin)
    same = (
        notes.filter(origin_discussion=origin_discussion) if origin_discussion else notes.filter(data__oid=data["oid"])
    )
    if not same.exists():
        Event.objects.create(
            discussion=thread, author=actor.user, kind=Event.Kind.REFERENCE, data=data, origin=origin,
            origin_discussion=origin_discussion,
        )  # fmt: skip
