"""What ran a job: the versions and the hardware that a score is worth nothing without."""

import os
import platform
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("torch", "onnxruntime", "onnx", "numpy", "safetensors", "transformers", "tokenizers", "lm_eval")


def describe(device: str) -> dict[str, object]:
    """python, os, cpu, cores usable, ram in bytes, gpu or None, packages, and the hardware class.

    Speeds compare within one hardware class alone: the processor's (or GPU's) model.
    """
    cpu = _cpu_model()
    gpu = _gpu() if device == "cuda" else None
    name = f"gpu {gpu['name']}" if gpu else f"cpu {cpu}"
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


def _gpu() -> dict[str, object] | None:
    import torch  # noqa: PLC0415 - only a job for a GPU needs it here; one for onnxruntime on a CPU starts without

    if not torch.cuda.is_available():
        return None
    properties = torch.cuda.get_device_properties(0)
    return {"name": properties.name, "memory": properties.total_memory, "cuda": torch.version.cuda}


def _packages() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
