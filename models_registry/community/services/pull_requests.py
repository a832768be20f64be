"""What becomes of a pull request: its thread, the commits that arrive, another base, and the merge.

The registry opens it and knows its commits; this hears of both, and tells the registry when it is closed or merged.
"""

from typing import Any

from django.db import transaction
from django.dispatch import receiver
from django.utils.translation import gettext as _

from accounts.models import Actor
from models_registry.community import access
from models_registry.community.errors import DiscussionNotFound, WrongState
from models_registry.community.models import Discussion, Event
from models_registry.community.models.discussion import MAX_TITLE
from models_registry.community.services import discussions
from models_registry.errors import BranchMoved, RevisionNotFound
from models_registry.events import commit_created, pull_request_opened
from models_registry.models import Commit, PullRequest, Reference, Repository
from models_registry.services import ancestry, history, merging
from models_registry.services import pull_requests as registry

MOST_COMMITS = 100  # that one push adds to the timeline, the newest; the others are in the list of commits
_ATTEMPTS = 5
Kind = Event.Kind


@receiver(pull_request_opened)
def open_the_thread(
    sender: object, pull_request: PullRequest, actor: Actor, title: str, description: str, is_draft: bool, **_: Any
) -> None:
    """In the transaction that makes the pull request."""
    discussions.add_discussion(
        actor=actor,
        repository=pull_request.repository,
        number=pull_request.number,
        title=_shortened(title),
        text=description[: discussions.MAX_COMMENT],
        status=Discussion.Status.DRAFT if is_draft else Discussion.Status.OPEN,
        is_pull_request=True,
    )


def _shortened(title: str) -> str:
    """A commit's title may be longer than a discussion's."""
    title = " ".join(title.split()) or "Untitled"
    return title if len(title) <= MAX_TITLE else f"{title[: MAX_TITLE - 1]}…"


def open_draft(
    *, actor: Actor, repository: Repository, title: str, text: str = "", base: str | None = None
) -> Discussion:
    """A pull request without commits yet, for the branch `base` (None: the default branch).

    Raises Unauthenticated, Suspended, ReadOnlyToken, Forbidden, GatedRepository, RevisionNotFound, Invalid, TooLarge.
    """
    title, text = discussions.checked_title(title), discussions.checked_text(text)
    made = registry.open_draft(actor=actor, repository=repository, title=title, description=text, base=base)
    return Discussion.objects.for_lists().get(repository=repository, number=made.number)


@receiver(commit_created)
def note_the_commits(
    sender: object, commit: Commit, reference: Reference, before: str | None, actor: Actor | None, **_: Any
) -> None:
    """What has arrived in a pull request, in the transaction of its arrival. Copies and cleanings (no actor) add nothing."""
    prefix, _slash, number = reference.name.rpartition("/")
    if prefix != "refs/pr" or actor is None:
        return
    found = Discussion.objects.for_lists().filter(repository=reference.repository_id, number=number).first()
    if found is None:
        return
    for arrived in _arrived(commit, before, found):
        discussions.add_event(actor, found, Kind.COMMIT, {"oid": arrived.oid, "subject": arrived.title})


def _arrived(head: Commit, before: str | None, discussion: Discussion) -> list[Commit]:
    """The line of first parents that is new, oldest first; at least the head, where one was taken back to."""
    repository = head.repository
    base = PullRequest.objects.values_list("base", flat=True).get(repository=repository, number=discussion.number)
    branch = Commit.objects.filter(
        repository=repository,
        oid__in=Reference.objects.filter(repository=repository, name=base).values("target"),
    ).first()
    fork = ancestry.fork_of(repository, branch, head) if branch is not None else None
    ends = {before, fork.oid if fork else None}
    found = []
    wanted: str | None = head.oid
    for commit in history.commits_from(repository, head, MOST_COMMITS):
        if commit.oid in ends:
            break
        if commit.oid == wanted:
            found.append(commit)
            wanted = commit.first_parent
    return list(reversed(found)) or ([] if fork is not None and fork.oid == head.oid else [head])


@receiver(commit_created)
def note_the_merged(
    sender: object, commit: Commit, reference: Reference, before: str | None, actor: Actor | None, **_: Any
) -> None:
    """A branch has taken in the commits of pull requests that were meant for it, by a push or with another's merge."""
    if actor is None or before is None or not reference.name.startswith("refs/heads/"):
        return
    for found, head in registry.settle_merged(reference, before=before, commit=commit):
        thread = Discussion.objects.for_lists().filter(repository=found.repository_id, number=found.number).first()
        if thread is not None:
            _note_the_merge(actor, discussions.held(thread), found, commit=commit, head=head)


def pull_request_of(discussion: Discussion) -> PullRequest:
    """Raises WrongState for a plain discussion."""
    found = PullRequest.objects.filter(repository=discussion.repository_id, number=discussion.number).first()
    if found is None:
        raise WrongState(_("This discussion is no pull request."))
    found.repository = discussion.repository
    return found


@transaction.atomic
def retarget(*, actor: Actor, discussion: Discussion, base: str) -> Event:
    """Mean it for another branch. Raises as `discussions.retitle`, RevisionNotFound, PullRequestClosed."""
    discussion = discussions.held(discussion)
    access.require_steering(actor, discussion)
    before = pull_request_of(discussion).base_name
    branch = registry.retarget(discussion.repository, discussion.number, base=base)
    if branch.short_name == before:
        raise WrongState(_("It is meant for %(before)s already.") % {"before": before})
    return discussions.add_event(actor, discussion, Kind.BASE, {"from": before, "to": branch.short_name})


def conflicts(discussion: Discussion) -> list[str]:
    """The files that stand against merging it; none where it is merged, or its base is gone."""
    found = pull_request_of(discussion)
    if found.merge_commit:
        return []
    try:
        base, head = registry.sides(found)
    except RevisionNotFound:
        return []
    return merging.conflicts(discussion.repository, base, head)


def merge(*, actor: Actor, discussion: Discussion, text: str = "", head: str | None = None) -> Event:
    """Merge it into its base: a commit of two parents.

    head: the commit that was looked at; None: whatever it is. Raises Forbidden, WrongState, MergeConflict, NothingToMerge,
    RevisionNotFound if its base is gone; BranchMoved if it has other commits than `head`, or never stands still.
    """
    access.require_governing(actor, discussion)
    for _attempt in range(_ATTEMPTS):
        now = Discussion.objects.for_lists().filter(pk=discussion.pk).first()
        if now is None:
            raise DiscussionNotFound
        _require_mergeable(now)
        found = pull_request_of(now)
        merged = registry.prepared_merge(found)
        if head is not None and not merged.head.startswith(head.lower()):
            raise BranchMoved(_("It has other commits than those you looked at: look at them first."))
        try:
            return _merge(actor, now, found, merged, text)
        except BranchMoved:  # somebody wrote to one of the two meanwhile
            continue
    raise BranchMoved(_("Its base is being written to all the time: try again in a moment."))


def _require_mergeable(discussion: Discussion) -> None:
    """Raises WrongState."""
    if discussion.status == Discussion.Status.MERGED:
        raise WrongState(_("It is merged already."))
    if discussion.status == Discussion.Status.CLOSED:
        raise WrongState(_("It is closed: reopen it first."))
    if discussion.status == Discussion.Status.DRAFT:
        raise WrongState(_("It is a draft: open it for review first."))


@transaction.atomic
def _merge(actor: Actor, discussion: Discussion, found: PullRequest, merged: merging.Merged, text: str) -> Event:
    discussion = discussions.held(discussion)
    _require_mergeable(discussion)
    if text.strip():
        discussions.comment(actor=actor, discussion=discussion, text=text)
    commit = registry.merge(
        actor=actor,
        pull_request=found,
        merged=merged,
        title=f"Merge pull request #{discussion.number}: {discussion.title}",
    )
    return _note_the_merge(actor, discussion, found, commit=commit, head=merged.head)


def _note_the_merge(actor: Actor, discussion: Discussion, found: PullRequest, *, commit: Commit, head: str) -> Event:
    discussion.status = Discussion.Status.MERGED
    discussion.save(update_fields=["status"])
    data = {"oid": commit.oid, "base": found.base_name, "head": head}
    return discussions.add_event(actor, discussion, Kind.MERGE, data)


def base_exists(repository: Repository, found: PullRequest) -> bool:
    return Reference.objects.filter(repository=repository, name=found.base).exists()
