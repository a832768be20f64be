"""Ranks that claim no more than the data can separate.

Neighbours on a leaderboard saw the same rows, so they are compared paired: where rows are right or wrong, only those that
exactly one of the two has right tell them apart (McNemar); elsewhere the mean of the rows' differences does (bootstrap).
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from scipy.stats import binom
from scipy.stats import t as student

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
    """Two-sided p-values that each run and the next lose equally much on average: `bootstrap_neighbours_over` of one suite."""
    return bootstrap_neighbours_over([losses], [1.0])


def bootstrap_neighbours_over(suites: Sequence[np.ndarray], weights: Sequence[float]) -> np.ndarray:
    """Two-sided p-values that each model and the next have the same weighted sum of the suites' means.

    suites: one (models, rows) for each, of numbers or bools, in the order of the board. Returns (models - 1,). Rows are drawn
    again within each suite, and the differences are shifted so that their mean is none (Efron and Tibshirani, 1993, "An
    introduction to the bootstrap", section 16.4). Where no resample reaches the difference, RESAMPLES alone bound the p-value,
    too coarsely for a long board after Holm: there the tail is that of the paired t-test, with Welch's degrees of freedom.
    """
    generator = np.random.default_rng(SEED)
    draws = [_draws(generator, suite.shape[1]) for suite in suites]
    found = np.ones(max(0, len(suites[0]) - 1))
    for start in range(0, len(found), AT_ONCE):
        size = min(AT_ONCE, len(found) - start)
        means, resampled, largest = np.zeros((size, 1)), np.zeros((size, RESAMPLES)), np.zeros((size, 1))
        variances = []
        for suite, drawn, weight in zip(suites, draws, weights, strict=True):
            rows = suite.shape[1]
            differences = weight * np.diff(suite[start : start + size + 1].astype(np.float64), axis=0)
            mean = differences.mean(axis=1, keepdims=True)
            means += mean
            resampled += (differences - mean) @ drawn.T / rows
            largest = np.maximum(largest, np.abs(differences).max(axis=1, keepdims=True, initial=0))
            variances.append((differences.var(axis=1, ddof=1 if rows > 1 else 0) / rows, rows - 1))
        # Where all differences are alike, rounding alone must not decide.
        reached = (np.abs(resampled) >= np.abs(means) - 1e-12 * largest).sum(axis=1)
        coarse = (reached + 1) / (RESAMPLES + 1)
        found[start : start + size] = np.where(reached, coarse, np.minimum(coarse, _t_tail(means[:, 0], variances)))
    return found


def _draws(generator: np.random.Generator, rows: int) -> np.ndarray:
    """(RESAMPLES, rows): how often each row is drawn."""
    return generator.multinomial(rows, np.full(rows, 1 / rows), size=RESAMPLES).astype(np.float64)


def _t_tail(means: np.ndarray, variances: Sequence[tuple[np.ndarray, int]]) -> np.ndarray:
    """Two-sided p-values that means are none. variances: of the mean, with its degrees of freedom, for each suite.

    Source: Welch, 1947, for the degrees of freedom of their sum.
    """
    total = np.asarray(sum(variance for variance, _ in variances))
    spread = np.asarray(sum(variance**2 / max(freedom, 1) for variance, freedom in variances))
    freedom = np.divide(total**2, spread, out=np.ones_like(total), where=spread > 0)
    scale = np.sqrt(total)
    statistic = np.divide(np.abs(means), scale, out=np.full_like(scale, np.inf), where=scale > 0)
    return np.asarray(2 * student.sf(statistic, np.maximum(freedom, 1)))


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
