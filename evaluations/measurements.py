"""What scoring gives: light to import, unlike the libraries that make it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


class UnusablePredictionsError(Exception):
    """The predictions are not what the suite asks for; the text says what is wrong."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One metric of one run. low and high bound the 95 % interval; chance is what guessing reaches, if known."""

    name: str
    value: float
    low: float
    high: float
    stderr: float
    method: str
    n: int
    chance: float | None
    higher_is_better: bool
    primary: bool


# The primary metric on the public rows, and on the hidden ones.
Parts = tuple[Measurement, Measurement]


@dataclass(frozen=True, slots=True)
class Scored:
    """One of `correct` and `losses` is there.

    predicted: (rows,) the class chosen for each row, or the number foretold. correct: (rows,) bool, whether it is the label.
    losses: (rows,) float32, how bad each is, smaller is better: what models are compared by where nothing is simply right.
    """

    measurements: tuple[Measurement, ...]
    predicted: np.ndarray
    correct: np.ndarray | None = None
    losses: np.ndarray | None = None
