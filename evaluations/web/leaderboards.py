"""Leaderboards: which there are, and one of them, narrowed by its address."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.models import Actor
from accounts.requests import ActorRequest
from evaluations.models import State, SuiteVersion, Trust
from evaluations.services import boards, plots
from evaluations.services.board_filters import Filters
from evaluations.services.identical_weights import twins_of
from evaluations.services.self_reported import reported_for
from evaluations.services.suites import current_version, current_versions
from evaluations.templatetags.scores import axis_of
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
TABS = {"": _("Run here"), "self-reported": _("Self-reported"), "progress": _("Over time")}
COSTS = {"params": _("Parameters"), "bytes": _("Size")}  # of `plots.COSTS`, in words


@require_safe
def suites(request: HttpRequest) -> HttpResponse:
    public = Q(runs__state=State.SCORED, runs__repository__in=Repository.objects.visible_to(Actor()))
    versions = current_versions().annotate(models=Count("runs__repository", filter=public, distinct=True))
    return render(request, "evaluations/suites.html", {"section": "leaderboards", "versions": versions})


@require_safe
def leaderboard(request: ActorRequest, suite: str) -> HttpResponse:
    version = current_version(suite)
    filters = Filters.read(request.GET)
    tab = request.GET.get("tab", "")
    context: dict[str, Any] = {
        "section": "leaderboards",
        "suite": version.suite,
        "version": version,
        "tab": tab if tab in TABS else "",
        "tabs": TABS,
        "total": boards.standings(version).count(),
        "primary": version.primary_metric,
        "exports": EXPORTS,
        "removed": boards.removed(version),
    }
    reported = reported_for(version)
    context["counts"] = {"": context["total"], "self-reported": reported.count()}
    match context["tab"]:
        case "self-reported":
            context["page"] = Paginator(reported, PAGE_SIZE).get_page(request.GET.get("page"))
        case "progress":
            context |= _progress(version, filters)
        case _:
            context |= _board(request, version, filters, context["total"])
    return render(request, "evaluations/leaderboard.html", context)


def _board(request: ActorRequest, version: SuiteVersion, filters: Filters, total: int) -> dict[str, Any]:
    primary = version.primary_metric["name"]
    sort = request.GET.get("sort", "") or primary
    rows = boards.standings(version, filters, sort)
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    metrics, facts = _columns(request, version)
    return {
        "page": page,
        "is_whole": filters == Filters(),
        "twins": twins_of(request.actor, (row.run for row in page)),
        "more_columns": len(metrics) + len(facts),
        "sort": sort,
        "metrics": metrics,
        "facts": facts,
        "other_metrics": [metric for metric in version.definition["metrics"] if metric["name"] != primary],
        "all_facts": FACTS,
        "axis": axis_of(row.run.scores.all()[0] for row in page),
        "resolution": boards.resolution(version, total),
        "trusts": Trust.choices,
        "choices": boards.choices(version),
        "scatter": plots.scatter(version, filters, request.GET.get("cost", ""), request.GET.get("quality", "")),
        "costs": COSTS,
    }


def _progress(version: SuiteVersion, filters: Filters) -> dict[str, Any]:
    records = list(plots.progress(version, filters))
    is_filtered = filters != Filters()
    return {"records": records, "newest_first": records[::-1], "now": timezone.now(), "is_filtered": is_filtered}


def _columns(request: HttpRequest, version: SuiteVersion) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The columns beside rank, model and primary metric: those that the address names, or the usual ones."""
    asked = set(request.GET.getlist("columns")) if "columns" in request.GET else None
    others = [metric for metric in version.definition["metrics"] if not metric["primary"]]
    metrics = [metric for metric in others if asked is None or metric["name"] in asked]
    facts = {name: title for name, title in FACTS.items() if name in (SHOWN_FACTS if asked is None else asked)}
    return metrics, facts
