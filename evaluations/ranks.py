"""Ranks that claim no more than the data can separate.

Neighbours on a leaderboard saw the same rows, so they are compared paired: only rows where exactly one of the two is
right tell them apart. These few lines of counting are written out because web processes rank, and scipy would cost
each of them 70 MiB; a test holds them to scipy's and statsmodels' figures.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

SIGNIFICANCE = 0.05


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Which rows a run got right: bit i of `bits` (least significant first) is row i of `rows`."""

    rows: int
    bits: int

    @classmethod
    def unpack(cls, packed: bytes, rows: int) -> "Outcomes":
        """packed: eight rows a byte, row 0 in the lowest bit of the first (`numpy.packbits(…, bitorder="little")`)."""
        return cls(rows, int.from_bytes(packed, "little"))


def mcnemar(first: Outcomes, second: Outcomes) -> float:
    """Two-sided exact p-value that both are right equally often.

    Source: McNemar, 1947; exact by the binomial of the discordant rows. Raises ValueError if the rows differ.
    """
    if first.rows != second.rows:
        raise ValueError("The runs saw different rows.")
    only_first = (first.bits & ~second.bits).bit_count()
    only_second = (second.bits & ~first.bits).bit_count()
    discordant = only_first + only_second
    tail = 0
    ways = 1
    for wins in range(min(only_first, only_second) + 1):
        tail += ways
        ways = ways * (discordant - wins) // (wins + 1)
    # Whole numbers until the last step, which ends in a fraction of two to a power: no rounding before it.
    return 1.0 if discordant == 0 else min(1.0, _ratio(2 * tail, discordant))


def _ratio(numerator: int, power: int) -> float:
    """numerator / 2**power, also where both are beyond what a float holds."""
    excess = max(0, numerator.bit_length() - 64)
    return math.ldexp(float(numerator >> excess), excess - power)


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values adjusted for having looked so often. Source: Holm, 1979."""
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for position, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        highest = max(highest, min(1.0, p_values[index] * (len(p_values) - position)))
        adjusted[index] = highest
    return adjusted


def intervals(ranked: Sequence[Outcomes | None]) -> list[tuple[int, int]]:
    """The first and last rank that each may hold, best first.

    ranked: outcomes of the runs in the order of their scores, None where none were kept. Neighbours that the data
    cannot tell apart at SIGNIFICANCE, after Holm down the list, share one interval.
    """
    p_values = [
        mcnemar(one, other) if one and other and one.rows == other.rows else 1.0 for one, other in pairwise(ranked)
    ]
    groups: list[list[int]] = []
    for index, separated in enumerate([True, *(p < SIGNIFICANCE for p in holm(p_values))][: len(ranked)]):
        if separated:
            groups.append([])
        groups[-1].append(index)
    return [(group[0] + 1, group[-1] + 1) for group in groups for _ in group]
