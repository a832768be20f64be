import hashlib
from pathlib import Path

import numpy as np
import pytest
import yaml
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from evaluations import suite_files
from tests.evaluations.running import DIGITS, EXPECTED


def test_every_suite_of_the_hub_is_valid():
    assert [suite.path.stem for suite in suite_files.read_all()] == ["digits-image-classification"]


def test_the_digits_are_scikit_learns_to_the_byte():
    digits = load_digits()
    images = (digits.images / 16).astype("float32")[:, None]
    _, expected, _, expected_labels = train_test_split(
        images, digits.target, test_size=0.3, random_state=0, stratify=digits.target
    )
    (data,) = DIGITS.definition["data"]
    inputs, labels = (np.load(DIGITS.data_file(data[part])) for part in ("inputs", "labels"))
    np.testing.assert_array_equal(inputs, expected)
    np.testing.assert_array_equal(labels, expected_labels)
    assert inputs.shape == (data["n"], *DIGITS.definition["io"]["input"]["shape"][1:])
    known = EXPECTED["_test_sets"]["digits images"]["sha256 of the float32 (540,1,8,8) array /16"]
    assert hashlib.sha256(inputs.tobytes()).hexdigest() == data["sha256"] == known
    assert hashlib.sha256(labels.tobytes()).hexdigest() == data["labels_sha256"]


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
