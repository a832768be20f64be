"""Run files through the real harness, the way the supervisor does, without a database."""

import io
import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluations import child, formats, predicting, sandbox, scoring, suite_files
from evaluations.measurements import Scored
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
    suite: suite_files.SuiteFile = DIGITS,
    device: str = "cpu",
    measure: bool = False,
    stopped: Callable[[], bool] = lambda: False,
) -> tuple[np.ndarray, child.Report]:
    """Predictions of a model made of `files` on a suite; `change` overrides parts of its definition."""
    repository, workplace = folder / "repository", folder / "workplace"
    for place in (repository, workplace):
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
    contents = {}
    for name, content in files.items():
        contents[name] = repository / name.replace("/", "__")
        contents[name].write_bytes(content)
    choice = formats.choose(files, suite.definition["accepts"]["formats"])
    if choice.is_index:
        choice = formats.with_shards(choice, files, files[choice.path])
    if choice.format == formats.SAFETENSORS and architecture is None:
        choice, architecture, named = formats.understood(choice, files, {}, files.get("config.json"))
        options = named | dict(options or {})
    definition = {**suite.definition, **(change or {})}
    (data,) = definition["data"]
    task = predicting.Task(
        loader=choice.loader,
        path=choice.path,
        files={name: contents[name] for name in choice.paths},
        architecture=architecture,
        options=options or {},
        definition=definition,
        inputs=_unpacked(suite, data["inputs"], folder),
        rows=data["n"],
        device=device,
        measure=measure,
    )
    return predicting.predict(task, folder=workplace, backend=backend, on_progress=lambda *_: None, stopped=stopped)


def failure(folder: Path, files: Mapping[str, bytes], **arguments: Any) -> child.ChildFailedError:
    """How the child fails on these files."""
    with pytest.raises(child.ChildFailedError) as caught:
        predict(folder, files, **arguments)
    return caught.value


def scored(predictions: np.ndarray, suite: suite_files.SuiteFile = DIGITS) -> Scored:
    definition = suite.definition
    labels = array(suite, "labels")
    return scoring.score(definition["task"], definition["metrics"], predictions, labels, definition["run"]["seed"])


def correct(predictions: np.ndarray, suite: suite_files.SuiteFile = DIGITS) -> int:
    """How many of the suite's rows are right."""
    found = scored(predictions, suite).correct
    assert found is not None
    return int(found.sum())


def array(suite: suite_files.SuiteFile, part: str) -> np.ndarray:
    """The suite's "inputs" or "labels"."""
    return np.load(io.BytesIO(suite.data_content(suite.definition["data"][0][part])), allow_pickle=False)


def _unpacked(suite: suite_files.SuiteFile, name: str, folder: Path) -> Path:
    place = folder / "inputs.npy"
    place.write_bytes(suite.data_content(name))
    return place
