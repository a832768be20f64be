"""A safetensors checkpoint of a known architecture, run by torch."""

from collections.abc import Callable

import numpy as np
import torch
from safetensors import safe_open

from evaluations.harness import architectures
from evaluations.harness.job import Job
from evaluations.harness.messages import ModelRefusedError

DTYPES = {"float32": torch.float32, "float64": torch.float64, "float16": torch.float16, "bfloat16": torch.bfloat16}

Predict = Callable[[np.ndarray], np.ndarray]


def load(job: Job) -> tuple[Predict, dict[str, object]]:
    """A function from a batch (rows, *input.shape) to its outputs, and facts about the model.

    Raises ModelRefusedError where the file, its architecture or its numbers won't do. The file's header has been
    checked by the supervisor before.
    """
    make_repeatable(job)
    device = torch_device(job.device)
    with safe_open(job.model, framework="pt") as file:
        names = list(file.keys())
        shapes = {name: tuple(file.get_slice(name).get_shape()) for name in names}
        architecture = job.architecture or architectures.recognise(shapes)
        network = architectures.build(architecture, shapes, job.input.shape, job.options)
        weights = {name: checked_weight(name, file.get_tensor(name), DTYPES[job.dtype]) for name in names}
    network.load_state_dict(weights, strict=True, assign=True)
    network.to(device).eval()
    dtype = DTYPES[job.dtype]

    def predict(batch: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            outputs = network(torch.from_numpy(batch).to(device=device, dtype=dtype))
            return outputs.to(device="cpu", dtype=torch.float32).numpy()

    parameters = sum(weight.numel() for weight in weights.values())
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


def torch_device(name: str) -> torch.device:
    if name == "cuda" and not torch.cuda.is_available():
        raise ModelRefusedError("device", "This worker was asked for a GPU and has none that torch can use.")
    return torch.device(name)


def checked_weight(name: str, tensor: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    if name.endswith(".num_batches_tracked") and tensor.dtype == torch.int64:
        return tensor  # BatchNorm's count of its training steps, which plays no part here
    if not tensor.is_floating_point():
        raise ModelRefusedError("unsupported", f"{name} is {tensor.dtype}; only floating-point weights are run.")
    if not torch.isfinite(tensor).all():
        raise ModelRefusedError("not_finite", f"{name} holds NaN or infinite weights.")
    return tensor.to(dtype)
