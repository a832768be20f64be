"""Threads and collections by what somebody types."""

import math

from django.db.models import Q

from accounts.models import Actor
from hub import matching
from hub.matching import CANDIDATES, Found
from models_registry.community.models import Collection, Discussion, Event


def find_discussions(actor: Actor, text: str, most: int) -> Found:
    """By title, then by what comments say that nobody has hidden; the last touched first among equals."""
    visible = Discussion.objects.visible_to(actor)
    newest = visible.for_lists().order_by("-updated_at", "-pk")
    titled = visible.filter(matching.mentioning(text, "title"))
    said = matching.with_text(Event.objects.comments().filter(hidden_at=None), "text", text)
    rows = matching.ranked(
        newest.filter(matching.mentioning(text, "title"))[:CANDIDATES],
        lambda thread: matching.closeness(text, thread.title),
        most,
    )
    if len(rows) < most:
        others = newest.filter(pk__in=said.values("discussion")).exclude(pk__in=[thread.pk for thread in rows])
        rows += others[: most - len(rows)]
    both = visible.filter(Q(pk__in=titled.values("pk")) | Q(pk__in=said.values("discussion")))
    return Found(rows, both, most)


def find_collections(actor: Actor, text: str, most: int) -> Found:
    visible = Collection.objects.visible_to(actor)
    found = visible.filter(matching.mentioning(text, "title", "description"))
    rows = matching.ranked(
        found.for_lists().order_by("-upvotes", "-pk")[:CANDIDATES],
        lambda one: matching.closeness(text, one.title, more=one.description) + min(math.log10(1 + one.upvotes) / 4, 1),
        most,
    )
    return Found(rows, found, most)
