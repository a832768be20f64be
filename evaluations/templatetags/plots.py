"""Larger drawings of a board, as SVG attributes alone: pages hold no style of their own. What they show is in a table besides."""

import math
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django import template
from django.template.defaultfilters import filesizeformat
from django.template.loader import render_to_string
from django.utils.formats import date_format, number_format
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from evaluations.models import Score
from evaluations.services.plots import Point, Scatter
from evaluations.templatetags.scores import Axis, as_score
from hub.drawing import Scale, remembered, steps, steps_back
from hub.templatetags.grove import short_number

register = template.Library()

WIDTH, HEIGHT = 392, 270  # of a drawing, in its own units
LEFT, RIGHT, TOP, BOTTOM = 44, 384, 16, 228  # of what lies within its axes
MOST_TICKS = 5


@register.simple_tag
def scatter_plot(shown: Scatter) -> SafeString:
    """Quality upwards, cost to the right on a logarithmic scale, each point with its 95 % interval."""
    return _drawn_scatter(shown.cost, shown.metric["name"], tuple(shown.points))


def _draw_scatter(cost: str, metric: str, points: Sequence[Point]) -> SafeString:
    upwards, heights = _upwards(points)
    costs = [math.log10(point.cost) for point in points]
    across = Scale(min(costs) - 0.15, max(costs) + 0.15, LEFT, RIGHT)
    placed = [(point, across.at(spent), upwards.at(point.value)) for point, spent in zip(points, costs, strict=True)]
    above_the_bettered = sorted(placed, key=lambda one: one[0].is_on_front)
    errors = ((x, x, upwards.at(point.low), upwards.at(point.high)) for point, x, _ in above_the_bettered)
    amount = filesizeformat if cost == "bytes" else short_number
    drawn = {
        "cost": cost,
        "metric": metric,
        "on_front": [point for point in points if point.is_on_front],
        # Not by the template's loops: they take longer than all else of a drawing.
        "errors": format_html_join("", '<line class="error" x1="{}" x2="{}" y1="{}" y2="{}"/>', errors),
        "circles": format_html_join(
            "",
            '<circle class="point{}" cx="{}" cy="{}" r="4"><title>{}: {} [{}, {}], {}</title></circle>',
            (
                (
                    " point-front" if point.is_on_front else "", x, y, point.repository, as_score(point.value),
                    as_score(point.low), as_score(point.high), amount(int(point.cost)),
                )
                for point, x, y in above_the_bettered
            ),
        ),
        "front": steps([(x, y) for point, x, y in placed if point.is_on_front]),
        "heights": heights,
        "ticks": [{"at": across.at(math.log10(tick)), "text": _amount(tick)} for tick in _powers(across)],
    }  # fmt: skip
    return render_to_string("evaluations/_scatter.html", drawn)


_drawn_scatter = remembered(_draw_scatter, most=200)


@register.inclusion_tag("evaluations/_progress_plot.html")
def progress_plot(records: Sequence[Score], now: datetime) -> dict[str, Any]:
    """The best score as a line that steps up with each record and runs on until today; its interval as a band."""
    upwards, heights = _upwards(records)
    moments = [record.run.finished_at.timestamp() for record in records if record.run.finished_at]
    end = max(now.timestamp(), moments[-1])
    across = Scale(moments[0], end if end > moments[0] else moments[0] + 1, LEFT, RIGHT)
    places = [across.at(moment) for moment in moments]

    def line(values: Iterable[float]) -> list[tuple[float, float]]:
        points = [(x, upwards.at(value)) for x, value in zip(places, values, strict=True)]
        return [*points, (RIGHT, points[-1][1])]

    high, low = line(record.high for record in records), line(record.low for record in records)
    best = line(record.value for record in records)
    ends = [(LEFT, moments[0], "start"), (RIGHT, end, "end")]
    return {
        "records": records,
        "heights": heights,
        "line": steps(best),
        "band": f"{steps(high)}L{steps_back(low)}Z",
        "points": [{"x": x, "y": y, "record": record} for (x, y), record in zip(best[:-1], records, strict=True)],
        "ticks": [
            {"at": x, "text": date_format(datetime.fromtimestamp(moment, now.tzinfo), "DATE_FORMAT"), "anchor": anchor}
            for x, moment, anchor in ends
        ],
    }


def _upwards(scores: Iterable[Score | Point]) -> tuple[Scale, list[dict[str, Any]]]:
    """A scale over the intervals with round ends, and its lines with their numbers."""
    axis = Axis.over(bound for score in scores for bound in (score.low, score.high))
    scale = Scale(axis.low, axis.high, BOTTOM, TOP)
    lines = [
        {"at": scale.at(tick), "text": number_format(round(tick, axis.decimals), axis.decimals)} for tick in axis.ticks
    ]
    return scale, lines


def _powers(scale: Scale) -> list[int]:
    """Round numbers on a logarithmic scale: powers of ten, or with two and five between them where there are few."""
    first, last = math.floor(scale.low), math.ceil(scale.high)
    for factors in ((1,), (1, 2, 5), (1, 1.5, 2, 3, 4, 5, 6, 8)):
        found = [10**power * factor for power in range(max(first, 0), last + 1) for factor in factors]
        shown = [round(tick) for tick in found if scale.low <= math.log10(tick) <= scale.high and tick == round(tick)]
        if len(shown) > 1:
            return shown[:: -(-len(shown) // MOST_TICKS)]
    return shown


def _amount(tick: int) -> str:
    """10000000 → "10 M": round numbers need no decimals."""
    return re.sub(r"\D0(?=\D)", "", short_number(tick))
