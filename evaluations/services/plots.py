"""What the drawings of a board show: quality against cost, and the best score over time."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.cache import cache
from django.db.models import F, FilteredRelation, Max, Min, Q, QuerySet, RowRange, Window
from django.utils.translation import gettext as _

from accounts.models import Actor
from evaluations import pareto
from evaluations.models import Score, Standing, State, SuiteVersion
from evaluations.services import boards
from evaluations.services.board_filters import Filters
from hub.errors import BadRequest
from models_registry.models import Repository

MOST_POINTS = 60  # each is read whole and drawn: more of them are a cloud, and cost the page more than its rows
REMEMBERED = 300  # seconds
COSTS = {"params": "run__parameters", "bytes": "run__model_bytes"}


@dataclass(frozen=True, slots=True)
class Point:
    """One model, its repository by its full name. cost: in the unit of what was asked for; low and high: the 95 % interval."""

    run: UUID
    repository: str
    value: float
    low: float
    high: float
    cost: float
    is_on_front: bool


@dataclass(frozen=True, slots=True)
class Scatter:
    """points: cheapest first, `MOST_POINTS` at most; total: how many models have both numbers."""

    cost: str
    metric: dict[str, Any]
    points: list[Point]
    total: int

    @property
    def front(self) -> list[Point]:
        return [point for point in self.points if point.is_on_front]


@dataclass(frozen=True, slots=True)
class _Drawn:
    """points: (run, cost, whether it is on the front), cheapest first, out of `total`."""

    points: list[tuple[UUID, int, bool]]
    total: int


def scatter(version: SuiteVersion, filters: Filters, cost: str = "", metric: str = "") -> Scatter:
    """The board's models by what they cost and how good they are: two queries.

    cost: of COSTS, metric: of the suite; the first and the primary one without. Where there are too many, the front is kept,
    and of the others the best; which those are is remembered for a while on a board that is long. Raises BadRequest.
    """
    cost, metrics = cost or next(iter(COSTS)), {known["name"]: known for known in version.definition["metrics"]}
    chosen = metrics.get(metric or version.primary_metric["name"])
    if cost not in COSTS:
        raise BadRequest(
            _("Quality is drawn against %(choices)s, not %(cost)r.")
            % {"choices": " or ".join(COSTS), "cost": cost[:40]}
        )
    if chosen is None:
        raise BadRequest(
            _("This board has no metric %(metric)r; it has %(choices)s.")
            % {"metric": metric[:40], "choices": ", ".join(metrics)}
        )
    key = f"evaluations:scatter:{boards.name_of(version.pk, filters, cost, chosen['name'])}"
    drawn: _Drawn | None = cache.get(key)
    if drawn is None:
        drawn = _drawn(version, filters, COSTS[cost], chosen)
        if drawn.total >= boards.LONG:
            cache.set(key, drawn, REMEMBERED)
    found = {row[0]: row for row in _as_they_stand(version, filters, chosen["name"], drawn)}
    points = []
    for run, amount, is_on_front in drawn.points:
        if run in found:  # else it has left since
            _pk, namespace, name, value, low, high = found[run]
            points.append(Point(run, f"{namespace}/{name}", value, low, high, amount, is_on_front))
    return Scatter(cost, chosen, points, drawn.total)


def _as_they_stand(
    version: SuiteVersion, filters: Filters, metric: str, drawn: _Drawn
) -> QuerySet[Standing, tuple[UUID, str, str, float, float, float]]:
    """(run, namespace, name, value, low, high) of those that are on the board now: read without their rows, which are long."""
    repository = "run__repository__"
    return (
        _with_metric(boards.standings(version, filters), metric)
        .filter(pk__in=[run for run, _x, _y in drawn.points])
        .values_list(
            "pk", f"{repository}namespace__name", f"{repository}name", "drawn__value", "drawn__low", "drawn__high"
        )
    )


def _drawn(version: SuiteVersion, filters: Filters, cost: str, metric: dict[str, Any]) -> _Drawn:
    measured = _measured(version, filters, cost, metric["name"])
    costs, values = [row[1] for row in measured], [row[2] for row in measured]
    front = pareto.front(costs, values, higher_is_better=metric["higher_is_better"])
    best_first = sorted(range(len(measured)), key=values.__getitem__, reverse=metric["higher_is_better"])
    kept = list(dict.fromkeys([*front, *best_first]))[:MOST_POINTS]
    on_front = set(front)
    cheapest_first = sorted(kept, key=lambda index: (costs[index], index))
    return _Drawn([(measured[index][0], costs[index], index in on_front) for index in cheapest_first], len(measured))


def _measured(version: SuiteVersion, filters: Filters, cost: str, metric: str) -> list[tuple[UUID, int, float]]:
    """(run, cost, value) of every row of the board that has both; a cost of nothing is not on a logarithmic scale."""
    rows = _with_metric(boards.standings(version, filters), metric)
    return list(rows.filter(**{f"{cost}__gt": 0}).values_list("pk", cost, "drawn__value"))


def _with_metric(rows: QuerySet[Standing], metric: str) -> QuerySet[Standing]:
    """Those rows that have the metric, as `drawn`."""
    rows = rows.alias(drawn=FilteredRelation("run__scores", condition=Q(run__scores__name=metric)))
    return rows.filter(drawn__isnull=False).select_related(None).prefetch_related(None)


def progress(version: SuiteVersion, filters: Filters | None = None) -> QuerySet[Score]:
    """Each score that was the best of its suite when it was measured, oldest first: two queries.

    Of the same runs as the board: scored on this version, of repositories that everybody may see.
    """
    is_higher_better = version.primary_metric["higher_is_better"]
    scores = Score.objects.filter(
        primary=True,
        run__suite_version=version,
        run__state=State.SCORED,
        run__finished_at__isnull=False,
        run__repository__in=Repository.objects.visible_to(Actor()),
    ).filter((filters or Filters()).condition(trust="run__standing__trust"))
    best = (Max if is_higher_better else Min)("value")
    before = Window(best, order_by=[F("run__finished_at"), F("run_id")], frame=RowRange(start=None, end=-1))
    is_better = Q(value__gt=F("before")) if is_higher_better else Q(value__lt=F("before"))
    records = scores.annotate(before=before).filter(Q(before__isnull=True) | is_better)
    return records.select_related("run__repository__namespace").order_by("run__finished_at", "run_id")
