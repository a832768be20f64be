"""What lists of models owe to boards: the suites that models were measured on, their order on one, and their best ranks."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from evaluations.models import Standing, Suite, SuiteVersion
from evaluations.services import suite_words
from evaluations.services.boards import public_standings
from models_registry.models.repository import RepositoryQuerySet
from models_registry.services.facets import MODELS, Pairs


class SuiteFacet:
    """The suites on whose current board a model stands."""

    key = "suite"
    title = _("Evaluated on")
    kinds = MODELS

    def narrowed(self, repositories: RepositoryQuerySet, values: Sequence[str]) -> RepositoryQuerySet:
        standing = Standing.objects.filter(suite_version__current=True, suite_version__suite__name__in=values)
        return repositories.filter(pk__in=standing.values("run__repository"))

    def pairs(self, repositories: RepositoryQuerySet) -> Pairs:
        standing = Standing.objects.filter(
            suite_version__current=True, run__repository__in=repositories.order_by().values("pk")
        )
        return Pairs(standing, "suite_version__suite__name", "run__repository")

    def titles(self, values: Sequence[str]) -> Mapping[str, str | Promise]:
        return (
            {suite.name: suite_words.title(suite) for suite in Suite.objects.filter(name__in=values)} if values else {}
        )


class BoardOrders:
    """By the place on a suite's current board; models that are not on it are left out."""

    prefix = "score:"

    def titles(self) -> Mapping[str, str | Promise]:
        ranked = Suite.objects.filter(versions__current=True, versions__board__model_count__gt=0)
        return {f"{self.prefix}{suite.name}": suite_words.title(suite) for suite in ranked.order_by("title")}

    def ordered(self, repositories: RepositoryQuerySet, key: str) -> RepositoryQuerySet | None:
        version = SuiteVersion.objects.filter(suite__name=key, current=True).first()
        if version is None:
            return None
        return repositories.filter(runs__standing__suite_version=version).order_by("runs__standing__position")


class BestRank(NamedTuple):
    first: int
    last: int
    suite: str


def best_ranks(repositories: Iterable[int]) -> dict[int, BestRank]:
    """{repository: its best rank on any current board}, of those that have one. One query."""
    rows = public_standings().filter(run__repository__in=list(repositories), suite_version__current=True)
    found: dict[int, BestRank] = {}
    columns = ("run__repository", "first", "last", "suite_version__suite__name", "suite_version__suite__title")
    for repository, first, last, name, title in rows.order_by("suite_version__suite__title").values_list(*columns):
        rank = BestRank(first, last, suite_words.title(Suite(name=name, title=title)))
        found[repository] = min(found.get(repository, rank), rank, key=lambda one: (one.first, one.last))
    return found
