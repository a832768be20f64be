"""Threads: opened, commented, steered. Each act is one event of the timeline, told by `event_added` in its transaction."""

from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Actor, User
from hub.errors import Conflict, Invalid, TooLarge
from models_registry.access import keep
from models_registry.community import access
from models_registry.community.errors import DiscussionNotFound, WrongState
from models_registry.community.events import comment_changed, event_added
from models_registry.community.models import (
    Act,
    CommentEdit,
    Discussion,
    Event,
    ModerationAction,
    Reaction,
    SubjectKind,
    Subscription,
)
from models_registry.community.models.discussion import MAX_REASON, MAX_TITLE
from models_registry.community.services import mentions
from models_registry.community.services.markdown import render_comment
from models_registry.community.services.moderation import spam
from models_registry.models import Repository
from models_registry.services import pull_requests

MAX_COMMENT = 64 * 1024  # characters
MAX_EVENTS = 20_000  # of one thread: programs are sent all of them at once
MAX_EDITS = 100  # of one comment
REACTIONS = ("👍", "👎", "😄", "🎉", "😕", "❤️", "🚀", "👀")

Status = Discussion.Status
Kind = Event.Kind

_ALREADY = {
    Status.DRAFT: gettext_lazy("It is draft already."),
    Status.OPEN: gettext_lazy("It is open already."),
    Status.CLOSED: gettext_lazy("It is closed already."),
}


@transaction.atomic
def open_discussion(*, actor: Actor, repository: Repository, title: str, text: str = "") -> Discussion:
    """A new thread, with its first comment. Pull requests are opened by the registry (`services.pull_requests`).

    Raises Unauthenticated, Suspended, ReadOnlyToken, Forbidden, RepositoryDisabled, Invalid, TooLarge.
    """
    access.require_discussing(actor, repository)
    title = checked_title(title)
    keep(repository)  # one number at a time, and none for what is being deleted
    number = pull_requests.next_number(repository)
    return add_discussion(actor=actor, repository=repository, number=number, title=title, text=text)


def add_discussion(
    *,
    actor: Actor,
    repository: Repository,
    number: int,
    title: str,
    text: str,
    status: str = Status.OPEN,
    is_pull_request: bool = False,
) -> Discussion:
    """The rows of a thread whose number is given. Within a transaction that holds the repository's row."""
    made = Discussion.objects.create(
        repository=repository, number=number, title=title, author=actor.require_user(), status=status,
        is_pull_request=is_pull_request,
    )  # fmt: skip
    _add_comment(actor, made, checked_text(text))
    return made


@transaction.atomic
def comment(*, actor: Actor, discussion: Discussion, text: str) -> Event:
    """Raises Unauthenticated, Suspended, ReadOnlyToken, Forbidden, DiscussionLocked, RepositoryDisabled, Invalid, TooLarge."""
    discussion = held(discussion)
    access.require_commenting(actor, discussion)
    return _add_comment(actor, discussion, _required_text(text))


@transaction.atomic
def edit(*, actor: Actor, event: Event, text: str) -> Event:
    """Give a comment another text; what it said is kept. Raises as `comment`, and Conflict."""
    discussion = held(event.discussion)
    event = _current(event, discussion)
    access.require_editing(actor, event)
    text = _required_text(text)
    if text == event.text:
        return event
    is_held = spam.judge(actor=actor, text=text, place=spam.Place.COMMENT)
    if event.edits.count() >= MAX_EDITS:
        raise Conflict(_("A comment may be edited %(most)s times.") % {"most": MAX_EDITS})
    before = event.text
    CommentEdit.objects.create(event=event, editor=event.author, text=before)
    event.text, event.edited_at = text, timezone.now()
    event.html = _html(discussion, text)
    event.save(update_fields=["text", "html", "edited_at"])
    if is_held:
        spam.hold(event)
        return conceal(actor=Actor(), event=event, reason=spam.HELD)
    mentions.follow(event=event, actor=actor, before=before)
    comment_changed.send(sender=Event, event=event, actor=actor)
    return event


@transaction.atomic
def hide(*, actor: Actor, event: Event, reason: str = "") -> Event:
    """Show a comment's text to nobody any more; twice is once. Raises as `comment`."""
    discussion = held(event.discussion)
    event = _current(event, discussion)
    access.require_hiding(actor, event)
    return conceal(actor=actor, event=event, reason=reason)


def conceal(*, actor: Actor, event: Event, reason: str = "") -> Event:
    """As `hide`, for who has asked for the right already: a maintainer of the hub needs none in the repository."""
    if event.hidden_at is None:
        event.hidden_at, event.hidden_by, event.hidden_reason = timezone.now(), actor.user, reason[:MAX_REASON]
        event.save(update_fields=["hidden_at", "hidden_by", "hidden_reason"])
        comment_changed.send(sender=Event, event=event, actor=actor)
    return event


@transaction.atomic
def show(*, actor: Actor, event: Event) -> Event:
    """Show a hidden comment again: who writes the repository may, unless a maintainer of the hub hid it."""
    discussion = held(event.discussion)
    event = _current(event, discussion)
    access.require_governing(actor, discussion)
    if (is_moderated(event) or event.hidden_by_staff) and not (actor.user and actor.user.is_staff):
        raise WrongState(_("A maintainer of this hub hid the comment."))
    if event.hidden_by is None and event.author == actor.user:
        raise WrongState(_(spam.HELD))
    return reveal(actor=actor, event=event)


def is_moderated(event: Event) -> bool:
    """Whether a maintainer of the hub has hidden it by an act that still stands, also where they are none any more."""
    standing = ModerationAction.objects.filter(reversed_by=None)
    if standing.filter(kind=Act.HIDE_COMMENT, subject_kind=SubjectKind.COMMENT, subject_id=event.pk).exists():
        return True
    bans = standing.filter(kind=Act.BAN, author=event.author) if event.author_id else ()
    return any(event.pk in ban.data.get("comments", []) for ban in bans)


def reveal(*, actor: Actor, event: Event) -> Event:
    """As `show`, for who has asked for the right already."""
    if event.hidden_at is not None:
        event.hidden_at, event.hidden_by, event.hidden_reason = None, None, ""
        event.save(update_fields=["hidden_at", "hidden_by", "hidden_reason"])
        comment_changed.send(sender=Event, event=event, actor=actor)
    return event


@transaction.atomic
def retitle(*, actor: Actor, discussion: Discussion, title: str) -> Event:
    """Raises as `comment`; WrongState if that is its title."""
    discussion = held(discussion)
    access.require_steering(actor, discussion)
    title, before = checked_title(title), discussion.title
    if title == before:
        raise WrongState(_("This is its title already."))
    spam.judge(actor=actor, text="", title=title, place=spam.Place.COMMENT)
    discussion.title = title
    discussion.save(update_fields=["title"])
    return add_event(actor, discussion, Kind.TITLE, {"from": before, "to": title})


@transaction.atomic
def set_status(*, actor: Actor, discussion: Discussion, status: str, text: str = "", reason: str = "") -> Event:
    """Open or close it, with a comment if there is something to say; a pull request may be a draft again, or no longer.

    Raises as `comment`; WrongState where it is so already, or is merged.
    """
    discussion = held(discussion)
    access.require_steering(actor, discussion)
    _check_change(discussion, status)
    if text:
        _add_comment(actor, discussion, _required_text(text))
    if discussion.is_pull_request:
        pull_requests.set_open(discussion.repository, discussion.number, is_open=status != Status.CLOSED)
    discussion.status = status
    discussion.save(update_fields=["status"])
    data = {"status": status} | ({"reason": reason[:MAX_REASON]} if reason else {})
    return add_event(actor, discussion, Kind.STATUS, data)


def _check_change(discussion: Discussion, status: str) -> None:
    wanted = {Status.OPEN, Status.CLOSED} | ({Status.DRAFT} if discussion.is_pull_request else set())
    if status not in wanted:
        raise Invalid(
            _("The status can be %(choices)s, not %(status)r.")
            % {"choices": ", ".join(sorted(wanted)), "status": status[:40]}
        )
    if discussion.status == Status.MERGED:
        raise WrongState(_("It is merged, and stays so."))
    if status == discussion.status:
        raise WrongState(str(_ALREADY[Status(status)]))
    if status == Status.DRAFT and discussion.status == Status.CLOSED:
        raise WrongState(_("It is closed: reopen it first."))


@transaction.atomic
def lock(*, actor: Actor, discussion: Discussion, to: bool = True) -> Event | None:
    """Let only who writes the repository comment, or all again. None: it was so already.

    Raises as `comment`; WrongState where a maintainer of the hub has locked it.
    """
    discussion = held(discussion)
    access.require_governing(actor, discussion)
    acts = ModerationAction.objects.filter(kind=Act.LOCK, subject_kind=SubjectKind.DISCUSSION, reversed_by=None)
    if not to and not (actor.user and actor.user.is_staff) and acts.filter(subject_id=discussion.pk).exists():
        raise WrongState(_("A maintainer of this hub locked the thread."))
    return set_locked(actor=actor, discussion=discussion, to=to)


def set_locked(*, actor: Actor, discussion: Discussion, to: bool) -> Event | None:
    """As `lock`, for who has asked for the right already. Within a transaction."""
    if discussion.is_locked == to:
        return None
    discussion.is_locked = to
    discussion.save(update_fields=["is_locked"])
    return add_event(actor, discussion, Kind.LOCK, {"to": to})


@transaction.atomic
def pin(*, actor: Actor, discussion: Discussion, to: bool = True) -> Event | None:
    """Keep it above the others of its repository, or no longer. None: it was so already. Raises as `comment`."""
    discussion = held(discussion)
    access.require_governing(actor, discussion)
    if discussion.is_pinned == to:
        return None
    discussion.is_pinned = to
    discussion.save(update_fields=["is_pinned"])
    return add_event(actor, discussion, Kind.PIN, {"to": to})


@transaction.atomic
def react(*, actor: Actor, event: Event, sign: str) -> bool:
    """Whether the actor had not reacted so before. Raises as `comment`."""
    if sign not in REACTIONS:
        raise Invalid(_("A reaction is one of %(choices)s.") % {"choices": " ".join(REACTIONS)})
    event = _current(event, held(event.discussion))
    user = access.require_commenting(actor, event.discussion)
    if event.kind != Kind.COMMENT or event.is_hidden:
        raise Invalid(_("Only comments that are shown take reactions."))
    _reaction, is_new = Reaction.objects.get_or_create(event=event, user=user, sign=sign)
    return is_new


@transaction.atomic
def unreact(*, actor: Actor, event: Event, sign: str) -> bool:
    """Whether the actor had reacted so before. Raises as `comment`."""
    user = access.require_commenting(actor, event.discussion)
    return bool(Reaction.objects.filter(event=event, user=user, sign=sign).delete()[0])


@transaction.atomic
def subscribe(*, actor: Actor, discussion: Discussion, to: bool = True) -> None:
    """Be told of what happens there; or, whatever one's part in it, no longer.

    Raises Unauthenticated, Suspended, ReadOnlyToken.
    """
    user = actor.require_writer()
    if not Discussion.objects.visible_to(actor).filter(pk=discussion.pk).exists():
        raise DiscussionNotFound
    Subscription.objects.update_or_create(discussion=discussion, user=user, defaults={"is_muted": not to})


def is_subscribed(actor: Actor, discussion: Discussion) -> bool:
    user = actor.user
    return user is not None and discussion.subscriptions.filter(user=user, is_muted=False).exists()


def participants(discussion: Discussion) -> QuerySet[User]:
    """Who opened it, or did something in it, by name."""
    took_part = discussion.events.exclude(kind=Kind.REFERENCE).values("author")
    return User.objects.filter(pk__in=took_part).order_by("username")


def timeline(discussion: Discussion, actor: Actor, *, after: int = 0, limit: int | None = None) -> list[Event]:
    """The events that this actor may see, the first first, from those past the event of primary key `after`.

    With all that pages and programs show of them, in a number of queries that does not grow.
    """
    shown = discussion.events.visible_to(actor).for_timeline()
    return list(shown.filter(pk__gt=after)[:limit] if after else shown[:limit])


def held(discussion: Discussion) -> Discussion:
    """As it is now, locked with its repository until the end of the transaction.

    Raises RepositoryNotFound, DiscussionNotFound.
    """
    keep(discussion.repository)
    rows = Discussion.objects.for_lists().filter(pk=discussion.pk)
    now = rows.select_for_update(of=("self",), no_key=True).first()
    if now is None:
        raise DiscussionNotFound
    return now


def _current(event: Event, discussion: Discussion) -> Event:
    """As it is now; its thread is held."""
    now = Event.objects.select_related("author", "hidden_by").get(pk=event.pk)
    now.discussion = discussion
    return now


def add_event(
    actor: Actor, discussion: Discussion, kind: str, data: dict[str, Any] | None = None, **fields: Any
) -> Event:
    """One more event of a thread that is held. Raises Conflict."""
    if discussion.events.count() >= MAX_EVENTS:
        raise Conflict(_("A discussion holds %(most)s events: go on in a new one.") % {"most": MAX_EVENTS})
    event = Event(discussion=discussion, author=actor.user, kind=kind, data=data or {}, **fields)
    event.save()
    is_comment = kind == Kind.COMMENT
    Discussion.objects.filter(pk=discussion.pk).update(
        updated_at=event.created_at, comment_count=F("comment_count") + int(is_comment)
    )
    event_added.send(sender=Event, event=event, actor=actor)
    return event


def _add_comment(actor: Actor, discussion: Discussion, text: str) -> Event:
    mentions.join(discussion, [actor.require_user()])
    title = "" if discussion.comment_count else discussion.title
    is_held = spam.judge(actor=actor, text=text, title=title, place=spam.Place.COMMENT)
    hidden: dict[str, Any] = {"hidden_at": timezone.now(), "hidden_reason": spam.HELD} if is_held else {}
    event = add_event(actor, discussion, Kind.COMMENT, text=text, html=_html(discussion, text), **hidden)
    if is_held:
        spam.hold(event)
    else:
        mentions.follow(event=event, actor=actor)
    return event


def _html(discussion: Discussion, text: str) -> str:
    return str(render_comment(text, repository=discussion.repository, actor=Actor()))


def checked_title(title: str) -> str:
    """In one line. Raises Invalid, TooLarge."""
    title = " ".join(title.replace("\0", " ").split())
    if not title:
        raise Invalid(_("A discussion needs a title."))
    if len(title) > MAX_TITLE:
        raise TooLarge(
            _("A title may have %(most)s characters; this one has %(count)s.")
            % {"most": MAX_TITLE, "count": len(title)}
        )
    return title


def _required_text(text: str) -> str:
    checked = checked_text(text)
    if not checked.strip():
        raise Invalid(_("A comment needs a text."))
    return checked


def checked_text(text: str) -> str:
    """Raises Invalid, TooLarge."""
    if len(text) > MAX_COMMENT:
        raise TooLarge(
            _("A comment may have %(most)s characters; this one has %(count)s.")
            % {"most": MAX_COMMENT, "count": len(text)}
        )
    if "\0" in text:
        raise Invalid(_("The text holds a NUL character."))
    return text.replace("\r\n", "\n")
