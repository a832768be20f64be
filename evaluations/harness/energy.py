"""How much energy the GPUs of this job have taken, where NVML counts it (Volta and later, by the driver's own counter)."""

from collections.abc import Callable
from typing import Any

MILLIJOULES = 1000.0

Counter = Callable[[], float]  # joules since the driver was loaded


def counter(torch: Any) -> Counter | None:
    """Of the GPUs that torch uses, together. None where there is none, or one of them counts nothing.

    Found by their UUIDs: NVML knows nothing of CUDA_VISIBLE_DEVICES.
    """
    if torch is None:
        return None
    try:
        import pynvml  # noqa: PLC0415 - only a job on a GPU needs it, and a worker without one need not have it
    except ImportError:
        return None
    used = [index for index in range(torch.cuda.device_count()) if torch.cuda.memory_reserved(index)]
    try:
        pynvml.nvmlInit()
        handles = [
            pynvml.nvmlDeviceGetHandleByUUID(f"GPU-{torch.cuda.get_device_properties(index).uuid}") for index in used
        ]

        def joules() -> float:
            return sum(pynvml.nvmlDeviceGetTotalEnergyConsumption(handle) for handle in handles) / MILLIJOULES

        joules()
    except pynvml.NVMLError:
        return None
    return joules if handles else None
