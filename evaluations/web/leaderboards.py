"""Leaderboards: which there are, and one of them, narrowed by its address."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, Self
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.defaultfilters import filesizeformat
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.requests import ActorRequest
from evaluations.models import (
    Board,
    GroupPart,
    GroupStanding,
    Run,
    Score,
    SplitScore,
    Standing,
    Suite,
    SuiteGroup,
    SuiteVersion,
    Trust,
)
from evaluations.services import board_speeds, boards, citing, edition_contents, editions, group_boards, groups, plots
from evaluations.services.board_filters import Filters
from evaluations.services.identical_weights import Twin, twins_of
from evaluations.services.self_reported import reported_for
from evaluations.services.suites import current_version, current_versions
from evaluations.templatetags.scores import Axis, as_score, axis_of, metric_title
from evaluations.web import speeds
from hub.drawing import remembered
from hub.templatetags.grove import short_number, when

PAGE_SIZE = 50
FACTS = {
    "params": _("Params"),
    "bytes": _("Size"),
    "architecture": _("Architecture"),
    "machine": _("Machine"),
    "when": _("When"),
}
EXPORTS = {".csv": "CSV", "": "JSON", ".parquet": "Parquet"}  # beside /api/leaderboards/{suite}
EDITIONS_SHOWN = 3
SHOWN_FACTS = ("params", "when")
TABS = {"": _("Run here"), "self-reported": _("Self-reported"), "progress": _("Over time")}
COSTS = {"params": _("Parameters"), "bytes": _("Size")}  # of `plots.COSTS`, in words


@require_safe
def suites(request: HttpRequest) -> HttpResponse:
    versions = current_versions().annotate(models=Coalesce(F("board__model_count"), 0))
    context = {"section": "leaderboards", "versions": versions, "groups": groups.all_groups()}
    return render(request, "evaluations/suites.html", context)


@require_safe
def leaderboard(request: ActorRequest, suite: str) -> HttpResponse:
    version = current_version(suite)
    filters = Filters.read(request.GET)
    tab = request.GET.get("tab", "")
    board = Board.objects.filter(suite_version=version).first()
    context: dict[str, Any] = {
        "section": "leaderboards",
        "suite": version.suite,
        "version": version,
        "tab": tab if tab in TABS else "",
        "tabs": TABS,
        "total": board.model_count if board else 0,
        "primary": version.primary_metric,
        "exports": EXPORTS,
        "editions": editions.editions_of(version.suite)[:EDITIONS_SHOWN],
        "choices": board.choices if board else {},
        "removed": boards.removed(version),
    }
    reported = reported_for(version)
    context["counts"] = {"": context["total"], "self-reported": reported.count()}
    match context["tab"]:
        case "self-reported":
            context["page"] = Paginator(reported, PAGE_SIZE).get_page(request.GET.get("page"))
        case "progress":
            context |= _progress(version, filters) | {
                "progress_csv": f"/api/leaderboards/{suite}/progress.csv?{_of_board(request)}",
                "progress_name": f"{suite}-progress",
            }
        case _:
            context |= _board(request, version, filters, board)
    return render(request, "evaluations/leaderboard.html", context)


def _board(request: ActorRequest, version: SuiteVersion, filters: Filters, board: Board | None) -> dict[str, Any]:
    primary = version.primary_metric["name"]
    sort = request.GET.get("sort", "") or primary
    found = boards.standings(version, filters, sort)
    count = boards.count(board, found, filters)
    page_of = boards.remembered_page(board, filters, sort)
    page = _Pages(found, PAGE_SIZE, page_of=page_of, count=count).get_page(request.GET.get("page"))
    metrics, facts = _columns(request, version)
    total = board.model_count if board else 0
    twins = twins_of(request.actor, (standing.run for standing in page))
    rows, axis = _Table(version, total, metrics, facts, twins).rows(list(page))
    return {
        "page": page,
        "rows": rows,
        "is_whole": filters == Filters(),
        "more_columns": len(metrics) + len(facts) + (2 if version.public_rows else 0),
        "sort": sort,
        "metrics": metrics,
        "facts": facts,
        "sortable": board_speeds.measured(version),
        "other_metrics": [metric for metric in version.definition["metrics"] if metric["name"] != primary],
        "all_facts": _facts_of(version),
        "axis": axis,
        "resolution": boards.resolution(version, total),
        "trusts": Trust.choices,
        "scatter": plots.scatter(version, filters, request.GET.get("cost", ""), request.GET.get("quality", "")),
        "costs": COSTS,
        "scatter_csv": f"/api/leaderboards/{version.suite.name}.csv?{_of_board(request)}",
        "scatter_name": f"{version.suite.name}-quality-cost",
    }


def _of_board(request: HttpRequest) -> str:
    """The part of the address that the board's exports read, too."""
    query = request.GET.copy()
    for name in ("tab", "page", "columns", "cost", "quality"):
        query.pop(name, None)
    return query.urlencode()


def _progress(version: SuiteVersion, filters: Filters) -> dict[str, Any]:
    records = list(plots.progress(version, filters))
    is_filtered = filters != Filters()
    return {"records": records, "newest_first": records[::-1], "now": timezone.now(), "is_filtered": is_filtered}


@require_safe
def group(request: HttpRequest, group: str) -> HttpResponse:
    found = groups.group(group)
    members = found.members.all()
    sort = request.GET.get("sort", "") or "mean"
    rows = group_boards.standings(found, Filters.read(request.GET), sort)
    page = _Pages(rows, PAGE_SIZE, page_of=group_boards.page_of).get_page(request.GET.get("page"))
    cells = [(row, [_part_on(member.suite_id, row) for member in members]) for row in page]
    complete = [(row, parts) for row, parts in cells if row.value is not None]
    context = {
        "section": "leaderboards",
        "group": found,
        "members": members,
        "page": page,
        "sort": sort,
        "complete": complete,
        "incomplete": [(row, parts) for row, parts in cells if row.value is None],
        "axis": axis_of(row for row, _ in complete),
        "exports": {".csv": "CSV", "": "JSON"},
        "trusts": Trust.choices,
        "choices": found.choices,
        "editions": editions.editions_of(found)[:EDITIONS_SHOWN],
    }
    return render(request, "evaluations/group.html", context)


@require_safe
def editions_of(request: HttpRequest, suite: str) -> HttpResponse:
    return _editions_of(request, current_version(suite).suite)


@require_safe
def editions_of_group(request: HttpRequest, group: str) -> HttpResponse:
    return _editions_of(request, groups.group_with_editions(group))


def _editions_of(request: HttpRequest, board: Suite | SuiteGroup) -> HttpResponse:
    page = Paginator(editions.editions_of(board), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "evaluations/editions.html", {"section": "leaderboards", "board": board, "page": page})


@require_safe
def edition(request: HttpRequest, day: str, **board: str) -> HttpResponse:
    """Of a suite's board or of a group's, as the address names it."""
    published = editions.edition(day, **board)
    document = json.loads(editions.document_of(published))
    page = Paginator(range(published.model_count), PAGE_SIZE).get_page(request.GET.get("page"))
    shown = range(published.model_count)[page.start_index() - 1 : page.end_index()]
    rows = editions.rows(published, document, shown.start, shown.stop)
    primary = published.suite_version.primary_metric["name"] if published.suite_version else edition_contents.GROUP_MEAN
    scores = [_Score.of(row.stated["metrics"][primary]) for row in rows]
    suites = document["group"]["suites"] if published.group else []
    parts = [[row.stated["scores"].get(suite["id"], {}).get("normalized") for suite in suites] for row in rows]
    context = {
        "section": "leaderboards",
        "board": published.board,
        "edition": published,
        "title": document["group" if published.group else "suite"]["title"],
        "suites": suites,
        "page": page,
        "rows": zip(rows, scores, parts, strict=True),
        "primary": primary,
        "axis": axis_of(scores),
        "api": f"/api{published.get_absolute_url()}",
        "citation": citing.plain(published),
        "bibtex": citing.bibtex(published),
    }
    return render(request, "evaluations/edition.html", context)


class _Score(NamedTuple):
    value: float
    low: float
    high: float

    @classmethod
    def of(cls, metric: Mapping[str, Any]) -> Self:
        return cls(metric["value"], *metric["ci95"])


def _part_on(suite: int, row: GroupStanding) -> GroupPart | None:
    return next((part for part in row.parts.all() if part.suite_id == suite), None)


class _Split(NamedTuple):
    """Of a suite with public and hidden rows; a run may have none of them."""

    public_value: float | None = None
    hidden_value: float | None = None
    has_wide_gap: bool = False

    @classmethod
    def of(cls, split: SplitScore | None) -> Self:
        return cls(split.public_value, split.hidden_value, split.has_wide_gap) if split else cls()


class _Row(NamedTuple):
    """All that a row of a board shows. score: of the primary metric; cells: what stands in the columns after it.

    total: of the models on the board. twin: safe HTML, of another model with the same weights.
    """

    first: int
    last: int
    total: int
    owner: str
    is_organization: bool
    model: str
    model_url: str
    format: str
    licence: str
    trust: str
    twin: str
    run_url: str
    label: str
    score: _Score
    axis: Axis
    is_split: bool
    split: _Split
    cells: tuple[str, ...]


class _Table(NamedTuple):
    """What the rows of a page have in common."""

    version: SuiteVersion
    total: int
    metrics: list[dict[str, Any]]
    facts: Mapping[str, Any]
    twins: Mapping[UUID, Twin]

    def rows(self, standings: Iterable[Standing]) -> tuple[list[SafeString], Axis]:
        """The rows as HTML, and the scale that they are drawn on."""
        scores = [{score.name: score for score in standing.run.scores.all()} for standing in standings]
        axis = axis_of(one[self.version.primary_metric["name"]] for one in scores)
        pairs = zip(standings, scores, strict=True)
        return [_drawn_row(self._row(standing, one, axis)) for standing, one in pairs], axis

    def _row(self, standing: Standing, scores: Mapping[str, Score], axis: Axis) -> _Row:
        run, repository = standing.run, standing.run.repository
        metric = self.version.primary_metric["name"]
        score = scores[metric]
        label = gettext("Run of %(name)s, %(metric)s %(value)s") % {
            "name": repository.full_name, "metric": metric_title(metric), "value": as_score(score.value),
        }  # fmt: skip
        twin = self.twins.get(run.pk)
        cells = [as_score(scores[one["name"]].value) if one["name"] in scores else "–" for one in self.metrics]
        return _Row(
            first=standing.first,
            last=standing.last,
            total=self.total,
            owner=repository.namespace.name,
            is_organization=repository.namespace.is_organization,
            model=repository.name,
            model_url=repository.get_absolute_url(),
            format=run.format,
            licence=repository.licence,
            trust=standing.trust,
            twin=render_to_string("evaluations/_twin.html", {"twin": twin}) if twin else "",
            run_url=run.get_absolute_url(),
            label=label,
            score=_Score(score.value, score.low, score.high),
            axis=axis,
            is_split=bool(self.version.public_rows),
            split=_Split.of(getattr(run, "split_score", None)),
            cells=(*cells, *(_cell(run, name) for name in self.facts)),
        )


def _draw_row(row: _Row) -> SafeString:
    return render_to_string("evaluations/_board_row.html", {"row": row})


_drawn_row = remembered(_draw_row, most=2_000)


class _Pages(Paginator):
    """Pages of a board, of which only the rows that are shown are read whole. count: how many there are, where it is known."""

    def __init__(
        self, rows: QuerySet[Any], per_page: int, *, page_of: Callable[..., list[Any]], count: int | None = None
    ) -> None:
        super().__init__(rows, per_page)
        self.page_of = page_of
        if count is not None:
            self.count = count  # in the place of the cached property

    def page(self, number: int | str) -> Any:
        number = self.validate_number(number)
        start = (number - 1) * self.per_page
        return Page(self.page_of(self.object_list, start, start + self.per_page), number, self)


def _columns(request: HttpRequest, version: SuiteVersion) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The columns beside rank, model and primary metric: those that the address names, or the usual ones."""
    asked = set(request.GET.getlist("columns")) if "columns" in request.GET else None
    others = [metric for metric in version.definition["metrics"] if not metric["primary"]]
    metrics = [metric for metric in others if asked is None or metric["name"] in asked]
    sort = request.GET.get("sort", "")
    usual = {*SHOWN_FACTS, sort, *({"machine"} if sort in board_speeds.ON_ONE_MACHINE else ())}
    facts = {name: title for name, title in _facts_of(version).items() if name in (usual if asked is None else asked)}
    return metrics, facts


def _facts_of(version: SuiteVersion) -> dict[str, Any]:
    """{name: title} of the columns that this board can show besides its metrics."""
    measured = board_speeds.measured(version)
    return FACTS | {name: title for name, title in speeds.COLUMNS.items() if name in measured}


def _cell(run: Run, name: str) -> str:
    match name:
        case "params":
            return short_number(run.parameters)
        case "bytes":
            return filesizeformat(run.model_bytes) if run.model_bytes is not None else ""
        case "architecture" | "machine":
            return str(getattr(run, name))
        case "when":
            return when(run.finished_at, "quiet")
        case _:
            return speeds.as_cell(name, getattr(board_speeds.of(run), name, None))
