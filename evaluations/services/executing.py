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

import numpy as np
from django.conf import settings
from django.db import DatabaseError, transaction

from evaluations import formats, performance, predicting, sandbox, signing, weights
from evaluations.cache import DamagedError
from evaluations.child import ChildFailedError, Report, StoppedError
from evaluations.embedded import is_embedded
from evaluations.formats import Choice, NotEvaluableError
from evaluations.measurements import Parts, Scored, UnusablePredictionsError
from evaluations.models import FailureKind, LeaseLost, Result, Run, Score, State, Worker
from evaluations.performance import Speed
from evaluations.services import (
    choosing,
    comparison_requests,
    fetching,
    pinning,
    queueing,
    rank_requests,
    results,
    sealing,
    telling,
)
from evaluations.services.fetching import SuiteDataLostError, SuiteDataNotReadyError
from evaluations.services.heartbeat import Heartbeat
from evaluations.services.waking import LEASE, retry_or_fail
from evaluations.suite_files import digest_of_data
from hub import clock
from models_registry import storage
from models_registry.errors import StorageUnavailable
from models_registry.formats.card import CardError
from models_registry.formats.safetensors_header import InvalidHeaderError
from models_registry.models import Commit, Repository
from models_registry.services.trees import TreeEntry

logger = logging.getLogger(__name__)

# Tries to claim, when other workers are quicker each time; then another message is waited for.
MOST_RACES = 5
# Of what the child says of its time; "predict" is the document's "quality".
REPORTED_STEPS = ("load", "deserialise", "to_device", "first_inference", "perf")
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
class _Stopwatch:
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - started


def take_turn(run_id: str, worker_name: str) -> None:
    """A message has come: take the run whose turn it is, which need not be the one that the message names.

    A worker that the database has not heard of yet takes that one. What it may not or cannot take waits for another.
    """
    worker = Worker.objects.filter(name=worker_name).first()
    if worker is None:
        execute(run_id, worker_name)
        return
    for _ in range(MOST_RACES):
        run = queueing.next_run(worker)
        if run is None:
            # Of this message nothing came: if its run still waits, the sweeper sends another.
            Run.objects.filter(pk=run_id, state=State.QUEUED).update(woken_at=None)
            return
        if _claim(run, worker_name):
            _hold_and_attempt(run)
            return


def execute(run_id: str, worker_name: str = "") -> None:
    """Take this run if it is free, and bring it to an end. A message that comes late or twice changes nothing."""
    run = Run.objects.filter(pk=run_id).first()
    if run is None:
        logger.warning("there is no run %s any more", run_id)
    elif _claim(run, worker_name or f"{socket.gethostname()}:{os.getpid()}"):
        _hold_and_attempt(run)


def _claim(run: Run, worker_name: str) -> bool:
    try:
        run.claim(clock.now(), LEASE, worker_name)
    except LeaseLost:
        logger.info("run %s is not free", run.pk)
        return False
    return True


def _hold_and_attempt(claimed: Run) -> None:
    parts = (
        "repository__namespace",
        "suite_version__suite",
        "suite_version__data_repository__namespace",
        "requested_by",
    )
    run = Run.objects.select_related(*parts).get(pk=claimed.pk)
    run.attempt = claimed.attempt  # the one we hold, whatever the row says by now
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
        run.withdraw(clock.now())
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
    stopwatch = _Stopwatch()
    definition = run.suite_version.definition
    device = "cpu" if run.hardware_class.startswith("cpu") else settings.GPU
    with stopwatch.step("wall"):
        backend = sandbox.choose(settings.SANDBOX, embedded=is_embedded(), trusted=_is_operators(run.repository))
        with stopwatch.step("fetch"):
            model = _fetch(run, heartbeat)
            inputs = fetching.fetch_inputs(run.suite_version, heartbeat.check)
        with stopwatch.step("verify"):
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
            measure=settings.MEASURE_SPEED,
        )
        with stopwatch.step("child"), _workplace() as folder:
            outputs, report = _predict(task, folder, backend, heartbeat)
            if run.parameters is None:
                run.parameters = _within(_counted_parameters(report), definition["accepts"]["max_params"])
        run.begin_scoring()
        with stopwatch.step("score"):
            scored, parts, samples = _score(run, outputs)
            speeds = _speeds(definition, report)
            heartbeat.check()
    reported = {step: report.took(step) for step in REPORTED_STEPS if step in report.seconds}
    seconds = stopwatch.seconds | {"quality": report.took("predict")} | reported
    made = results.Made(files, device, backend, report, speeds, seconds, hashlib.sha256(samples).hexdigest(), parts)
    _finish(run, scored, report, made, samples)


def _fetch(run: Run, heartbeat: Heartbeat) -> _Model:
    """Choose the file to evaluate and bring it here. Raises _UnfitModelError."""
    accepts = run.suite_version.definition["accepts"]
    try:
        chosen = choosing.choose(run.repository, run.commit, accepts)
    except (NotEvaluableError, CardError) as error:
        raise _UnfitModelError("unsupported", str(error)) from error
    choice, entries = chosen.choice, chosen.entries
    size = sum(entries[path].size for path in choice.paths)
    if size > accepts["max_bytes"]:
        raise _UnfitModelError("too_large", f"The model has {size} bytes; this suite takes {accepts['max_bytes']}.")
    files = {path: fetching.fetch(run.repository, entries[path], heartbeat.check) for path in choice.paths}
    facts = {"format": choice.format, "path": choice.path, "model_bytes": size}
    return _Model(choice, entries, files, chosen.architecture, chosen.options, facts)


def _tensor_facts(model: _Model, most: int) -> dict[str, Any]:
    """What the file's header says of its parameters. Raises _UnfitModelError."""
    path = model.choice.path
    if model.choice.format == formats.KERAS:
        return {}  # only the child may open HDF5: see _counted_parameters
    if model.choice.format != formats.SAFETENSORS:
        return {"parameters": _within(weights.count_onnx_parameters(model.files[path]), most)}
    try:
        shards = weights.read_shards(path, model.files)
    except InvalidHeaderError as error:
        raise _UnfitModelError("corrupt", f"The safetensors file is damaged. {error}") from error
    return {
        "parameters": _within(sum(shard.header.parameter_count for shard in shards), most),
        "tensor_digest": weights.tensor_digest(shards),
    }


def _counted_parameters(report: Report) -> int | None:
    """As many as the child counted in the file, where only it can read one of this format."""
    counted = report.model.get("parameters")
    return counted if type(counted) is int else None


def _within(parameters: int | None, most: int) -> int | None:
    if parameters is not None and parameters > most:
        raise _UnfitModelError("too_large", f"The model has {parameters} parameters; this suite takes {most}.")
    return parameters


def _described(entry: TreeEntry, place: Path) -> dict[str, Any]:
    return {"path": entry.path, "size": entry.size, "sha256": fetching.checked_sha256(entry, place)}


def _predict(
    task: predicting.Task, folder: Path, backend: sandbox.Backend, heartbeat: Heartbeat
) -> tuple[np.ndarray, Report]:
    try:
        return predicting.predict(
            task,
            folder=folder,
            backend=backend,
            on_progress=heartbeat.report,
            on_log=heartbeat.show,
            stopped=heartbeat.stopped,
        )
    except UnusablePredictionsError as error:
        raise _UnfitModelError("protocol", str(error)) from error


def _score(run: Run, outputs: np.ndarray) -> tuple[Scored, Parts | None, bytes]:
    """The scores; the primary one on public and hidden rows, where there are both; and each row's prediction as Parquet."""
    # Here, and not above: scikit-learn and pyarrow cost 180 MB, which a worker that has scored nothing need not hold.
    from evaluations import samples, scoring  # noqa: PLC0415

    definition = run.suite_version.definition
    content = fetching.read_labels(run.suite_version)
    if digest_of_data(content) != definition["data"][0]["labels_sha256"]:
        raise DamagedError("The suite's labels are not what its hash says.")
    labels = np.load(io.BytesIO(content), allow_pickle=False)
    public_rows, parts = run.suite_version.public_rows, None
    asked = (outputs, labels, definition["run"]["seed"])
    try:
        scored = scoring.score(definition["task"], definition["metrics"], *asked)
        if public_rows is not None:
            parts = scoring.score_parts(definition["task"], run.suite_version.primary_metric, *asked, public_rows)
    except UnusablePredictionsError as error:
        raise _UnfitModelError("not_finite", str(error)) from error
    return scored, parts, samples.to_parquet(scored)


def _speeds(definition: Mapping[str, Any], report: Report) -> list[Speed]:
    if report.perf is None or not settings.MEASURE_SPEED or "perf" not in definition:
        return []
    try:
        return performance.speeds(definition["perf"], report.perf)
    except UnusablePredictionsError as error:
        raise _UnfitModelError("protocol", str(error)) from error


def _finish(run: Run, scored: Scored, report: Report, made: results.Made, samples: bytes) -> None:
    """Bytes first, then state, scores and result in one transaction. Raises LeaseLost, having written nothing."""
    finished = clock.now()
    found: dict[str, Any] = {
        "parameters": run.parameters,
        "architecture": str(report.model.get("architecture") or "")[:60],
        "machine": str(report.environment.get("hardware_class") or "")[:120],
    }
    run.architecture = found["architecture"]
    document = results.document(run, scored.measurements, made, finished)
    signature = signing.sign(document)
    samples_key = f"samples/{str(run.pk)[:2]}/{run.pk}.{run.attempt}.parquet"
    storage.put(samples_key, samples)
    scores = [
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
    ]
    split = results.split_row(run, made)
    result = Result(
        run=run,
        document=document.decode(),
        sha256=signature.sha256,
        public_key=signature.public_key,
        signature=signature.value,
        outcomes=b"" if scored.correct is None else np.packbits(scored.correct, bitorder="little").tobytes(),
        losses=b"" if scored.losses is None else scored.losses.astype("<f4").tobytes(),
        samples_key=samples_key,
    )
    try:
        with transaction.atomic():
            rows = run.suite_version.rows
            run.finish(finished, progress_done=rows, progress_total=rows, log_tail=report.log, **found)
            sealing.keep(run, [*scores, *([split] if split else []), result])
            results.performance_row(run, made).save(force_insert=True)
            pinning.pin(run)
            rank_requests.ask(run.suite_version)
            comparison_requests.ask(run)
    except LeaseLost:
        storage.delete(samples_key)
        raise
    logger.info("run %s scored in %.1f s", run.pk, made.seconds["wall"])


def _fail(run: Run, code: str, reason: str, log: str = "", kind: FailureKind = FailureKind.MODEL) -> None:
    with transaction.atomic():
        run.fail(clock.now(), kind=kind, code=code, reason=reason, log=log)
        telling.tell_of_failure(run)
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
