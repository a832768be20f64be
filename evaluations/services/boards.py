"""Leaderboards as they are read: a page of standings in a fixed number of queries, whatever the board's length."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from uuid import UUID

from django.core.cache import cache
from django.db.models import F, FilteredRelation, Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import Actor, Namespace
from evaluations.models import Board, Run, Score, Standing, State, SuiteVersion
from evaluations.services import board_speeds
from evaluations.services.board_filters import Filters
from evaluations.services.suites import current_versions
from hub.errors import BadRequest
from models_registry.models import Repository

SIGNIFICANCE = 0.05  # as in `ranks`, which needs scipy and is met in workers alone
LONG = 1000  # models, from which on it takes longer to go through all of them than to make a page
REMEMBERED = 900  # seconds, longer than from one ranking to the next
# Of each row: the others hold logs and reasons, 64 KiB each.
_RUN = (
    "commit suite_version repository format architecture parameters model_bytes machine hardware_class finished_at "
    "tensor_digest"
)
_REPOSITORY = "kind name licence namespace"
_FACTS = [
    *(f"run__{name}" for name in _RUN.split()),
    *(f"run__repository__{name}" for name in _REPOSITORY.split()),
    *(
        "run__performance",
        "run__split_score",
        "run__repository__namespace",
        "position",
        "first",
        "last",
        "trust",
        "suite_version",
    ),
]


def standings(version: SuiteVersion, filters: Filters | None = None, sort: str = "") -> QuerySet[Standing]:
    """The board as everybody sees it, best first: public repositories alone, even before it is ranked without the others.

    sort: another metric than the primary, or a number of `board_speeds`, by which they stand best first; who lacks it comes last.
    Raises BadRequest.
    """
    rows = _with_facts(public_standings().filter(suite_version=version).filter((filters or Filters()).condition()))
    metrics = {metric["name"]: metric for metric in version.definition["metrics"]}
    if sort in {"", version.primary_metric["name"]}:
        return rows.order_by("position")
    measured = board_speeds.measured(version)
    if sort in measured:
        return rows.order_by(*board_speeds.order_by(sort, higher_is_better=measured[sort]), "position")
    if sort not in metrics:
        raise BadRequest(
            _("This board has no metric %(sort)r; it has %(choices)s.")
            % {"sort": sort[:40], "choices": ", ".join([*metrics, *measured])}
        )
    sorted_by = F("sorted__value")
    best_first = (
        sorted_by.desc(nulls_last=True) if metrics[sort]["higher_is_better"] else sorted_by.asc(nulls_last=True)
    )
    return rows.alias(sorted=FilteredRelation("run__scores", condition=Q(run__scores__name=sort))).order_by(
        best_first, "position"
    )


def count(board: Board | None, rows: QuerySet[Standing], filters: Filters) -> int:
    """How many rows a board has under these filters; of a long one, as many as it had when it was ranked last."""
    if board is None or board.model_count < LONG:
        return rows.count()
    if filters == Filters():
        return board.model_count
    asked = name_of(board.pk, board.ranked_at, filters)
    counted = cache.get_or_set(f"evaluations:count:{asked}", rows.count, REMEMBERED)
    return int(counted or 0)


def name_of(*asked: object) -> str:
    """A short name of what was asked for, of characters that a cache's key may have."""
    return sha256(repr(asked).encode()).hexdigest()[:32]


def page_of(rows: QuerySet[Standing], start: int, stop: int) -> list[Standing]:
    """A slice of a board's rows. Finds their keys first, so that what is passed over on a late page costs little."""
    return _whole(_keys(rows, start, stop))


def remembered_page(board: Board | None, filters: Filters, sort: str) -> Callable[..., list[Standing]]:
    """As `page_of`; which rows a page of a long board has under these filters is looked up once after each ranking.

    Who has left the board since is left out.
    """
    if board is None or board.model_count < LONG:
        return page_of
    asked = (board.pk, board.ranked_at, filters, sort)

    def remembered(rows: QuerySet[Standing], start: int, stop: int) -> list[Standing]:
        key = f"evaluations:page:{name_of(*asked, start, stop)}"
        return _whole(cache.get_or_set(key, lambda: _keys(rows, start, stop), REMEMBERED) or [])

    return remembered


def _keys(rows: QuerySet[Standing], start: int, stop: int) -> list[UUID]:
    return list(rows.select_related(None).prefetch_related(None).values_list("pk", flat=True)[start:stop])


def _whole(keys: list[UUID]) -> list[Standing]:
    found = _with_facts(public_standings().filter(pk__in=keys)).in_bulk()
    return [found[key] for key in keys if key in found]


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
    rows = public_standings().filter(run__repository=repository, suite_version__current=True)
    return (
        rows.select_related("suite_version__suite", "run")
        .prefetch_related(WITH_SCORES)
        .order_by("suite_version__suite__name")
    )


def best_ranks_in(namespace: Namespace, most: int) -> list[Standing]:
    """Where the public repositories of a member or an organisation stand best, the best rank first."""
    rows = public_standings().filter(run__repository__namespace=namespace, suite_version__current=True)
    found = rows.select_related("suite_version__suite", "run__repository__namespace").prefetch_related(WITH_SCORES)
    return list(found.order_by("first", "last", "position", "suite_version__suite__name")[:most])


def largest_boards(most: int) -> list[tuple[SuiteVersion, Standing | None]]:
    """The current boards with the most models, each with who stands first as everybody sees it. Three queries."""
    by_size = F("board__model_count").desc(nulls_last=True)
    versions = list(current_versions().select_related("board").order_by(by_size, "suite__title")[:most])
    leaders = _with_facts(public_standings().filter(suite_version__in=versions, position=1))
    first = {standing.suite_version_id: standing for standing in leaders}
    return [(version, first.get(version.pk)) for version in versions]


def older_scores_of(repository: Repository) -> list[Score]:
    """Of each suite on whose current board a repository is not: its best score on the last version that it was run on."""
    current = Standing.objects.filter(run__repository=repository, suite_version__current=True)
    scores = Score.objects.filter(
        primary=True,
        run__state=State.SCORED,
        run__repository=repository,
        run__repository__in=Repository.objects.visible_to(Actor()),
        run__suite_version__current=False,
    ).exclude(run__suite_version__suite__in=current.values("suite_version__suite"))
    found: dict[int, Score] = {}
    for score in scores.select_related("run__suite_version__suite").order_by("run__suite_version__created_at"):
        version = score.run.suite_version
        before = found.get(version.suite_id)
        if before is None or before.run.suite_version != version or _is_better(score, before):
            found[version.suite_id] = score
    return sorted(found.values(), key=lambda score: score.run.suite_version.suite.name)


def _is_better(score: Score, other: Score) -> bool:
    return score.value > other.value if score.higher_is_better else score.value < other.value


@dataclass(frozen=True, slots=True)
class Removed:
    """A row that is no more: moderators have closed its repository, and say so to everybody. It has no name here."""

    standing: str
    date: date | None


def removed(version: SuiteVersion) -> list[Removed]:
    """The rows that moderators took off the board, the last first. What its owner hid or deleted leaves nothing behind."""
    scored = Run.objects.filter(suite_version=version, state=State.SCORED).values("repository")
    closed = Repository.objects.answering_with_a_notice().filter(pk__in=scored)
    rows = closed.order_by(F("disabled_at").desc(nulls_last=True)).values_list("disabled_as", "disabled_at")
    return [Removed(standing, at.date() if at else None) for standing, at in rows]


def public_standings() -> QuerySet[Standing]:
    """Those of repositories that everybody may know of."""
    return Standing.objects.filter(run__repository__in=Repository.objects.visible_to(Actor()))


def _with_facts(rows: QuerySet[Standing]) -> QuerySet[Standing]:
    beside = ("run__repository__namespace", "run__performance", "run__split_score")
    return rows.select_related(*beside).only(*_FACTS).prefetch_related(WITH_SCORES)


WITH_SCORES = Prefetch("run__scores", Score.objects.order_by("-primary", "name"))
