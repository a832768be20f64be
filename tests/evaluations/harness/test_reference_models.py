"""What the whole rests on: known models reach exactly the known figures."""

from pathlib import Path

import pytest

from evaluations import sandbox
from tests.evaluations.running import EXPECTED, correct, need_bwrap, predict, reference

MODELS = {
    "digits_cnn.safetensors": "model.safetensors",
    "digits_cnn.onnx": "model.onnx",
    "digits_cnn.int8-dynamic.onnx": "model.onnx",
    "digits_cnn.int8-static.onnx": "model.onnx",
}


@pytest.mark.parametrize("name", MODELS)
def test_a_reference_model_scores_exactly_its_figure_in_the_sandbox(name: str, tmp_path: Path):
    need_bwrap()
    predictions, _ = predict(tmp_path, {MODELS[name]: reference(name)}, backend=sandbox.Backend.BWRAP)
    assert correct(predictions) == EXPECTED[name]["correct"] == 533


@pytest.mark.parametrize("name", ["digits_cnn.safetensors", "digits_cnn.onnx"])
def test_a_reference_model_scores_the_same_without_a_sandbox(name: str, tmp_path: Path):
    predictions, _ = predict(tmp_path, {name: reference(name)})
    assert correct(predictions) == 533


def test_two_runs_of_one_model_give_the_same_bytes(tmp_path: Path):
    files = {"model.safetensors": reference("digits_cnn.safetensors")}
    first, _ = predict(tmp_path, files)
    second, _ = predict(tmp_path, files)
    assert first.tobytes() == second.tobytes()


def test_the_child_tells_what_ran_it(tmp_path: Path):
    _, report = predict(tmp_path, {"model.safetensors": reference("digits_cnn.safetensors")})
    assert report.model == {"architecture": "digits-cnn", "parameters": 53002}
    assert report.environment["packages"]["torch"].startswith("2.13.0")
    assert report.environment["hardware_class"].startswith("cpu-")
    assert report.seconds.keys() == {"import", "load", "predict"}
    assert report.memory["process_peak"] > 10**7
