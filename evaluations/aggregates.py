"""Several suites as one number: means of chance-normalised scores with their intervals, and Borda counts."""

import numpy as np
from scipy.stats import rankdata


def normalized(scores: np.ndarray, chances: np.ndarray) -> np.ndarray:
    """From chance (0) to all right (1); below 0 where guessing is better. scores: (…, suites). chances: (suites,), under 1."""
    return np.asarray((scores - chances) / (1 - chances))


def means(values: np.ndarray, lows: np.ndarray, highs: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The mean over suites and its 95 % interval: (models,) each.

    values, lows, highs: (models, suites), normalised scores with their own 95 % intervals, of suites that share no rows. The
    intervals are joined by MOVER, a delta method that keeps their asymmetry, so that a model without a mistake is not certain.
    Source: Zou and Donner, 2008, "Construction of confidence limits about effect measures: a general approach".
    """
    mean = values.mean(axis=1)
    suites = values.shape[1]
    below = np.sqrt(((values - lows) ** 2).sum(axis=1)) / suites
    above = np.sqrt(((highs - values) ** 2).sum(axis=1)) / suites
    return mean, mean - below, mean + above


def borda(scores: np.ndarray) -> np.ndarray:
    """How many models each beats, summed over suites; a tie counts half. scores: (models, suites). Returns (models,).

    Source: de Borda, 1781; with the mid-ranks of ties.
    """
    if not len(scores):
        return np.zeros(0)
    return np.asarray(rankdata(scores, axis=0).sum(axis=1) - scores.shape[1])
