"""What happened in a thread, as its page tells it: comments, and between them lines of what else was done.

Short threads are shown whole. Of long ones the page shows the beginning and the end; what lies between is loaded piece by
piece, each by a range of event ids, so that no page costs more than its own rows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from django.db.models import Count, Exists, OuterRef, QuerySet

from accounts.models import Actor, Membership, Role
from models_registry.community.models import Discussion, Event, Reaction
from models_registry.community.services.markdown import render_comments
from models_registry.models import Repository
from models_registry.page_addresses import page_url
from models_registry.services.references import SHORT_ID

AT_ONCE = 100  # events of a whole thread, or of one piece
FIRST, LAST = 30, 50  # of a thread that is longer


@dataclass
class ReactionCount:
    sign: str
    count: int
    is_mine: bool


@dataclass
class Row:
    """One entry of the timeline. `kind`: that of its events, or "gap" for what is not shown yet.

    `events`: several for what was done one after the other by the same member. The rest is of comments (html, reactions,
    is_maintainer), of references (links: pairs of an address and a title) and of gaps (before, after, left).
    """

    kind: str
    events: list[Event] = field(default_factory=list)
    html: str = ""
    reactions: list[ReactionCount] = field(default_factory=list)
    is_maintainer: bool = False
    links: list[tuple[str, str]] = field(default_factory=list)
    after: int = 0
    before: int = 0
    left: int = 0

    @property
    def event(self) -> Event:
        return self.events[0]


def whole(discussion: Discussion, actor: Actor, *, at: int | None = None) -> list[Row]:
    """The rows of the first view; a comment with the id `at` is among them."""
    events = _events(discussion, actor)
    count = events.count()
    if count <= AT_ONCE:
        return _rows(discussion, list(events), actor)
    first, last = list(events[:FIRST]), list(events.reverse()[:LAST])[::-1]
    middle: list[Event] = []
    if at is not None and first[-1].pk < at < last[0].pk:
        middle = list(events.filter(pk__gte=at, pk__lt=last[0].pk)[:LAST])
    rows = _rows(discussion, [*first, *middle, *last], actor)
    return _with_gaps(rows, events, [first, middle, last])


def _events(discussion: Discussion, actor: Actor) -> QuerySet[Event]:
    found = discussion.events.visible_to(actor).select_related(
        "author", "hidden_by", "origin__namespace", "origin_discussion"
    )
    return found.order_by("pk")


def piece(discussion: Discussion, actor: Actor, *, after: int, before: int) -> list[Row]:
    """The next rows past an event, up to another one that is shown already."""
    events = _events(discussion, actor)
    found = list(events.filter(pk__gt=after, pk__lt=before)[:AT_ONCE])
    rows = _rows(discussion, found, actor)
    if found and (gap := _gap(events, found[-1].pk, before)):
        rows.append(gap)
    return rows


def _gap(events: QuerySet[Event], after: int, before: int) -> Row | None:
    left = events.filter(pk__gt=after, pk__lt=before).count()
    return Row("gap", after=after, before=before, left=left) if left else None


def _with_gaps(rows: list[Row], events: QuerySet[Event], parts: Sequence[list[Event]]) -> list[Row]:
    shown = [part for part in parts if part]
    gaps = [gap for one, following in pairwise(shown) if (gap := _gap(events, one[-1].pk, following[0].pk))]
    made: list[Row] = []
    for row in rows:
        while gaps and gaps[0].before <= row.event.pk:
            made.append(gaps.pop(0))
        made.append(row)
    return made


def _rows(discussion: Discussion, events: list[Event], actor: Actor) -> list[Row]:
    comments = [event for event in events if event.kind == Event.Kind.COMMENT]
    texts = render_comments([event.text for event in comments], repository=discussion.repository, actor=actor)
    html = {event.pk: text for event, text in zip(comments, texts, strict=True)}
    reactions = reactions_to([event.pk for event in comments], actor)
    maintainers = _maintainers(discussion.repository, {event.author_id for event in comments})
    rows: list[Row] = []
    for event in events:
        if event.kind == Event.Kind.COMMENT:
            maintains = event.author_id in maintainers
            rows.append(Row(event.kind, [event], html[event.pk], reactions.get(event.pk, []), maintains))
        elif event.kind == Event.Kind.REFERENCE:
            _add(rows, event).links.append(_origin(event))
        else:
            _add(rows, event)
    return rows


def _add(rows: list[Row], event: Event) -> Row:
    """Into the row before it, where that tells of the same act of the same member."""
    last = rows[-1] if rows else None
    folds = event.kind in {Event.Kind.COMMIT, Event.Kind.REFERENCE}
    if last and folds and last.kind == event.kind and last.event.author_id == event.author_id:
        last.events.append(event)
        return last
    rows.append(Row(event.kind, [event]))
    return rows[-1]


def reactions_to(comments: Iterable[int], actor: Actor) -> dict[int, list[ReactionCount]]:
    """By comment; the sign that came first stands first."""
    mine = Reaction.objects.filter(event=OuterRef("event"), sign=OuterRef("sign"), user=actor.user)
    counted = (
        Reaction.objects.filter(event__in=list(comments))
        .values("event", "sign")
        .annotate(count=Count("pk"), is_mine=Exists(mine))
        .order_by("event", "sign")
    )
    found: dict[int, list[ReactionCount]] = {}
    for row in counted:
        found.setdefault(row["event"], []).append(ReactionCount(row["sign"], row["count"], row["is_mine"]))
    return found


def _maintainers(repository: Repository, users: set[int | None]) -> set[int | None]:
    """Those who may write all repositories of its namespace."""
    namespace = repository.namespace
    if namespace.organization_id is None:
        return {namespace.user_id}
    members = Membership.objects.filter(organization=namespace.organization_id, user__in=users, role__gte=Role.WRITE)
    return set(members.values_list("user", flat=True))


def _origin(event: Event) -> tuple[str, str]:
    """Address and title of the thread or commit that names this one."""
    assert event.origin is not None  # of every reference
    if thread := event.origin_discussion:
        address = page_url(event.origin, "discussions", str(thread.number))
        anchor = f"#{event.data['event_id']}" if event.data.get("event_id") else ""
        return address + anchor, f"{thread.title} · {event.origin.full_name}#{thread.number}"
    oid = event.data.get("oid", "")
    return page_url(event.origin, "commit", oid), f"{event.data.get('subject', '')} · {oid[:SHORT_ID]}"
