"""The page that compares models: `/compare?models=a/b,c/d`."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.requests import ActorRequest
from evaluations.models import Score
from evaluations.services import side_by_side
from evaluations.services.side_by_side import MOST, OnSuite
from evaluations.templatetags.scores import axis_of
from hub import drawing
from hub.wire import rate_limits
from hub.wire.csv_files import csv_file
from models_registry.models import Repository

LONGEST_WORDS = 200
_MOST_NAMES = 100  # of which the first few are looked at
WIDTH, LEFT, RIGHT, TOP, ROW = 392, 16, 376, 8, 40


class Fact(NamedTuple):
    """form: how the template writes its values; differs: whether the models do not agree."""

    title: Any
    form: str
    values: list[Any]
    differs: bool


@rate_limits.under(reads="search")
@require_safe
def compare(request: ActorRequest) -> HttpResponse:
    names, words = _names(request), request.GET.get("add", "").strip()[:LONGEST_WORDS]
    models = side_by_side.models_named(request.actor, names[:MOST])
    if words and len(models) < MOST:
        added = side_by_side.models_named(request.actor, [words])
        if added:
            return redirect(address([*models, *added]))
    if len(request.GET.getlist("models")) > 1 and len(names) <= MOST:
        return redirect(address(models, more=f"&add={quote(words)}" if words else ""))
    suites = side_by_side.on_suites(models)
    shown = {model.full_name.lower() for model in models}
    context = {
        "section": "models",
        "models": [(model, address([other for other in models if other != model])) for model in models],
        "facts": facts_of(models),
        "suites": [(on, _chart(on)) for on in suites],
        "missing": [name for name in names[:MOST] if name.lower() not in shown],
        "left_out": len(names[MOST:]),
        "most": MOST,
        "words": words,
        "suggested": [
            (model, address([*models, model]))
            for model in (side_by_side.suggested(request.actor, words, models) if words and len(models) < MOST else [])
        ],
        "joined": ",".join(model.full_name for model in models),
        "csv_url": f"{reverse('compare-csv')}?models={quote(','.join(model.full_name for model in models), safe='/,')}",
    }
    return render(request, "evaluations/side_by_side.html", context)


@require_safe
def compare_csv(request: ActorRequest) -> HttpResponseBase:
    models = side_by_side.models_named(request.actor, _names(request)[:MOST])
    return csv_file("compare.csv", _rows(models, side_by_side.on_suites(models)))


def address(models: Sequence[Repository], more: str = "") -> str:
    names = dict.fromkeys(model.full_name for model in models)
    return f"{reverse('compare')}?models={quote(','.join(names), safe='/,')}{more}" if names else reverse("compare")


def _names(request: ActorRequest) -> list[str]:
    """As the address has them: one list with commas, or one parameter for each box that was ticked. Without twins."""
    written = [name.strip() for part in request.GET.getlist("models") for name in part.split(",")]
    return list({name.lower(): name for name in written if name}.values())[:_MOST_NAMES]


def facts_of(models: Sequence[Repository]) -> list[Fact]:
    columns: list[tuple[Any, str, list[Any]]] = [
        (_("Parameters"), "number", [model.parameter_count for model in models]),
        (_("Task"), "task", [model.task for model in models]),
        (_("Licence"), "text", [model.licence for model in models]),
        (_("Library"), "text", [model.library for model in models]),
        (_("Size"), "bytes", [model.storage_logical for model in models]),
        (_("Downloads in 30 days"), "number", [model.downloads for model in models]),
        (_("Likes"), "number", [model.likes for model in models]),
        (_("Changed"), "moment", [model.updated_at for model in models]),
    ]
    return [Fact(title, form, values, len(set(values)) > 1) for title, form, values in columns]


def _primary(on: OnSuite) -> list[Score | None]:
    return [row.run.scores.all()[0] if row else None for row in on.standings]


def _chart(on: OnSuite) -> dict[str, Any]:
    """A line for each model that is on the board: its score, with its interval."""
    found = [
        (number, row, score)
        for number, (row, score) in enumerate(zip(on.standings, _primary(on), strict=True), 1)
        if row and score
    ]
    axis = axis_of(score for _number, _row, score in found)
    across = drawing.Scale(axis.low, axis.high, LEFT, RIGHT)
    bottom = TOP + ROW * len(found)
    return {
        "height": bottom + 24,
        "bottom": bottom,
        "ticks": [{"at": across.at(tick), "text": drawing.number_text(tick, axis.decimals)} for tick in axis.ticks],
        "rows": [
            {
                "colour": number,
                "name": row.run.repository.full_name,
                "y": TOP + ROW * place + 28,
                "name_y": TOP + ROW * place + 16,
                "low": across.at(score.low),
                "high": across.at(score.high),
                "point": across.at(score.value),
                "score": score,
            }
            for place, (number, row, score) in enumerate(found)
        ],
    }


def _rows(models: Sequence[Repository], suites: Sequence[OnSuite]) -> Iterator[Sequence[Any]]:
    yield ("", *(model.full_name for model in models))
    for fact in facts_of(models):
        values = [
            value.isoformat() if fact.form == "moment" else "" if value is None else value for value in fact.values
        ]
        yield (str(fact.title), *values)
    for on in suites:
        name, scores = on.version.suite.name, _primary(on)
        metric = on.version.primary_metric["name"]
        yield (f"{name} {metric}", *("" if score is None else score.value for score in scores))
        yield (f"{name} {metric} low", *("" if score is None else score.low for score in scores))
        yield (f"{name} {metric} high", *("" if score is None else score.high for score in scores))
        yield (f"{name} first rank", *("" if row is None else row.first for row in on.standings))
        yield (f"{name} last rank", *("" if row is None else row.last for row in on.standings))
