"""Scores that a model's author writes down: `model-index` of a card, and the files `.eval_results/*.yaml`.

They come from anyone: what is not of the expected form is left out. Sources:
https://github.com/huggingface/hub-docs/blob/main/modelcard.md and https://huggingface.co/docs/hub/eval-results
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

MOST_SCORES = 200
LONGEST = 200  # characters of a word
LONGEST_URL = 500
LARGEST = 1e12


@dataclass(frozen=True, slots=True)
class ReportedScore:
    """One number, as it is written. `task` and `metric` are "" where the file does not say."""

    task: str
    dataset: str
    dataset_name: str
    split: str
    metric: str
    value: float
    source_url: str


def of_card(metadata: dict[str, Any]) -> list[ReportedScore]:
    """Of a card's front matter; never fails."""
    return list(islice(_of_index(metadata.get("model-index")), MOST_SCORES))


def of_file(data: Any) -> list[ReportedScore]:
    """Of one of the files, as data; never fails."""
    return list(islice(_of_entries(data), MOST_SCORES))


def _of_index(index: Any) -> Iterator[ReportedScore]:
    for model in _mappings(index):
        for result in _mappings(model.get("results")):
            task, dataset = _mapping(result.get("task")), _mapping(result.get("dataset"))
            source = _mapping(result.get("source"))
            for metric in _mappings(result.get("metrics")):
                value, name = _number(metric.get("value")), _word(metric.get("type")) or _word(metric.get("name"))
                if value is None or not name:
                    continue
                yield ReportedScore(
                    task=_word(task.get("type")),
                    dataset=_word(dataset.get("type")) or _word(dataset.get("name")),
                    dataset_name=_word(dataset.get("name")),
                    split=_word(dataset.get("split")),
                    metric=name,
                    value=value,
                    source_url=_address(source.get("url")),
                )


def _of_entries(entries: Any) -> Iterator[ReportedScore]:
    for entry in _mappings(entries):
        dataset, value = _mapping(entry.get("dataset")), _number(entry.get("value"))
        named = _word(dataset.get("id"))
        if value is not None and named:
            yield ReportedScore(
                task="",
                dataset=named,
                dataset_name=_word(dataset.get("task_id")),
                split="",
                metric="",
                value=value,
                source_url=_address(_mapping(entry.get("source")).get("url")),
            )


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _mappings(value: Any) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _word(value: Any) -> str:
    return value.strip() if isinstance(value, str) and len(value) <= LONGEST else ""


def _number(value: Any) -> float | None:
    if (
        not isinstance(value, int | float)
        or isinstance(value, bool)
        or abs(value) > LARGEST
        or not math.isfinite(value)
    ):
        return None
    return float(value)


def _address(value: Any) -> str:
    """Of the web alone."""
    if not isinstance(value, str) or len(value) > LONGEST_URL:
        return ""
    try:
        parts = urlsplit(value)
    except ValueError:
        return ""
    return value if parts.scheme in {"http", "https"} and parts.hostname else ""
