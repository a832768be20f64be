"""The stock clients: the pinned newest in this process, all others as programs of their own."""

import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filelock import FileLock
from huggingface_hub import HfApi
from safetensors.numpy import save_file

from tests.live import CHECKOUT, LiveHub, Member
from tests.services import missing

SCRIPTS = Path(__file__).parent / "scripts"
_number = itertools.count(1)


@pytest.fixture(scope="session")
def author(live_hub: LiveHub) -> Member:
    return live_hub.member()


@pytest.fixture(scope="session")
def stranger(live_hub: LiveHub) -> Member:
    return live_hub.member()


@pytest.fixture(scope="session")
def api(live_hub: LiveHub, author: Member) -> HfApi:
    return HfApi(endpoint=live_hub.address, token=author.token)


@pytest.fixture
def new_name(author: Member) -> Callable[[], str]:
    """Names of repositories that do not exist yet, in the author's namespace."""
    return lambda: f"{author.name}/repository-{next(_number)}"


@pytest.fixture
def repository(api: HfApi, new_name: Callable[[], str]) -> str:
    """A public repository of the author's, with its initial commit."""
    return api.create_repo(new_name()).repo_id


def until_in_chunks(api: HfApi, repository: str, path: str) -> None:
    """Wait for the worker, for a file that came by LFS."""
    deadline = time.monotonic() + 60
    while api.get_paths_info(repository, path)[0].xet_hash is None:
        assert time.monotonic() < deadline, "The worker made no chunks of it."
        time.sleep(0.1)


@pytest.fixture
def as_stranger(live_hub: LiveHub, stranger: Member) -> HfApi:
    return HfApi(endpoint=live_hub.address, token=stranger.token)


@pytest.fixture
def as_nobody(live_hub: LiveHub) -> HfApi:
    return HfApi(endpoint=live_hub.address, token=False)


@dataclass(frozen=True)
class Client:
    """One version of huggingface_hub, in an interpreter that has it."""

    name: str
    python: Path
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, script: str, *arguments: str | Path, environment: dict[str, str], seconds: float = 220) -> Any:
        """Run tests/clients/scripts/<script>.py there. Returns what it printed as JSON."""
        done = subprocess.run(
            [self.python, SCRIPTS / f"{script}.py", *arguments],
            env=environment | self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
        )
        assert done.returncode == 0, f"{self.name}:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
        return json.loads(done.stdout.splitlines()[-1])


CLIENTS = [
    pytest.param("current", id="current"),
    pytest.param("without-xet", id="without-xet"),
    pytest.param("1.29.0", id="1.29.0", marks=pytest.mark.old_client),
    pytest.param("0.36.2", id="0.36.2", marks=pytest.mark.old_client),
]


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest) -> Client:
    return client_named(request.param)


def client_named(name: str) -> Client:
    match name:
        case "current":
            return Client("current", Path(sys.executable))
        case "without-xet":
            return Client("without-xet", Path(sys.executable), {"HF_HUB_DISABLE_XET": "1"})
        case version:
            return Client(version, old_client(version))


def old_client(version: str) -> Path:
    """The interpreter of an environment that holds this version; made once, beside the environment that runs us."""
    folder = Path(sys.prefix) / "clients" / f"huggingface_hub-{version}"
    python = folder / "bin" / "python"
    folder.parent.mkdir(exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if (folder / "complete").exists():
            return python
        pins = [
            line for line in (CHECKOUT / "constraints.txt").read_text().splitlines() if "huggingface_hub" not in line
        ]
        constraints = Path(f"{folder}.constraints.txt")
        constraints.write_text("\n".join(pins) + "\n")
        wanted = [f"huggingface_hub=={version}", "hf-xet==1.8.0"]
        for command in (
            [sys.executable, "-m", "venv", "--clear", folder],
            [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-c", constraints, *wanted],
        ):
            done = subprocess.run(command, capture_output=True, text=True, check=False, env=_plain_environment())
            if done.returncode != 0:
                missing(f"huggingface_hub {version} cannot be installed here: {done.stderr[-500:]}")
        (folder / "complete").touch()
    return python


def _plain_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}


@pytest.fixture
def model_folder(tmp_path: Path) -> Callable[[int], Path]:
    """`model_folder(bytes)`: a folder with a card and a checkpoint of about that size, as a training run leaves it."""

    def make(size: int) -> Path:
        folder = tmp_path / "model"
        (folder / "onnx").mkdir(parents=True)
        (folder / "README.md").write_text("---\nlicense: apache-2.0\ntags:\n- tests\n---\n# A model\n\nWith a card.\n")
        (folder / "config.json").write_text('{"architecture": "mlp"}\n')
        (folder / "notes 100% – 笔记.txt").write_text("A name with all that needs escaping.\n")
        (folder / "onnx" / "model.onnx").write_bytes(np.random.default_rng(1).bytes(70_000))
        write_checkpoint(folder / "model.safetensors", size)
        return folder

    return make


def write_checkpoint(path: Path, size: int, *, changed: float = 0.0, seed: int = 2) -> None:
    """A safetensors file of about `size` bytes: weights as training leaves them. `changed`: this share is other."""
    weights = np.random.default_rng(seed).standard_normal(size // 4, dtype=np.float32) * np.float32(0.02)
    other = int(len(weights) * changed)
    middle = len(weights) // 2
    weights[middle : middle + other] += np.float32(0.01)
    save_file({f"layers.{index}.weight": part for index, part in enumerate(np.split(weights, 4))}, path)
