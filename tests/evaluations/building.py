"""Builders of evaluations: repositories with models in them, and runs in any state."""

from datetime import timedelta
from typing import Any

import numpy as np
from django.utils import timezone

from accounts.models import Actor, User
from evaluations.models import Result, Run, Score, State, SuiteVersion
from evaluations.services import executing, ranking, requesting
from models_registry.models import Repository
from tests import make
from tests.evaluations import rows
from tests.evaluations.running import reference

CNN = "digits_cnn.safetensors"


def operator() -> User:
    """A member of the hub's staff: their models run on a worker without a sandbox, too."""
    return make.user(is_admin=True)


def model(owner: User | None = None, files: dict[str, bytes | str] | None = None, **fields: Any) -> Repository:
    """A repository with the reference CNN in it, or with other files."""
    repository = make.repository(owner or operator(), **fields)
    make.commit(repository, files if files is not None else {"model.safetensors": reference(CNN)})
    return repository


def request(repository: Repository, suite: SuiteVersion, actor: Actor | None = None) -> Run:
    rows.hosted(suite)
    return requesting.request_evaluation(
        actor=actor or Actor(user=repository.creator), repository=repository, revision="main", suite=suite.suite.name
    )


def execute(run: Run) -> Run:
    """As a worker would, here and now."""
    executing.execute(str(run.pk))
    run.refresh_from_db()
    return run


def scored(
    repository: Repository,
    suite: SuiteVersion,
    correct: np.ndarray,
    *,
    primary: str = "accuracy",
    value: float | None = None,
    **fields: Any,
) -> Run:
    """A run that ended with these rows right: rows of the database alone, nothing is executed. The board is ranked with it."""
    value = float(correct.mean()) if value is None else value
    now = timezone.now()
    run = Run.objects.create(
        repository=repository,
        commit=repository.references.get(name="refs/heads/main").target,
        suite_version=suite,
        requested_by=repository.creator,
        **{
            "state": State.SCORED,
            "attempt": 1,
            "started_at": now - timedelta(seconds=3),
            "finished_at": now,
            "format": "safetensors",
            "architecture": "digits-cnn",
            "parameters": 53002,
        }
        | fields,
    )
    Score.objects.create(
        run=run, name=primary, value=value, low=value - 0.01, high=min(1, value + 0.01), stderr=0.005,
        method="wilson", n=len(correct), chance=0.1, primary=True,
    )  # fmt: skip
    bits = np.packbits(correct, bitorder="little").tobytes()
    Result.objects.create(
        run=run, document="{}", sha256="00" * 32, public_key="00" * 32, signature="00" * 64, outcomes=bits,
        samples_key="samples/none",
    )  # fmt: skip
    ranking.rank(suite)
    return run


def right(count: int, rows: int = 540, first: int = 0) -> np.ndarray:
    """`count` of `rows` right; the wrong ones in a row from `first` on."""
    outcome = np.ones(rows, bool)
    outcome[(first + np.arange(rows - count)) % rows] = False
    return outcome
