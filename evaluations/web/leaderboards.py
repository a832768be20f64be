"""Leaderboards: which there are, and one of them, narrowed by its address."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import F
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from evaluations.models import Board, SuiteVersion, Trust
from evaluations.services import boards
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
SHOWN_FACTS = ("params", "when")


@require_safe
def suites(request: HttpRequest) -> HttpResponse:
    versions = current_versions().annotate(models=Coalesce(F("board__model_count"), 0))
    return render(request, "evaluations/suites.html", {"section": "leaderboards", "versions": versions})


@require_safe
def leaderboard(request: HttpRequest, suite: str) -> HttpResponse:
    version = current_version(suite)
    primary = version.primary_metric["name"]
    sort = request.GET.get("sort", "") or primary
    rows = boards.standings(version, Filters.read(request.GET), sort)
    page = _Pages(rows, PAGE_SIZE).get_page(request.GET.get("page"))
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
        "trusts": Trust.choices,
        "choices": board.choices if board else {},
    }
    return render(request, "evaluations/leaderboard.html", context)


class _Pages(Paginator):  # type: ignore[type-arg]  # generic in the stubs alone
    """Pages of a board, of which only the rows that are shown are read whole."""

    def page(self, number: int | str) -> Any:
        number = self.validate_number(number)
        start = (number - 1) * self.per_page
        return self._get_page(boards.page_of(self.object_list, start, start + self.per_page), number, self)


def _columns(request: HttpRequest, version: SuiteVersion) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The columns beside rank, model and primary metric: those that the address names, or the usual ones."""
    asked = set(request.GET.getlist("columns")) if "columns" in request.GET else None
    others = [metric for metric in version.definition["metrics"] if not metric["primary"]]
    metrics = [metric for metric in others if asked is None or metric["name"] in asked]
    facts = {name: title for name, title in FACTS.items() if name in (SHOWN_FACTS if asked is None else asked)}
    return metrics, facts
