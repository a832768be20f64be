"""Leaderboards as they are read: a page of standings in a fixed number of queries, whatever the board's length."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch, Q, QuerySet

from accounts.models import Actor
from evaluations.models import Score, Standing, SuiteVersion
from models_registry.models import Repository


@dataclass(frozen=True, slots=True)
class Filters:
    """What a reader wants to see of a board. Filters hide rows; a rank is a fact of the whole board."""

    licence: str = ""
    architecture: str = ""
    format: str = ""
    machine: str = ""
    namespace: str = ""
    min_parameters: int | None = None
    max_parameters: int | None = None
    since: datetime | None = None

    def condition(self) -> Q:
        """On Standing."""
        wanted = Q()
        for field, value in (
            ("repository__licence", self.licence),
            ("architecture", self.architecture),
            ("format", self.format),
            ("machine", self.machine),
            ("repository__namespace__key", self.namespace.lower()),
            ("parameters__gte", self.min_parameters),
            ("parameters__lte", self.max_parameters),
            ("finished_at__gte", self.since),
        ):
            if value not in {"", None}:
                wanted &= Q(**{f"run__{field}": value})
        return wanted


def standings(version: SuiteVersion, filters: Filters | None = None) -> QuerySet[Standing]:
    """The board as everybody sees it, best first: public repositories alone, even before it is ranked without the others."""
    return (
        _public()
        .filter(suite_version=version)
        .filter((filters or Filters()).condition())
        .select_related("run__repository__namespace")
        .prefetch_related(_SCORES)
        .order_by("position")
    )


def ranks_of(repository: Repository) -> QuerySet[Standing]:
    """Where a repository stands on each current board that it is on."""
    rows = _public().filter(run__repository=repository, suite_version__current=True)
    return (
        rows.select_related("suite_version__suite", "run")
        .prefetch_related(_SCORES)
        .order_by("suite_version__suite__name")
    )


def choices(version: SuiteVersion) -> dict[str, list[str]]:
    """The values that occur on the board, for its filters."""
    rows = _public().filter(suite_version=version).order_by()
    fields = {"format": "run__format", "licence": "run__repository__licence", "architecture": "run__architecture"}
    return {name: sorted(set(rows.values_list(field, flat=True).distinct()) - {""}) for name, field in fields.items()}


def _public() -> QuerySet[Standing]:
    return Standing.objects.filter(run__repository__in=Repository.objects.visible_to(Actor()))


_SCORES = Prefetch("run__scores", Score.objects.order_by("-primary", "name"))
