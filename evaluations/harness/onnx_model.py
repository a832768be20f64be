"""An ONNX file, run by onnxruntime."""

from collections.abc import Callable

import numpy as np
import onnxruntime
from onnxruntime.capi.onnxruntime_pybind11_state import (
    Fail,
    InvalidArgument,
    InvalidGraph,
    InvalidProtobuf,
    RuntimeException,
)
from onnxruntime.capi.onnxruntime_pybind11_state import (
    NotImplemented as NotImplementedByRuntime,
)

from evaluations.harness import onnx_gate, steps
from evaluations.harness.job import Job, Port
from evaluations.harness.messages import ModelRefusedError

PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}
DTYPES = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(float16)": np.float16}
REFUSALS = (Fail, InvalidArgument, InvalidGraph, InvalidProtobuf, NotImplementedByRuntime, RuntimeException)
NO_MEMORY = "Failed to allocate memory"  # all that tells this failure from others

Predict = Callable[[np.ndarray], np.ndarray]


def load(job: Job) -> tuple[Predict, dict[str, object]]:
    """A function from a batch (rows, *input.shape) to its outputs, and facts about the model.

    Raises ModelRefusedError where the file is not let through the gate, or its input or output are not the suite's.
    """
    onnx_gate.check(job.model)
    session = _session(job)
    source = _input(session, job.input)
    output = _output(session, job.output)
    dtype = DTYPES[source.type]
    fixed_rows: int = source.shape[0] if isinstance(source.shape[0], int) else 0

    def run(batch: np.ndarray) -> np.ndarray:
        try:
            (outputs,) = session.run([output], {source.name: batch.astype(dtype, copy=False)})
        except REFUSALS as error:
            if NO_MEMORY in str(error):
                raise ModelRefusedError(
                    "out_of_memory", "The model asks for more memory than the worker has."
                ) from error
            raise ModelRefusedError("crashed", f"onnxruntime could not run it: {_first_line(error)}") from error
        return np.asarray(outputs)

    def run_in_fixed_batches(batch: np.ndarray) -> np.ndarray:
        """For a file exported with a fixed number of rows: the last batch is filled up and cut again."""
        missing = -len(batch) % fixed_rows
        filled = np.concatenate([batch, np.repeat(batch[-1:], missing, axis=0)])
        chunks = [run(filled[start : start + fixed_rows]) for start in range(0, len(filled), fixed_rows)]
        return np.concatenate(chunks)[: len(batch)]

    return run_in_fixed_batches if fixed_rows else run, {"architecture": "onnx", "parameters": None}


def _session(job: Job) -> onnxruntime.InferenceSession:
    kind, _, index = job.device.partition(":")
    provider = PROVIDERS[kind]
    if provider not in onnxruntime.get_available_providers():
        raise ModelRefusedError("device", f"This worker was asked for {job.device}; onnxruntime has no {provider}.")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = job.threads
    options.inter_op_num_threads = 1
    options.use_deterministic_compute = job.deterministic
    # Without VNNI, products of 8-bit numbers saturate in onnxruntime's fast kernels: the same file would score otherwise on
    # another CPU. This takes the exact, slower ones (onnxruntime_session_options_config_keys.h).
    options.add_session_config_entry("session.x64quantprecision", "1")
    onnxruntime.set_seed(job.seed)
    try:
        with steps.timed("deserialise"):  # and to_device: onnxruntime does both at once
            return onnxruntime.InferenceSession(
                str(job.model),
                sess_options=options,
                providers=[provider],
                provider_options=[{"device_id": index or "0"} if kind == "cuda" else {}],
            )
    except REFUSALS as error:
        raise ModelRefusedError("corrupt", f"onnxruntime refuses the file: {_first_line(error)}") from error


def _input(session: onnxruntime.InferenceSession, wanted: Port) -> onnxruntime.NodeArg:
    """The model's one input, whatever its name. Raises ModelRefusedError unless it takes the suite's rows."""
    inputs = session.get_inputs()
    if len(inputs) != 1:
        names = ", ".join(found.name for found in inputs) or "none"
        raise ModelRefusedError("shape_mismatch", f"The suite gives one input, the model takes: {names}.")
    found = inputs[0]
    if found.type not in DTYPES:
        raise ModelRefusedError(
            "shape_mismatch", f"Input {found.name} is {found.type}; the suite gives {wanted.dtype}."
        )
    sizes = found.shape[1:]
    fits = len(found.shape) == len(wanted.shape) + 1 and all(
        not isinstance(size, int) or size == expected for size, expected in zip(sizes, wanted.shape, strict=True)
    )
    if not fits:
        raise ModelRefusedError(
            "shape_mismatch", f"Input {found.name} is {found.shape}; the suite gives {['N', *wanted.shape]}."
        )
    return found


def _output(session: onnxruntime.InferenceSession, wanted: Port) -> str:
    names = [found.name for found in session.get_outputs()]
    if wanted.name in names:
        return wanted.name
    if len(names) == 1:
        return names[0]
    raise ModelRefusedError("shape_mismatch", f"None of the outputs {', '.join(names)} is named {wanted.name}.")


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:500]
