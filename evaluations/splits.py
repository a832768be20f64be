"""A suite's rows divided in two for a challenge, and what a submission reaches on a part of them."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

CONFIDENCE = 0.95
RESAMPLES = 1000
SEED = 0
MOST_CLASSES = 1000
BINS = 10  # of numbers that are no classes


@dataclass(frozen=True, slots=True)
class SplitScore:
    """low and high bound the 95 % interval."""

    value: float
    low: float
    high: float
    stderr: float


def public_rows(rows: int, percent: int, seed: int, labels: np.ndarray | None) -> np.ndarray:
    """Which rows are public, the same for the same arguments: (rows,) bool, `percent` of them to within one row.

    Stratified where `labels`, (rows,), can be: every class, or every tenth of the numbers, gives its share to within one row.
    By systematic sampling of the rows in random order within their strata. Source: Cochran, 1977, "Sampling techniques", 8.1.
    """
    generator = np.random.default_rng(seed)
    order = np.lexsort((generator.random(rows), _strata(rows, labels)))
    steps = np.floor(np.arange(rows + 1) * percent / 100 + generator.random())
    chosen = np.zeros(rows, bool)
    chosen[order] = np.diff(steps) > 0
    return chosen


def pack(chosen: np.ndarray) -> bytes:
    return np.packbits(chosen, bitorder="little").tobytes()


def unpack(bits: bytes | memoryview, rows: int) -> np.ndarray:
    """(rows,) bool."""
    return np.unpackbits(np.frombuffer(bits, np.uint8), count=rows, bitorder="little").astype(bool)


def accuracy(correct: np.ndarray) -> SplitScore:
    """Of (rows,) bool, with the interval of Wilson, 1927."""
    right, rows = int(correct.sum()), len(correct)
    interval = binomtest(right, rows).proportion_ci(CONFIDENCE, method="wilson")
    value = right / rows
    return SplitScore(value, float(interval.low), float(interval.high), float(np.sqrt(value * (1 - value) / rows)))


def mean_loss(losses: np.ndarray) -> SplitScore:
    """Of (rows,) numbers, with the percentile bootstrap over rows (Efron, 1979)."""
    rows = len(losses)
    numbers = losses.astype(np.float64)
    draws = np.random.default_rng(SEED).multinomial(rows, np.full(rows, 1 / rows), size=RESAMPLES)
    means = draws @ numbers / rows
    tail = 100 * (1 - CONFIDENCE) / 2
    low, high = np.percentile(means, [tail, 100 - tail])
    return SplitScore(float(numbers.mean()), float(low), float(high), float(means.std(ddof=1)))


def _strata(rows: int, labels: np.ndarray | None) -> np.ndarray:
    """(rows,) the number of each row's stratum; all in one where the labels give none."""
    if labels is None or labels.shape != (rows,) or labels.dtype.kind not in "iufb":
        return np.zeros(rows, int)
    values, classes = np.unique(labels, return_inverse=True)
    if labels.dtype.kind != "f" and len(values) <= min(MOST_CLASSES, rows // 2):
        return np.asarray(classes)
    return np.asarray(np.argsort(np.argsort(labels, kind="stable"), kind="stable") * BINS // rows)
