"""Workers that die, stall or come too late: one result, whatever happens."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Actor
from evaluations import child
from evaluations.models import FailureKind, Result, Run, Score, State, SuiteVersion
from evaluations.services import executing, heartbeat, requesting, waking
from models_registry import storage
from models_registry.services.repositories import delete_repository
from tests.evaluations import building, rows
from tests.evaluations.workers import wait_until, worker

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def digits(settings) -> SuiteVersion:
    settings.BASE_URL = "http://127.0.0.1:8000"
    return rows.suite()


def gone(pids: list[int]) -> bool:
    def alive(pid: int) -> bool:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        return False

    deadline = time.monotonic() + 5
    while any(map(alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not any(map(alive, pids))


def let_the_lease_end(run: Run) -> None:
    """Ninety seconds pass."""
    Run.objects.filter(pk=run.pk).update(leased_until=timezone.now() - timedelta(seconds=1))


def test_a_worker_killed_in_the_middle_of_a_run_is_followed_by_another_and_there_is_one_result(digits: SuiteVersion):
    run = building.request(building.model(), digits)
    with worker() as first:
        wait_until(run, lambda run: run.state == State.RUNNING)
        time.sleep(0.2)
        family = child._family(first.pid)
        assert len(family) >= 3, "the worker, its pool process and the child"
        os.killpg(first.pid, signal.SIGKILL)
        first.wait()
    assert gone(family), "the sandboxed child outlived its worker"
    run.refresh_from_db()
    assert (run.state, run.attempt) == (State.RUNNING, 1)
    waking.sweep()
    run.refresh_from_db()
    assert run.state == State.RUNNING, "a run is not taken from a worker before its lease has ended"
    let_the_lease_end(run)
    waking.sweep()
    run.refresh_from_db()
    assert (run.state, run.attempt) == (State.QUEUED, 1)
    Run.objects.filter(pk=run.pk).update(run_after=timezone.now())
    waking.sweep()
    with worker():
        wait_until(run, lambda run: run.is_final)
    assert (run.state, run.attempt) == (State.SCORED, 2)
    assert run.scores.get(name="accuracy").value == 533 / 540
    assert Result.objects.count() == 1
    assert Score.objects.count() == 2


@pytest.fixture
def quick_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.1)


@contextlib.contextmanager
def executing_in_a_thread(run: Run) -> Iterator[list[Exception]]:
    """Gives what the worker did not foresee."""
    faults: list[Exception] = []

    def work() -> None:
        try:
            executing.execute(str(run.pk))
        except Exception as fault:  # noqa: BLE001 - whatever it is, the test is told
            faults.append(fault)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield faults
    finally:
        thread.join(60)
        assert not thread.is_alive()


def children_of_this_process() -> list[int]:
    return child._family(os.getpid())[1:]


def test_a_worker_that_lost_its_lease_writes_nothing_and_kills_its_child(digits: SuiteVersion, quick_heartbeat: None):
    run = building.request(building.model(), digits)
    before = set(children_of_this_process())
    with executing_in_a_thread(run):
        wait_until(run, lambda run: run.state == State.RUNNING)
        let_the_lease_end(run)
        run.requeue(timezone.now(), timedelta(), "lost")
        run.claim(timezone.now(), waking.LEASE, "another worker")
        taken = Run.objects.values().get(pk=run.pk)
    assert gone(sorted(set(children_of_this_process()) - before))
    assert Run.objects.values().get(pk=run.pk) == taken
    assert (taken["state"], taken["attempt"], taken["worker"]) == (State.FETCHING, 2, "another worker")
    assert not Result.objects.exists()
    assert not Score.objects.exists()


def test_a_worker_that_is_late_by_a_moment_leaves_no_half_of_a_result(
    digits: SuiteVersion, monkeypatch: pytest.MonkeyPatch
):
    run = building.request(building.model(), digits)
    put = storage.put

    def take_over_before_the_end(key: str, data: bytes) -> None:
        """Between the last look at the lease and the final transaction, another worker gets the run."""
        put(key, data)
        mine = Run.objects.get(pk=run.pk)
        mine.requeue(timezone.now(), timedelta(), "lost")
        mine.claim(timezone.now(), waking.LEASE, "another worker")

    monkeypatch.setattr(executing.storage, "put", take_over_before_the_end)
    run = building.execute(run)
    assert (run.state, run.attempt, run.worker) == (State.FETCHING, 2, "another worker")
    assert not Result.objects.exists()
    assert not Score.objects.exists()


def test_a_cancelled_run_stops_at_the_next_heartbeat(digits: SuiteVersion, quick_heartbeat: None):
    repository = building.model()
    run = building.request(repository, digits)
    before = set(children_of_this_process())
    with executing_in_a_thread(run):
        wait_until(run, lambda run: run.state == State.RUNNING)
        requesting.cancel(actor=Actor(user=repository.creator), run=run)
    assert gone(sorted(set(children_of_this_process()) - before))
    run.refresh_from_db()
    assert (run.state, run.attempt) == (State.CANCELLED, 1)
    assert not Result.objects.exists()


def test_lost_content_is_the_hubs_fault_tried_three_times_and_then_told(digits: SuiteVersion):
    run = building.request(building.model(), digits)
    storage.delete(digits.labels_key)
    for attempt in (1, 2):
        run = building.execute(run)
        assert (run.state, run.attempt) == (State.QUEUED, attempt)
        Run.objects.filter(pk=run.pk).update(run_after=timezone.now())
    run = building.execute(run)
    assert (run.state, run.attempt, run.failure_kind) == (State.FAILED, 3, FailureKind.INFRASTRUCTURE)
    assert "tried 3 times" in run.failure_reason


def test_a_repository_deleted_under_a_run_ends_it_quietly(digits: SuiteVersion, quick_heartbeat: None):
    repository = building.model()
    run = building.request(repository, digits)
    before = set(children_of_this_process())
    with executing_in_a_thread(run) as faults:
        wait_until(run, lambda run: run.state == State.RUNNING)
        delete_repository(actor=Actor(user=repository.creator), repository=repository)
    assert gone(sorted(set(children_of_this_process()) - before))
    assert faults == []
    assert not Run.objects.exists()
    assert not Result.objects.exists()
