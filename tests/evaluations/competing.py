"""Builders of challenges: published on the digits suite, with submissions whose rows are right as a test says."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from accounts.models import Actor, User
from evaluations.models import Challenge, Entry, Result, Run, Score, State, Submission, SuiteVersion
from evaluations.services import challenges, entering, judging, sealing, submitting
from models_registry.models import Repository
from tests import make
from tests.evaluations import building

START = datetime(2030, 1, 1, tzinfo=UTC)
DURING = START + timedelta(days=1)
END = START + timedelta(days=10)
AFTER = END + timedelta(hours=1)


def staff() -> Actor:
    return Actor(user=make.user(is_admin=True))


def challenge(version: SuiteVersion, *, published: bool = True, start: datetime = START, **fields: Any) -> Challenge:
    """Of one phase from START to END, unless `start` says otherwise."""
    made = Challenge.objects.create(
        **{"slug": "digits-cup", "title": "Digits Cup", "summary": "Read *digits*.", "rules": "Be fair."} | fields,
        suite_version=version,
    )
    made.phases.create(name="Main phase", starts_at=start, ends_at=start + (END - START))
    if published:
        challenges.publish(actor=staff(), challenge=made, now=start - timedelta(days=1))
    return made


def entry(of: Challenge, user: User | None = None, name: str = "", now: datetime = DURING) -> Entry:
    return entering.enter(actor=Actor(user=user or make.user()), challenge=of, name=name, now=now)


def member(of: Entry) -> User:
    found = of.entrants.members().first()
    assert found is not None
    return found.user


def submit(to: Entry, repository: Repository | None = None, now: datetime = DURING, **arguments: Any) -> Submission:
    """By its first member; of a model of theirs unless one is given."""
    user = arguments.pop("user", None) or member(to)
    repository = repository or building.model(user, files={"model.onnx": b"x"})
    return submitting.submit(
        actor=Actor(user=user), challenge=to.challenge, repository=repository, revision="main", now=now, **arguments
    )


def measured(submission: Submission, correct: np.ndarray, **fields: Any) -> Submission:
    """As a worker leaves it: these rows are right. It is judged."""
    run = submission.run
    assert run is not None
    end(run, correct, **fields)
    judging.judge(submission.entry.challenge_id, now=DURING)
    submission.refresh_from_db()
    return submission


def end(run: Run, correct: np.ndarray, **fields: Any) -> None:
    Run.objects.filter(pk=run.pk).update(
        **{"state": State.SCORED, "attempt": 1, "started_at": START, "finished_at": DURING} | fields
    )
    value = float(correct.mean())
    score = Score(
        run=run, name="accuracy", value=value, low=value - 0.01, high=min(1, value + 0.01), stderr=0.005,
        method="wilson", n=len(correct), chance=0.1, primary=True,
    )  # fmt: skip
    document = {"metrics": [{"value": value}], "model": {"files": []}, "samples": {"sha256": "00" * 32}}
    result = Result(
        run=run, document=json.dumps(document), sha256="00" * 32, public_key="00" * 32, signature="00" * 64,
        outcomes=np.packbits(correct, bitorder="little").tobytes(), samples_key="samples/none",
    )  # fmt: skip
    sealing.keep(run, [score, result])
