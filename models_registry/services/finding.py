"""Repositories by what somebody types, the one that is meant first."""

import math
from collections.abc import Iterable
from itertools import chain

from accounts.models import Actor
from hub import matching
from hub.matching import Found
from models_registry.models import Card, Repository, RepositoryTag

CANDIDATES = 100  # by each way of looking, those with the most downloads


def find(actor: Actor, kind: str, text: str, most: int) -> Found:
    """By name, owner, summary and tag; then by what cards say that the actor may read; then by names spelt nearly so."""
    visible = Repository.objects.visible_to(actor).filter(kind=kind)
    popular = visible.for_cards().order_by("-downloads", "-pk")
    asked = text.lower().strip()
    described = visible.filter(matching.containing("search_text", text))
    named = popular.filter(full_key__contains=f"/{asked}")
    tagged = popular.filter(pk__in=RepositoryTag.objects.filter(tag=asked).values("repository"))
    ways = (
        named[:CANDIDATES],
        popular.filter(matching.containing("search_text", text))[:CANDIDATES],
        tagged[:CANDIDATES],
    )
    rows = _ranked(chain.from_iterable(ways), text, most)
    if len(rows) < most:
        readable = Repository.objects.readable_by(actor).filter(kind=kind)
        cards = matching.with_text(Card.objects.filter(repository__in=readable.values("pk")), "text", text)
        ids = list(cards.values_list("repository", flat=True)[:CANDIDATES])
        if ids:
            rows += _ranked(popular.filter(pk__in=ids).exclude(pk__in=[row.pk for row in rows]), text, most - len(rows))
    if rows or not matching.allows_typos(text):
        return Found(rows, described)
    # Any that are alike tell which word is meant; those that have that word are then found as quickly as by itself.
    near = matching.nearly(visible, "full_key", text)
    alike = dict(near.order_by().values_list("pk", "full_key")[:CANDIDATES])
    meant = matching.corrected(text, alike.values())
    rows = _ranked(popular.filter(pk__in=alike), text, most)
    if meant:
        there = popular.filter(matching.containing("full_key", meant))
        rows = _ranked(chain(there[:CANDIDATES], rows), meant, most)
    return Found(rows, near, [row.full_key for row in rows])


def _ranked(rows: Iterable[Repository], text: str, most: int) -> list[Repository]:
    return matching.ranked(rows, lambda row: _worth(row, text), most)


def _worth(repository: Repository, text: str) -> float:
    """How well it is meant; among those meant as well, the more it is used. Much use lifts by one step, not by two."""
    owner = repository.namespace.name
    use = repository.downloads + 20 * repository.likes + 50 * max(repository.trending_score, 0)
    return matching.closeness(text, repository.name, owner, repository.summary) + min(math.log10(1 + use) / 6, 1.2)
