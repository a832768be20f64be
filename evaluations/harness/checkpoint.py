"""Weights as a repository keeps them: one safetensors file, or several and the index that names them."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open

from evaluations.harness.messages import ModelRefusedError

INDEX_SUFFIX = ".index.json"


class Checkpoint:
    """Tensors by name, read from whichever file holds them. `shapes`: of all."""

    def __init__(self, files: list[Any]) -> None:
        self._file_of = {name: file for file in files for name in file.keys()}  # noqa: SIM118 - no mapping
        self.shapes: dict[str, tuple[int, ...]] = {
            name: tuple(file.get_slice(name).get_shape()) for name, file in self._file_of.items()
        }

    def tensor(self, name: str) -> torch.Tensor:
        tensor: torch.Tensor = self._file_of[name].get_tensor(name)
        return tensor


@contextmanager
def opened(model: Path) -> Iterator[Checkpoint]:
    """model: the file, or the index. The supervisor has checked headers and index. Raises ModelRefusedError."""
    with ExitStack() as stack:
        yield Checkpoint([stack.enter_context(safe_open(file, framework="pt")) for file in _files(model)])


def _files(model: Path) -> list[Path]:
    if not model.name.endswith(INDEX_SUFFIX):
        return [model]
    names = sorted(set(json.loads(model.read_text("utf-8"))["weight_map"].values()))
    if any(Path(name).name != name for name in names):
        raise ModelRefusedError("corrupt", "The index names files outside its own folder.")
    return [model.parent / name for name in names]
