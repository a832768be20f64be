"""The supervisor of one run: claim, fetch, let the child predict, score, and write the result once.

It alone has the storage's credentials and the labels; the child has the model. Everything it writes carries the attempt
it claimed, so what a worker does that has lost its run changes nothing.
"""

import hashlib
import io
import logging
import os
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from django.conf import settings
from django.db import DatabaseError, transaction
from django.utils import timezone

from evaluations import formats, predicting, sandbox, signing, weights
from evaluations.cache import DamagedError
from evaluations.child import ChildFailedError, Report, StoppedError
from evaluations.formats import Choice, NotEvaluableError
from evaluations.measurements import Scored, UnusablePredictionsError
from evaluations.models import FailureKind, LeaseLost, Result, Run, Score, State
from evaluations.services import fetching, pinning, rank_requests, results, telling
from evaluations.services.fetching import SuiteDataLostError, SuiteDataNotReadyError
from evaluations.services.heartbeat import Heartbeat
from evaluations.services.waking import LEASE, retry_or_fail
from evaluations.suite_files import digest_of_data
from models_registry import storage
from models_registry.errors import StorageUnavailable
from models_registry.formats import card
from models_registry.formats.card import CardError
from models_registry.formats.safetensors_header import InvalidHeaderError
from models_registry.models import Commit, Repository
from models_registry.services.trees import TreeEntry

logger = logging.getLogger(__name__)

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
# Faults of the worker or of what it stands on: tried again, at no cost to the member.
INFRASTRUCTURE = (
    StorageUnavailable,
    DamagedError,
    SuiteDataNotReadyError,
    sandbox.SandboxUnavailableError,
    OSError,
    DatabaseError,
)


class _UnfitModelError(Exception):
    """The model cannot be evaluated: the run fails at once, with this reason. code: a word for programs."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


@dataclass(frozen=True, slots=True)
class _Model:
    """What a repository offers for evaluation, on this machine's disk. files: path in the repository → place."""

    choice: Choice
    entries: Mapping[str, TreeEntry]
    files: Mapping[str, Path]
    architecture: str | None
    options: Mapping[str, Any]
    facts: dict[str, Any]


@dataclass(slots=True)
class _Clock:
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - started


def execute(run_id: str) -> None:
    """Take the run if it is free, and bring it to an end. A message that comes late or twice changes nothing."""
    run = (
        Run.objects.select_related(
            "repository__namespace", "suite_version__suite", "suite_version__data_repository__namespace", "requested_by"
        )
        .filter(pk=run_id)
        .first()
    )
    if run is None:
        logger.warning("there is no run %s any more", run_id)
        return
    try:
        run.claim(timezone.now(), LEASE, f"{socket.gethostname()}:{os.getpid()}")
    except LeaseLost:
        logger.info("run %s is not free", run_id)
        return
    logger.info("run %s, attempt %d, of %s at %s begins", run.pk, run.attempt, run.repository, run.commit[:12])
    with Heartbeat(run) as heartbeat:
        try:
            _attempt(run, heartbeat)
        except LeaseLost:
            logger.warning("run %s, attempt %d, went to another worker: nothing is written", run.pk, run.attempt)


def _attempt(run: Run, heartbeat: Heartbeat) -> None:
    """One attempt, every fault of it turned into the run's next state. Raises LeaseLost."""
    try:
        _evaluate(run, heartbeat)
    except (LeaseLost, StoppedError):
        if not Run.objects.filter(pk=run.pk, cancel_requested=True).exists():  # another worker's, or deleted
            raise LeaseLost from None
        run.withdraw(timezone.now())
        logger.info("run %s cancelled", run.pk)
    except _UnfitModelError as error:
        _fail(run, error.code, str(error))
    except SuiteDataLostError as error:
        _fail(run, "suite_data", str(error), kind=FailureKind.INFRASTRUCTURE)
    except ChildFailedError as error:
        if error.code == "device":
            retry_or_fail(run, code=error.code, reason=str(error), log=error.log)
        else:
            _fail(run, error.code, str(error), error.log)
    except INFRASTRUCTURE as error:
        logger.warning("run %s, attempt %d, failed", run.pk, run.attempt, exc_info=True)
        retry_or_fail(run, code="infrastructure", reason=_reason(error))
    except Exception:
        retry_or_fail(run, code="bug", reason="The worker failed in a way that nobody foresaw; its log says more.")
        raise


def _evaluate(run: Run, heartbeat: Heartbeat) -> None:
    clock = _Clock()
    definition = run.suite_version.definition
    device = "cpu" if run.hardware_class.startswith("cpu") else "cuda"
    with clock.step("wall"):
        backend = sandbox.choose(settings.SANDBOX, embedded=_is_embedded(), trusted=_is_operators(run.repository))
        with clock.step("fetch"):
            model = _fetch(run, heartbeat)
            inputs = fetching.fetch_inputs(run.suite_version, heartbeat.check)
        with clock.step("verify"):
            files = [_described(model.entries[path], place) for path, place in model.files.items()]
            facts = model.facts | _tensor_facts(model, definition["accepts"]["max_params"])
            heartbeat.check()
        run.begin_running(**facts)
        task = predicting.Task(
            loader=model.choice.loader,
            path=model.choice.path,
            files=model.files,
            architecture=model.architecture,
            options=model.options,
            definition=definition,
            inputs=inputs,
            rows=run.suite_version.rows,
            device=device,
        )
        with clock.step("child"), _workplace() as folder:
            outputs, report = _predict(task, folder, backend, heartbeat)
        run.begin_scoring()
        with clock.step("score"):
            scored, samples = _score(run, outputs)
            heartbeat.check()
    seconds = clock.seconds | {
        "load": float(report.seconds.get("load") or 0.0),
        "quality": float(report.seconds.get("predict") or 0.0),
    }
    made = results.Made(files, device, backend, report, seconds, hashlib.sha256(samples).hexdigest())
    _finish(run, scored, report, made, samples)


def _fetch(run: Run, heartbeat: Heartbeat) -> _Model:
    """Choose the file to evaluate and bring it here. Raises _UnfitModelError."""
    accepts = run.suite_version.definition["accepts"]
    entries = fetching.files_of(run.repository, run.commit)
    try:
        choice = formats.choose(entries, accepts["formats"])
        name: str | None = None
        options: dict[str, Any] = {}
        if choice.format == formats.SAFETENSORS:
            choice, name, options = formats.understood(
                choice, entries, _front_matter(run, entries), _config(run, entries)
            )
    except (NotEvaluableError, CardError) as error:
        raise _UnfitModelError("unsupported", str(error)) from error
    size = sum(entries[path].size for path in choice.paths)
    if size > accepts["max_bytes"]:
        raise _UnfitModelError("too_large", f"The model has {size} bytes; this suite takes {accepts['max_bytes']}.")
    files = {path: fetching.fetch(run.repository, entries[path], heartbeat.check) for path in choice.paths}
    facts = {"format": choice.format, "path": choice.path, "model_bytes": size}
    return _Model(choice, entries, files, name, options, facts)


def _tensor_facts(model: _Model, most: int) -> dict[str, Any]:
    """What the file's header says of its parameters. Raises _UnfitModelError."""
    path = model.files[model.choice.path]
    if model.choice.format != formats.SAFETENSORS:
        return {"parameters": _within(weights.count_onnx_parameters(path), most)}
    try:
        header = weights.read_header(path)
    except InvalidHeaderError as error:
        raise _UnfitModelError("corrupt", f"The safetensors file is damaged. {error}") from error
    return {
        "parameters": _within(header.parameter_count, most),
        "tensor_digest": weights.tensor_digest(path, header),
    }


def _within(parameters: int | None, most: int) -> int | None:
    if parameters is not None and parameters > most:
        raise _UnfitModelError("too_large", f"The model has {parameters} parameters; this suite takes {most}.")
    return parameters


def _front_matter(run: Run, entries: Mapping[str, TreeEntry]) -> dict[str, Any]:
    readme = entries.get("README.md")
    if readme is None:
        return {}
    text = fetching.read_small(run.repository, readme, formats.MAX_CONFIG_BYTES)
    return card.parse(text.decode("utf-8", errors="replace")).metadata


def _config(run: Run, entries: Mapping[str, TreeEntry]) -> bytes | None:
    config = entries.get("config.json")
    return None if config is None else fetching.read_small(run.repository, config, formats.MAX_CONFIG_BYTES)


def _described(entry: TreeEntry, place: Path) -> dict[str, Any]:
    return {"path": entry.path, "size": entry.size, "sha256": fetching.checked_sha256(entry, place)}


def _predict(
    task: predicting.Task, folder: Path, backend: sandbox.Backend, heartbeat: Heartbeat
) -> tuple[np.ndarray, Report]:
    try:
        return predicting.predict(
            task, folder=folder, backend=backend, on_progress=heartbeat.report, stopped=heartbeat.stopped
        )
    except UnusablePredictionsError as error:
        raise _UnfitModelError("protocol", str(error)) from error


def _score(run: Run, outputs: np.ndarray) -> tuple[Scored, bytes]:
    """The scores, and each row's prediction as Parquet."""
    # Here, and not above: scikit-learn and pyarrow cost 180 MB, which a worker that has scored nothing need not hold.
    from evaluations import samples, scoring  # noqa: PLC0415

    definition = run.suite_version.definition
    content = fetching.read_labels(run.suite_version)
    if digest_of_data(content) != definition["data"][0]["labels_sha256"]:
        raise DamagedError("The suite's labels are not what its hash says.")
    labels = np.load(io.BytesIO(content), allow_pickle=False)
    try:
        scored = scoring.score(definition["task"], definition["metrics"], outputs, labels, definition["run"]["seed"])
    except UnusablePredictionsError as error:
        raise _UnfitModelError("not_finite", str(error)) from error
    return scored, samples.to_parquet(scored)


def _finish(run: Run, scored: Scored, report: Report, made: results.Made, samples: bytes) -> None:
    """Bytes first, then state, scores and result in one transaction. Raises LeaseLost, having written nothing."""
    finished = timezone.now()
    found = {
        "architecture": str(report.model.get("architecture") or "")[:60],
        "machine": str(report.environment.get("hardware_class") or "")[:120],
    }
    run.architecture = found["architecture"]
    document = results.document(run, scored.measurements, made, finished)
    signature = signing.sign(document)
    samples_key = f"samples/{str(run.pk)[:2]}/{run.pk}.{run.attempt}.parquet"
    storage.put(samples_key, samples)
    try:
        with transaction.atomic():
            run.finish(finished, progress_done=run.suite_version.rows, progress_total=run.suite_version.rows, **found)
            Score.objects.bulk_create(
                Score(
                    run=run,
                    name=measured.name,
                    value=measured.value,
                    low=measured.low,
                    high=measured.high,
                    stderr=measured.stderr,
                    method=measured.method,
                    n=measured.n,
                    chance=measured.chance,
                    higher_is_better=measured.higher_is_better,
                    primary=measured.primary,
                )
                for measured in scored.measurements
            )
            Result.objects.create(
                run=run,
                document=document.decode(),
                sha256=signature.sha256,
                public_key=signature.public_key,
                signature=signature.value,
                outcomes=b"" if scored.correct is None else np.packbits(scored.correct, bitorder="little").tobytes(),
                losses=b"" if scored.losses is None else scored.losses.astype("<f4").tobytes(),
                samples_key=samples_key,
            )
            pinning.pin(run)
            rank_requests.ask(run.suite_version)
            telling.tell(run, State.SCORED)
    except LeaseLost:
        storage.delete(samples_key)
        raise
    logger.info("run %s scored in %.1f s", run.pk, made.seconds["wall"])


def _fail(run: Run, code: str, reason: str, log: str = "", kind: FailureKind = FailureKind.MODEL) -> None:
    with transaction.atomic():
        run.fail(timezone.now(), kind=kind, code=code, reason=reason, log=log)
        telling.tell(run, State.FAILED)
    logger.info("run %s failed: %s", run.pk, reason)


def _reason(error: BaseException) -> str:
    """What a reader of the page may know: kinds of faults, no addresses and no paths of this machine."""
    known = isinstance(
        error, StorageUnavailable | DamagedError | SuiteDataNotReadyError | sandbox.SandboxUnavailableError
    )
    return str(error) if known else f"The worker met a {type(error).__name__}."


def _is_operators(repository: Repository) -> bool:
    """Whether all that was ever committed to it comes from who runs the hub."""
    return not Commit.objects.filter(repository=repository).exclude(author__is_superuser=True).exists()


def _is_embedded() -> bool:
    return urlsplit(settings.BASE_URL).hostname in LOOPBACK


@contextmanager
def _workplace() -> Iterator[Path]:
    """A folder for one child, on the same disk as the cache."""
    parent = Path(settings.DATA_DIR) / "runs"
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
