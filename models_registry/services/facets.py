"""What lists of repositories can be narrowed by. Higher apps add facets of their own from their `ready()`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from django.db.models import Case, Count, Q, QuerySet, Value, When
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from models_registry.models import Gate, Kind, RepositoryTag
from models_registry.models.repository import RepositoryQuerySet

EVERY_KIND = frozenset(Kind)
MODELS = frozenset({Kind.MODEL})
DATASETS = frozenset({Kind.DATASET})


class Pairs(NamedTuple):
    """Which repository has which value: rows, and the names of the two columns. `prefix` stands before each value."""

    rows: QuerySet[Any]
    value: str
    repository: str
    prefix: str = ""

    def counted(self, most: int, containing: str = "") -> list[tuple[str, int]]:
        """The commonest values, with how many have each; equals by name."""
        rows = self.rows
        if containing:
            rows = rows.filter(**{f"{self.value}__icontains": containing})
        found = rows.order_by().values_list(self.value).annotate(count=Count(self.repository))
        commonest = found.order_by("-count", self.value)[:most]
        return [(str(value).removeprefix(self.prefix), count) for value, count in commonest]


class Facet(Protocol):
    """One way to narrow a list.

    key: its name in an address. kinds: of which lists. pairs: the values that its repositories have, of which the commonest are
    shown.
    """

    @property
    def key(self) -> str: ...
    @property
    def title(self) -> str | Promise: ...
    @property
    def kinds(self) -> frozenset[Kind]: ...
    def narrowed(self, repositories: RepositoryQuerySet, values: Sequence[str]) -> RepositoryQuerySet:
        """Those that have one of the values."""

    def pairs(self, repositories: RepositoryQuerySet) -> Pairs: ...
    def titles(self, values: Sequence[str]) -> Mapping[str, str | Promise]:
        """What readers call those of these values that are not called as they are written."""


@dataclass(frozen=True)
class ColumnFacet:
    """A column of Repository; "" is no value."""

    key: str
    title: str | Promise
    column: str
    kinds: frozenset[Kind] = EVERY_KIND

    def narrowed(self, repositories: RepositoryQuerySet, values: Sequence[str]) -> RepositoryQuerySet:
        return repositories.filter(**{f"{self.column}__in": values})

    def pairs(self, repositories: RepositoryQuerySet) -> Pairs:
        return Pairs(repositories.exclude(**{self.column: ""}), self.column, "pk")

    def titles(self, values: Sequence[str]) -> Mapping[str, str | Promise]:
        return {}


@dataclass(frozen=True)
class TagFacet:
    """Tags that begin with `prefix`, less it; or those of `only`; or all without a colon."""

    key: str
    title: str | Promise
    prefix: str = ""
    only: frozenset[str] = frozenset()
    kinds: frozenset[Kind] = EVERY_KIND

    def narrowed(self, repositories: RepositoryQuerySet, values: Sequence[str]) -> RepositoryQuerySet:
        tags = [self.prefix + value for value in values]
        return repositories.filter(pk__in=RepositoryTag.objects.filter(tag__in=tags).values("repository"))

    def pairs(self, repositories: RepositoryQuerySet) -> Pairs:
        tags = RepositoryTag.objects.filter(repository__in=repositories.order_by().values("pk"))
        if self.only:
            tags = tags.filter(tag__in=self.only)
        elif self.prefix:
            tags = tags.filter(tag__startswith=self.prefix)
        else:
            tags = tags.exclude(tag__contains=":")
        return Pairs(tags, "tag", "repository", self.prefix)

    def titles(self, values: Sequence[str]) -> Mapping[str, str | Promise]:
        return {}


@dataclass(frozen=True)
class ConditionFacet:
    """One thing that is so or not: the one value stands for those of which it is so."""

    key: str
    title: str | Promise
    value: str
    value_title: str | Promise
    condition: Q
    kinds: frozenset[Kind] = EVERY_KIND

    def narrowed(self, repositories: RepositoryQuerySet, values: Sequence[str]) -> RepositoryQuerySet:
        return repositories.filter(self.condition) if self.value in values else repositories.none()

    def pairs(self, repositories: RepositoryQuerySet) -> Pairs:
        return Pairs(repositories.filter(self.condition).annotate(so=Value(self.value)), "so", "pk")

    def titles(self, values: Sequence[str]) -> Mapping[str, str | Promise]:
        return {self.value: self.value_title}


SMALLEST, LARGEST = 6, 24
"""Half decades: 10³ and 10¹² parameters. What is smaller or larger counts to the first or the last."""


def parameters_at(step: int) -> int:
    """How many parameters a mark of the slider means: 6 → 1000, 7 → 3000, 8 → 10000."""
    return int((3 if step % 2 else 1) * 10 ** (step // 2))


class SizeFacet:
    """Parameters, in half decades: the value "7" holds all from 3000 to below 10000."""

    key = "size"
    title = _("Parameters")
    kinds = MODELS

    def narrowed(self, repositories: RepositoryQuerySet, values: Sequence[str]) -> RepositoryQuerySet:
        """values: adjoining ones."""
        first, last = int(values[0]), int(values[-1])
        if first > SMALLEST:
            repositories = repositories.filter(parameter_count__gte=parameters_at(first))
        if last < LARGEST:
            repositories = repositories.filter(parameter_count__lt=parameters_at(last + 1))
        return repositories.filter(parameter_count__isnull=False)

    def pairs(self, repositories: RepositoryQuerySet) -> Pairs:
        steps = [
            When(parameter_count__lt=parameters_at(step + 1), then=Value(str(step)))
            for step in range(SMALLEST, LARGEST)
        ]
        known = repositories.filter(parameter_count__isnull=False)
        return Pairs(known.annotate(step=Case(*steps, default=Value(str(LARGEST)))), "step", "pk")

    def titles(self, values: Sequence[str]) -> Mapping[str, str | Promise]:
        return {}


SIZE = SizeFacet()
_facets: list[Facet] = [
    ColumnFacet("task", _("Task"), "task"),
    SIZE,
    ColumnFacet("library", _("Library"), "library", MODELS),
    TagFacet("format", _("Format"), only=frozenset({"safetensors", "onnx", "gguf", "keras"}), kinds=MODELS),
    TagFacet("format", _("Format"), prefix="format:", kinds=DATASETS),
    TagFacet("modality", _("Modality"), prefix="modality:", kinds=DATASETS),
    ColumnFacet("licence", _("Licence"), "licence"),
    ColumnFacet("commercial", _("Commercial use"), "commercial_use"),
    TagFacet("language", _("Language"), prefix="language:"),
    TagFacet("tag", _("Tags")),
    ConditionFacet("pickle", _("Safety"), "no", _("No pickle files"), Q(holds_pickles=False), MODELS),
    ConditionFacet("gate", _("Access"), "open", _("Open to everybody"), Q(gated=Gate.OPEN)),
]


def add(facet: Facet, *, before: str) -> None:
    """Show it before the facet of that key."""
    _facets.insert([one.key for one in _facets].index(before), facet)


def of_kind(kind: str) -> list[Facet]:
    return [facet for facet in _facets if kind in facet.kinds]


class Orders(Protocol):
    """Ways to sort that a higher app knows. `titles`: {key: what readers call it}."""

    prefix: str

    def titles(self) -> Mapping[str, str | Promise]: ...
    def ordered(self, repositories: RepositoryQuerySet, key: str) -> RepositoryQuerySet | None:
        """Only those that have a place in that order; None where there is no such order."""


_orders: list[Orders] = []


def add_orders(orders: Orders) -> None:
    _orders.append(orders)


def orders() -> list[Orders]:
    return list(_orders)
