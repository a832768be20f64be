"""Leaderboards: which there are, and one of them, narrowed by its address."""

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Self

from django.core.paginator import Page, Paginator
from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.requests import ActorRequest
from evaluations.models import Board, GroupPart, GroupStanding, Standing, SuiteVersion, Trust
from evaluations.services import board_speeds, boards, citing, editions, group_boards, groups, plots
from evaluations.services.board_filters import Filters
from evaluations.services.identical_weights import twins_of
from evaluations.services.self_reported import reported_for
from evaluations.services.suites import current_version, current_versions
from evaluations.templatetags.scores import axis_of
from evaluations.web import speeds

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
            context |= _board(request, version, filters, context["total"])
    return render(request, "evaluations/leaderboard.html", context)


def _board(request: ActorRequest, version: SuiteVersion, filters: Filters, total: int) -> dict[str, Any]:
    primary = version.primary_metric["name"]
    sort = request.GET.get("sort", "") or primary
    rows = boards.standings(version, filters, sort)
    page = _Pages(rows, PAGE_SIZE, page_of=boards.page_of).get_page(request.GET.get("page"))
    metrics, facts = _columns(request, version)
    return {
        "page": page,
        "is_whole": filters == Filters(),
        "twins": twins_of(request.actor, (row.run for row in page)),
        "more_columns": len(metrics) + len(facts),
        "sort": sort,
        "metrics": metrics,
        "facts": facts,
        "sortable": board_speeds.measured(version),
        "cells": {row.pk: _speed_cells(row) for row in page},
        "other_metrics": [metric for metric in version.definition["metrics"] if metric["name"] != primary],
        "all_facts": _facts_of(version),
        "axis": axis_of(row.run.scores.all()[0] for row in page),
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
    sort = request.GET.get("sort", "")
    usual = {*SHOWN_FACTS, sort, *({"machine"} if sort in board_speeds.ON_ONE_MACHINE else ())}
    facts = {name: title for name, title in _facts_of(version).items() if name in (usual if asked is None else asked)}
    return metrics, facts


def _facts_of(version: SuiteVersion) -> dict[str, Any]:
    """{name: title} of the columns that this board can show besides its metrics."""
    measured = board_speeds.measured(version)
    return FACTS | {name: title for name, title in speeds.COLUMNS.items() if name in measured}


def _speed_cells(row: Standing) -> dict[str, str]:
    found = board_speeds.values(row.run)
    return {name: speeds.as_cell(name, found[name]) for name in speeds.COLUMNS}
