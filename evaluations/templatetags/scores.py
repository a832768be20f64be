"""Scores and ranks as drawings. Geometry is computed here and written as SVG attributes: pages hold no style of their own."""

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

from django import template
from django.utils.formats import number_format
from django.utils.functional import cached_property
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from evaluations.services import failure_words, suite_words
from hub import drawing

register = template.Library()
register.filter("failure_title", failure_words.title)
register.filter("suite_title", suite_words.title)
register.filter("suite_summary", suite_words.summary)

WIDTH = 136  # of the interval's drawing, in its own units
MARGIN = 2


class Axis(drawing.Axis):
    """A scale shared by the intervals of one table."""

    def x(self, value: float) -> float:
        return drawing.Scale(self.low, self.high, MARGIN, WIDTH - MARGIN).at(value)

    @cached_property
    def grid(self) -> SafeString:
        """Lines at the round numbers, for every drawing on this scale."""
        places = ((x, x) for x in map(self.x, self.ticks))
        return format_html_join("", '<line class="grid-line" x1="{}" x2="{}" y1="0" y2="18"/>', places)


def axis_of(scores: Iterable[Any]) -> Axis:
    """Over the intervals of scores (anything with `low` and `high`)."""
    return Axis.over(bound for score in scores for bound in (score.low, score.high))


# Drawn once for each row of a long table: by format_html, because a template each takes ten times as long.


@register.simple_tag
def interval(score: Any, axis: Axis) -> SafeString:
    """A point with its 95 % interval on a shared scale. score: anything with `value`, `low` and `high`."""
    return _interval(score.value, score.low, score.high, axis)


@drawing.remembered
def _interval(value: float, low: float, high: float, axis: Axis) -> SafeString:
    start, end = axis.x(low), axis.x(high)
    words = gettext("95 %% interval %(low)s to %(high)s") % {"low": as_score(low), "high": as_score(high)}
    return format_html(
        '<svg class="ci" viewBox="0 0 136 18" role="img" aria-label="{}">{}<path class="span" d="M{} 9H{}M{} 6v6M{} 6v6"/>'
        '<circle class="point" cx="{}" cy="9" r="3"/></svg>',
        words, axis.grid, start, end, start, end, axis.x(value),
    )  # fmt: skip


@register.inclusion_tag("evaluations/_axis.html")
def scale(axis: Axis) -> dict[str, Any]:
    """The numbers under which the intervals of a table stand: the first, the last and what fits between."""
    ticks = axis.ticks if len(axis.ticks) <= 3 else [axis.ticks[0], axis.ticks[len(axis.ticks) // 2], axis.ticks[-1]]
    anchors = ["start", *["middle"] * (len(ticks) - 2), "end"]
    return {
        "ticks": [
            {"x": axis.x(tick), "text": number_format(round(tick, axis.decimals), axis.decimals), "anchor": anchor}
            for tick, anchor in zip(ticks, anchors, strict=True)
        ]
    }


@register.simple_tag
@drawing.remembered
def rank(first: int, last: int, of: int) -> SafeString:
    """A rank as the interval that the data leave open, and where it lies in the whole list."""
    span = max(of - 1, 1)
    start, end = 3 + 50 * (first - 1) / span, 3 + 50 * (last - 1) / span
    shown = number_format(first) if first == last else f"{number_format(first)}–{number_format(last)}"
    return format_html(
        '<span class="rank" title="{}">{}</span><svg class="rank-bar" viewBox="0 0 56 5" aria-hidden="true">'
        '<path class="track" d="M3 2.5H53"/><path class="span" d="M{} 2.5H{}"/></svg>',
        gettext("of %(of)s") % {"of": number_format(of)},
        shown,
        round(start, 1),
        round(max(end, start + 0.1), 1),
    )


@register.filter
@drawing.remembered
def as_score(value: float | None) -> str:
    """Four decimals; large values (perplexities, errors) with fewer."""
    if value is None:
        return ""
    digits = 4 if abs(value) < 10 else 2 if abs(value) < 1000 else 0
    return number_format(round(value, digits), digits)  # number_format alone cuts off what it does not show


@register.filter
def as_difference(value: float) -> str:
    """As a score, with its sign."""
    shown = as_score(abs(value))
    return f"{'+' if value > 0 else '−'}{shown}" if shown != as_score(0) else shown


@register.filter
def p_value(value: float) -> str:
    return f"= {number_format(value, 4)}" if value >= 0.0001 else f"< {number_format(0.0001, 4)}"


@register.filter
def duration(seconds: float | None) -> str:
    """72 → "1 min 12 s"."""
    if seconds is None:
        return ""
    if seconds < 10:
        return f"{number_format(round(seconds, 1), 1)}\u00a0s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "min"), (rest if not hours else 0, "s")]
    return " ".join(f"{amount}\u00a0{unit}" for amount, unit in parts if amount)


@register.filter
def milliseconds(seconds: float) -> str:
    """0.0023 → "2.3 ms"."""
    value = 1000 * seconds
    return f"{number_format(round(value, 1 if value < 10 else 0), 1 if value < 10 else 0)}\u00a0ms"


@register.filter
def in_words(value: object) -> object:
    """A value of the result document as people say it: yes and no for truth, a dash for nothing."""
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    return "–" if value is None else value


@register.filter
def metric_title(name: str) -> str:
    """ "f1_macro" → "F1 macro"; one that is not known here as it is written."""
    words = name.replace("_", " ")
    return str(suite_words.METRICS.get(name, words[:1].upper() + words[1:]))


@register.filter
def as_prediction(value: float | str | None, classes: Sequence[str]) -> str:
    """A class by its name where the suite gives one; a number as it is."""
    if isinstance(value, int) and 0 <= value < len(classes):
        return classes[value]
    return as_score(value) if isinstance(value, float) else "–" if value is None else str(value)


@register.filter
def as_p_value(value: float) -> str:
    """0.0312 → "= 0.031", and no more zeros than anybody reads."""
    return "< 0.001" if value < 0.001 else f"= {number_format(round(value, 3), 3)}"


@register.filter
def host(address: str) -> str:
    """Where a link leads, in short."""
    return urlsplit(address).hostname or ""


@register.filter
def metric(scores: Any, name: str) -> Any:
    """The score of that name, or None."""
    return next((score for score in scores if score.name == name), None)


@register.filter
def entry(mapping: Any, name: Any) -> Any:
    """What a mapping has under a name that a template holds in a variable."""
    return mapping.get(name)
