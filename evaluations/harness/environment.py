"""What ran a job: the versions and the hardware that a score is worth nothing without.

`python -m evaluations.harness.environment cpu|cuda` prints it as JSON.
"""

import json
import os
import platform
import re
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = (
    "torch", "onnxruntime", "onnx", "numpy", "safetensors", "transformers", "tokenizers", "keras", "h5py", "lm_eval",
)  # fmt: skip


def describe(device: str) -> dict[str, object]:
    """python, os, cpu, cores usable, ram in bytes, gpu or None, packages, and the hardware class.

    Speeds compare within one hardware class alone: the processor's (or GPU's) model, and how many GPUs hold the model. device: as
    in the job; asked once the model is loaded.
    """
    cpu = _cpu_model()
    gpu = _gpu(device) if device.startswith("cuda") else None
    name = f"gpu {gpu['name']}{' x' + str(gpu['count']) if gpu['count'] != 1 else ''}" if gpu else f"cpu {cpu}"
    return {
        "python": platform.python_version(),
        "os": f"{platform.system()} {platform.release()}",
        "machine": platform.machine(),
        "cpu": cpu,
        "cores": len(os.sched_getaffinity(0)),
        "ram": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "gpu": gpu,
        "packages": _packages(),
        "hardware_class": re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-"),
    }


def _cpu_model() -> str:
    lines = Path("/proc/cpuinfo").read_text("utf-8", errors="replace").splitlines()
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.machine())


def _gpu(device: str) -> dict[str, Any] | None:
    import torch  # noqa: PLC0415 - only a job for a GPU needs it here; one for onnxruntime on a CPU starts without

    if not torch.cuda.is_available():
        return None
    used = [index for index in range(torch.cuda.device_count()) if torch.cuda.memory_reserved(index)]
    properties = torch.cuda.get_device_properties(used[0] if used else torch.device(device).index or 0)
    return {
        "name": properties.name,
        "memory": properties.total_memory,
        "count": max(1, len(used)),
        "present": torch.cuda.device_count(),
        "cuda": torch.version.cuda,
        "driver": _driver(),
    }


def _driver() -> str | None:
    """Source: https://docs.nvidia.com/driver-release-notes: the kernel module says its version there."""
    place = Path("/proc/driver/nvidia/version")
    found = re.search(r"\b\d+\.\d+(\.\d+)?\b", place.read_text("utf-8", errors="replace")) if place.is_file() else None
    return found.group() if found else None


def _packages() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(describe(sys.argv[1])))
