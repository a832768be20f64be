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
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from evaluations.harness import environment
from evaluations.harness.job import Job
from evaluations.harness.messages import Messages, ModelRefusedError

LOADERS = {
    "torch": "evaluations.harness.torch_model",
    "onnx": "evaluations.harness.onnx_model",
    "transformers": "evaluations.harness.transformers_model",
}
ENGINES = {"lm_eval": "evaluations.harness.lm_eval_model"}  # besides the native one, which is the loaders
MAX_OPEN_FILES = 1024
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
    # torch and onnxruntime cost seconds and memory: only the one that the job needs is imported.
    engine = _engine(job)
    imported = time.perf_counter()
    predict, model = engine.load(job)
    messages.send("environment", environment=environment.describe(job.device))
    loaded = time.perf_counter()
    messages.send("stage", stage="predicting")
    predictions = _predict(job, predict, inputs, messages)
    predicted = time.perf_counter()
    np.save(job.predictions, predictions, allow_pickle=False)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    messages.send(
        "done",
        rows=len(predictions),
        seconds={"import": imported - started, "load": loaded - imported, "predict": predicted - loaded},
        memory={"process_peak": peak},
        model=model,
    )


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
        outputs = predict(batch)
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


def _confine(job: Job) -> None:
    """Limits that hold from here on, before a byte of the model is read; and no life after the supervisor's."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (job.max_output_bytes, job.max_output_bytes))
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = MAX_OPEN_FILES if hard == resource.RLIM_INFINITY else min(MAX_OPEN_FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
