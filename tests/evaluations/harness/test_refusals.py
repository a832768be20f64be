"""Models that cannot be evaluated fail with a reason that helps their author."""

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from safetensors.numpy import load, save

from evaluations.harness import onnx_gate
from evaluations.harness.messages import ModelRefusedError
from tests.evaluations.running import DIGITS, correct, failure, predict, reference

Weights = dict[str, np.ndarray]


def weights() -> Weights:
    return load(reference("digits_cnn.safetensors"))


def changed(change: Callable[[Weights], object]) -> dict[str, bytes]:
    tensors = weights()
    change(tensors)
    return {"model.safetensors": save(tensors)}


def graph(*nodes: onnx.NodeProto, imports: tuple[tuple[str, int], ...] = (("", 17),), **extra: object) -> bytes:
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 1, 8, 8])
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, None)
    made = helper.make_graph(list(nodes), "g", [x], [logits], **extra)
    opsets = [helper.make_opsetid(domain, version) for domain, version in imports]
    return helper.make_model(made, opset_imports=opsets, ir_version=8).SerializeToString()


SAFETENSORS = {
    "a tensor too few": (lambda w: w.pop("f2.bias"), "shape_mismatch", "lacks the tensor 'f2.bias'"),
    "a tensor too many": (lambda w: w.update({"f9.bias": np.zeros(3, "f4")}), "unsupported", "names no architecture"),
    "images of 28×28": (
        lambda w: w.update({"f1.weight": np.zeros((128, 3136), "f4")}),
        "shape_mismatch",
        "f1.weight is [128, 3136] in the file; for inputs of [1, 8, 8], architecture digits-cnn needs [128, 256].",
    ),
    "colour images": (
        lambda w: w.update({"c1.weight": np.zeros((32, 3, 3, 3), "f4")}),
        "shape_mismatch",
        "c1.weight is [32, 3, 3, 3]",
    ),
    "eleven classes": (
        lambda w: w.update({"f2.weight": np.zeros((11, 128), "f4"), "f2.bias": np.zeros(11, "f4")}),
        "shape_mismatch",
        "the model gives [64, 11]; the suite needs [64, 10].",
    ),
    "NaN among the weights": (lambda w: w["c2.bias"].fill(np.nan), "not_finite", "c2.bias holds NaN"),
    "weights that overflow": (lambda w: w["f2.weight"].fill(3e38), "not_finite", "gives NaN or infinity"),
    "integers": (lambda w: w.update({"f2.bias": np.zeros(10, "i8")}), "unsupported", "only floating-point"),
}


@pytest.mark.parametrize(("change", "kind", "words"), SAFETENSORS.values(), ids=SAFETENSORS.keys())
def test_a_checkpoint_that_does_not_fit_is_refused_with_its_reason(
    change: Callable[[Weights], object], kind: str, words: str, tmp_path: Path
):
    failed = failure(tmp_path, changed(change))
    assert failed.code == kind
    assert words in str(failed)


def test_an_unknown_architecture_is_refused_and_the_known_ones_are_named(tmp_path: Path):
    failed = failure(tmp_path, {"model.safetensors": reference("digits_cnn.safetensors")}, architecture="gpt-9")
    assert failed.code == "unsupported"
    assert "digits-cnn, lenet, resnet, mlp, rnn, lstm, gru" in str(failed)


def test_an_option_the_architecture_does_not_have_is_refused(tmp_path: Path):
    files = {"model.safetensors": reference("digits_cnn.safetensors")}
    assert "no option 'pool'" in str(failure(tmp_path, files, options={"pool": "max"}))
    assert "activation is 'exec'" in str(failure(tmp_path, files, options={"activation": "exec"}))


def test_a_perceptron_is_built_from_the_shapes_of_its_file(tmp_path: Path):
    generator = np.random.default_rng(0)
    sizes = [64, 32, 16, 10]
    tensors = {}
    for index in range(3):
        tensors[f"layers.{index}.weight"] = generator.normal(size=(sizes[index + 1], sizes[index])).astype("f4")
        tensors[f"layers.{index}.bias"] = generator.normal(size=sizes[index + 1]).astype("f4")
    predictions, report = predict(tmp_path, {"model.safetensors": save(tensors)}, options={"activation": "tanh"})
    assert report.model["architecture"] == "mlp"
    x = np.load(DIGITS.data_file("data/digits-8x8.inputs.npy")).reshape(540, 64)
    for index in range(3):
        x = x @ tensors[f"layers.{index}.weight"].T + tensors[f"layers.{index}.bias"]
        x = np.tanh(x) if index < 2 else x
    np.testing.assert_allclose(predictions, x, rtol=1e-3, atol=1e-4)


def test_a_lenet_is_built_from_the_shapes_of_its_file(tmp_path: Path):
    shapes = {
        "conv1": (6, 1, 3, 3), "conv2": (16, 6, 2, 2), "fc1": (120, 16), "fc2": (84, 120), "fc3": (10, 84),
    }  # fmt: skip
    generator = np.random.default_rng(0)
    tensors = {f"{name}.weight": generator.normal(size=shape).astype("f4") for name, shape in shapes.items()}
    tensors |= {f"{name}.bias": np.zeros(shape[0], "f4") for name, shape in shapes.items()}
    predictions, report = predict(tmp_path, {"model.safetensors": save(tensors)})
    assert report.model == {
        "architecture": "lenet",
        "parameters": sum(tensor.size for tensor in tensors.values()),
    }
    assert predictions.shape == (540, 10)


SUM = helper.make_node("Flatten", ["x"], ["logits"])
FOREIGN = helper.make_node("Shell", ["x"], ["logits"], domain="evil.corp")


def nested(node: onnx.NodeProto) -> onnx.NodeProto:
    empty = helper.make_graph([node], "inner", [], [helper.make_tensor_value_info("logits", TensorProto.FLOAT, None)])
    return helper.make_node("If", ["condition"], ["logits"], then_branch=empty, else_branch=empty)


ONNX = {
    "an operator of a foreign domain": (graph(FOREIGN), "unsupported", "domain 'evil.corp'"),
    "a foreign domain that is imported only": (graph(SUM, imports=(("", 17), ("evil.corp", 1))), "unsupported", "evil"),
    "a foreign operator inside a branch": (graph(nested(FOREIGN)), "unsupported", "domain 'evil.corp'"),
    "a program for an accelerator": (
        graph(
            helper.make_node("EPContext", ["x"], ["logits"], domain="com.microsoft"), imports=(("com.microsoft", 1),)
        ),
        "unsupported",
        "EPContext",
    ),
    "an operator that nobody knows": (graph(helper.make_node("NoSuchThing", ["x"], ["logits"])), "corrupt", "refuses"),
    "an output of another shape": (graph(SUM), "shape_mismatch", "gives [64, 64]; the suite needs [64, 10]"),
    "no protocol buffer": (b"\xff" * 100, "corrupt", "no ONNX file"),
    "an empty file": (b"", "corrupt", "holds no graph"),
    "inputs of another shape": (reference("digits_logreg.onnx"), "shape_mismatch", "Input x is ['n', 64]"),
}


@pytest.mark.parametrize(("content", "kind", "words"), ONNX.values(), ids=ONNX.keys())
def test_an_onnx_file_that_may_not_run_is_refused_before_a_session_is_made(
    content: bytes, kind: str, words: str, tmp_path: Path
):
    failed = failure(tmp_path, {"model.onnx": content})
    assert failed.code == kind
    assert words in str(failed)


@pytest.mark.parametrize("location", ["../secret", "/etc/passwd", "weights/../../secret", "..\\secret", "missing.data"])
def test_an_onnx_file_takes_no_data_from_outside_its_folder(location: str, tmp_path: Path):
    (tmp_path / "secret").write_bytes(b"\0" * 40)
    bias = TensorProto(name="b", data_type=TensorProto.FLOAT, dims=[10], data_location=TensorProto.EXTERNAL)
    bias.external_data.add(key="location", value=location)
    failed = failure(tmp_path, {"model.onnx": graph(SUM, initializer=[bias])})
    assert failed.code == "unsupported"
    assert "no file beside the model" in str(failed)


def test_an_onnx_file_takes_no_data_through_a_link(tmp_path: Path):
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "secret").write_bytes(bytes(40))
    (folder / "file").symlink_to(tmp_path / "secret")
    (folder / "folder").symlink_to(tmp_path)
    for location in ("file", "folder/secret"):
        bias = TensorProto(name="b", data_type=TensorProto.FLOAT, dims=[10], data_location=TensorProto.EXTERNAL)
        bias.external_data.add(key="location", value=location)
        (folder / "model.onnx").write_bytes(graph(SUM, initializer=[bias]))
        with pytest.raises(ModelRefusedError, match="no file beside the model"):
            onnx_gate.check(folder / "model.onnx")


def test_an_onnx_file_with_external_data_beside_it_runs(tmp_path: Path):
    model = onnx.load_from_string(reference("digits_cnn.onnx"))
    onnx.save_model(
        model, tmp_path / "model.onnx", save_as_external_data=True, location="model.onnx.data", size_threshold=0
    )
    files = {name: (tmp_path / name).read_bytes() for name in ("model.onnx", "model.onnx.data")}
    predictions, _ = predict(tmp_path, files)
    assert correct(predictions) == 533


def test_an_onnx_file_of_a_fixed_batch_is_fed_in_that_size(tmp_path: Path):
    model = onnx.load_from_string(reference("digits_cnn.onnx"))
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 7
    predictions, _ = predict(tmp_path, {"model.onnx": model.SerializeToString()})
    assert correct(predictions) == 533


def test_a_file_that_claims_absurd_sizes_is_refused_without_taking_the_memory(tmp_path: Path):
    header = b'{"w":{"dtype":"F32","shape":[1000000000000],"data_offsets":[0,4000000000000]}}'
    failed = failure(tmp_path, {"model.safetensors": struct.pack("<Q", len(header)) + header})
    assert failed.code in {"crashed", "corrupt"}


def test_a_reason_that_quotes_the_model_at_length_is_cut_and_still_a_reason(tmp_path: Path):
    error = failure(tmp_path, {"model.safetensors": reference("digits_cnn.safetensors")}, architecture="x" * 5000)
    assert error.code == "unsupported"
    assert str(error).startswith("Architecture 'xxx")
