"""The curves of a repository's trainings: runs to choose, a chart for each tag, all of it in the address."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.timezone import get_current_timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.requests import ActorRequest
from hub import drawing
from hub.errors import BadRequest
from hub.templatetags.grove import short_number
from hub.wire.csv_files import csv_file
from models_registry.formats.training_logs.thinning import thinned
from models_registry.models import Kind
from models_registry.page_addresses import page_url
from models_registry.services import training
from models_registry.services.training import Curve, Point, Run
from models_registry.web.addressing import of_address

PAGE_CHARTS = 12
MOST_RUNS = 10  # shown at once: so many colours can be told apart
AXES = {"step": _("Step"), "relative": _("Time since its start"), "time": _("Date and time")}
LONGEST_WORDS = 200
WIDTH, HEIGHT = 392, 236  # of a drawing, in its own units
LEFT, RIGHT, TOP, BOTTOM = 52, 384, 10, 204  # of what lies within its axes
_DRAWN = 240  # points of a line: no screen shows more
_UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


@dataclass(frozen=True)
class Choice:
    """What the address says. smoothing: 0 for none, below 1."""

    words: str
    axis: str
    smoothing: float
    is_logarithmic: bool

    @classmethod
    def of_query(cls, query: QueryDict) -> "Choice":
        """Raises BadRequest."""
        axis, written = query.get("x", "step"), query.get("smooth", "") or "0"
        if axis not in AXES:
            raise BadRequest(
                _("Curves are drawn over %(choices)s, not %(axis)r.") % {"choices": ", ".join(AXES), "axis": axis[:40]}
            )
        try:
            smoothing = float(written)
        except ValueError:
            smoothing = math.nan
        if not 0 <= smoothing < 1:
            raise BadRequest(_("Smoothing is a number from 0 to below 1, not %(written)r.") % {"written": written[:40]})
        return cls(query.get("q", "").strip()[:LONGEST_WORDS], axis, smoothing, query.get("scale") == "log")


@dataclass(frozen=True)
class Line:
    """colour: the number of its class in charts.css. path: as it is; smooth: smoothed, "" without."""

    curve: Curve
    colour: int
    path: str
    smooth: str
    last: Point | None
    smallest: float | None
    largest: float | None


@dataclass(frozen=True)
class Chart:
    """low, high: what lies at its left and right edge, in steps or seconds; None where nothing can be drawn."""

    tag: str
    lines: list[Line]
    heights: list[dict[str, Any]]
    ticks: list[dict[str, Any]]
    low: float | None
    high: float | None
    left_out: int
    query: str


@require_safe
def metrics(request: ActorRequest, kind: str, namespace: str, name: str) -> HttpResponse:
    repository = of_address(request, kind, namespace, name)
    runs = training.runs_of(request.actor, repository)
    chosen, choice = chosen_runs(runs, request.GET), Choice.of_query(request.GET)
    tags = training.tags_of(chosen, choice.words)
    page = Paginator(tags, PAGE_CHARTS).get_page(request.GET.get("page"))
    colours = {run.name: number % MOST_RUNS + 1 for number, run in enumerate(runs)}
    charts = [
        chart(tag, found, colours, choice) for tag, found in training.curves(chosen, list(page.object_list)).items()
    ]
    shown = {run.name for run in chosen}
    context = {
        "repository": repository,
        "section": Kind(kind).plural,
        "runs": [(run, colours[run.name], run.name in shown) for run in runs],
        "problems": [problem for run in chosen for problem in run.problems],
        "commit": runs[0].commit if runs else "",
        "choice": choice,
        "axes": AXES,
        "page": page,
        "groups": grouped(charts),
        "most_runs": MOST_RUNS,
        "csv_url": page_url(repository, "metrics.csv"),
        "api_url": f"/api/{Kind(kind).plural}/{repository.full_name}/metrics",
    }
    return render(request, "models_registry/metrics.html", context)


@require_safe
def metrics_csv(request: ActorRequest, kind: str, namespace: str, name: str) -> HttpResponseBase:
    """The points of the chosen runs; of the tags that the address names, or of those that it searches for."""
    repository = of_address(request, kind, namespace, name)
    runs = chosen_runs(training.runs_of(request.actor, repository), request.GET)
    tags = training.tags_of(runs, Choice.of_query(request.GET).words)
    if named := request.GET.getlist("tag"):
        tags = [tag for tag in tags if tag in named]
    return csv_file(f"{repository.full_name.replace('/', '-')}-metrics.csv", _rows(training.every_curve(runs, tags)))


def chosen_runs(runs: Sequence[Run], query: QueryDict) -> list[Run]:
    """Those that the address names; the first few without. Raises BadRequest where they are too many."""
    named = set(query.getlist("run"))
    if not named:
        return list(runs[:MOST_RUNS])
    found = [run for run in runs if run.name in named]
    if len(found) > MOST_RUNS:
        raise BadRequest(
            _("At most %(most)s runs are shown at once; %(count)s are chosen.")
            % {"most": MOST_RUNS, "count": len(found)}
        )
    return found


def grouped(charts: Iterable[Chart]) -> dict[str, list[Chart]]:
    """By what stands before the first slash of their tags; "" for those without one."""
    groups: dict[str, list[Chart]] = {}
    for drawn in charts:
        group, slash, _rest = drawn.tag.partition("/")
        groups.setdefault(group if slash else "", []).append(drawn)
    return groups


def _rows(curves: Iterator[Curve]) -> Iterator[tuple[Any, ...]]:
    yield ("run", "tag", "step", "wall_time", "value")
    for curve in curves:
        for step, time, value in curve.points:
            yield (curve.run, curve.tag, step, "" if time is None else time, value)


def smoothed(values: Sequence[float], weight: float) -> list[float]:
    """Exponential moving averages as TensorBoard draws them, without the pull towards zero at the beginning."""
    average, found = 0.0, []
    for number, value in enumerate(values, 1):
        average = average * weight + (1 - weight) * value
        found.append(average / (1 - weight**number))
    return found


def chart(tag: str, curves: Sequence[Curve], colours: dict[str, int], choice: Choice) -> Chart:
    """Where its lines lie. What cannot be drawn on these axes (no time, or nothing above zero) is counted as left out."""
    drawn = [(curve, _placed(curve, choice)) for curve in curves]
    places = [x for _curve, points in drawn for x, _y in points]
    heights = [y for _curve, points in drawn for _x, y in points]
    left_out = sum(len(curve.points) - len(points) for curve, points in drawn)
    query = urlencode([("tag", tag), *(("run", curve.run) for curve in curves)])
    if not places:
        lines = [_line(curve, colours, "", "") for curve in curves]
        return Chart(tag, lines, [], [], None, None, left_out, query)
    axis = drawing.Axis.over(heights)
    upwards = drawing.Scale(axis.low, axis.high, BOTTOM, TOP)
    low, high = min(places), max(places)
    if high == low:
        low, high = low - 1, high + 1
    across = drawing.Scale(low, high, LEFT, RIGHT)
    lines = [
        _line(curve, colours, _path(points, across, upwards), _smooth_path(points, across, upwards, choice))
        for curve, points in drawn
    ]
    levels = [
        {"at": upwards.at(tick), "text": _level(tick, axis.decimals, is_power=choice.is_logarithmic)}
        for tick in axis.ticks
    ]
    return Chart(tag, lines, levels, _ticks(across, choice), low, high, left_out, query)


def _placed(curve: Curve, choice: Choice) -> list[drawing.Point]:
    """(where it lies across, how high) in the units of the axes."""
    times = [point.time for point in curve.points if point.time is not None]
    start = times[0] if times and choice.axis == "relative" else 0.0
    placed = []
    for step, time, value in curve.points:
        across = step if choice.axis == "step" else None if time is None else time - start
        if across is not None and (value > 0 or not choice.is_logarithmic):
            placed.append((float(across), math.log10(value) if choice.is_logarithmic else value))
    return placed


def _line(curve: Curve, colours: dict[str, int], path: str, smooth: str) -> Line:
    values = [point.value for point in curve.points]
    return Line(
        curve,
        colours[curve.run],
        path,
        smooth,
        curve.points[-1] if curve.points else None,
        min(values, default=None),
        max(values, default=None),
    )


def _smooth_path(points: Sequence[drawing.Point], across: drawing.Scale, upwards: drawing.Scale, choice: Choice) -> str:
    if not choice.smoothing:
        return ""
    heights = smoothed([y for _x, y in points], choice.smoothing)
    return _path([(x, y) for (x, _y), y in zip(points, heights, strict=True)], across, upwards)


def _path(points: Sequence[drawing.Point], across: drawing.Scale, upwards: drawing.Scale) -> str:
    kept = thinned([y for _x, y in points], _DRAWN)
    placed = [(across.at(points[place][0]), upwards.at(points[place][1])) for place in kept]
    if len(placed) == 1:  # a line needs two ends to be seen
        placed.append(placed[0])
    return drawing.line(placed)


def _level(tick: float, decimals: int, *, is_power: bool) -> str:
    return drawing.number_text(10**tick, 2) if is_power else drawing.number_text(tick, decimals)


def _ticks(across: drawing.Scale, choice: Choice) -> list[dict[str, Any]]:
    if choice.axis == "time":
        ends = [(LEFT, across.low, "start"), (RIGHT, across.high, "end")]
        return [{"at": at, "text": _moment(seconds), "anchor": anchor} for at, seconds, anchor in ends]
    unit, name = 1, ""
    if choice.axis == "relative":
        unit, name = next((known for known in _UNITS if across.high >= 2 * known[0]), _UNITS[-1])
    axis = drawing.Axis.over([across.low / unit, across.high / unit])
    return [
        {"at": across.at(tick * unit), "text": _tick(tick, axis.decimals, name), "anchor": "middle"}
        for tick in axis.ticks
        if across.low <= tick * unit <= across.high
    ]


def _tick(tick: float, decimals: int, unit: str) -> str:
    if unit:
        return f"{drawing.number_text(tick, decimals)}\u00a0{unit}"
    if tick != round(tick):
        return ""  # between two steps there is none
    return short_number(round(tick)) if abs(tick) >= 10_000 else drawing.number_text(tick, 0)


def _moment(seconds: float) -> str:
    return date_format(datetime.fromtimestamp(seconds, UTC).astimezone(get_current_timezone()), "SHORT_DATETIME_FORMAT")
