"""What the child tells its supervisor: one JSON object a line, on a descriptor of its own.

    {"type": "stage", "stage": "loading" | "predicting" | "measuring"}
    {"type": "progress", "done": 64, "total": 540}                      rows predicted so far
    {"type": "environment", "environment": {…}}                         what ran it: see environment.py
    {"type": "warning", "text": "…"}
    {"type": "perf", "perf": {…}}                                       how fast it is, where that is measured: see performance.py
    {"type": "error", "kind": one of FAULTS, "text": "…"}               the last message of a run that failed
    {"type": "done", "rows": 540, "seconds": {…}, "memory": {…}, "model": {…}}    … and of one that did not

Standard output and error are the log, for people alone. The supervisor takes neither at its word.
"""

import json
import os
from typing import Any

FAULTS = ("unsupported", "corrupt", "shape_mismatch", "not_finite", "out_of_memory", "device", "crashed")


class ModelRefusedError(Exception):
    """The model cannot be evaluated; `kind` is one of FAULTS, the text tells its author what to change."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


class Messages:
    """Writes messages to a descriptor; a supervisor that is gone ends the child by the error of writing."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def send(self, type_: str, **members: Any) -> None:
        line = json.dumps({"type": type_, **members}, allow_nan=False) + "\n"
        remaining = line.encode()
        while remaining:
            remaining = remaining[os.write(self._descriptor, remaining) :]
