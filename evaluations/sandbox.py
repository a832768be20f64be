"""The walls around the child that opens a model.

    bwrap       bubblewrap: no network, own process ids, the model, the inputs and the harness read-only, scratch in
                memory, an empty environment, no capabilities; it dies with the worker
    container   the worker itself runs in a container that its operator has closed off; nothing is added here
    none        no walls: for an embedded hub on loopback, and models that its operator seeded

`HUB_SANDBOX` names one or `auto`: bwrap where it really works, else none where that is allowed. What was used stands in
every result.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from evaluations import cgroups

CODE = Path(__file__).resolve().parent.parent
SCRATCH_BYTES = 1024**3
SYSTEM_FOLDERS = ("/usr", "/lib", "/lib32", "/lib64", "/libx32", "/bin", "/sbin")
SYSTEM_FILES = ("/etc/ld.so.cache", "/etc/alternatives")
PROBE = "import socket, sys; sys.exit(socket.if_nameindex() != [(1, 'lo')])"
PROBE_SECONDS = 20


class Backend(StrEnum):
    BWRAP = "bwrap"
    CONTAINER = "container"
    NONE = "none"


class SandboxUnavailableError(Exception):
    """This worker may not run this model, for want of a sandbox: a fault of the worker, not of the model."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where the child finds what it needs. `predictions` alone may be written, and exists beforehand."""

    job: Path
    model: Path
    inputs: Path
    predictions: Path


INSIDE = Places(Path("/job/job.json"), Path("/job/model"), Path("/job/inputs.npy"), Path("/job/predictions.npy"))


def choose(setting: str, *, embedded: bool, trusted: bool) -> Backend:
    """The sandbox for one model.

    setting: HUB_SANDBOX. embedded: whether this is a hub on one machine's loopback. trusted: whether the hub's
    operator put the model there. Raises SandboxUnavailableError.
    """
    if setting in {"auto", Backend.BWRAP}:
        if bwrap_works():
            return Backend.BWRAP
        if setting == Backend.BWRAP:
            raise SandboxUnavailableError("HUB_SANDBOX is bwrap, and bubblewrap does not work on this worker.")
    elif setting == Backend.CONTAINER:
        return Backend.CONTAINER
    elif setting != Backend.NONE:
        raise SandboxUnavailableError(f"HUB_SANDBOX is {setting!r}; it may be auto, bwrap, container or none.")
    if not embedded:
        raise SandboxUnavailableError("Only a hub that serves nothing but its own machine may run without a sandbox.")
    if not trusted:
        raise SandboxUnavailableError(
            "This worker has no sandbox, so it runs models of the hub's operator alone. Install bubblewrap."
        )
    return Backend.NONE


def protections(setting: str, *, embedded: bool) -> dict[str, Any]:
    """What is in force on this worker, for its operator to read: {backend, sentences}; backend None where nothing is run."""
    watched = "Time, silence, files and output of a model are limited from outside."
    memory = (
        "The kernel limits the memory of all its processes together, and how many there are: each model has a cgroup of its own."
        if cgroups.works()
        else "Memory of all its processes together is watched from outside, five times a second: this worker may make no cgroup "
        "(v2) with limits."
    )
    try:
        backend = choose(setting, embedded=embedded, trusted=True)
    except SandboxUnavailableError as error:
        return {"backend": None, "sentences": [f"No model is run here. {error}"]}
    walls = {
        Backend.BWRAP: "bubblewrap: no network, process ids of its own, model and inputs read-only, scratch in memory, "
        "an empty environment, no capabilities.",
        Backend.CONTAINER: "The container around this worker is the only wall: HUB_SANDBOX is container, nothing is added.",
        Backend.NONE: "No walls: models of the hub's operator alone are run, and their results say so.",
    }
    return {"backend": backend.value, "sentences": [walls[backend], watched, memory]}


@cache
def bwrap_works() -> bool:
    """Whether this machine lets bubblewrap build the very walls that are used, with the very interpreter."""
    if shutil.which("bwrap") is None:
        return False
    command = [*_walls(), "--remount-ro", "/dev", "--remount-ro", "/", *_interpreter(), "-c", PROBE]
    try:
        return subprocess.run(command, capture_output=True, timeout=PROBE_SECONDS, check=False).returncode == 0  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return False


def places(backend: Backend, outside: Places) -> Places:
    """The paths as the child sees them."""
    return INSIDE if backend is Backend.BWRAP else outside


def command(backend: Backend, outside: Places, *, messages: int, device: str) -> list[str]:
    """What to execute. messages: the descriptor, inherited, that the child reports on. device: "cpu", "cuda" or "cuda:i"."""
    harness = ["-m", "evaluations.harness", str(places(backend, outside).job), str(messages)]
    if backend is not Backend.BWRAP:
        return [*_interpreter(), *harness]
    inside = INSIDE
    return [
        *_walls(device),
        *("--ro-bind", str(CODE / "evaluations" / "__init__.py"), "/job/code/evaluations/__init__.py"),
        *("--ro-bind", str(CODE / "evaluations" / "harness"), "/job/code/evaluations/harness"),
        *("--ro-bind", str(outside.job), str(inside.job)),
        *("--ro-bind", str(outside.model), str(inside.model)),
        *("--ro-bind", str(outside.inputs), str(inside.inputs)),
        *("--bind", str(outside.predictions), str(inside.predictions)),
        *("--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp"),  # noqa: S108
        *_interpreter(),
        *harness,
    ]


def environment(backend: Backend, *, seed: int, threads: int) -> dict[str, str]:
    """The child's whole environment: nothing of the worker's own gets in."""
    code = "/job/code" if backend is Backend.BWRAP else str(CODE)
    variables = {
        "PATH": "/usr/bin:/bin",
        "HOME": "/tmp",  # noqa: S108 - a tmpfs of the sandbox's own
        "TMPDIR": "/tmp",  # noqa: S108
        "USER": "model",
        "LANG": "C.UTF-8",
        "PYTHONPATH": os.pathsep.join([code, *_site_packages()]),
        "PYTHONNOUSERSITE": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONHASHSEED": str(seed),
        "OMP_NUM_THREADS": str(threads),
        "KERAS_BACKEND": "torch",
        "KERAS_HOME": "/dev/null/none",  # no settings but its own defaults, whatever lies in a home folder
        "HDF5_PLUGIN_PRELOAD": "::",  # HDF5 loads no libraries that a file asks for
        "CUDA_CACHE_DISABLE": "1",  # its files would be larger than any that the child may write
        "HF_HUB_OFFLINE": "1",  # what libraries would look up is not there; so they need not try
        "HF_DATASETS_OFFLINE": "1",
        "TQDM_DISABLE": "1",
        "CUBLAS_WORKSPACE_CONFIG": ":4096:8",  # what torch's deterministic algorithms need of cuBLAS
    }
    kept = {name: os.environ[name] for name in ("CUDA_VISIBLE_DEVICES",) if name in os.environ}
    return variables | kept


def _walls(device: str = "cpu") -> list[str]:
    arguments = [
        "bwrap",
        *("--unshare-user", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"),
        *(["--disable-userns"] if "--disable-userns" in _bwrap_help() else []),
        # To the kernel, a root worker's child is root over /proc/sys, whatever its namespace: it may only be read.
        *("--hostname", "model", "--proc", "/proc", "--remount-ro", "/proc", "--dev", "/dev"),
        *("--size", str(SCRATCH_BYTES), "--tmpfs", "/dev/shm", "--size", str(SCRATCH_BYTES), "--tmpfs", "/tmp"),  # noqa: S108
    ]
    for folder in map(Path, SYSTEM_FOLDERS):
        if folder.is_symlink():
            arguments += ["--symlink", str(folder.readlink()), str(folder)]
        elif folder.is_dir():
            arguments += ["--ro-bind", str(folder), str(folder)]
    for place in [*SYSTEM_FILES, *_python_folders()]:
        arguments += ["--ro-bind-try", place, place]
    if device.startswith("cuda"):
        nodes = sorted(str(node) for node in Path("/dev").glob("nvidia*"))
        arguments += [argument for node in nodes for argument in ("--dev-bind", node, node)]
        arguments += ["--ro-bind-try", "/sys", "/sys"]
    return arguments


def _interpreter() -> list[str]:
    """The real interpreter: a virtual environment's is a link to a place that the sandbox may not show.

    -P keeps the working directory off the path; the environment's packages come by PYTHONPATH.
    """
    return [os.path.realpath(sys.executable), "-P"]


def _python_folders() -> list[str]:
    folders = [sys.base_prefix, str(Path(os.path.realpath(sys.executable)).parent), *_site_packages()]
    return [folder for folder in dict.fromkeys(folders) if not Path(folder).is_relative_to("/usr")]


def _site_packages() -> list[str]:
    return list(dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib")))


@cache
def _bwrap_help() -> str:
    return subprocess.run(["bwrap", "--help"], capture_output=True, text=True, check=False).stdout  # noqa: S607
