"""Geometry of the charts that this site draws as SVG: scales, round numbers on them, and paths. Knows no page and no model."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache, wraps
from itertools import pairwise
from typing import ParamSpec, Self, TypeVar

from django.utils.formats import number_format
from django.utils.translation import get_language

MOST_TICKS = 4
MOST_REMEMBERED = 20_000

Point = tuple[float, float]
Arguments = ParamSpec("Arguments")
Drawn = TypeVar("Drawn")


def remembered(draw: Callable[Arguments, Drawn], most: int = MOST_REMEMBERED) -> Callable[Arguments, Drawn]:
    """For what follows from its arguments and the reader's language alone, and is drawn for each row of pages often asked for.

    most: how many are kept, the last ones asked for.
    """

    kept: Callable[..., Drawn] = lru_cache(most)(lambda _language, *args, **kwargs: draw(*args, **kwargs))

    @wraps(draw)
    def drawn(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Drawn:
        return kept(get_language(), *args, **kwargs)

    return drawn


@dataclass(frozen=True)
class Axis:
    """A scale from `low` to `high`, both round, with round numbers on it every `step`."""

    low: float
    high: float
    step: float

    @classmethod
    def over(cls, values: Iterable[float]) -> Self:
        """The shortest scale with round ends that holds all values."""
        found = list(values) or [0.0, 1.0]
        low, high = min(found), max(found)
        largest = max(abs(low), abs(high))
        if high - low <= 1e-9 * largest:
            margin = 0.01 if 0.01 <= largest <= 1 or not largest else largest / 100
            low, high = low - margin, high + margin
        step = round_step((high - low) / (MOST_TICKS - 2))
        return cls(math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step, step)

    @property
    def ticks(self) -> list[float]:
        count = round((self.high - self.low) / self.step)
        return [self.low + index * self.step for index in range(count + 1)]

    @property
    def decimals(self) -> int:
        return max(0, -math.floor(math.log10(self.step) + 1e-9))


@dataclass(frozen=True)
class Scale:
    """Values from `low` to `high`, as places from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 1)


def round_step(rough: float) -> float:
    """The next of 1, 2, 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * (1 - 1e-12))


def number_text(value: float, decimals: int) -> str:
    """A number on an axis: with these decimals, or in powers of ten where that would be long."""
    if value and not 1e-4 <= abs(value) < 1e6:
        return f"{value:.3g}".replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")
    return number_format(round(value, decimals), decimals)


def line(points: Sequence[Point]) -> str:
    """A path straight from each point to the next."""
    return "M" + "L".join(f"{x} {y}" for x, y in points) if points else ""


def steps(points: Sequence[Point]) -> str:
    """A path that goes across to each point and then up or down to it."""
    if not points:
        return ""
    (x, y), *_ = points
    return f"M{x} {y}" + "".join(f"H{right}V{up}" for _, (right, up) in pairwise(points))


def steps_back(points: Sequence[Point]) -> str:
    """The same, from its end to its beginning, as the rest of a path."""
    (x, y), *_ = reversed(points)
    return f"{x} {y}" + "".join(f"V{up}H{left}" for (left, up), _ in reversed(list(pairwise(points))))
