"""A safetensors checkpoint of a known architecture, run by torch."""

from collections.abc import Callable, Mapping

import numpy as np
import torch

from evaluations.harness import architectures, checkpoint, placing, steps
from evaluations.harness.checkpoint import Checkpoint
from evaluations.harness.job import Job
from evaluations.harness.messages import ModelRefusedError
from evaluations.harness.placing import Placement

DTYPES = {"float32": torch.float32, "float64": torch.float64, "float16": torch.float16, "bfloat16": torch.bfloat16}

Predict = Callable[[np.ndarray], np.ndarray]


def load(job: Job) -> tuple[Predict, dict[str, object]]:
    """A function from a batch (rows, *input.shape) to its outputs, and facts about the model.

    Raises ModelRefusedError where the file, its architecture or its numbers won't do. The file's header has been
    checked by the supervisor before.
    """
    make_repeatable(job)
    dtype = DTYPES[job.dtype]
    with checkpoint.opened(job.model) as weights:
        architecture = job.architecture or architectures.recognise(weights.shapes)
        network = architectures.build(architecture, weights.shapes, job.input.shape, job.options)
        placement = placing.place(network, job.device, dtype)
        state = placed({name: name for name in weights.shapes}, weights, placement, dtype)
    network.load_state_dict(state, strict=True, assign=True)
    network = placement.finish(network).eval()

    def predict(batch: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            outputs = network(torch.from_numpy(batch).to(device=placement.inputs, dtype=dtype))
            return outputs.to(device="cpu", dtype=torch.float32).numpy()

    parameters = sum(weight.numel() for weight in state.values())
    return predict, {"architecture": architecture, "parameters": parameters}


def make_repeatable(job: Job) -> None:
    torch.manual_seed(job.seed)
    torch.set_num_threads(job.threads)
    torch.set_num_interop_threads(1)
    # The same switch as use_deterministic_algorithms, which spends a second importing a compiler that is not used here.
    torch.set_deterministic_debug_mode("error" if job.deterministic else "default")
    torch.backends.cudnn.deterministic = job.deterministic
    torch.backends.cudnn.benchmark = False
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False


def placed(
    names: Mapping[str, str], weights: Checkpoint, placement: Placement, dtype: torch.dtype
) -> dict[str, torch.Tensor]:
    """{name in the network: tensor on its device}. names: of each in the file. Raises ModelRefusedError."""
    state = {}
    for name, saved in names.items():
        with steps.timed("deserialise"):
            tensor = checked_weight(saved, weights.tensor(saved), dtype)
        with steps.timed("to_device"):
            state[name] = tensor.to(placement.of(name))
    return state


def checked_weight(name: str, tensor: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    if name.endswith(".num_batches_tracked") and tensor.dtype == torch.int64:
        return tensor  # BatchNorm's count of its training steps, which plays no part here
    if not tensor.is_floating_point():
        raise ModelRefusedError("unsupported", f"{name} is {tensor.dtype}; only floating-point weights are run.")
    if not torch.isfinite(tensor).all():
        raise ModelRefusedError("not_finite", f"{name} holds NaN or infinite weights.")
    return tensor.to(dtype)
