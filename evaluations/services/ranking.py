"""Leaderboards: queries over the scores of verified runs, with ranks that claim no more than the data can separate."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.core.cache import cache
from django.db.models import Count, F, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from accounts.models import Actor
from evaluations import ranks
from evaluations.models import Result, Run, Score, State, SuiteVersion
from models_registry.models import Repository

CACHE_SECONDS = 24 * 3600


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
        """On Run."""
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
                wanted &= Q(**{field: value})
        return wanted


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a board: the best verified run of a repository. rank: the first and last place it may hold.

    trust: "reproduced" if another run of the same commit found the same, else "verified".
    """

    rank: tuple[int, int]
    run: Run
    scores: Mapping[str, Score]
    trust: str


def leaderboard(version: SuiteVersion, filters: Filters | None = None) -> list[Row]:
    """The board as everybody sees it, best first: public repositories alone. Five queries, whatever its length."""
    order = _best_runs(version)
    places = dict(zip(order, _intervals(order), strict=True))
    runs = Run.objects.filter(pk__in=order).filter((filters or Filters()).condition()).for_lists()
    agreeing = _agreeing(version, order)
    rows = [
        Row(
            rank=places[run.pk],
            run=run,
            scores={score.name: score for score in run.scores.all()},
            trust="reproduced" if agreeing.get(run.pk, 0) > 1 else "verified",
        )
        for run in runs
    ]
    position = {pk: index for index, pk in enumerate(order)}
    return sorted(rows, key=lambda row: position[row.run.pk])


def ranks_of(repository: Repository) -> list[tuple[SuiteVersion, Row]]:
    """Where a repository stands on each board that it is on."""
    versions = SuiteVersion.objects.filter(
        current=True, runs__repository=repository, runs__state=State.SCORED
    ).select_related("suite")
    found = []
    for version in versions.distinct():
        found += [(version, row) for row in leaderboard(version) if row.run.repository_id == repository.pk]
    return found


def _scored(version: SuiteVersion) -> QuerySet[Score]:
    """The primary scores that may stand on the board."""
    public = Repository.objects.visible_to(Actor())
    return Score.objects.filter(
        run__suite_version=version, run__state=State.SCORED, run__repository__in=public, primary=True
    )


def _best_runs(version: SuiteVersion) -> list[UUID]:
    """Ids of each repository's best run, best first; of equals the one that was first."""
    value = F("value").desc() if version.primary_metric["higher_is_better"] else F("value").asc()
    best_first = (value, F("run__finished_at").asc(), F("run_id").asc())
    place = Window(RowNumber(), partition_by=[F("run__repository_id")], order_by=best_first)
    best = _scored(version).annotate(place=place).filter(place=1).order_by(*best_first)
    return list(best.values_list("run_id", flat=True))


def _intervals(order: Sequence[UUID]) -> list[tuple[int, int]]:
    """The ranks of these runs in this order. Scored runs never change, so neither does the answer: it is kept."""
    if not order:
        return []
    key = "ranks:" + hashlib.sha256(" ".join(map(str, order)).encode()).hexdigest()
    known = cache.get(key)
    if known is None:
        results = Result.objects.filter(run__in=order).values_list(
            "run_id", "outcomes", "run__suite_version__definition"
        )
        outcomes = {
            pk: ranks.Outcomes.unpack(bytes(bits), int(definition["data"][0]["n"])) for pk, bits, definition in results
        }
        known = ranks.intervals([outcomes.get(pk) for pk in order])
        cache.set(key, known, CACHE_SECONDS)
    return [(low, high) for low, high in known]


def _agreeing(version: SuiteVersion, order: Sequence[UUID]) -> dict[UUID, int]:
    """How many scored runs of the same commit found the same value as each of these, itself included."""
    same = Q(
        run__repository__runs__commit=F("run__commit"),
        run__repository__runs__suite_version=F("run__suite_version"),
        run__repository__runs__state=State.SCORED,
        run__repository__runs__scores__name=F("name"),
        run__repository__runs__scores__value=F("value"),
    )
    counted = Score.objects.filter(run__in=order, primary=True, run__suite_version=version).annotate(
        agreeing=Count("run__repository__runs", filter=same, distinct=True)
    )
    return dict(counted.values_list("run_id", "agreeing"))
