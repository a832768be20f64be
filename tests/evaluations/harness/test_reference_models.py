"""What the whole rests on: known models reach exactly the known figures."""

from pathlib import Path

import pytest

from evaluations import sandbox, suite_files
from tests.evaluations.running import EXPECTED, correct, need_bwrap, predict, reference, scored

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


@pytest.mark.parametrize(
    ("name", "suite", "right"),
    [
        ("digits_logreg.onnx", "digits-tabular-classification", 525),
        ("iris_logreg.onnx", "iris-classification", 44),
        ("wine_logreg.onnx", "wine-classification", 54),
        ("breast_cancer_logreg.onnx", "breast-cancer-classification", 164),
    ],
)
def test_a_reference_model_of_tables_scores_exactly_its_figure(name: str, suite: str, right: int, tmp_path: Path):
    file = suite_files.read(suite_files.FOLDER / f"{suite}.yaml")
    predictions, _ = predict(tmp_path, {"model.onnx": reference(name)}, suite=file)
    found = {measured.name: measured.value for measured in scored(predictions, file).measurements}
    assert correct(predictions, file) == EXPECTED[name]["correct"] == right
    assert round(found["f1_macro"], 6) == EXPECTED[name]["f1_macro"]


def test_the_reference_regression_scores_exactly_its_figures(tmp_path: Path):
    file = suite_files.read(suite_files.FOLDER / "diabetes-regression.yaml")
    predictions, _ = predict(tmp_path, {"model.onnx": reference("diabetes_ridge.onnx")}, suite=file)
    found = {measured.name: measured.value for measured in scored(predictions, file).measurements}
    expected = EXPECTED["diabetes_ridge.onnx"]
    assert round(found["r2"], 4) == expected["r2"] == 0.4021
    assert round(found["mae"], 3) == expected["mae"] == 44.295
    assert round(found["mse"], 2) == expected["mse"] == 3050.01


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
    parts = {"deserialise", "to_device", "first_inference"}
    assert report.seconds.keys() == {"import", "load", "predict", *parts}
    assert report.memory["process_peak"] > 10**7
