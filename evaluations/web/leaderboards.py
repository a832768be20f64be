"""Leaderboards: which there are, and one of them, narrowed by its address."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.models import Actor
from evaluations.models import Standing, State, SuiteVersion, Trust
from evaluations.services import board_speeds, boards
from evaluations.services.board_filters import Filters
from evaluations.services.suites import current_version, current_versions
from evaluations.templatetags.scores import axis_of
from evaluations.web import speeds
from models_registry.models import Repository

PAGE_SIZE = 100
FACTS = {
    "params": _("Params"),
    "bytes": _("Size"),
    "architecture": _("Architecture"),
    "machine": _("Machine"),
    "when": _("When"),
}
EXPORTS = {".csv": "CSV", "": "JSON", ".parquet": "Parquet"}  # beside /api/leaderboards/{suite}
SHOWN_FACTS = ("params", "when")


@require_safe
def suites(request: HttpRequest) -> HttpResponse:
    public = Q(runs__state=State.SCORED, runs__repository__in=Repository.objects.visible_to(Actor()))
    versions = current_versions().annotate(models=Count("runs__repository", filter=public, distinct=True))
    return render(request, "evaluations/suites.html", {"section": "leaderboards", "versions": versions})


@require_safe
def leaderboard(request: HttpRequest, suite: str) -> HttpResponse:
    version = current_version(suite)
    primary = version.primary_metric["name"]
    sort = request.GET.get("sort", "") or primary
    rows = boards.standings(version, Filters.read(request.GET), sort)
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    total = boards.standings(version).count()
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
        "sortable": board_speeds.measured(version),
        "cells": {row.pk: _speed_cells(row) for row in page},
        "other_metrics": [metric for metric in version.definition["metrics"] if metric["name"] != primary],
        "all_facts": _facts_of(version),
        "axis": axis_of(row.run.scores.all()[0] for row in page),
        "resolution": boards.resolution(version, total),
        "exports": EXPORTS,
        "trusts": Trust.choices,
        "choices": boards.choices(version),
    }
    return render(request, "evaluations/leaderboard.html", context)


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
