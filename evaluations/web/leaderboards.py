"""Leaderboards: which there are, and one of them, narrowed by its address."""

from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.models import Actor
from evaluations.models import State
from evaluations.services.ranking import Filters, Row
from evaluations.services.ranking import leaderboard as board_of
from evaluations.services.suites import current_version, current_versions
from evaluations.templatetags.scores import axis_of
from models_registry.models import Repository

PAGE_SIZE = 100
SIZES = {
    "": (_("Any size"), None),
    "100000": (_("under 100 K"), 100_000),
    "1000000": (_("under 1 M"), 1_000_000),
    "100000000": (_("under 100 M"), 100_000_000),
    "1000000000": (_("under 1 B"), 1_000_000_000),
}
TRUST = {"verified": _("Verified"), "reproduced": _("Reproduced")}


@require_safe
def suites(request: HttpRequest) -> HttpResponse:
    public = Q(runs__state=State.SCORED, runs__repository__in=Repository.objects.visible_to(Actor()))
    versions = current_versions().annotate(models=Count("runs__repository", filter=public, distinct=True))
    return render(request, "evaluations/suites.html", {"section": "leaderboards", "versions": versions})


@require_safe
def leaderboard(request: HttpRequest, suite: str) -> HttpResponse:
    version = current_version(suite)
    size = request.GET.get("params", "")
    filters = Filters(
        licence=request.GET.get("licence", ""),
        architecture=request.GET.get("architecture", ""),
        format=request.GET.get("format", ""),
        max_parameters=SIZES.get(size, SIZES[""])[1],
    )
    everything = board_of(version)
    rows = board_of(version, filters) if filters != Filters() else everything
    primary = version.primary_metric["name"]
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "section": "leaderboards",
        "suite": version.suite,
        "version": version,
        "page": page,
        "total": len(everything),
        "primary": primary,
        "others": [metric["name"] for metric in version.definition["metrics"] if metric["name"] != primary],
        "axis": axis_of(row.scores[primary] for row in rows),
        "filters": filters,
        "sizes": {key: title for key, (title, _most) in SIZES.items()},
        "size": size,
        "choices": _choices(everything),
        "trust": TRUST,
    }
    return render(request, "evaluations/leaderboard.html", context)


def _choices(rows: list[Row]) -> dict[str, list[str]]:
    """The values that occur on the board, for its filters."""
    found = {
        "format": {row.run.format for row in rows},
        "licence": {row.run.repository.licence for row in rows},
        "architecture": {row.run.architecture for row in rows},
    }
    return {name: sorted(values - {""}) for name, values in found.items()}
