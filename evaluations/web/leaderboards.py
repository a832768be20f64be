"""Leaderboards: which there are, and one of them, narrowed by its address."""

from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.models import Actor
from evaluations.models import State
from evaluations.services import boards
from evaluations.services.boards import Filters
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
    rows = boards.standings(version, filters)
    primary = version.primary_metric["name"]
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "section": "leaderboards",
        "suite": version.suite,
        "version": version,
        "page": page,
        "total": boards.standings(version).count(),
        "primary": primary,
        "others": [metric["name"] for metric in version.definition["metrics"] if metric["name"] != primary],
        "axis": axis_of(row.run.scores.all()[0] for row in page),
        "filters": filters,
        "sizes": {key: title for key, (title, _most) in SIZES.items()},
        "size": size,
        "choices": boards.choices(version),
    }
    return render(request, "evaluations/leaderboard.html", context)
