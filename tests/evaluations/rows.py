"""Runs as rows, as a worker leaves them behind, for tests of what is shown of them. Workers themselves are tested elsewhere."""

import json
from datetime import timedelta
from typing import Any

import numpy as np
from django.utils import timezone

from evaluations import samples, suite_files
from evaluations.measurements import Scored
from evaluations.models import FailureKind, Result, Run, Score, State, SuiteVersion
from evaluations.services import hosting, ranking, suites
from models_registry import storage
from models_registry.models import Repository
from models_registry.services import references

SUITE = "digits-image-classification"
ROWS = 540


def suite(name: str = SUITE) -> SuiteVersion:
    """A suite from its file, the digits without a name; that one alone, for bringing all of them takes a second."""
    if not suites.current_versions().filter(suite__name=name).exists():
        suites.keep(suite_files.read(suite_files.FOLDER / f"{name}.yaml"))
    return suites.current_version(name)


def hosted(version: SuiteVersion) -> SuiteVersion:
    """The same one, its data in their repository: what runs need, and rows of runs do not."""
    if version.data_repository is None:
        file = suite_files.FOLDER / f"{version.suite.name}.yaml"
        hosting.host(version, hosting.inputs_of(suite_files.read(file)))
    return version


def run(repository: Repository, **fields: Any) -> Run:
    commit = references.resolve(repository, repository.default_branch).oid
    version = fields.pop("suite_version", None) or suite()
    return Run.objects.create(
        repository=repository, commit=commit, suite_version=version, requested_by=repository.creator, **fields
    )


def scored(repository: Repository, correct: int = 533, **fields: Any) -> Run:
    """A run that got the first `correct` of 540 rows right."""
    now = timezone.now()
    made = run(
        repository,
        **{
            "state": State.SCORED, "attempt": 1, "started_at": now - timedelta(seconds=3), "finished_at": now,
            "format": "safetensors", "path": "model.safetensors", "architecture": "digits-cnn", "parameters": 38_282,
        }
        | fields,
    )  # fmt: skip
    for name, primary in (("accuracy", True), ("f1_macro", False)):
        value = correct / ROWS
        Score.objects.create(
            run=made, name=name, value=value, low=value - 0.013, high=min(1.0, value + 0.007), stderr=0.005,
            method="wilson", n=ROWS, chance=0.1 if primary else None, primary=primary,
        )  # fmt: skip
    document = {
        "model": {"files": [{"path": "model.safetensors", "size": 8, "sha256": "3" * 64}]},
        "samples": {"sha256": "4" * 64, "rows": ROWS},
        "config": {"seed": 0, "dtype": "float32", "batch_size": 64},
        "env": {"python": "3.11.9", "packages": {"torch": "2.13.0"}},
        "sandbox": {"backend": "bwrap"},
        "timing": {"wall": 2.4},
    }
    bits = (1 << correct) - 1
    Result.objects.create(
        run=made, document=json.dumps(document), sha256="0" * 64, public_key="1" * 64, signature="2" * 128,
        outcomes=bits.to_bytes((ROWS + 7) // 8, "little"), samples_key=f"samples/{made.pk}",
    )  # fmt: skip
    ranking.rank(made.suite_version)
    return made


def keep(run: Run, said: Scored) -> Run:
    """With what it said of each row, in storage and in its result."""
    key = f"samples/{run.pk}.parquet"
    storage.put(key, samples.to_parquet(said))
    Result.objects.filter(run=run).update(
        samples_key=key,
        outcomes=b"" if said.correct is None else np.packbits(said.correct, bitorder="little").tobytes(),
        losses=b"" if said.losses is None else said.losses.astype("<f4").tobytes(),
    )
    return Run.objects.for_lists().get(pk=run.pk)


def keep_digits(run: Run, wrong: set[int]) -> Run:
    """It got these rows wrong, and says of each the last digit of its number."""
    correct = np.array([row not in wrong for row in range(ROWS)])
    return keep(run, Scored((), np.arange(ROWS) % 10, correct=correct))


def failed(
    repository: Repository, reason: str = "conv1.weight has another shape.", code: str = "shape_mismatch"
) -> Run:
    return run(
        repository, state=State.FAILED, attempt=1, failure_kind=FailureKind.MODEL, failure_code=code, failure_reason=reason,
        log_tail="loading <model>", finished_at=timezone.now(),
    )  # fmt: skip
