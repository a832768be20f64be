"""Workers as their operators see them, and a queue whose workers are killed again and again."""

import contextlib
import random
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from subprocess import Popen

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Actor
from evaluations.models import WORKING, Mode, Result, Run, Score, State, SuiteVersion, Worker
from evaluations.services import executing, waking, workers
from hub import clock
from hub.celery import app
from tests.evaluations import building, rows
from tests.evaluations.running import reference
from tests.evaluations.workers import kill, start, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

RUNS = 20
KILLS = 5
IRIS = "iris_logreg.onnx"


@pytest.fixture
def iris(settings) -> SuiteVersion:
    settings.BASE_URL = "http://127.0.0.1:8000"
    return rows.suite("iris-classification")


def model() -> building.Repository:
    return building.model(files={"model.onnx": reference(IRIS)})


def until(true: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.1)


def test_a_worker_says_what_it_is_and_is_paused_resumed_and_drained(iris: SuiteVersion):
    process = start("one")
    operator = Actor(user=building.operator())
    try:
        until(Worker.objects.exists)
        here = Worker.objects.get()
        assert (here.name, here.classes, here.mode) == ("one@here", ["cpu"], Mode.ACTIVE)
        assert here.memory > 10**9
        assert here.hardware["packages"]["onnxruntime"]
        assert here.protections["sentences"]
        first = building.request(model(), iris)
        wait_until(first, lambda run: run.is_final)
        assert (first.state, first.worker) == (State.SCORED, "one@here")

        workers.set_mode(actor=operator, worker=here, mode=Mode.PAUSED)
        time.sleep(8)  # it hears of it with its next heartbeat
        second = building.request(model(), iris)
        time.sleep(2)
        second.refresh_from_db()
        assert second.state == State.QUEUED
        workers.set_mode(actor=operator, worker=here, mode=Mode.ACTIVE)
        wait_until(second, lambda run: run.is_final)
        assert second.state == State.SCORED

        workers.set_mode(actor=operator, worker=here, mode=Mode.DRAINING)
        process.wait(30)
        assert process.returncode == 0
        here.refresh_from_db()
        assert here.stopped_at is not None
    finally:
        kill(process)


def test_a_queue_whose_workers_are_killed_and_whose_broker_is_flushed_ends_scored_and_without_a_duplicate(
    iris: SuiteVersion,
):
    runs = [building.request(model(), iris) for _ in range(RUNS)]
    for run in runs:
        waking.wake(run)  # each message comes twice
    dice = random.Random(0)
    alive: dict[str, Popen[bytes]] = {}
    killed, started = 0, 0
    deadline = time.monotonic() + 240
    try:
        while unfinished := Run.objects.unfinished().count():
            assert time.monotonic() < deadline, f"{unfinished} runs are left"
            while len(alive) < 2:
                started += 1
                alive[f"worker{started}@here"] = start(f"worker{started}")
            time.sleep(1)
            if killed < KILLS and (name := _whose_run_may_be_lost(dice, alive)):
                kill(alive.pop(name))
                killed += 1
                if killed == 2:
                    _flush_the_broker()
            _let_ninety_seconds_pass_for_the_dead(alive)
            waking.sweep()
    finally:
        for process in alive.values():
            kill(process)
    assert killed == KILLS
    assert Counter(Run.objects.values_list("state", flat=True)) == {State.SCORED: RUNS}
    assert Result.objects.count() == RUNS
    assert Score.objects.filter(name="accuracy", value=44 / 45).count() == RUNS
    assert Run.objects.filter(attempt__gt=1).exists(), "no worker was killed at work"


def _whose_run_may_be_lost(dice: random.Random, alive: dict[str, Popen[bytes]]) -> str | None:
    """A worker at work on something that has an attempt left."""
    at_work = Run.objects.filter(state__in=WORKING, worker__in=alive, attempt__lt=waking.MAX_ATTEMPTS)
    names = sorted(at_work.values_list("worker", flat=True))
    return dice.choice(names) if names else None


def _flush_the_broker() -> None:
    with app.connection_for_write() as broker:
        broker.default_channel.queue_purge("eval.cpu")


def _let_ninety_seconds_pass_for_the_dead(alive: dict[str, Popen[bytes]]) -> None:
    past = timezone.now() - timedelta(seconds=91)
    Run.objects.filter(state__in=WORKING).exclude(worker__in=alive).update(leased_until=past)
    Run.objects.filter(state=State.QUEUED).exclude(run_after__gt=timezone.now() + timedelta(seconds=20)).update(
        run_after=past
    )
    Run.objects.filter(state=State.QUEUED, woken_at__lt=timezone.now() - timedelta(seconds=5)).update(woken_at=past)


@pytest.mark.parametrize("state", WORKING)
def test_a_run_whose_worker_dies_in_any_state_is_scored_by_the_next(
    iris: SuiteVersion, monkeypatch: pytest.MonkeyPatch, state: State
):
    """The process is gone between two steps: nothing after that moment is done by it."""
    step = {State.FETCHING: "_fetch", State.RUNNING: "_predict", State.SCORING: "_score"}[state]

    class Died(BaseException):
        pass

    def die(*_arguments: object) -> None:
        raise Died

    run = building.request(model(), iris)
    with monkeypatch.context() as patch, contextlib.suppress(Died):
        patch.setattr(executing, step, die)
        executing.execute(str(run.pk))
    run.refresh_from_db()
    assert (run.state, run.attempt) == (state, 1)
    Run.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    waking.sweep()
    Run.objects.update(run_after=timezone.now())
    run = building.execute(run)
    assert (run.state, run.attempt, Result.objects.count()) == (State.SCORED, 2, 1)


def test_two_workers_race_for_one_run_and_one_of_them_gets_it(iris: SuiteVersion):
    run = building.request(model(), iris)
    mine, theirs = Run.objects.get(pk=run.pk), Run.objects.get(pk=run.pk)
    assert executing._claim(mine, "one")
    assert not executing._claim(theirs, "two")
    run.refresh_from_db()
    assert (run.attempt, run.worker) == (1, "one")


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_clock_that_jumps_loses_no_run_and_scores_none_twice(
    iris: SuiteVersion, monkeypatch: pytest.MonkeyPatch, hours: int
):
    """On PostgreSQL a node's own clock means nothing; on SQLite the lease may end early, and the first worker has lost it."""
    run = building.request(model(), iris)
    held = Run.objects.get(pk=run.pk)
    assert executing._claim(held, "one")
    real = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: real() + timedelta(hours=hours))
    waking.sweep()
    run.refresh_from_db()
    is_taken = connection.vendor == "sqlite" and hours > 0
    assert run.state == (State.QUEUED if is_taken else State.FETCHING)
    monkeypatch.undo()
    Run.objects.filter(state=State.QUEUED).update(run_after=clock.now())
    Run.objects.filter(state=State.FETCHING).update(leased_until=clock.now() - timedelta(seconds=1))
    waking.sweep()
    Run.objects.update(run_after=clock.now())
    run = building.execute(run)
    assert (run.state, run.attempt, Result.objects.count()) == (State.SCORED, 2, 1)
