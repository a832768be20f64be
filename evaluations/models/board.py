from __future__ import annotations

from typing import Any

from django.db import models

from evaluations.models.suite import SuiteVersion


class Board(models.Model):
    """What the last ranking found of a whole board, so that no page counts it: made again with it.

    `choices`: the values that occur on it, sorted, for its filters: {"format": ["onnx", …], …}.
    """

    suite_version = models.OneToOneField(SuiteVersion, models.CASCADE, primary_key=True, related_name="board")
    model_count = models.PositiveIntegerField()
    choices: models.JSONField[Any, dict[str, list[str]]] = models.JSONField()
    ranked_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"board of {self.suite_version}"
