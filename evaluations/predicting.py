"""From a model's files and a suite's inputs to predictions: lay them out, run the child, read what it wrote."""

import io
import json
import math
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evaluations import cgroups, child, sandbox
from evaluations.measurements import UnusablePredictionsError

NPY_HEADER_BYTES = 4096
FLOAT32_BYTES = 4


@dataclass(frozen=True, slots=True)
class Task:
    """One model to run over one suite's inputs.

    loader: one of formats.LOADERS or "transformers". files: name inside the repository → where its content lies;
    path: which of them is the model. definition: the suite's. inputs: the array's `.npy` file or the file of texts,
    rows its length. measure: its speed, too, if the suite says how.
    """

    loader: str
    path: str
    files: Mapping[str, Path]
    architecture: str | None
    options: Mapping[str, Any]
    definition: Mapping[str, Any]
    inputs: Path
    rows: int
    device: str
    measure: bool = False


def predict(
    task: Task,
    *,
    folder: Path,
    backend: sandbox.Backend,
    on_progress: Callable[[int, int], None],
    stopped: Callable[[], bool],
    on_log: Callable[[str], None] = lambda _: None,
) -> tuple[np.ndarray, child.Report]:
    """The model's outputs, (rows, *output shape) float32, and what the child said of how it made them.

    folder: empty, on the same disk as the files if may be; the caller removes it. Raises child.ChildFailedError,
    child.StoppedError, UnusablePredictionsError.
    """
    settings = task.definition["run"]
    outside = sandbox.Places(
        job=folder / "job.json",
        model=folder / "model",
        inputs=task.inputs,
        predictions=folder / "predictions.npy",
    )
    for name, content in task.files.items():
        _lay_out(content, outside.model / name)
    shape = (task.rows, *task.definition["io"]["output"]["shape"][1:])
    largest = NPY_HEADER_BYTES + FLOAT32_BYTES * math.prod(shape)
    outside.predictions.touch()
    outside.job.write_text(json.dumps(_job(task, sandbox.places(backend, outside), largest)), "utf-8")
    limits = task.definition["limits"]
    memory = memory_bytes(task.definition)
    with cgroups.made(memory) as group:
        report = child.run(
            lambda messages: sandbox.command(backend, outside, messages=messages, device=task.device),
            sandbox.environment(backend, seed=settings["seed"], threads=settings["threads"]),
            child.Limits(limits["wall_s"], limits["idle_s"], memory),
            folder=folder,
            on_progress=on_progress,
            on_log=on_log,
            stopped=stopped,
            group=group,
        )
    return _read(outside.predictions, shape), report


def memory_bytes(definition: Mapping[str, Any]) -> int:
    """What the suite lets all processes of a child take together."""
    return int(definition["limits"]["memory_gb"] * 1e9)


def _lay_out(content: Path, place: Path) -> None:
    """A regular file of the repository's own name: a second name of the cached one, or a copy from another disk."""
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(content, place)
    except OSError:
        shutil.copyfile(content, place)


def _job(task: Task, places: sandbox.Places, largest: int) -> dict[str, Any]:
    settings = task.definition["run"]
    ports = {
        name: {"name": port["name"], "dtype": port["dtype"], "shape": port["shape"][1:]}
        for name, port in task.definition["io"].items()
    }
    return {
        "engine": task.definition["engine"],
        "lm_eval": task.definition.get("lm_eval", {}),
        "loader": task.loader,
        "task": task.definition["task"],
        "labels": task.definition["io"]["output"].get("labels", []),
        "model": str(places.model / task.path),
        "architecture": task.architecture,
        "options": dict(task.options),
        "inputs": str(places.inputs),
        "predictions": str(places.predictions),
        **ports,
        "device": task.device,
        **settings,
        "max_output_bytes": largest,
        "memory_bytes": memory_bytes(task.definition),
        "perf": task.definition.get("perf") if task.measure else None,
    }


def _read(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    """The array, if the file is byte for byte what `numpy.save` makes of one of this shape: nothing of it is parsed."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": shape})
    start = header.tell()
    try:
        fits = path.stat().st_size == start + FLOAT32_BYTES * math.prod(shape)
        content = path.read_bytes() if fits else b""
    except OSError as error:
        raise UnusablePredictionsError("What the model's process wrote cannot be read.") from error
    if content[:start] != header.getvalue():
        raise UnusablePredictionsError(f"What the model's process wrote is no float32 array of {list(shape)}.")
    return np.frombuffer(content, "<f4", offset=start).reshape(shape)
