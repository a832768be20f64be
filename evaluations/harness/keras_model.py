"""A `.keras` file, run by Keras 3 on torch.

Keras describes images channels last, (height, width, channels), unless told otherwise; the suites give them channels first.
The shape that the model declares for its input decides how it is fed: see `image_layouts`.
"""

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from evaluations.harness import image_layouts
from evaluations.harness.job import Job
from evaluations.harness.lean_keras import keras
from evaluations.harness.messages import ModelRefusedError
from evaluations.harness.placing import torch_device
from evaluations.harness.torch_model import make_repeatable

Predict = Callable[[np.ndarray], np.ndarray]


def load(job: Job, config: dict[str, Any], parameters: int) -> tuple[Predict, dict[str, object]]:
    """A function from a batch (rows, *input.shape) to its outputs, and facts about the model.

    config, parameters: what keras_gate found in the file. Raises ModelRefusedError where the model cannot be built, or is
    not of the suite's shape.
    """
    make_repeatable(job)
    torch_device(job.device)
    keras.utils.set_random_seed(job.seed)
    _check_size(config, parameters)
    with keras.device(job.device):
        model = _built(job)
    arrange = image_layouts.arrangement(_declared(model), job.input.shape)

    def predict(batch: np.ndarray) -> np.ndarray:
        with keras.device(job.device), torch.inference_mode():
            try:
                outputs = model(arrange(batch), training=False)
            except (ValueError, TypeError) as error:
                raise ModelRefusedError("crashed", f"Keras could not run it: {_brief(error)}") from error
            return np.asarray(outputs.to(device="cpu", dtype=torch.float32).numpy())

    return predict, {"architecture": f"keras-{type(model).__name__.lower()}", "parameters": parameters}


def _check_size(config: dict[str, Any], parameters: int) -> None:
    """Raises ModelRefusedError unless the layers need as many weights as there are, before memory is taken for any."""
    try:
        with keras.device("meta"):
            outline = keras.saving.deserialize_keras_object({**config, "compile_config": None}, safe_mode=True)
        needed = sum(math.prod(weight.shape) for weight in outline.weights if "float" in str(weight.dtype))
    except Exception as error:
        raise ModelRefusedError("corrupt", f"Keras cannot build the layers of config.json: {_brief(error)}") from error
    if needed != parameters:
        raise ModelRefusedError(
            "shape_mismatch", f"The layers of config.json need {needed} weights; the file holds {parameters}."
        )


def _built(job: Job) -> Any:
    with warnings.catch_warnings():
        # Else Keras leaves weights that it does not find as random as they were made.
        warnings.filterwarnings("error", message="Skipping nested container")
        try:
            return keras.saving.load_model(job.model, compile=False, safe_mode=True)
        except Exception as error:
            raise ModelRefusedError("corrupt", f"Keras cannot load the model: {_brief(error)}") from error


def _declared(model: Any) -> tuple[int | None, ...]:
    """The shape of the model's one input, without the rows. Raises ModelRefusedError."""
    inputs, outputs = getattr(model, "inputs", None) or [], getattr(model, "outputs", None) or []
    if len(inputs) != 1 or len(outputs) != 1:
        raise ModelRefusedError(
            "shape_mismatch",
            f"The model declares {len(inputs)} inputs and {len(outputs)} outputs; the suite knows one of each.",
        )
    return tuple(inputs[0].shape[1:])


def _brief(error: Exception) -> str:
    return str(error).partition("\n")[0][:300]
