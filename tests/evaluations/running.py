"""Run files through the real harness, the way the supervisor does, without a database."""

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluations import child, formats, predicting, sandbox, scoring, suite_files
from tests import services

REFERENCE_MODELS = Path(__file__).parent.parent / "fixtures" / "reference_models"
EXPECTED = json.loads((REFERENCE_MODELS / "expected.json").read_text())
DIGITS = suite_files.read(suite_files.FOLDER / "digits-image-classification.yaml")


def reference(name: str) -> bytes:
    return (REFERENCE_MODELS / name).read_bytes()


def need_bwrap() -> None:
    """Skip where there is no bubblewrap, fail where every service is required."""
    if not sandbox.bwrap_works():
        services.missing("needs bubblewrap")


def predict(
    folder: Path,
    files: Mapping[str, bytes],
    *,
    backend: sandbox.Backend = sandbox.Backend.NONE,
    architecture: str | None = None,
    options: Mapping[str, Any] | None = None,
    change: Mapping[str, Any] | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> tuple[np.ndarray, child.Report]:
    """Predictions of a model made of `files` on the digits suite; `change` overrides parts of its definition."""
    repository, workplace = folder / "repository", folder / "workplace"
    for place in (repository, workplace):
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
    contents = {}
    for name, content in files.items():
        contents[name] = repository / name.replace("/", "__")
        contents[name].write_bytes(content)
    choice = formats.choose(files, DIGITS.definition["accepts"]["formats"])
    definition = {**DIGITS.definition, **(change or {})}
    (data,) = definition["data"]
    task = predicting.Task(
        format=choice.format,
        path=choice.path,
        files={name: contents[name] for name in choice.paths},
        architecture=architecture,
        options=options or {},
        definition=definition,
        inputs=DIGITS.data_file(data["inputs"]),
        rows=data["n"],
        device="cpu",
    )
    return predicting.predict(task, folder=workplace, backend=backend, on_progress=lambda *_: None, stopped=stopped)


def failure(folder: Path, files: Mapping[str, bytes], **arguments: Any) -> child.ChildFailedError:
    """How the child fails on these files."""
    with pytest.raises(child.ChildFailedError) as caught:
        predict(folder, files, **arguments)
    return caught.value


def correct(predictions: np.ndarray) -> int:
    """How many of the suite's rows are right."""
    (data,) = DIGITS.definition["data"]
    labels = np.load(DIGITS.data_file(data["labels"]), allow_pickle=False)
    result = scoring.score_classification(DIGITS.definition["metrics"], predictions, labels, seed=0)
    return int(result.correct.sum())
