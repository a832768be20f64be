"""Searching and narrowing lists of repositories. The state of a list is its query string, so it can be sent to others."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Q
from django.db.models.functions import Lower

from accounts.models import Actor, Membership, Namespace
from models_registry.models import CommercialUse, Kind, Repository, RepositoryTag
from models_registry.models.repository import RepositoryQuerySet

MOST_WORDS = 8
LONGEST_QUERY = 200
VALUES_IN_A_FACET = 12
MOST_COUNTED = 60

SORTS = {
    "trending": ("-trending_score", "-pk"),
    "downloads": ("-downloads", "-pk"),
    "likes": ("-likes", "-pk"),
    "updated": ("-updated_at", "-pk"),
    "newest": ("-created_at", "-pk"),
}
# Facets that are columns of Repository: {facet: column}; and those that are tags: {facet: what stands before the value in it}.
COLUMN_FACETS = {"task": "task", "library": "library", "commercial": "commercial_use", "licence": "licence"}
TAG_FACETS = {"language": "language:", "tag": ""}
FACETS = (*COLUMN_FACETS, *TAG_FACETS)
COMMERCIAL_WORDS = {value: value for value in CommercialUse.values} | dict.fromkeys(
    ("1", "true"), CommercialUse.YES.value
)
"""How a query says it: {word: value of the column}."""


@dataclass(frozen=True)
class Filters:
    """What a list is narrowed to. `chosen`: {facet: values, any of which will do}; `text`: words, all of which must occur."""

    text: str = ""
    sort: str = "updated"
    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of_query(cls, query: Any) -> "Filters":
        """From a QueryDict; what it does not know, it leaves out."""
        sort = query.get("sort", "")
        return cls(
            text=query.get("q", "").strip()[:LONGEST_QUERY],
            sort=sort if sort in SORTS else "updated",
            chosen={name: values for name in FACETS if (values := _values(name, query.getlist(name)[:20]))},
        )


def _values(name: str, written: list[str]) -> tuple[str, ...]:
    if name == "commercial":  # `?commercial=1` for short
        return tuple(value for word in written if (value := COMMERCIAL_WORDS.get(word.lower())))
    return tuple(filter(None, written))


@dataclass(frozen=True)
class FacetValue:
    value: str
    count: int
    chosen: bool


def matching(repositories: RepositoryQuerySet, text: str) -> RepositoryQuerySet:
    """Those in whose name, owner, summary or tags every word occurs."""
    for word in text.split()[:MOST_WORDS]:
        described = Repository.objects.filter(search_text__contains=word.lower()).values("pk")
        labelled = RepositoryTag.objects.filter(tag__in={word, word.lower()}).values("repository")
        # A union and no "or": so that each half is answered from its own index.
        repositories = repositories.filter(pk__in=described.union(labelled))
    return repositories


def narrowed(repositories: RepositoryQuerySet, filters: Filters, *, without: str | None = None) -> RepositoryQuerySet:
    """Those that match the text and every facet (but for `without`), in no order yet."""
    repositories = matching(repositories, filters.text)
    for name, values in filters.chosen.items():
        if name == without:
            continue
        if name in COLUMN_FACETS:
            repositories = repositories.filter(**{f"{COLUMN_FACETS[name]}__in": values})
        else:
            tags = [TAG_FACETS[name] + value for value in values]
            repositories = repositories.filter(pk__in=RepositoryTag.objects.filter(tag__in=tags).values("repository"))
    return repositories


def browse(repositories: RepositoryQuerySet, filters: Filters) -> RepositoryQuerySet:
    return narrowed(repositories, filters).order_by(*SORTS[filters.sort])


def facets(repositories: RepositoryQuerySet, filters: Filters) -> dict[str, list[FacetValue]]:
    """The commonest values of each facet, counted among what all other facets leave. One query for each facet.

    Clients look for tasks, libraries and languages among the tags too; here each shows once, in the facet of its own.
    """
    found = {name: _facet(repositories, filters, name) for name in FACETS}
    shown = {entry.value for name, values in found.items() if name != "tag" for entry in values}
    found["tag"] = [entry for entry in found["tag"] if entry.chosen or entry.value not in shown]
    return {name: _shortened(values) for name, values in found.items()}


def _shortened(values: list[FacetValue]) -> list[FacetValue]:
    return [entry for index, entry in enumerate(values) if entry.chosen or index < VALUES_IN_A_FACET]


def _facet(repositories: RepositoryQuerySet, filters: Filters, name: str) -> list[FacetValue]:
    rest = narrowed(repositories, filters, without=name)
    chosen = filters.chosen.get(name, ())
    prefix = TAG_FACETS.get(name, "")
    counted = _column_counts(rest, COLUMN_FACETS[name]) if name in COLUMN_FACETS else _tag_counts(rest, prefix)
    values = [FacetValue(value, count, value in chosen) for value, count in counted]
    missing = [value for value in chosen if value not in {entry.value for entry in values}]
    return [FacetValue(value, 0, chosen=True) for value in missing] + values


def _column_counts(repositories: RepositoryQuerySet, column: str) -> list[tuple[str, int]]:
    counted = repositories.exclude(**{column: ""}).order_by().values_list(column).annotate(count=Count("pk"))
    return list(counted.order_by("-count", Lower(column))[:MOST_COUNTED])


def _tag_counts(repositories: RepositoryQuerySet, prefix: str) -> list[tuple[str, int]]:
    tags = RepositoryTag.objects.filter(repository__in=repositories.order_by().values("pk"))
    tags = tags.filter(tag__startswith=prefix) if prefix else tags.exclude(tag__contains=":")
    counted = tags.values_list("tag").annotate(count=Count("pk")).order_by("-count", "tag")
    return [(tag.removeprefix(prefix), count) for tag, count in counted[:MOST_COUNTED]]


def shared_counts(actor: Actor, namespace: Namespace) -> dict[str, int]:
    """How many models and datasets of a namespace the actor may see, and how many members an organisation has."""
    visible = Repository.objects.visible_to(actor).filter(namespace=namespace)
    found: dict[str, int] = visible.aggregate(
        models=Count("pk", filter=Q(kind=Kind.MODEL)), datasets=Count("pk", filter=Q(kind=Kind.DATASET))
    )
    if namespace.organization is not None:
        found["members"] = Membership.objects.filter(organization=namespace.organization).count()
    return found
