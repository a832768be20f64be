"""What stands before Keras: a file that is not what Keras writes, or names what may not be built, is never opened by it."""

import contextlib
import io
import json
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from evaluations.harness import keras_gate
from evaluations.harness.messages import ModelRefusedError
from tests.evaluations import keras_files
from tests.evaluations.keras_files import layer, members, with_config, with_weights, zipped
from tests.evaluations.running import reference


def refusal(content: bytes, folder: Path) -> ModelRefusedError:
    place = folder / "model.keras"
    place.write_bytes(content)
    with pytest.raises(ModelRefusedError) as caught:
        keras_gate.check(place)
    return caught.value


@pytest.mark.parametrize(("name", "parameters"), [("digits_cnn.keras", 53002), ("digits_gru.keras", 2826)])
def test_what_keras_wrote_goes_through_and_its_parameters_are_counted_without_the_optimisers(
    name: str, parameters: int, tmp_path: Path
):
    (tmp_path / "model.keras").write_bytes(reference(name))
    config, counted = keras_gate.check(tmp_path / "model.keras")
    assert counted == parameters
    assert config["config"]["name"] == name.removesuffix(".keras")


def test_what_a_model_was_compiled_with_plays_no_part(tmp_path: Path):
    own = {"module": "my_losses", "class_name": "Mine", "config": {}, "registered_name": "Custom>Mine"}
    (tmp_path / "model.keras").write_bytes(with_config(lambda config: config.update(compile_config={"loss": own})))
    assert keras_gate.check(tmp_path / "model.keras")[1] == 53002


def bomb() -> bytes:
    return zipped(members() | {"model.weights.h5": b"\0" * 50_000_000}, zipfile.ZIP_DEFLATED)


def twice() -> bytes:
    target = io.BytesIO(zipped(members()))
    with zipfile.ZipFile(target, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("config.json", b"{}")
    return target.getvalue()


def many_members() -> bytes:
    return zipped({f"assets/{number}": b"" for number in range(1000)})


def overlapping() -> bytes:
    """Every member claims all bytes of the file, so that it would unpack to more than it is."""
    content = bytearray(zipped(members()))
    end = len(content) - keras_gate.END_BYTES
    (at,) = struct.unpack("<I", content[end + 16 : end + 20])
    while content[at : at + 4] == b"PK\x01\x02":
        content[at + 20 : at + 28] = struct.pack("<II", len(content), len(content))
        at += 46 + sum(struct.unpack("<HHH", content[at + 28 : at + 34]))
    return bytes(content)


ARCHIVES: dict[str, tuple[bytes | Callable[[], bytes], str, str]] = {
    "nothing": (b"", "corrupt", "does not end as a zip"),
    "HDF5 under another name": (lambda: members()["model.weights.h5"], "corrupt", "does not end as a zip"),
    "a pickle under another name": (b"cos\nsystem\n(S'touch planted'\ntR." + b"\0" * 30, "corrupt", "does not end"),
    "a file cut short": (lambda: zipped(members())[:-40], "corrupt", "does not end as a zip"),
    "a directory that is none": (
        b"\0" * 100 + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, 46, 0, 0), "corrupt", "damaged zip",
    ),
    "a path out of the folder": (lambda: zipped(members() | {"../planted": b"x"}), "unsupported", "'../planted'"),
    "an absolute path": (lambda: zipped(members() | {"/tmp/planted": b"x"}), "unsupported", "'/tmp/planted'"),
    "assets": (lambda: zipped(members() | {"assets/vocabulary.txt": b"x"}), "unsupported", "assets/vocabulary.txt"),
    "weights as npz": (lambda: zipped(members() | {"model.weights.npz": b"x"}), "unsupported", "model.weights.npz"),
    "a thousand members": (many_members, "unsupported", "more than the 3 members"),
    "a member twice": (twice, "corrupt", "names a member twice"),
    "weights that swell": (bomb, "unsupported", "is compressed"),
    "members over one another": (overlapping, "corrupt", "more bytes than the file has"),
    "no weights": (lambda: zipped({"config.json": b"{}"}), "corrupt", "lacks model.weights.h5"),
    "no configuration": (lambda: zipped({"model.weights.h5": b""}), "corrupt", "lacks config.json"),
    "a configuration that is no JSON": (lambda: zipped(members() | {"config.json": b"{"}), "corrupt", "not valid JSON"),
    "a configuration that nests without end": (
        lambda: zipped(members() | {"config.json": b"[" * 100_000}), "corrupt", "not valid JSON",
    ),
    "a list for a configuration": (lambda: zipped(members() | {"config.json": b"[]"}), "corrupt", "not a JSON object"),
    "a configuration beyond all size": (
        lambda: zipped(members() | {"config.json": b" " * 5_000_000}), "unsupported", "larger than 4194304",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("content", "kind", "words"), ARCHIVES.values(), ids=ARCHIVES.keys())
def test_an_archive_that_keras_would_not_write_is_refused(
    content: bytes | Callable[[], bytes], kind: str, words: str, tmp_path: Path
):
    made = content() if callable(content) else content
    tracemalloc.start()
    try:
        refused = refusal(made, tmp_path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (refused.kind, words in str(refused)) == (kind, True), str(refused)
    assert peak < 20_000_000
    assert [place.name for place in tmp_path.iterdir()] == ["model.keras"]


def put_in(name: str, /, **changes: Any) -> Callable[[Any], object]:
    return lambda config: layer(config, name).update(changes)


def set_in(name: str, /, **changes: Any) -> Callable[[Any], object]:
    return lambda config: layer(config, name)["config"].update(changes)


LAMBDA = {"class_name": "__lambda__", "config": {"value": "4wEAAAAAAAAA"}}
SYSTEM = {"module": "builtins", "class_name": "function", "config": "eval", "registered_name": "eval"}

CONFIGS: dict[str, tuple[Callable[[Any], object], str]] = {
    "a Lambda layer": (put_in("f1", class_name="Lambda", config={"name": "f1", "function": LAMBDA}), "keras.layers.Lambda"),
    "a lambda for an activation": (set_in("f1", activation=LAMBDA), "__lambda__"),
    "a builtin for an activation": (set_in("f1", activation=SYSTEM), "the function 'eval'"),
    "a function of another module": (
        set_in("f1", activation={"module": "os", "class_name": "function", "config": "system"}), "os.function",
    ),
    "a function that downloads": (
        set_in("f1", activation={"module": "keras.utils", "class_name": "function", "config": "get_file"}), "keras.utils",
    ),
    "an activation under a registered name": (set_in("f1", activation=SYSTEM | {"config": "relu"}), "the function 'relu'"),
    "a class of os": (put_in("f1", module="os", class_name="system"), "os.system"),
    "a class of builtins": (put_in("f1", module="builtins", class_name="exec"), "builtins.exec"),
    "no module at all": (put_in("f1", module=None), "None.Dense"),
    "a registered name of its own": (put_in("f1", registered_name="Custom>Dense"), "registered classes of one's own"),
    "a registered name of a builtin": (put_in("f1", registered_name="eval"), "registered classes of one's own"),
    "a class name that is no text": (put_in("f1", class_name=["Dense"]), "not among the layers"),
    "a module that is no text": (put_in("f1", module=["keras.layers"]), "not among the layers"),
    "a private module of Keras": (put_in("f1", module="keras.src.layers.core.dense"), "keras.src.layers.core.dense"),
    "a layer that unpickles": (put_in("f1", class_name="TorchModuleWrapper"), "keras.layers.TorchModuleWrapper"),
    "a layer of TensorFlow's programs": (put_in("f1", class_name="TFSMLayer"), "keras.layers.TFSMLayer"),
    "a layer that reads a file": (put_in("f1", class_name="StringLookup"), "keras.layers.StringLookup"),
    "a setting of Keras itself": (
        set_in("f1", kernel_initializer={"module": "keras.config", "class_name": "enable_unsafe_deserialization"}),
        "keras.config.enable_unsafe_deserialization",
    ),
    "a model inside a model, loaded from elsewhere": (
        set_in("f1", kernel_regularizer={"module": "keras.saving", "class_name": "load_model", "config": {}}),
        "keras.saving.load_model",
    ),
    "a tensor's type of its own": (set_in("f1", dtype={"class_name": "__typespec__", "config": []}), "__typespec__"),
    "quantisation": (
        set_in("f1", quantization_config={"module": "keras.quantizers", "class_name": "GPTQConfig", "config": {}}),
        "keras.quantizers.GPTQConfig",
    ),
    "a model inside that is compiled": (
        put_in("f1", module="keras", class_name="Sequential", compile_config={"loss": "mse"}), "is compiled",
    ),
    "a model that is a class of its own": (
        lambda config: config.update(class_name="MyModel", module="my_models"), "The model is a MyModel",
    ),
    "a model of an allowed name from elsewhere": (lambda config: config.update(module="os"), "os.Sequential"),
    "configuration nested without end": (
        set_in("f1", name=json.loads("[" * 100 + "]" * 100)), "nests more than 64 deep",
    ),
    "objects without end": (
        set_in("f1", seed=[{"class_name": "__keras_tensor__"}] * 30_000), "more than 20000 objects",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "words"), CONFIGS.values(), ids=CONFIGS.keys())
def test_a_model_that_names_what_is_not_allowed_is_refused(change: Callable[[Any], object], words: str, tmp_path: Path):
    refused = refusal(with_config(change), tmp_path)
    assert (refused.kind, words in str(refused)) == ("unsupported", True), str(refused)
    assert len(str(refused)) < 500


def external_link(file: h5py.File) -> None:
    file["layers/dense/vars/2"] = h5py.ExternalLink("/etc/passwd", "/")


def soft_link(file: h5py.File) -> None:
    file["layers/dense/vars/2"] = h5py.SoftLink("/layers/dense/vars/0")


def ring(file: h5py.File) -> None:
    file["layers/dense/again"] = file["layers"]


def external_data(file: h5py.File) -> None:
    file.create_dataset("outside", (4,), "f4", external=[("/etc/passwd", 0, 16)])


def virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", (4,))
    file.create_virtual_dataset("virtual", layout)


def swelling(file: h5py.File) -> None:
    file.create_dataset("zeros", (10**6,), "f4", compression="gzip")


def unwritten(file: h5py.File) -> None:
    """Takes no room in the file, and four terabytes of memory once it is read."""
    file.create_dataset("unwritten", (10**12,), "f4")


def named_type(file: h5py.File) -> None:
    file["type"] = np.dtype("f4")


def filled(value: float) -> Callable[[h5py.File], object]:
    return lambda file: file["layers/dense_1/vars/1"].write_direct(np.full(10, value, "f4"))


WEIGHTS: dict[str, tuple[Callable[[h5py.File], object], str, str]] = {
    "a link to another file": (external_link, "unsupported", "link to somewhere else"),
    "a link within the file": (soft_link, "unsupported", "link to somewhere else"),
    "a group inside itself": (ring, "corrupt", "is there twice"),
    "numbers of another file": (external_data, "unsupported", "in one piece"),
    "a window on another file": (virtual, "unsupported", "in one piece"),
    "compressed numbers": (swelling, "unsupported", "in one piece"),
    "numbers that were never written": (unwritten, "corrupt", "claims [1000000000000]"),
    "texts": (lambda file: file.create_dataset("t", data=["a", "b"]), "unsupported", "only numbers"),
    "an array of nothing": (
        lambda file: file.create_dataset("e", data=h5py.Empty("f4")),
        "unsupported",
        "in one piece",
    ),
    "a type with a name": (named_type, "unsupported", "neither a group nor an array"),
    "NaN": (filled(np.nan), "not_finite", "/layers/dense_1/vars/1 holds NaN"),
    "infinity": (filled(np.inf), "not_finite", "/layers/dense_1/vars/1 holds NaN"),
}


@pytest.mark.parametrize(("change", "kind", "words"), WEIGHTS.values(), ids=WEIGHTS.keys())
def test_weights_that_reach_outside_the_file_or_swell_are_refused(
    change: Callable[[h5py.File], object], kind: str, words: str, tmp_path: Path
):
    refused = refusal(with_weights(change), tmp_path)
    assert (refused.kind, words in str(refused)) == (kind, True), str(refused)


@pytest.mark.parametrize("content", [b"", b"\x89HDF\r\n\x1a\n", b"\x89HDF\r\n\x1a\n" + b"\xff" * 2000, b"PK" * 100])
def test_weights_that_are_no_hdf5_are_refused(content: bytes, tmp_path: Path):
    refused = refusal(zipped(members() | {"model.weights.h5": content}), tmp_path)
    assert (refused.kind, "cannot be read" in str(refused)) == ("corrupt", True)


def test_damage_anywhere_in_the_weights_is_a_refusal_and_no_crash(tmp_path: Path):
    weights = members("digits_gru.keras")["model.weights.h5"]
    generator = np.random.default_rng(0)
    for at in generator.integers(0, len(weights) - 64, 40):
        damaged = weights[:at] + generator.bytes(64) + weights[at + 64 :]
        place = tmp_path / "model.keras"
        place.write_bytes(zipped(keras_files.members("digits_gru.keras") | {"model.weights.h5": damaged}))
        with contextlib.suppress(ModelRefusedError):
            keras_gate.check(place)
