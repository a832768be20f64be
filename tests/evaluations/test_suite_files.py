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
from tests.evaluations import deriving
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


DERIVED: dict[str, Callable[[], tuple[list[deriving.Row], np.ndarray]]] = {
    "half-docstring-retrieval": deriving.half_docstrings,
    "python-topics-cloze": lambda: deriving.clozes(lines("python-topics-bits-per-byte")),
    "python-topics-masked-tokens": lambda: deriving.masked_words(lines("python-topics-bits-per-byte"))[:2],
}


def lines(name: str) -> list[Any]:
    content = SUITES[name].data_content(SUITES[name].definition["data"][0]["inputs"]).decode()
    return [json.loads(line) for line in content.rstrip("\n").split("\n")]


def test_every_suite_of_the_hub_is_valid_and_its_data_are_known():
    assert list(SUITES) == sorted([*DATA, *TEXTS, *DERIVED])


@pytest.mark.parametrize("name", DERIVED)
def test_a_suites_rows_follow_from_its_source_and_its_seed(name: str):
    suite = SUITES[name]
    (data,) = suite.definition["data"]
    expected, labels = DERIVED[name]()
    assert lines(name) == expected
    np.testing.assert_array_equal(array(suite, "labels"), labels)
    assert len(expected) == data["n"]
    assert suite_files.digest_of_data(suite.data_content(data["inputs"])) == data["sha256"]
    assert hashlib.sha256(labels.tobytes()).hexdigest() == data["labels_sha256"]


def test_a_word_that_was_left_out_is_among_the_candidates():
    suite = SUITES["python-topics-masked-tokens"]
    candidates = suite.definition["io"]["output"]["labels"]
    assert candidates == deriving.masked_words(lines("python-topics-bits-per-byte"))[2]
    assert suite.definition["io"]["output"]["shape"] == ["N", len(candidates)]
    pages = [" ".join(page.split()) for page in lines("python-topics-bits-per-byte")]
    for row, label in zip(lines(suite.path.stem), array(suite, "labels"), strict=True):
        assert set(row) == {"before", "after"}
        assert any(row["before"] + candidates[label] + row["after"] in page for page in pages)


def test_a_second_half_belongs_to_one_first_half_alone():
    labels = array(SUITES["half-docstring-retrieval"], "labels")
    assert sorted(labels) == list(range(len(labels)))
    assert (labels != np.arange(len(labels))).mean() > 0.9  # the order tells nothing
    for part in ("query", "passage"):
        assert len({row[part] for row in lines("half-docstring-retrieval")}) == len(labels)


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


def test_chance_is_that_of_an_order_drawn_by_lot():
    metrics = {metric["name"]: metric["chance"] for metric in SUITES["half-docstring-retrieval"].definition["metrics"]}
    lots = {"recall_at_1": 1, "recall_at_10": 10, "mrr_at_10": sum(1 / place for place in range(1, 11))}
    assert metrics == pytest.approx({name: of / 300 for name, of in lots.items()}, rel=0.01)
    labels = array(SUITES["python-topics-masked-tokens"], "labels")
    _, fifth = SUITES["python-topics-masked-tokens"].definition["metrics"]
    assert fifth["chance"] == pytest.approx(np.sort(np.bincount(labels))[-5:].sum() / len(labels))


ROLLING = {"output_type": "loglikelihood_rolling", "doc_to_text": "", "doc_to_target": "text"}
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
    "an engine without its task": lambda d: d.update(engine="lm_eval", task="text-generation"),
    "a task of an engine that is not asked": lambda d: d.update(lm_eval=ROLLING),
    "an engine for other work": lambda d: d.update(engine="lm_eval", lm_eval=ROLLING),
    "a program in a task": lambda d: d.update(
        engine="lm_eval", task="text-generation", lm_eval={**ROLLING, "process_results": "!function evil.run"}
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_suite_that_breaks_the_schema_is_refused_by_name(change, tmp_path: Path):
    definition = yaml.safe_load(DIGITS.path.read_text())
    change(definition)
    path = tmp_path / DIGITS.path.name
    path.write_text(yaml.safe_dump(definition))
    with pytest.raises(suite_files.InvalidSuiteError, match="digits-image-classification"):
        suite_files.read(path)


def test_a_suite_of_language_may_be_asked_by_lm_eval(tmp_path: Path):
    definition = yaml.safe_load(SUITES["python-topics-bits-per-byte"].path.read_text())
    definition |= {"id": "by-lm-eval", "engine": "lm_eval", "lm_eval": ROLLING}
    (tmp_path / "by-lm-eval.yaml").write_text(yaml.safe_dump(definition))
    assert suite_files.read(tmp_path / "by-lm-eval.yaml").definition["lm_eval"] == ROLLING


def test_a_suite_reaches_no_file_outside_its_folder(tmp_path: Path):
    for name in ("../schema.json", "/etc/passwd", "data/missing.npy"):
        with pytest.raises(suite_files.InvalidSuiteError):
            suite_files.SuiteFile(tmp_path / "x.yaml", {}).data_file(name)


def test_the_digest_names_what_a_suite_says():
    again = suite_files.read(DIGITS.path)
    changed = suite_files.SuiteFile(DIGITS.path, {**DIGITS.definition, "version": "1.0.1"})
    assert again.digest == DIGITS.digest != changed.digest
