"""A run once more, offline, from its bundle: the same files, inputs, seed and sandbox; what came out beside what was signed."""

import io
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from evaluations import child, formats, predicting, sandbox, scoring
from evaluations.measurements import UnusablePredictionsError
from evaluations.reproducing.bundle import INPUTS, LABELS, SAMPLES, Bundle
from evaluations.reproducing.checking import NotReproducedError
from evaluations.suite_files import digest_of_data
from models_registry.formats import card
from models_registry.formats.card import CardError

SAME_LIBRARIES = ("torch", "onnxruntime", "numpy", "transformers", "tokenizers", "keras", "lm_eval")
ROWS_ELSEWHERE = 0.005  # share of rows that may turn out otherwise on another machine or with other versions
NUMBERS_ELSEWHERE = 1e-4  # relative difference of a number there
NUMBERS_HERE = 1e-6
SHARES_OF_RIGHT = ("accuracy", "recall_at_1")


@dataclass(frozen=True)
class Comparison:
    """One number of the run and of its repetition. tolerance: how far apart they may be."""

    name: str
    recorded: float
    repeated: float
    tolerance: float

    @property
    def agrees(self) -> bool:
        return abs(self.repeated - self.recorded) <= self.tolerance


@dataclass(frozen=True)
class Repetition:
    """rows: how many rows were answered as recorded, of how many. same_environment: hardware class and libraries are the run's.

    scored: whether the metrics were computed again from public labels; where labels are hidden, they follow from the rows alone.
    """

    backend: sandbox.Backend
    rows: Comparison
    metrics: Sequence[Comparison]
    same_environment: bool
    scored: bool

    @property
    def agrees(self) -> bool:
        return self.rows.agrees and all(metric.agrees for metric in self.metrics)


def repeat(bundle: Bundle, *, device: str = "cpu") -> Repetition:
    """Run the model once more and compare. Raises NotReproducedError where it cannot be run at all."""
    backend = sandbox.choose("auto", embedded=True, trusted=True)  # whoever repeats a run has chosen to run it
    outputs, report = _predict(bundle, backend, device)
    # One thread: Arrow's own, still at work when the program ends, have ended it by an abort.
    content = io.BytesIO((bundle.folder / SAMPLES).read_bytes())
    samples = pq.read_table(content, use_threads=False, pre_buffer=False).to_pydict()
    same = _is_same_environment(bundle.document["env"], report.environment)
    rows = _compare_rows(bundle.suite["task"], outputs, samples, same=same)
    recorded = {metric["name"]: float(metric["value"]) for metric in bundle.document["metrics"]}
    labels = _labels(bundle)
    if labels is None:
        return Repetition(
            backend, rows, _following(bundle.suite["task"], recorded, outputs, samples), same, scored=False
        )
    suite = bundle.suite
    scored = scoring.score(suite["task"], suite["metrics"], outputs, labels, suite["run"]["seed"])
    share = NUMBERS_HERE if same else NUMBERS_ELSEWHERE
    # A row that may turn out otherwise moves what is counted of rows by as much.
    least = rows.tolerance / len(outputs) if "correct" in samples else 1e-12
    metrics = [
        Comparison(one.name, recorded[one.name], one.value, max(abs(recorded[one.name]) * share, least))
        for one in scored.measurements
    ]
    return Repetition(backend, rows, metrics, same, scored=True)


def _predict(bundle: Bundle, backend: sandbox.Backend, device: str) -> tuple[np.ndarray, child.Report]:
    suite, files = bundle.suite, bundle.files
    try:
        choice = formats.choose(files, suite["accepts"]["formats"])
        if choice.is_index:
            choice = formats.with_shards(choice, files, files[choice.path].read_bytes())
        name: str | None = None
        options: dict[str, Any] = {}
        if choice.format == formats.SAFETENSORS:
            config = files["config.json"].read_bytes() if "config.json" in files else None
            choice, name, options = formats.understood(choice, files, _front_matter(files), config)
    except (formats.NotEvaluableError, CardError) as error:
        raise NotReproducedError(str(error)) from error
    described = {file["path"] for file in bundle.document["model"]["files"]}
    if not set(choice.paths) <= described:
        raise NotReproducedError("The bundle would run other files than the signed document describes.")
    task = predicting.Task(
        loader=choice.loader,
        path=choice.path,
        files={path: files[path] for path in choice.paths},
        architecture=name,
        options=options,
        definition=suite,
        inputs=(bundle.folder / INPUTS).resolve(),
        rows=int(bundle.document["samples"]["rows"]),
        device=device,
    )
    folder = Path(tempfile.mkdtemp(prefix="grove-eval-"))
    try:
        return predicting.predict(
            task, folder=folder, backend=backend, on_progress=lambda *_: None, stopped=lambda: False
        )
    except (child.ChildFailedError, UnusablePredictionsError, sandbox.SandboxUnavailableError) as error:
        raise NotReproducedError(f"It could not be run here: {error}") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _front_matter(files: Mapping[str, Path]) -> dict[str, Any]:
    if "README.md" not in files:
        return {}
    return card.parse(files["README.md"].read_text("utf-8", errors="replace")).metadata


def _labels(bundle: Bundle) -> np.ndarray | None:
    place = bundle.folder / LABELS
    if not place.is_file():
        return None
    content = place.read_bytes()
    if digest_of_data(content) != bundle.manifest["labels"]["sha256"]:
        raise NotReproducedError("The suite's labels are not what their SHA-256 says.")
    return np.load(io.BytesIO(content), allow_pickle=False)


def _is_same_environment(recorded: Mapping[str, Any], here: Mapping[str, Any]) -> bool:
    def key(environment: Mapping[str, Any]) -> tuple[Any, ...]:
        packages = environment.get("packages") or {}
        return (environment.get("hardware_class"), *(packages.get(name) for name in SAME_LIBRARIES))

    return key(recorded) == key(here)


def _compare_rows(task: str, outputs: np.ndarray, samples: Mapping[str, list[Any]], *, same: bool) -> Comparison:
    recorded = np.asarray(samples["predicted"])
    if len(recorded) != len(outputs):
        raise NotReproducedError(f"The model answers {len(outputs)} rows; {len(recorded)} are recorded.")
    if "correct" in samples:
        alike = scoring.chosen(task, outputs) == recorded
    else:
        alike = np.isclose(outputs[:, 0], recorded, rtol=NUMBERS_HERE if same else NUMBERS_ELSEWHERE, atol=1e-7)
    tolerance = 0.0 if same else np.ceil(len(recorded) * ROWS_ELSEWHERE)
    return Comparison("rows answered as recorded", float(len(recorded)), float(alike.sum()), float(tolerance))


def _following(
    task: str, recorded: Mapping[str, float], outputs: np.ndarray, samples: Mapping[str, list[Any]]
) -> list[Comparison]:
    """Without the labels: the share of right rows from the rows that are recorded as right, if that was measured.

    A row that is answered otherwise now was right before and is wrong now, or may be anything: it counts as wrong.
    """
    if "correct" not in samples:
        return []
    alike = scoring.chosen(task, outputs) == np.asarray(samples["predicted"])
    value = float((alike & np.asarray(samples["correct"])).mean())
    shares = [name for name in SHARES_OF_RIGHT if name in recorded]
    return [Comparison(name, recorded[name], value, ROWS_ELSEWHERE) for name in shares]
