"""What runs said of each row: one run's rows, and two runs beside one another."""

from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.requests import ActorRequest
from evaluations import access
from evaluations.services import pairing, sample_reading
from evaluations.services.boards import SIGNIFICANCE

PAGE_SIZE = 100


@require_safe
def samples(request: ActorRequest, pk: UUID) -> HttpResponse:
    run = access.run_for(request.actor, pk)
    shown = request.GET.get("show", "")
    found = sample_reading.samples_of(request.actor, run, shown)
    context = {
        "run": run,
        "repository": run.repository,
        "section": "models",
        "shown": shown,
        "page": Paginator(found, PAGE_SIZE).get_page(request.GET.get("page")),
        "is_classified": found.is_classified,
        "classes": sample_reading.classes(run),
    }
    return render(request, "evaluations/samples.html", context)


@require_safe
def compare(request: ActorRequest, pk: UUID, other: UUID) -> HttpResponse:
    first, second = access.run_for(request.actor, pk), access.run_for(request.actor, other)
    shown = request.GET.get("show", "")
    found = pairing.pair(request.actor, first, second, shown)
    context = {
        "first": first,
        "second": second,
        "section": "leaderboards",
        "version": first.suite_version,
        "suite": first.suite_version.suite,
        "shown": shown,
        "comparison": found,
        "is_told_apart": found.p_value is not None and found.p_value < SIGNIFICANCE,
        "page": Paginator(found.differing, PAGE_SIZE).get_page(request.GET.get("page")),
        "is_hidden": first.suite_version.is_hidden,
        "classes": sample_reading.classes(first),
    }
    return render(request, "evaluations/compare.html", context)
