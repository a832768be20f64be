"""What suites, groups of suites and metrics are called in the reader's language, where this repository says it."""

from functools import cache
from pathlib import Path

import yaml
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy

from evaluations.models import Suite, SuiteGroup
from evaluations.suite_files import FOLDER

WORDS = FOLDER / "words"
METRICS: dict[str, Promise] = {
    "accuracy": gettext_lazy("Accuracy"),
    "bits_per_byte": gettext_lazy("Bits per byte"),
    "f1_macro": gettext_lazy("F1 macro"),
    "mae": gettext_lazy("Mean absolute error"),
    "mrr_at_10": gettext_lazy("MRR at 10"),
    "mse": gettext_lazy("Mean squared error"),
    "r2": gettext_lazy("R²"),
    "recall_at_1": gettext_lazy("Recall at 1"),
    "recall_at_10": gettext_lazy("Recall at 10"),
    "top_5_accuracy": gettext_lazy("Top 5 accuracy"),
}


def title(board: Suite | SuiteGroup) -> str:
    return _of(board).get("title") or board.title


def summary(board: Suite | SuiteGroup) -> str:
    return _of(board).get("summary") or board.summary


def _of(board: Suite | SuiteGroup) -> dict[str, str]:
    kind = "suites" if isinstance(board, Suite) else "groups"
    return _read(WORDS / f"{get_language()}.yaml").get(kind, {}).get(board.name, {})


@cache
def _read(path: Path) -> dict[str, dict[str, dict[str, str]]]:
    found: dict[str, dict[str, dict[str, str]]] = yaml.safe_load(path.read_text("utf-8")) if path.is_file() else {}
    return found
