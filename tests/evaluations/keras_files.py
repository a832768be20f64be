"""`.keras` files by hand, so that the tests need no Keras: a reference model's, with something changed."""

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

import h5py

from tests.evaluations.running import reference

CNN = "digits_cnn.keras"
Config = dict[str, Any]


def members(name: str = CNN) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(reference(name))) as archive:
        return {member: archive.read(member) for member in archive.namelist()}


def zipped(contents: Mapping[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return target.getvalue()


def with_config(change: Callable[[Config], object], name: str = CNN) -> bytes:
    contents = members(name)
    config = json.loads(contents["config.json"])
    change(config)
    return zipped(contents | {"config.json": json.dumps(config).encode()})


def with_weights(change: Callable[[h5py.File], object], name: str = CNN) -> bytes:
    contents = members(name)
    target = io.BytesIO(contents["model.weights.h5"])
    with h5py.File(target, "r+") as file:
        change(file)
    return zipped(contents | {"model.weights.h5": target.getvalue()})


def layer(config: Config, name: str) -> Config:
    return next(found for found in config["config"]["layers"] if found["config"]["name"] == name)


def linear(shape: list[int | None], weights: Any, bias: Any, *, units: int = 10) -> bytes:
    """Flatten and one Dense layer over an input of `shape`, in the least that Keras reads."""

    def described(kind: str, **config: Any) -> Config:
        return {"module": "keras.layers", "class_name": kind, "config": config, "registered_name": None}

    layers = [
        described("InputLayer", batch_shape=[None, *shape], dtype="float32", name="x"),
        described("Flatten", name="flatten"),
        described("Dense", name="classes", units=units, activation="linear"),
    ]
    config = {"module": "keras", "class_name": "Sequential", "config": {"name": "linear", "layers": layers}}
    target = io.BytesIO()
    with h5py.File(target, "w") as file:
        file["layers/dense/vars/0"], file["layers/dense/vars/1"] = weights, bias
        for name in ("vars", "layers/flatten/vars"):
            file.create_group(name)
    return zipped(
        {"metadata.json": b"{}", "config.json": json.dumps(config).encode(), "model.weights.h5": target.getvalue()}
    )
