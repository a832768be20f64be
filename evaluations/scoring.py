"""From predictions and labels to numbers with their uncertainty. Runs in the supervisor, never beside the model.

The numbers are scikit-learn's and scipy's; the bootstrap counts confusion matrices, which gives scikit-learn's F1
exactly (a test holds them together) a thousand times faster than calling it a thousand times.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from scipy.stats import binomtest
from sklearn.metrics import accuracy_score, f1_score

from evaluations.measurements import Measurement, Scored, UnusablePredictionsError

CONFIDENCE = 0.95


def score_classification(
    metrics: Sequence[Mapping[str, Any]], outputs: np.ndarray, labels: np.ndarray, seed: int
) -> Scored:
    """Score class scores against labels.

    metrics: as in the suite's file. outputs: (rows, classes), any monotone score. labels: (rows,) integers from 0.
    Raises UnusablePredictionsError if the outputs have another shape or hold NaN or infinity.
    """
    if outputs.ndim != len(("rows", "classes")) or len(outputs) != len(labels):
        raise UnusablePredictionsError(f"The predictions are {list(outputs.shape)}, for {len(labels)} rows.")
    if not np.isfinite(outputs).all():
        raise UnusablePredictionsError("The predictions hold NaN or infinity.")
    predicted = outputs.argmax(axis=1)
    measurements = tuple(
        _METRICS[metric["name"]](metric, predicted, labels, outputs.shape[1], seed) for metric in metrics
    )
    return Scored(measurements, predicted, predicted == labels)


def _accuracy(
    metric: Mapping[str, Any], predicted: np.ndarray, labels: np.ndarray, classes: int, seed: int
) -> Measurement:
    """Share of rows that are right, with the interval of Wilson, 1927."""
    del classes, seed
    value = float(accuracy_score(labels, predicted))
    right = int((predicted == labels).sum())
    interval = binomtest(right, len(labels)).proportion_ci(CONFIDENCE, method="wilson")
    stderr = math.sqrt(value * (1 - value) / len(labels))
    return _measurement(metric, value, float(interval.low), float(interval.high), stderr, "wilson", len(labels))


def _f1_macro(
    metric: Mapping[str, Any], predicted: np.ndarray, labels: np.ndarray, classes: int, seed: int
) -> Measurement:
    """Mean of the classes' F1, with the percentile bootstrap over rows (Efron, 1979)."""
    names = np.arange(classes)
    value = float(f1_score(labels, predicted, labels=names, average="macro", zero_division=0.0))
    resamples = int(metric["resamples"])
    cells = labels * classes + predicted
    draws = np.random.default_rng(seed).integers(0, len(labels), size=(resamples, len(labels)))
    values = np.array([macro_f1(np.bincount(cells[draw], minlength=classes**2), classes) for draw in draws])
    tail = 100 * (1 - CONFIDENCE) / 2
    low, high = np.percentile(values, [tail, 100 - tail])
    stderr = float(values.std(ddof=1))
    method = f"percentile bootstrap, {resamples} resamples, seed {seed}"
    return _measurement(metric, value, float(low), float(high), stderr, method, len(labels))


def macro_f1(counts: np.ndarray, classes: int) -> float:
    """Mean F1 of a flat confusion matrix (label * classes + prediction), 0 for a class that never occurs."""
    matrix = counts.reshape(classes, classes)
    occurrences = matrix.sum(axis=0) + matrix.sum(axis=1)
    return float(np.mean(2 * matrix.diagonal() / np.maximum(occurrences, 1)))


def _measurement(
    metric: Mapping[str, Any], value: float, low: float, high: float, stderr: float, method: str, n: int
) -> Measurement:
    return Measurement(
        name=metric["name"],
        value=value,
        low=low,
        high=high,
        stderr=stderr,
        method=method,
        n=n,
        chance=metric.get("chance"),
        higher_is_better=metric.get("higher_is_better", True),
        primary=metric.get("primary", False),
    )


_METRICS: dict[str, Callable[[Mapping[str, Any], np.ndarray, np.ndarray, int, int], Measurement]] = {
    "accuracy": _accuracy,
    "f1_macro": _f1_macro,
}
