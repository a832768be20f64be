"""Weights in several files count as the whole that they are."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from evaluations import weights
from models_registry.formats.safetensors_header import InvalidHeaderError

TENSORS = {"b": np.arange(6, dtype=np.float32).reshape(2, 3), "a": np.ones(4, np.float16), "c": np.zeros(1, np.float32)}
WHOLE = {"model.safetensors": TENSORS}
DIVIDED = {"1.safetensors": {"b": TENSORS["b"]}, "2.safetensors": {"c": TENSORS["c"], "a": TENSORS["a"]}}
INDEX = "deep/model.safetensors.index.json"


def lay_out(folder: Path, shards: dict[str, dict[str, np.ndarray]], index: dict[str, str] | None) -> dict[str, Path]:
    contents = {f"deep/{name}": save(tensors) for name, tensors in shards.items()}
    if index is not None:
        contents[INDEX] = json.dumps({"weight_map": index}).encode()
    for number, content in enumerate(contents.values()):
        (folder / str(number)).write_bytes(content)
    return {name: folder / str(number) for number, name in enumerate(contents)}


GOOD = {"a": "2.safetensors", "b": "1.safetensors", "c": "2.safetensors"}


def test_divided_weights_have_the_digest_and_the_parameters_of_the_whole(tmp_path: Path):
    (tmp_path / "whole").mkdir()
    whole = weights.read_shards("deep/model.safetensors", lay_out(tmp_path / "whole", WHOLE, None))
    divided = weights.read_shards(INDEX, lay_out(tmp_path, DIVIDED, GOOD))
    assert (len(whole), len(divided)) == (1, 2)
    assert weights.tensor_digest(divided) == weights.tensor_digest(whole)
    assert sum(shard.header.parameter_count for shard in divided) == 11


@pytest.mark.parametrize(
    ("shards", "index"),
    [
        (DIVIDED, GOOD | {"d": "1.safetensors"}),  # names what is not there
        (DIVIDED, {name: place for name, place in GOOD.items() if name != "c"}),  # is silent about what is
        (DIVIDED, GOOD | {"a": "1.safetensors"}),  # takes it for another file's
        (DIVIDED | {"1.safetensors": {"b": TENSORS["b"], "a": TENSORS["a"]}}, GOOD),  # two files have it
    ],
)
def test_an_index_that_does_not_agree_with_its_files_is_refused(
    shards: dict[str, dict[str, np.ndarray]], index: dict[str, str], tmp_path: Path
):
    with pytest.raises(InvalidHeaderError, match="do not agree on where tensor"):
        weights.read_shards(INDEX, lay_out(tmp_path, shards, index))


def test_every_files_header_is_checked(tmp_path: Path):
    files = lay_out(tmp_path, DIVIDED, GOOD)
    files["deep/2.safetensors"].write_bytes(files["deep/2.safetensors"].read_bytes() + b"more")
    with pytest.raises(InvalidHeaderError, match="the file has"):
        weights.read_shards(INDEX, files)
