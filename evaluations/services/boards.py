"""Leaderboards as they are read: a page of standings in a fixed number of queries, whatever the board's length."""

from django.db.models import F, FilteredRelation, Prefetch, Q, QuerySet

from accounts.models import Actor
from evaluations.models import Score, Standing, SuiteVersion
from evaluations.services import board_speeds
from evaluations.services.board_filters import Filters
from hub.errors import BadRequest
from models_registry.models import Repository

SIGNIFICANCE = 0.05  # as in `ranks`, which needs scipy and is met in workers alone


def standings(version: SuiteVersion, filters: Filters | None = None, sort: str = "") -> QuerySet[Standing]:
    """The board as everybody sees it, best first: public repositories alone, even before it is ranked without the others.

    sort: another metric than the primary, or a number of `board_speeds`, by which they stand best first; who lacks it comes last.
    Raises BadRequest.
    """
    rows = (
        _public()
        .filter(suite_version=version)
        .filter((filters or Filters()).condition())
        .select_related("run__repository__namespace", "run__performance")
        .prefetch_related(_SCORES)
    )
    metrics = {metric["name"]: metric for metric in version.definition["metrics"]}
    if sort in {"", version.primary_metric["name"]}:
        return rows.order_by("position")
    measured = board_speeds.measured(version)
    if sort in measured:
        return rows.order_by(*board_speeds.order_by(sort, higher_is_better=measured[sort]), "position")
    if sort not in metrics:
        raise BadRequest(f"This board has no metric {sort[:40]!r}; it has {', '.join([*metrics, *measured])}.")
    sorted_by = F("sorted__value")
    best_first = (
        sorted_by.desc(nulls_last=True) if metrics[sort]["higher_is_better"] else sorted_by.asc(nulls_last=True)
    )
    return rows.alias(sorted=FilteredRelation("run__scores", condition=Q(run__scores__name=sort))).order_by(
        best_first, "position"
    )


def resolution(version: SuiteVersion, models: int) -> int | None:
    """How many rows two neighbours must at least differ by before a board of so many models can tell them apart.

    Where rows are right or wrong; None elsewhere: how finely numbers can be told apart depends on the models. All rows that
    differ then speak for one of the two, whose exact p-value, 2 · ½ ** rows, must pass the first step of Holm. None also where
    the suite has too few rows for that.
    """
    if version.primary_metric["ci"] != "wilson":
        return None
    rows, comparisons = 1, max(models - 1, 1)
    while 2 * 0.5**rows * comparisons >= SIGNIFICANCE:
        rows += 1
    return rows if rows <= version.rows else None


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
    fields = {
        "format": "run__format",
        "license": "run__repository__licence",
        "architecture": "run__architecture",
        "machine": "run__machine",
        "hardware": "run__hardware_class",
    }
    return {name: sorted(set(rows.values_list(field, flat=True).distinct()) - {""}) for name, field in fields.items()}


def _public() -> QuerySet[Standing]:
    return Standing.objects.filter(run__repository__in=Repository.objects.visible_to(Actor()))


_SCORES = Prefetch("run__scores", Score.objects.order_by("-primary", "name"))
