"""Searching and narrowing lists of repositories. The state of a list is its query string, so it can be sent to others.

A short list is counted by the database, facet by facet. Of a long one the counts come from the index of what is public
(`facet_index`), to which the reader's own private repositories are added as they are.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import Count, Q
from django.utils.functional import Promise
from pyroaring import BitMap

from accounts.models import Actor, Membership, Namespace
from hub import matching as texts
from hub.matching import LONGEST_QUERY, MOST_WORDS
from models_registry.models import CommercialUse, Kind, Repository, RepositoryTag
from models_registry.models.repository import RepositoryQuerySet
from models_registry.services import facet_index
from models_registry.services import facets as registered
from models_registry.services.facet_index import Index
from models_registry.services.facets import LARGEST, SIZE, SMALLEST, Facet

VALUES_IN_A_FACET = 12
MOST_COUNTED = 60
MOST_CHOSEN = 20  # values of one facet
MOST_FOUND = 10_000  # by a text, where an index counts the rest; of more, numbers are "at least"
FEW = 1_500  # repositories that are asked for by their ids: more are found as quickly in the order they are shown in

SORTS = {
    "trending": ("-trending_score", "-pk"),
    "downloads": ("-downloads", "-pk"),
    "likes": ("-likes", "-pk"),
    "updated": ("-updated_at", "-pk"),
    "newest": ("-created_at", "-pk"),
}
COMMERCIAL_WORDS = {value: value for value in CommercialUse.values} | dict.fromkeys(
    ("1", "true"), CommercialUse.YES.value
)
"""How a query says it: {word: value of the column}."""


@dataclass(frozen=True)
class Filters:
    """What a list of one kind is narrowed to.

    `chosen`: {facet: values, any of which will do}; `text`: words, all of which must occur; `spelt_nearly`: words that are
    spelt nearly so will do.
    """

    kind: str = Kind.MODEL
    text: str = ""
    sort: str = "updated"
    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    spelt_nearly: bool = False

    @classmethod
    def of_query(cls, query: Any, kind: str = Kind.MODEL, *, sort: str = "updated") -> "Filters":
        """From a QueryDict; what it does not know, it leaves out. sort: where none is asked for."""
        asked = query.get("sort", "")
        known = asked in SORTS or any(asked.startswith(orders.prefix) for orders in registered.orders())
        chosen = {
            facet.key: values
            for facet in registered.of_kind(kind)
            if (
                values := _sizes(query) if facet is SIZE else _values(facet.key, query.getlist(facet.key)[:MOST_CHOSEN])
            )
        }
        text = query.get("q", "").strip()[:LONGEST_QUERY]
        return cls(kind=kind, text=text, sort=asked[:100] if known else sort, chosen=chosen)

    @property
    def sizes(self) -> tuple[int, int]:
        """The marks of the slider: from that one on, and below this one; the outermost mean no end."""
        steps = self.chosen.get(SIZE.key)
        return (int(steps[0]), min(int(steps[-1]) + 1, LARGEST)) if steps else (SMALLEST, LARGEST)

    def without(self, facet: str) -> "Filters":
        return replace(self, chosen={key: values for key, values in self.chosen.items() if key != facet})


def _values(name: str, written: list[str]) -> tuple[str, ...]:
    if name == "commercial":  # `?commercial=1` for short
        return tuple(value for word in written if (value := COMMERCIAL_WORDS.get(word.lower())))
    return tuple(dict.fromkeys(filter(None, written)))


def _sizes(query: Any) -> tuple[str, ...]:
    """The half decades between two marks; none where both ends are open."""
    low, high = sorted((_mark(query.get("params_min"), SMALLEST), _mark(query.get("params_max"), LARGEST)))
    if (low, high) == (SMALLEST, LARGEST):
        return ()
    low, high = min(low, LARGEST - 1), max(high, low + 1)  # two marks on one spot: what is next to it
    return tuple(str(step) for step in range(low, LARGEST + 1 if high == LARGEST else high))


def _mark(written: str | None, default: int) -> int:
    is_number = written is not None and written.isascii() and written.isdigit() and len(written) < 4
    return min(max(int(written), SMALLEST), LARGEST) if written and is_number else default


@dataclass(frozen=True)
class FacetValue:
    value: str
    title: str | Promise
    count: int
    chosen: bool


@dataclass(frozen=True)
class ShownFacet:
    """`within`: what its values are searched for; `has_more`: there are more of them than are shown."""

    key: str
    title: str | Promise
    values: list[FacetValue]
    within: str = ""
    has_more: bool = False


@dataclass(frozen=True)
class Listing:
    """`rows`: in order. `count`: of all of them, at least where `is_more`. `sizes`: {half decade: how many}."""

    rows: RepositoryQuerySet
    count: int
    is_more: bool
    facets: list[ShownFacet]
    sizes: Mapping[str, int]
    filters: Filters


def matching(repositories: RepositoryQuerySet, text: str) -> RepositoryQuerySet:
    """Those in whose name, owner, summary or tags every word occurs; `license:mit` may be a tag as it stands."""
    for word in text.split()[:MOST_WORDS]:
        if ":" in word:
            described = Repository.objects.filter(search_text__contains=word.lower()).values("pk")
            labelled = RepositoryTag.objects.filter(tag__in={word, word.lower()}).values("repository")
            # A union and no "or": so that each half is answered from its own index.
            repositories = repositories.filter(pk__in=described.union(labelled))
        else:
            repositories = repositories.filter(search_text__contains=word.lower())
    return repositories


def _texted(repositories: RepositoryQuerySet, filters: Filters) -> RepositoryQuerySet:
    if filters.text and filters.spelt_nearly:
        return texts.nearly(repositories, "full_key", filters.text)
    return matching(repositories, filters.text)


def _public_ids(filters: Filters) -> BitMap:
    """Of what anybody may see and matches the text: all, or one more than MOST_FOUND."""
    public = Repository.objects.visible_to(Actor()).filter(kind=filters.kind)
    return BitMap(_texted(public, filters).order_by().values_list("pk", flat=True)[: MOST_FOUND + 1])


def narrowed(repositories: RepositoryQuerySet, filters: Filters) -> RepositoryQuerySet:
    """Those that match the text and every facet, in no order yet."""
    repositories = _texted(repositories, filters)
    for facet in registered.of_kind(filters.kind):
        if values := filters.chosen.get(facet.key):
            repositories = facet.narrowed(repositories, values)
    return repositories


def browse(repositories: RepositoryQuerySet, filters: Filters) -> RepositoryQuerySet:
    return _ordered(narrowed(repositories, filters), filters)


def _ordered(repositories: RepositoryQuerySet, filters: Filters) -> RepositoryQuerySet:
    for orders in registered.orders():
        if filters.sort.startswith(orders.prefix):
            found = orders.ordered(repositories, filters.sort.removeprefix(orders.prefix))
            return repositories.order_by(*SORTS["trending"]) if found is None else found
    return repositories.order_by(*SORTS[filters.sort])


def listed(actor: Actor, filters: Filters, within: Mapping[str, str] | None = None) -> Listing:
    """What the actor sees of it, with the facets. within: {facet: what its values are searched for}."""
    visible = Repository.objects.visible_to(actor).filter(kind=filters.kind)
    index = facet_index.current(filters.kind)
    texted = _public_ids(filters) if index and filters.text else None
    if (
        filters.text
        and not texted
        and texts.allows_typos(filters.text)
        and not matching(visible, filters.text).exists()
    ):
        filters = replace(filters, spelt_nearly=True)
        texted = _public_ids(filters) if index else None
    if index is None:
        counted: _Counted = _Live(visible, filters)
        rows = counted.rows()
        count, is_more = rows.count(), False
    else:
        counted = _Indexed(index, actor, visible, filters, texted)
        rows, count, is_more = counted.rows(), counted.count, counted.is_more
    if filters.sort not in SORTS:  # a board leaves out who is not on it
        rows = _ordered(rows, filters)
        count, is_more = rows.count(), False
    else:
        rows = _ordered(rows, filters)
    return Listing(rows, count, is_more, _shown(counted, filters, within or {}), counted.sizes(), filters)


class _Live:
    """Counts of a list as the database has it now: one query for each facet."""

    def __init__(self, repositories: RepositoryQuerySet, filters: Filters):
        self._repositories, self._filters = _texted(repositories, filters), replace(filters, text="")

    def rows(self) -> RepositoryQuerySet:
        """In no order yet."""
        return narrowed(self._repositories, self._filters)

    def counts(self, facet: Facet, within: str = "") -> list[tuple[str, int]]:
        """The commonest values, counted among what all other facets leave."""
        rest = narrowed(self._repositories, self._filters.without(facet.key))
        return facet.pairs(rest).counted(MOST_COUNTED, within)

    def sizes(self) -> Mapping[str, int]:
        return dict(self.counts(SIZE)) if SIZE in registered.of_kind(self._filters.kind) else {}


class _Indexed:
    """Counts of a long list: bitmaps of what is public, and what the actor sees besides as the database has it.

    texted: which of the public ones match the text; None where there is none.
    """

    def __init__(
        self, index: Index, actor: Actor, visible: RepositoryQuerySet, filters: Filters, texted: BitMap | None
    ):
        self._index, self._visible, self._filters = index, visible, filters
        self._inside: _Live | None = None
        self._own: list[int] = []  # at most one more than FEW
        if actor.user is not None:
            inside = visible.exclude(private=False, disabled_reason="")
            if inside.exists():
                self._inside = _Live(inside, filters)
                self._own = list(self._inside.rows().order_by().values_list("pk", flat=True)[: FEW + 1])
        self._are_many = len(self._own) > FEW
        self._found = index.everything if texted is None else texted
        self.is_more = texted is not None and len(texted) > MOST_FOUND
        self._all = self._selected(None)
        own = self._inside.rows().count() if self._inside is not None and self._are_many else len(self._own)
        self.count = len(self._all) + own

    def rows(self) -> RepositoryQuerySet:
        """In no order yet. By their ids, where those are few or a text was looked for: it is not looked for again."""
        if self.is_more or self._are_many or (self.count > FEW and not self._filters.text):
            return narrowed(self._visible, self._filters)
        return self._visible.filter(pk__in=[*self._all, *self._own])

    def _selected(self, without: str | None) -> BitMap:
        found = self._found
        for facet in registered.of_kind(self._filters.kind):
            values = self._filters.chosen.get(facet.key)
            if values and facet.key != without:
                found = found & facet_index.union(self._ids(facet, value) for value in values)
        return found

    def _ids(self, facet: Facet, value: str) -> BitMap:
        known = self._index.values.get(facet.key, {})
        if value in known:
            return known[value]
        if len(known) < facet_index.MOST_VALUES:  # it has them all
            return BitMap()
        public = Repository.objects.visible_to(Actor()).filter(kind=self._filters.kind)
        return BitMap(facet.narrowed(public, [value]).values_list("pk", flat=True)[:MOST_FOUND])

    def counts(self, facet: Facet, within: str = "") -> list[tuple[str, int]]:
        """As `_Live.counts`."""
        rest = self._selected(facet.key) if facet.key in self._filters.chosen else self._all
        is_everything = rest is self._index.everything
        wanted = within.lower()
        found = {
            value: len(ids) if is_everything else rest.intersection_cardinality(ids)
            for value, ids in self._index.values.get(facet.key, {}).items()
            if wanted in value.lower()
        }
        if self._inside is not None:
            for value, count in self._inside.counts(facet, within):
                found[value] = found.get(value, 0) + count
        most = sorted(((value, count) for value, count in found.items() if count), key=lambda one: (-one[1], one[0]))
        return most[:MOST_COUNTED]

    def sizes(self) -> Mapping[str, int]:
        return dict(self.counts(SIZE)) if SIZE in registered.of_kind(self._filters.kind) else {}


_Counted = _Live | _Indexed


def _shown(counted: _Counted, filters: Filters, within: Mapping[str, str]) -> list[ShownFacet]:
    """Clients look for tasks, libraries and languages among the tags too; here each shows once, in the facet of its own."""
    facets = [facet for facet in registered.of_kind(filters.kind) if facet is not SIZE]
    counts = {facet.key: counted.counts(facet, within.get(facet.key, "")) for facet in facets}
    elsewhere = {value for key, values in counts.items() if key != "tag" for value, _count in values}
    shown = []
    for facet in facets:
        chosen = filters.chosen.get(facet.key, ())
        rows = counts[facet.key]
        if facet.key == "tag":
            rows = [(value, count) for value, count in rows if value in chosen or value not in elsewhere]
        shown.append(_shown_facet(facet, rows, chosen, within.get(facet.key, "")))
    return [facet for facet in shown if facet.values or facet.within]


def _shown_facet(facet: Facet, rows: list[tuple[str, int]], chosen: Iterable[str], within: str) -> ShownFacet:
    there = dict(rows)
    wanted = [(value, there.get(value, 0)) for value in chosen if value not in there]
    wanted += [row for index, row in enumerate(rows) if row[0] in chosen or index < VALUES_IN_A_FACET]
    titles = facet.titles([value for value, _count in wanted])
    values = [FacetValue(value, titles.get(value, value), count, value in chosen) for value, count in wanted]
    return ShownFacet(facet.key, facet.title, values, within, has_more=bool(within) or len(rows) > VALUES_IN_A_FACET)


def shared_counts(actor: Actor, namespace: Namespace) -> dict[str, int]:
    """How many models and datasets of a namespace the actor may see, and how many members an organisation has."""
    visible = Repository.objects.visible_to(actor).filter(namespace=namespace)
    found: dict[str, int] = visible.aggregate(
        models=Count("pk", filter=Q(kind=Kind.MODEL)), datasets=Count("pk", filter=Q(kind=Kind.DATASET))
    )
    if namespace.organization is not None:
        found["members"] = Membership.objects.filter(organization=namespace.organization).count()
    return found
