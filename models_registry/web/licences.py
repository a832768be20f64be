"""Licences explained: all whose terms are known, and one of them as pages put it beside a field."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.requests import ActorRequest
from models_registry.formats.licences import LONGEST
from models_registry.web import licence_words


@require_safe
def licences(request: ActorRequest) -> HttpResponse:
    """`?licence=` shows what one allows (`?license=`, as cards spell it, several with commas); to htmx, that alone."""
    written = (request.GET.get("licence") or request.GET.get("license", ""))[:LONGEST].strip().replace(", ", " AND ")
    context = {
        "written": written,
        "licence_choices": licence_words.summary(written),
        "licence_groups": licence_words.grouped(),
    }
    part = (
        "models_registry/_licence_preview.html" if "HX-Request" in request.headers else "models_registry/licences.html"
    )
    return render(request, part, context)
