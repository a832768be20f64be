"""Searching and narrowing lists of repositories. The state of a list is its query string, so it can be sent to others."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Lower

from models_registry.models import Repository, RepositoryTag

MOST_WORDS = 8
LONGEST_QUERY = 200
VALUES_IN_A_FACET = 12

SORTS = {
    "trending": ("-trending_score", "-updated_at", "-pk"),
    "downloads": ("-downloads", "-updated_at", "-pk"),
    "likes": ("-likes", "-updated_at", "-pk"),
    "newest": ("-created_at", "-pk"),
    "updated": ("-updated_at", "-pk"),
}
# Facets that are columns of Repository, and those that are tags: {facet: what stands before the value in its tag}.
COLUMN_FACETS = ("task", "library", "licence")
TAG_FACETS = {"language": "language:", "tag": ""}
FACETS = (*COLUMN_FACETS, *TAG_FACETS)


@dataclass(frozen=True)
class Filters:
    """What a list is narrowed to. `chosen`: {facet: values, any of which will do}; `text`: words, all of which must occur."""

    text: str = ""
    sort: str = "trending"
    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of_query(cls, query: Any) -> "Filters":
        """From a QueryDict; what it does not know, it leaves out."""
        sort = query.get("sort", "")
        return cls(
            text=query.get("q", "").strip()[:LONGEST_QUERY],
            sort=sort if sort in SORTS else "trending",
            chosen={name: values for name in FACETS if (values := tuple(filter(None, query.getlist(name)[:20])))},
        )


@dataclass(frozen=True)
class FacetValue:
    value: str
    count: int
    chosen: bool


def matching(repositories: QuerySet[Repository], text: str) -> QuerySet[Repository]:
    """Those in whose name, owner, summary or tags every word occurs."""
    for word in text.split()[:MOST_WORDS]:
        owner, slash, name = word.partition("/")
        if slash:
            repositories = repositories.filter(namespace__key__endswith=owner.lower(), key__startswith=name.lower())
            continue
        tagged = RepositoryTag.objects.filter(tag__iexact=word).values("repository")
        repositories = repositories.filter(
            Q(key__contains=word.lower())
            | Q(namespace__key__contains=word.lower())
            | Q(summary__icontains=word)
            | Q(pk__in=tagged)
        )
    return repositories


def narrowed(
    repositories: QuerySet[Repository], filters: Filters, *, without: str | None = None
) -> QuerySet[Repository]:
    """Those that match the text and every facet (but for `without`), in no order yet."""
    repositories = matching(repositories, filters.text)
    for name, values in filters.chosen.items():
        if name == without:
            continue
        if name in COLUMN_FACETS:
            repositories = repositories.filter(**{f"{name}__in": values})
        else:
            tags = [TAG_FACETS[name] + value for value in values]
            repositories = repositories.filter(pk__in=RepositoryTag.objects.filter(tag__in=tags).values("repository"))
    return repositories


def browse(repositories: QuerySet[Repository], filters: Filters) -> QuerySet[Repository]:
    return narrowed(repositories, filters).order_by(*SORTS[filters.sort])


def facets(repositories: QuerySet[Repository], filters: Filters) -> dict[str, list[FacetValue]]:
    """The commonest values of each facet, counted among what all other facets leave. One query for each facet."""
    return {name: _facet(repositories, filters, name) for name in FACETS}


def _facet(repositories: QuerySet[Repository], filters: Filters, name: str) -> list[FacetValue]:
    rest = narrowed(repositories, filters, without=name)
    chosen = filters.chosen.get(name, ())
    if name in COLUMN_FACETS:
        counted = rest.exclude(**{name: ""}).order_by().values_list(name).annotate(count=Count("pk"))
        found = counted.order_by("-count", Lower(name))[: VALUES_IN_A_FACET + len(chosen)]
        prefix = ""
    else:
        prefix = TAG_FACETS[name]
        tags = RepositoryTag.objects.filter(repository__in=rest.order_by().values("pk"))
        tags = tags.filter(tag__startswith=prefix) if prefix else tags.exclude(tag__contains=":")
        counted_tags = tags.values_list("tag").annotate(count=Count("pk"))
        found = counted_tags.order_by("-count", "tag")[: VALUES_IN_A_FACET + len(chosen)]
    values = [
        FacetValue(value.removeprefix(prefix), count, value.removeprefix(prefix) in chosen) for value, count in found
    ]
    missing = [value for value in chosen if value not in {entry.value for entry in values}]
    return [FacetValue(value, 0, chosen=True) for value in missing] + values
