import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine
from sklearn.model_selection import train_test_split

from evaluations import suite_files
from tests.evaluations.running import DIGITS, EXPECTED, array


def half_of(x: np.ndarray, y: np.ndarray, *, stratify: bool = True) -> tuple[np.ndarray, np.ndarray]:
    _, x_test, _, y_test = train_test_split(x, y, test_size=0.3, random_state=0, stratify=y if stratify else None)
    return x_test, y_test


def digits(size: int = 1, padding: int = 0, channels: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Each pixel `size` by `size`, dark pixels around, the same in every channel."""
    data = load_digits()
    images = np.kron((data.images / 16).astype("float32"), np.ones((1, size, size), "float32"))
    images = np.pad(images, ((0, 0), (padding, padding), (padding, padding)))
    return half_of(np.repeat(images[:, None], channels, axis=1), data.target)


def rows(load: Callable[[], Any], *, stratify: bool = True) -> tuple[np.ndarray, np.ndarray]:
    data = load()
    return half_of(data.data.astype("float32"), data.target, stratify=stratify)


def steps() -> tuple[np.ndarray, np.ndarray]:
    images, labels = digits()
    return images[:, 0], labels


DATA: dict[str, Callable[[], tuple[np.ndarray, np.ndarray]]] = {
    "breast-cancer-classification": lambda: rows(load_breast_cancer),
    "diabetes-regression": lambda: rows(load_diabetes, stratify=False),
    "digits-28x28-image-classification": lambda: digits(3, padding=2),
    "digits-32x32-image-classification": lambda: digits(4),
    "digits-32x32-rgb-image-classification": lambda: digits(4, channels=3),
    "digits-image-classification": digits,
    "digits-sequence-classification": steps,
    "digits-tabular-classification": lambda: rows(load_digits),
    "iris-classification": lambda: rows(load_iris),
    "wine-classification": lambda: rows(load_wine),
}
SUITES = {suite.path.stem: suite for suite in suite_files.read_all()}


TEXTS = {"movie-text-classification": (600, np.int64), "python-topics-bits-per-byte": (37, np.int64)}


def test_every_suite_of_the_hub_is_valid_and_its_data_are_known():
    assert list(SUITES) == sorted([*DATA, *TEXTS])


@pytest.mark.parametrize("name", TEXTS)
def test_a_suites_texts_are_what_its_hashes_say(name: str):
    suite = SUITES[name]
    (data,) = suite.definition["data"]
    content = suite.data_content(data["inputs"])
    texts = [json.loads(line) for line in content.decode().splitlines()]
    labels = array(suite, "labels")
    assert (len(texts), labels.dtype) == TEXTS[name] == (data["n"], labels.dtype)
    assert all(isinstance(text, str) and text for text in texts)
    assert suite_files.digest_of_data(content) == data["sha256"]
    assert hashlib.sha256(labels.tobytes()).hexdigest() == data["labels_sha256"]


def test_the_length_of_a_text_is_that_of_its_bytes():
    suite = SUITES["python-topics-bits-per-byte"]
    content = suite.data_content(suite.definition["data"][0]["inputs"]).decode()
    lengths = [len(json.loads(line).encode()) for line in content.splitlines()]
    assert lengths == array(suite, "labels").tolist()


@pytest.mark.parametrize("name", DATA)
def test_a_suites_data_are_scikit_learns_to_the_byte(name: str):
    suite = SUITES[name]
    (data,) = suite.definition["data"]
    expected_inputs, expected_labels = DATA[name]()
    inputs, labels = array(suite, "inputs"), array(suite, "labels")
    np.testing.assert_array_equal(inputs, expected_inputs)
    np.testing.assert_array_equal(labels, expected_labels)
    assert inputs.shape == (data["n"], *suite.definition["io"]["input"]["shape"][1:])
    assert inputs.dtype == suite.definition["io"]["input"]["dtype"]
    assert hashlib.sha256(inputs.tobytes()).hexdigest() == data["sha256"]
    assert hashlib.sha256(labels.tobytes()).hexdigest() == data["labels_sha256"]


def test_the_digits_are_those_of_the_reference_models():
    known = EXPECTED["_test_sets"]["digits images"]["sha256 of the float32 (540,1,8,8) array /16"]
    assert DIGITS.definition["data"][0]["sha256"] == known


def test_what_always_naming_the_most_frequent_class_reaches_is_called_chance():
    for suite in SUITES.values():
        if suite.definition["task"] in {"tabular-regression", "text-generation"}:
            continue
        labels = array(suite, "labels")
        (primary,) = [metric for metric in suite.definition["metrics"] if metric["primary"]]
        assert primary["chance"] == pytest.approx(np.bincount(labels).max() / len(labels), abs=0.01)


CHANGES = {
    "an unknown member": lambda d: d.update(run_this="rm -rf"),
    "no version": lambda d: d.pop("version"),
    "an unknown metric": lambda d: d["metrics"].append({**d["metrics"][1], "name": "vibes"}),
    "two primary metrics": lambda d: d["metrics"][1].update(primary=True),
    "no primary metric": lambda d: d["metrics"][0].update(primary=False),
    "a bootstrap without resamples": lambda d: d["metrics"][1].pop("resamples"),
    "a pickle among its formats": lambda d: d["accepts"]["formats"].append("pickle"),
    "a shape without rows": lambda d: d["io"]["input"].update(shape=[1, 8, 8]),
    "another id than its file's name": lambda d: d.update(id="other"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_suite_that_breaks_the_schema_is_refused_by_name(change, tmp_path: Path):
    definition = yaml.safe_load(DIGITS.path.read_text())
    change(definition)
    path = tmp_path / DIGITS.path.name
    path.write_text(yaml.safe_dump(definition))
    with pytest.raises(suite_files.InvalidSuiteError, match="digits-image-classification"):
        suite_files.read(path)


def test_a_suite_reaches_no_file_outside_its_folder(tmp_path: Path):
    for name in ("../schema.json", "/etc/passwd", "data/missing.npy"):
        with pytest.raises(suite_files.InvalidSuiteError):
            suite_files.SuiteFile(tmp_path / "x.yaml", {}).data_file(name)


def test_the_digest_names_what_a_suite_says():
    again = suite_files.read(DIGITS.path)
    changed = suite_files.SuiteFile(DIGITS.path, {**DIGITS.definition, "version": "1.0.1"})
    assert again.digest == DIGITS.digest != changed.digest
