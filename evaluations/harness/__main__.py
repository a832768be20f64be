"""`python -m evaluations.harness JOB_FILE MESSAGES_FD`: run one job, report, and end with 0, or 1 if it was refused."""

import ctypes
import importlib
import json
import random
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from evaluations.harness import environment, performance, steps
from evaluations.harness.job import Job
from evaluations.harness.messages import Messages, ModelRefusedError

LOADERS = {
    "torch": "evaluations.harness.torch_model",
    "onnx": "evaluations.harness.onnx_model",
    "keras": "evaluations.harness.keras_model",
    "transformers": "evaluations.harness.transformers_model",
}
# What looks a file over before the library that would open it is even imported, and hands on what it found.
GATES = {"keras": "evaluations.harness.keras_gate"}
ENGINES = {"lm_eval": "evaluations.harness.lm_eval_model"}  # besides the native one, which is the loaders
MAX_OPEN_FILES = 1024
MAX_TASKS = 4096  # processes and threads; before Linux 5.14 of the whole user, since then of the sandbox
MAX_REASON = 1000  # characters: a reason may quote the model, which may say anything
SECONDS_BETWEEN_PROGRESS = 0.5
PR_SET_PDEATHSIG = 1


def main(job_file: str, messages_fd: str) -> int:
    messages = Messages(int(messages_fd))
    job = Job.read(Path(job_file))
    _confine(job)
    try:
        _run(job, messages)
    except ModelRefusedError as error:
        messages.send("error", kind=error.kind, text=str(error)[:MAX_REASON])
        return 1
    except MemoryError:
        messages.send("error", kind="out_of_memory", text="The model needs more memory than the worker has.")
        return 1
    except Exception as error:  # noqa: BLE001 - the edge of the process: whatever a model provokes becomes its reason
        traceback.print_exc()
        kind = "out_of_memory" if type(error).__name__ == "OutOfMemoryError" else "crashed"
        messages.send("error", kind=kind, text=f"{type(error).__name__}: {error}"[:MAX_REASON])
        return 1
    return 0


def _run(job: Job, messages: Messages) -> None:
    started = time.perf_counter()
    messages.send("stage", stage="loading")
    random.seed(job.seed)
    np.random.seed(job.seed)
    inputs = _inputs(job)
    gate = GATES.get(job.loader) if job.engine == "native" else None
    found = importlib.import_module(gate).check(job.model) if gate else ()
    # torch and onnxruntime cost seconds and memory: only the one that the job needs is imported.
    engine = _engine(job)
    imported = time.perf_counter()
    predict, model = engine.load(job, *found)
    messages.send("environment", environment=environment.describe(job.device))
    loaded = time.perf_counter()
    messages.send("stage", stage="predicting")
    predictions = _predict(job, predict, inputs, messages)
    predicted = time.perf_counter()
    np.save(job.predictions, predictions, allow_pickle=False)
    memory = performance.peak_memory()  # before larger batches than the suite's are tried
    seconds = {"import": imported - started, "load": loaded - imported, "predict": predicted - loaded}

    def done() -> None:
        messages.send("done", rows=len(predictions), seconds={**seconds, **steps.SECONDS}, memory=memory, model=model)

    done()  # what the model can do is known: whatever measuring its speed provokes takes nothing from it
    if job.perf is not None:
        _measure(job, job.perf, predict, inputs, messages)
        done()


def _engine(job: Job) -> ModuleType:
    if job.engine == "native":
        return importlib.import_module(LOADERS[job.loader])
    try:
        return importlib.import_module(ENGINES[job.engine])
    except ModuleNotFoundError as error:
        raise ModelRefusedError("device", f"This worker lacks the optional engine {job.engine}: {error}.") from error


def _inputs(job: Job) -> np.ndarray | list[Any]:
    if job.input.dtype not in {"text", "json"}:
        return np.asarray(np.load(job.inputs, allow_pickle=False))
    return [json.loads(line) for line in job.inputs.read_text("utf-8").rstrip("\n").split("\n")]


def _predict(
    job: Job, predict: Callable[[Any], np.ndarray], inputs: np.ndarray | list[Any], messages: Messages
) -> np.ndarray:
    predictions = np.empty((len(inputs), *job.output.shape), np.float32)
    reported = time.monotonic()
    for start in range(0, len(inputs), job.batch_size):
        batch = inputs[start : start + job.batch_size]
        with steps.timed("first_inference") if start == 0 else nullcontext():
            outputs = predict(batch)
        if outputs.dtype.kind not in "fiu":
            raise ModelRefusedError(
                "shape_mismatch", f"The model gives {outputs.dtype} values; the suite needs numbers."
            )
        expected = (len(batch), *job.output.shape)
        if outputs.shape != expected:
            raise ModelRefusedError(
                "shape_mismatch",
                f"For {len(batch)} rows the model gives {list(outputs.shape)}; the suite needs {list(expected)}.",
            )
        if not np.isfinite(outputs).all():
            raise ModelRefusedError(
                "not_finite", f"The model gives NaN or infinity between rows {start} and {start + len(batch) - 1}."
            )
        predictions[start : start + len(batch)] = outputs
        if time.monotonic() - reported > SECONDS_BETWEEN_PROGRESS:
            messages.send("progress", done=start + len(batch), total=len(inputs))
            reported = time.monotonic()
    messages.send("progress", done=len(inputs), total=len(inputs))
    return predictions


def _measure(
    job: Job,
    plan: dict[str, Any],
    predict: Callable[[Any], np.ndarray],
    inputs: np.ndarray | list[Any],
    messages: Messages,
) -> None:
    def alive() -> None:
        messages.send("stage", stage="measuring")

    try:
        with steps.timed("perf"):
            found = performance.measure(plan, predict, inputs, memory_limit=job.memory_bytes, alive=alive)
    except Exception as error:  # noqa: BLE001 - as in main: whatever the model provokes
        traceback.print_exc()
        messages.send("warning", text=f"Its speed could not be measured: {type(error).__name__}: {error}"[:MAX_REASON])
    else:
        messages.send("perf", perf=found)


def _confine(job: Job) -> None:
    """Limits that hold from here on, before a byte of the model is read; and no life after the supervisor's."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (job.max_output_bytes, job.max_output_bytes))
    for kind, most in ((resource.RLIMIT_NOFILE, MAX_OPEN_FILES), (resource.RLIMIT_NPROC, MAX_TASKS)):
        _, hard = resource.getrlimit(kind)
        limit = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (limit, limit))
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
