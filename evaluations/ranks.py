"""Ranks that claim no more than the data can separate.

Neighbours on a leaderboard saw the same rows, so they are compared paired: where rows are right or wrong, only those that
exactly one of the two has right tell them apart (McNemar); elsewhere the mean of the rows' differences does (bootstrap).
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from scipy.stats import binom

SIGNIFICANCE = 0.05
RESAMPLES = 1000
SEED = 0
AT_ONCE = 512  # pairs whose resampled means are held in memory together


def mcnemar_neighbours(correct: np.ndarray) -> np.ndarray:
    """Two-sided exact p-values that each run and the next are right equally often.

    correct: (runs, rows) bool, in the order of the board. Returns (runs - 1,). Source: McNemar, 1947; exact by the binomial of
    the discordant rows.
    """
    first, second = correct[:-1], correct[1:]
    return mcnemar((first & ~second).sum(axis=1), (second & ~first).sum(axis=1))


def mcnemar(only_first: np.ndarray | int, only_second: np.ndarray | int) -> np.ndarray:
    """The same of two runs, or of as many pairs as the arrays are long, by the number of rows that one alone has right."""
    tail = binom.cdf(np.minimum(only_first, only_second), np.add(only_first, only_second), 0.5)
    return np.minimum(1.0, 2 * np.asarray(tail))


def bootstrap_neighbours(losses: np.ndarray) -> np.ndarray:
    """Two-sided p-values that each run and the next lose equally much on average.

    losses: (runs, rows), in the order of the board. Returns (runs - 1,). Source: Efron and Tibshirani, 1993, "An introduction
    to the bootstrap", section 16.4: rows are drawn again, and the differences are shifted so that their mean is none.
    """
    rows = losses.shape[1]
    draws = np.random.default_rng(SEED).multinomial(rows, np.full(rows, 1 / rows), size=RESAMPLES).astype(np.float64)
    found = np.ones(max(0, len(losses) - 1))
    for start in range(0, len(found), AT_ONCE):
        differences = np.diff(losses[start : start + AT_ONCE + 1].astype(np.float64), axis=0)
        means = differences.mean(axis=1, keepdims=True)
        resampled = (differences - means) @ draws.T / rows
        # Where all differences are alike, rounding alone must not decide.
        at_least = np.abs(resampled) >= np.abs(means) - 1e-12 * np.abs(differences).max(
            axis=1, keepdims=True, initial=0
        )
        found[start : start + len(differences)] = (at_least.sum(axis=1) + 1) / (RESAMPLES + 1)
    return found


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values adjusted for having looked so often. Source: Holm, 1979."""
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for position, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        highest = max(highest, min(1.0, p_values[index] * (len(p_values) - position)))
        adjusted[index] = highest
    return adjusted


def intervals(p_values: Sequence[float]) -> list[tuple[int, int]]:
    """The first and last rank that each run may hold, best first.

    p_values: of each run and the next, one fewer than there are runs. Neighbours that the data cannot tell apart at
    SIGNIFICANCE, after Holm down the list, share one interval.
    """
    starts = [0, *(index for index, p in enumerate(holm(p_values), 1) if p < SIGNIFICANCE), len(p_values) + 1]
    return [(start + 1, end) for start, end in pairwise(starts) for _ in range(start, end)]
