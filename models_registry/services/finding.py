"""Repositories by what somebody types, the one that is meant first."""

import math
from collections.abc import Iterable, Sequence
from itertools import chain, starmap
from typing import NamedTuple

from accounts.models import Actor
from hub import matching
from hub.matching import CANDIDATES, Found
from models_registry.models import Card, Repository
from models_registry.models.repository import RepositoryQuerySet
from models_registry.services.browsing import matching as matched


def find(actor: Actor, kind: str, text: str, most: int) -> Found:
    """By name, owner, summary and tag; then by what cards say that the actor may read; then by names spelt nearly so."""
    visible = Repository.objects.visible_to(actor).filter(kind=kind)
    popular = visible.order_by("-downloads", "-pk")
    asked = text.lower().strip()
    described = matched(visible, text)
    named = popular.filter(full_key__contains=f"/{asked}")
    ways = (named, matched(popular, text))
    best = _ranked(chain.from_iterable(map(_candidates, ways)), text, most)
    if len(best) < most:
        readable = Repository.objects.readable_by(actor).filter(kind=kind)
        cards = matching.with_text(Card.objects.filter(repository__in=readable.values("pk")), "text", text)
        ids = set(cards.values_list("repository", flat=True)[:CANDIDATES]).difference(row.pk for row in best)
        if ids:
            best += _ranked(_candidates(popular.filter(pk__in=ids)), text, most - len(best))
    if best or not matching.allows_typos(text):
        return Found(_shown(visible, best), described, most)
    # Any that are alike tell which word is meant; those that have that word are then found as quickly as by itself.
    near = matching.nearly(visible, "full_key", text)
    alike = dict(near.order_by().values_list("pk", "full_key")[:CANDIDATES])
    meant = matching.corrected(text, alike.values())
    best = _ranked(_candidates(popular.filter(pk__in=alike)), text, most)
    if meant:
        there = popular.filter(matching.containing("full_key", meant))
        best = _ranked(chain(_candidates(there), best), meant, most)
    rows = _shown(visible, best)
    return Found(rows, near, most, [row.full_key for row in rows])


class _Candidate(NamedTuple):
    """What is enough to tell how well a repository is meant."""

    pk: int
    name: str
    owner: str
    summary: str
    tag_words: str
    downloads: int
    likes: int
    trending_score: float


def _candidates(repositories: RepositoryQuerySet) -> Iterable[_Candidate]:
    """The first of them."""
    columns = ("pk", "name", "namespace__name", "summary", "tag_words", "downloads", "likes", "trending_score")
    return starmap(_Candidate, repositories.values_list(*columns)[:CANDIDATES])


def _shown(visible: RepositoryQuerySet, best: Sequence[_Candidate]) -> list[Repository]:
    rows = visible.for_cards().in_bulk([one.pk for one in best]) if best else {}
    return [rows[one.pk] for one in best if one.pk in rows]


def _ranked(candidates: Iterable[_Candidate], text: str, most: int) -> list[_Candidate]:
    return matching.ranked(candidates, lambda one: _worth(one, text), most)


def _worth(one: _Candidate, text: str) -> float:
    """How well it is meant; among those meant as well, the more it is used. Much use lifts by one step, not by two."""
    use = one.downloads + 20 * one.likes + 50 * max(one.trending_score, 0)
    return matching.closeness(text, one.name, one.owner, f"{one.summary} {one.tag_words}") + min(
        math.log10(1 + use) / 6, 1.2
    )
