"""The job description: everything the child is told, written by the supervisor as one JSON file."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Port:
    """An input or output of the model: `shape` without the number of rows, which comes first in every array."""

    name: str
    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Job:
    """One model to run over one array of inputs.

    engine: "native" or "lm_eval"; lm_eval: the task that the latter is given, see lm_eval_model.py. loader: "torch", "onnx" or
    "transformers". task: the suite's. labels: its names of the classes, if it has any. model: the file to load, in a folder that
    holds the repository's files as regular files. architecture: the name that the repository gives, or None to recognise it by
    its tensors' names; options: what its config.json says besides (see architectures.py).
    inputs: an `.npy` file of (rows, *input.shape), or where the input's dtype is "text" or "json", a file of JSON strings or
    objects, one a line.
    predictions: the file to write, (rows, *output.shape) float32. max_output_bytes: of any file the child writes.
    """

    engine: str
    lm_eval: dict[str, Any]
    loader: str
    task: str
    labels: list[str]
    model: Path
    architecture: str | None
    options: dict[str, Any]
    inputs: Path
    predictions: Path
    input: Port
    output: Port
    device: str
    dtype: str
    seed: int
    batch_size: int
    deterministic: bool
    threads: int
    max_output_bytes: int

    @classmethod
    def read(cls, path: Path) -> "Job":
        """Raises KeyError or TypeError on a file that this version's supervisor did not write."""
        members = json.loads(path.read_text("utf-8"))
        for name in ("model", "inputs", "predictions"):
            members[name] = Path(members[name])
        for name in ("input", "output"):
            port = members[name]
            members[name] = Port(port["name"], port["dtype"], tuple(port["shape"]))
        return cls(**members)
