"""Leaderboards: which there are, and one of them, narrowed by its address."""

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Self

from django.core.paginator import Page, Paginator
from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from evaluations.models import Board, GroupPart, GroupStanding, SuiteVersion, Trust
from evaluations.services import boards, citing, editions, group_boards, groups
from evaluations.services.board_filters import Filters
from evaluations.services.suites import current_version, current_versions
from evaluations.templatetags.scores import axis_of

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


@require_safe
def suites(request: HttpRequest) -> HttpResponse:
    versions = current_versions().annotate(models=Coalesce(F("board__model_count"), 0))
    context = {"section": "leaderboards", "versions": versions, "groups": groups.all_groups()}
    return render(request, "evaluations/suites.html", context)


@require_safe
def leaderboard(request: HttpRequest, suite: str) -> HttpResponse:
    version = current_version(suite)
    primary = version.primary_metric["name"]
    sort = request.GET.get("sort", "") or primary
    rows = boards.standings(version, Filters.read(request.GET), sort)
    page = _Pages(rows, PAGE_SIZE, page_of=boards.page_of).get_page(request.GET.get("page"))
    board = Board.objects.filter(suite_version=version).first()
    total = board.model_count if board else 0
    metrics, facts = _columns(request, version)
    context = {
        "section": "leaderboards",
        "suite": version.suite,
        "version": version,
        "page": page,
        "total": total,
        "primary": version.primary_metric,
        "sort": sort,
        "metrics": metrics,
        "facts": facts,
        "other_metrics": [metric for metric in version.definition["metrics"] if metric["name"] != primary],
        "all_facts": FACTS,
        "axis": axis_of(row.run.scores.all()[0] for row in page),
        "resolution": boards.resolution(version, total),
        "exports": EXPORTS,
        "editions": editions.editions_of(version.suite)[:EDITIONS_SHOWN],
        "trusts": Trust.choices,
        "choices": board.choices if board else {},
    }
    return render(request, "evaluations/leaderboard.html", context)


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
    }
    return render(request, "evaluations/group.html", context)


@require_safe
def editions_of(request: HttpRequest, suite: str) -> HttpResponse:
    found = current_version(suite).suite
    page = Paginator(editions.editions_of(found), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "evaluations/editions.html", {"section": "leaderboards", "suite": found, "page": page})


@require_safe
def edition(request: HttpRequest, suite: str, day: str) -> HttpResponse:
    published = editions.edition(suite, day)
    document = json.loads(editions.document_of(published))
    page = Paginator(range(published.model_count), PAGE_SIZE).get_page(request.GET.get("page"))
    shown = range(published.model_count)[page.start_index() - 1 : page.end_index()]
    rows = editions.rows(published, document, shown.start, shown.stop)
    primary = published.suite_version.primary_metric
    scores = [_Score.of(row.stated["metrics"][primary["name"]]) for row in rows]
    context = {
        "section": "leaderboards",
        "suite": published.suite,
        "edition": published,
        "document": document,
        "page": page,
        "rows": zip(rows, scores, strict=True),
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


class _Pages(Paginator):
    """Pages of a board, of which only the rows that are shown are read whole."""

    def __init__(self, rows: QuerySet[Any], per_page: int, *, page_of: Callable[..., list[Any]]) -> None:
        super().__init__(rows, per_page)
        self.page_of = page_of

    def page(self, number: int | str) -> Any:
        number = self.validate_number(number)
        start = (number - 1) * self.per_page
        return Page(self.page_of(self.object_list, start, start + self.per_page), number, self)


def _columns(request: HttpRequest, version: SuiteVersion) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The columns beside rank, model and primary metric: those that the address names, or the usual ones."""
    asked = set(request.GET.getlist("columns")) if "columns" in request.GET else None
    others = [metric for metric in version.definition["metrics"] if not metric["primary"]]
    metrics = [metric for metric in others if asked is None or metric["name"] in asked]
    facts = {name: title for name, title in FACTS.items() if name in (SHOWN_FACTS if asked is None else asked)}
    return metrics, facts
