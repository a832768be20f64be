"""Which device holds which part of a model: one for all where it fits, else as many GPUs as it takes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from evaluations.harness.messages import ModelRefusedError

ROOM = 0.85  # of a GPU's free memory for weights; the rest is for what is computed


@dataclass(frozen=True, slots=True)
class Placement:
    """inputs: where the model's inputs go. parts: the device of each module, the innermost that is named; "" is the model."""

    inputs: torch.device
    parts: Mapping[str, torch.device]

    def of(self, tensor: str) -> torch.device:
        """Where a parameter or buffer goes."""
        return next((self.parts[module] for module in _modules_of(tensor) if module in self.parts), self.inputs)

    def finish(self, network: Any) -> Any:
        """Move what is left, such as buffers that are in no file; lead what is computed from device to device."""
        if len(self.parts) == 1:
            return network.to(self.inputs)
        from accelerate import dispatch_model  # noqa: PLC0415 - 1 s, for models of several GPUs alone

        parts = {name: device.index for name, device in self.parts.items()}
        return dispatch_model(network, parts, main_device=self.inputs.index)


def torch_device(name: str) -> torch.device:
    """Raises ModelRefusedError unless this process has it. name: "cpu", "cuda" or "cuda:i"."""
    device = torch.device(name)
    if device.type == "cuda" and (device.index or 0) >= (torch.cuda.device_count() if torch.cuda.is_available() else 0):
        raise ModelRefusedError("device", f"This worker was asked for {name} and has no such GPU that torch can use.")
    return device


def place(outline: nn.Module, name: str, dtype: torch.dtype) -> Placement:
    """Where the parts of a model go. outline: the model on the meta device. name: as `torch_device`.

    Only "cuda" spreads a model, over all GPUs that the process sees. Raises ModelRefusedError if they are too small.
    """
    device = torch_device(name)
    if device.type == "cpu":
        return Placement(device, {"": device})
    count = torch.cuda.device_count() if device.index is None else 1
    free = {index: _free(index) for index in ([device.index or 0] if count == 1 else range(count))}
    needed = _bytes(outline, dtype)
    for index, room in free.items():
        if needed <= room:
            found = torch.device("cuda", index)
            return Placement(found, {"": found})
    return spread(outline, free, dtype)


def spread(outline: nn.Module, free: Mapping[int, int], dtype: torch.dtype) -> Placement:
    """A model over several GPUs. free: bytes for weights on each, by its index. Raises ModelRefusedError."""
    from accelerate import infer_auto_device_map  # noqa: PLC0415 - as above

    together = getattr(outline, "_no_split_modules", None)
    room: dict[int | str, int] = {**dict(free.items()), "cpu": 2**62}  # what is left over goes there, and is refused
    found = infer_auto_device_map(
        outline,
        max_memory=room,
        no_split_module_classes=list(together) if together else None,
        dtype=dtype,
    )
    if not all(isinstance(device, int) for device in found.values()):
        raise ModelRefusedError(
            "out_of_memory",
            f"The model needs {_bytes(outline, dtype) / 1e9:.3g} GB in {dtype}; this worker's GPUs have "
            f"{sum(free.values()) / 1e9:.3g} GB for it.",
        )
    parts = {module: torch.device("cuda", device) for module, device in found.items()}
    return Placement(next(iter(parts.values())), parts)


def _free(index: int) -> int:
    free, _ = torch.cuda.mem_get_info(index)
    return int(free * ROOM)


def _bytes(outline: nn.Module, dtype: torch.dtype) -> int:
    unique = {id(tensor): tensor.numel() for tensor in [*outline.parameters(), *outline.buffers()]}
    return sum(unique.values()) * dtype.itemsize


def _modules_of(tensor: str) -> Iterator[str]:
    """ "a.b.weight": itself, "a.b", "a" and "": a parameter may have been placed alone."""
    yield tensor
    while "." in tensor:
        tensor = tensor.rpartition(".")[0]
        yield tensor
    yield ""
