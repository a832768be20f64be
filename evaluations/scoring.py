"""From predictions and labels to numbers with their uncertainty. Runs in the supervisor, never beside the model.

The numbers are scikit-learn's and scipy's. The bootstrap of a metric that is a sum over rows, or counts a confusion matrix,
does it for all resamples at once; a test holds the results to scikit-learn's.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from scipy.stats import binomtest
from sklearn.metrics import (
    accuracy_score,
    f1_score,
    mean_absolute_error,
    mean_squared_error,
    r2_score,
    top_k_accuracy_score,
)

from evaluations.measurements import Measurement, Scored, UnusablePredictionsError
from evaluations.suite_files import RETRIEVAL

CONFIDENCE = 0.95

Metric = Mapping[str, Any]


def score(task: str, metrics: Sequence[Metric], outputs: np.ndarray, labels: np.ndarray, seed: int) -> Scored:
    """Score a model's outputs for all rows by the metrics of a suite's file.

    outputs: (rows, classes) any monotone score; (rows, 1) the numbers foretold; or (rows, 2, width) the embeddings of a query and
    of a passage. labels: (rows,) integers from 0 (the class, or the row of the query's own passage), or numbers. Raises
    UnusablePredictionsError if the outputs have another shape or hold NaN or infinity.
    """
    axes = ("rows", "query and passage", "width") if task == RETRIEVAL else ("rows", "columns")
    if outputs.ndim != len(axes) or len(outputs) != len(labels):
        raise UnusablePredictionsError(f"The predictions are {list(outputs.shape)}, for {len(labels)} rows.")
    if not np.isfinite(outputs).all():
        raise UnusablePredictionsError("The predictions hold NaN or infinity.")
    return _SCORERS[task](metrics, outputs, labels, seed)


def score_parts(
    task: str, metric: Metric, outputs: np.ndarray, labels: np.ndarray, seed: int, public_rows: int
) -> tuple[Measurement, Measurement]:
    """One metric on the first `public_rows` rows, and on the others. Arguments as of `score`, which has taken them before."""
    parts = (slice(None, public_rows), slice(public_rows, None))
    public, hidden = (score(task, [metric], outputs[part], labels[part], seed).measurements[0] for part in parts)
    return public, hidden


def chosen(task: str, outputs: np.ndarray) -> np.ndarray:
    """(rows,) what each row answers, where answers are right or wrong: the class of the highest score, or the nearest passage."""
    return np.asarray((_similarities(outputs) if task == RETRIEVAL else outputs).argmax(axis=1))


def _score_classes(metrics: Sequence[Metric], outputs: np.ndarray, labels: np.ndarray, seed: int) -> Scored:
    measurements = tuple(_OF_CLASSES[metric["name"]](metric, outputs, labels, seed) for metric in metrics)
    predicted = outputs.argmax(axis=1)
    return Scored(measurements, predicted, correct=predicted == labels)


def _score_retrieval(metrics: Sequence[Metric], outputs: np.ndarray, labels: np.ndarray, seed: int) -> Scored:
    """Where each query finds its passage among all of them.

    A passage that is as near as the right one stands before it, so that a model which tells nothing apart finds nothing.
    """
    similarities = _similarities(outputs)
    own = similarities[np.arange(len(labels)), labels]
    places = (similarities >= own[:, None]).sum(axis=1)  # from 1
    measurements = tuple(_OF_PLACES[metric["name"]](metric, places, seed) for metric in metrics)
    return Scored(measurements, similarities.argmax(axis=1), correct=places == 1)


def _similarities(outputs: np.ndarray) -> np.ndarray:
    """(queries, passages) cosines. outputs: (rows, 2, width)."""
    vectors = outputs.astype(np.float64)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=2, keepdims=True), np.finfo(np.float64).tiny)
    return np.asarray(vectors[:, 0] @ vectors[:, 1].T)


def _score_numbers(metrics: Sequence[Metric], outputs: np.ndarray, labels: np.ndarray, seed: int) -> Scored:
    predicted = outputs[:, 0].astype(np.float64)
    measurements = tuple(_number(metric, predicted, labels, seed) for metric in metrics)
    losses = ((predicted - labels) ** 2).astype(np.float32)
    return Scored(measurements, outputs[:, 0], losses=losses)


def _score_documents(metrics: Sequence[Metric], outputs: np.ndarray, labels: np.ndarray, seed: int) -> Scored:
    """outputs: (documents, 1) negative log-likelihoods in nats. labels: (documents,) their lengths in bytes."""
    bits = outputs[:, 0].astype(np.float64) / math.log(2)
    measurements = tuple(_bits_per_byte(metric, bits, labels, seed) for metric in metrics)
    return Scored(measurements, outputs[:, 0], losses=(bits / labels).astype(np.float32))


def _bits_per_byte(metric: Metric, bits: np.ndarray, lengths: np.ndarray, seed: int) -> Measurement:
    """How many bits the model needs for a byte of the text: comparable across tokenizers, unlike perplexity.

    Resampled by document, because the bytes of one depend on one another. Source: Gao et al., 2020, "The Pile", section 3.1.
    """
    draws = _draws(metric, len(bits), seed)
    values = bits[draws].sum(axis=1) / lengths[draws].sum(axis=1)
    return _bootstrapped(metric, float(bits.sum() / lengths.sum()), values, len(bits), seed)


def _accuracy(metric: Metric, outputs: np.ndarray, labels: np.ndarray, seed: int) -> Measurement:
    del seed
    return _proportion(metric, float(accuracy_score(labels, outputs.argmax(axis=1))), len(labels))


def _top_5_accuracy(metric: Metric, outputs: np.ndarray, labels: np.ndarray, seed: int) -> Measurement:
    """Share of rows whose label is among the five highest scores."""
    del seed
    value = float(top_k_accuracy_score(labels, outputs, k=5, labels=np.arange(outputs.shape[1])))
    return _proportion(metric, value, len(labels))


def _recall(most: int) -> Callable[[Metric, np.ndarray, int], Measurement]:
    """Share of queries whose passage is among the first `most`."""
    return lambda metric, places, _: _proportion(metric, float((places <= most).mean()), len(places))


def _mrr_at_10(metric: Metric, places: np.ndarray, seed: int) -> Measurement:
    """Mean of one over the place of the right passage, 0 beyond the tenth. places: (queries,), from 1.

    Source: Voorhees, 1999, "The TREC-8 question answering track report".
    """
    found = np.where(places <= 10, 1 / places, 0.0)
    values = found[_draws(metric, len(found), seed)].mean(axis=1)
    return _bootstrapped(metric, float(found.mean()), values, len(found), seed)


def _proportion(metric: Metric, value: float, rows: int) -> Measurement:
    """A share of rows, with the interval of Wilson, 1927."""
    interval = binomtest(round(value * rows), rows).proportion_ci(CONFIDENCE, method="wilson")
    stderr = math.sqrt(value * (1 - value) / rows)
    return _measurement(metric, value, float(interval.low), float(interval.high), stderr, "wilson", rows)


def _f1_macro(metric: Metric, outputs: np.ndarray, labels: np.ndarray, seed: int) -> Measurement:
    """Mean of the classes' F1."""
    predicted, classes = outputs.argmax(axis=1), outputs.shape[1]
    value = float(f1_score(labels, predicted, labels=np.arange(classes), average="macro", zero_division=0.0))
    cells = labels * classes + predicted
    draws = _draws(metric, len(labels), seed)
    values = np.array([macro_f1(np.bincount(cells[draw], minlength=classes**2), classes) for draw in draws])
    return _bootstrapped(metric, value, values, len(labels), seed)


def macro_f1(counts: np.ndarray, classes: int) -> float:
    """Mean F1 of a flat confusion matrix (label * classes + prediction), 0 for a class that never occurs."""
    matrix = counts.reshape(classes, classes)
    occurrences = matrix.sum(axis=0) + matrix.sum(axis=1)
    return float(np.mean(2 * matrix.diagonal() / np.maximum(occurrences, 1)))


def _number(metric: Metric, predicted: np.ndarray, labels: np.ndarray, seed: int) -> Measurement:
    """R², mean absolute error or mean squared error."""
    reference, of_resamples = _OF_NUMBERS[metric["name"]]
    draws = _draws(metric, len(labels), seed)
    values = of_resamples(predicted[draws], labels[draws])
    return _bootstrapped(metric, float(reference(labels, predicted)), values, len(labels), seed)


def mean_absolute_errors(predicted: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """predicted, labels: (resamples, rows). Returns (resamples,)."""
    return np.asarray(np.abs(predicted - labels).mean(axis=1))


def mean_squared_errors(predicted: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """predicted, labels: (resamples, rows). Returns (resamples,)."""
    return np.asarray(((predicted - labels) ** 2).mean(axis=1))


def r_squares(predicted: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """predicted, labels: (resamples, rows). Returns (resamples,); 0 for a resample whose labels are all the same."""
    spread = labels.var(axis=1)
    errors = mean_squared_errors(predicted, labels)
    return np.asarray(1 - np.divide(errors, spread, out=np.ones_like(errors), where=spread > 0))


def _draws(metric: Metric, rows: int, seed: int) -> np.ndarray:
    """(resamples, rows) of row numbers, drawn with replacement."""
    return np.random.default_rng(seed).integers(0, rows, size=(int(metric["resamples"]), rows))


def _bootstrapped(metric: Metric, value: float, values: np.ndarray, rows: int, seed: int) -> Measurement:
    """The percentile bootstrap over rows (Efron, 1979). values: (resamples,)."""
    tail = 100 * (1 - CONFIDENCE) / 2
    low, high = np.percentile(values, [tail, 100 - tail])
    method = f"percentile bootstrap, {len(values)} resamples, seed {seed}"
    return _measurement(metric, value, float(low), float(high), float(values.std(ddof=1)), method, rows)


def _measurement(
    metric: Metric, value: float, low: float, high: float, stderr: float, method: str, n: int
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


_OF_CLASSES: dict[str, Callable[[Metric, np.ndarray, np.ndarray, int], Measurement]] = {
    "accuracy": _accuracy,
    "f1_macro": _f1_macro,
    "top_5_accuracy": _top_5_accuracy,
}
_OF_PLACES: dict[str, Callable[[Metric, np.ndarray, int], Measurement]] = {
    "recall_at_1": _recall(1),
    "recall_at_10": _recall(10),
    "mrr_at_10": _mrr_at_10,
}
_OF_NUMBERS: dict[str, tuple[Callable[..., float], Callable[[np.ndarray, np.ndarray], np.ndarray]]] = {
    "r2": (r2_score, r_squares),
    "mae": (mean_absolute_error, mean_absolute_errors),
    "mse": (mean_squared_error, mean_squared_errors),
}
_SCORERS: dict[str, Callable[[Sequence[Metric], np.ndarray, np.ndarray, int], Scored]] = {
    "image-classification": _score_classes,
    "sequence-classification": _score_classes,
    "tabular-classification": _score_classes,
    "tabular-regression": _score_numbers,
    "text-classification": _score_classes,
    "text-generation": _score_documents,
    "fill-mask": _score_classes,
    "multiple-choice": _score_classes,
    RETRIEVAL: _score_retrieval,
}
