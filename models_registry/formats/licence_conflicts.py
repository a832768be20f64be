"""Where the licence of something made contradicts the licences of what it was made from: rules, each with its reason.

What follows is read from the terms alone, as `licence_terms` has them; whether a use needs a licence at all is for lawyers.
Where the texts or the law leave it open (is a model that was trained on data an adaptation of them?) a finding says that it
cannot be told, instead of accusing anybody.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from models_registry.formats.licence_terms import Allowed, Asked, Terms, choices


class Source(StrEnum):
    """What the other one is to the derivative."""

    BASE = "base"
    DATA = "data"


class Rule(StrEnum):
    """What was found. `web.licence_words` says each in words."""

    COMMERCIAL_ON_NONCOMMERCIAL = "commercial-on-noncommercial"
    CONDITIONS_DROPPED = "conditions-dropped"
    NO_DERIVATIVES = "no-derivatives"
    SHARE_ALIKE_DROPPED = "share-alike-dropped"
    RESTRICTIONS_DROPPED = "restrictions-dropped"
    NAMING = "naming"
    CREDIT_DROPPED = "credit-dropped"
    SHARE_ALIKE_OF_DATA = "share-alike-of-data"
    NO_DERIVATIVES_OF_DATA = "no-derivatives-of-data"
    RESTRICTIONS_OF_DATA = "restrictions-of-data"
    UNKNOWN = "unknown"
    NO_LICENCE = "no-licence"


UNCLEAR = frozenset(
    {Rule.SHARE_ALIKE_OF_DATA, Rule.NO_DERIVATIVES_OF_DATA, Rule.RESTRICTIONS_OF_DATA, Rule.UNKNOWN, Rule.NO_LICENCE}
)
"""Those that say no more than that it cannot be told."""


@dataclass(frozen=True)
class Parent:
    """Something that the derivative was made from, with its licence as its card writes it."""

    name: str
    licence: str
    source: Source


@dataclass(frozen=True)
class Finding:
    rule: Rule
    parent: Parent

    @property
    def is_contradiction(self) -> bool:
        return self.rule not in UNCLEAR


def findings(*, name: str, licence: str, parents: Iterable[Parent]) -> list[Finding]:
    """Contradictions first. name: of the derivative, without its namespace. Nothing for one that names no licence."""
    if not licence.strip():
        return []
    found = [
        Finding(rule, parent)
        for parent in parents
        for rule in Rule
        if rule in rules_against(name=name, licence=licence, parent=parent)
    ]
    return sorted(found, key=lambda finding: not finding.is_contradiction)


def rules_against(*, name: str, licence: str, parent: Parent) -> frozenset[Rule]:
    """Whoever takes the derivative may choose any of its alternatives: each must do justice to one of the parent's."""
    if not parent.licence.strip():
        return frozenset({Rule.NO_LICENCE})
    check = _of_base if parent.source == Source.BASE else _of_data
    found: set[Rule] = set()
    for child in choices(licence):
        # The fewest contradictions; of equals, the fewest open questions.
        per_choice = [check(name, child, terms) for terms in choices(parent.licence)]
        found |= min(per_choice, key=lambda rules: (len(rules - UNCLEAR), len(rules), sorted(rules)))
    return frozenset(found)


def _of_base(name: str, child: Terms, base: Terms) -> frozenset[Rule]:
    found = set(_of_commerce(child, base))
    if child.ids == base.ids:  # the same licence passes everything on
        found = set()
    elif not child.is_known:
        return frozenset({Rule.UNKNOWN})
    else:
        if base.share_alike == Asked.YES and not base.shares_weakly and not _shares(child, base):
            found.add(Rule.SHARE_ALIKE_DROPPED)
        if base.passes_on == Asked.YES and not (child.passes_on == Asked.YES and child.forbidden >= base.forbidden):
            found.add(Rule.RESTRICTIONS_DROPPED)
        if base.credit == Asked.YES and child.credit == Asked.NO:
            found.add(Rule.CREDIT_DROPPED)
    if base.derivatives == Allowed.NO:
        found.add(Rule.NO_DERIVATIVES)
    if base.naming and not _letters(name).startswith(_letters(base.naming)):
        found.add(Rule.NAMING)
    return frozenset(found)


def _letters(name: str) -> str:
    return "".join(filter(str.isalnum, name.lower()))


def _of_data(_name: str, child: Terms, data: Terms) -> frozenset[Rule]:
    found = set(_of_commerce(child, data))
    if child.ids == data.ids:
        return frozenset(found)
    if not child.is_known:
        return frozenset({Rule.UNKNOWN})
    if data.share_alike == Asked.YES and not _shares(child, data):
        found.add(Rule.SHARE_ALIKE_OF_DATA)
    if data.derivatives == Allowed.NO:
        found.add(Rule.NO_DERIVATIVES_OF_DATA)
    if data.passes_on == Asked.YES and not (child.passes_on == Asked.YES and child.forbidden >= data.forbidden):
        found.add(Rule.RESTRICTIONS_OF_DATA)
    return frozenset(found)


def _of_commerce(child: Terms, parent: Terms) -> Iterable[Rule]:
    if parent.commercial == Allowed.UNKNOWN:
        yield Rule.UNKNOWN
    elif child.commercial in {Allowed.YES, Allowed.CONDITIONAL}:
        if parent.commercial == Allowed.NO:
            yield Rule.COMMERCIAL_ON_NONCOMMERCIAL
        elif not child.conditions >= parent.conditions:
            yield Rule.CONDITIONS_DROPPED


def _shares(child: Terms, parent: Terms) -> bool:
    """Whether the child comes under a licence that each of the parent's accepts."""
    return all(child.ids & accepted for accepted in parent.shares_under)
