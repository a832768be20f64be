"""The state machine: what may follow what, and who may write."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from evaluations.models import FailureKind, LeaseLost, Run, State, SuiteVersion
from evaluations.models.run import FINAL
from evaluations.services import waking
from tests.evaluations import building

LEASE = timedelta(seconds=90)


@pytest.fixture
def run(digits: SuiteVersion) -> Run:
    return building.request(building.model(), digits)


def copy_of(run: Run) -> Run:
    return Run.objects.get(pk=run.pk)


def age(run: Run) -> None:
    """As if its worker had not been heard of for longer than a lease."""
    Run.objects.filter(pk=run.pk).update(leased_until=timezone.now() - timedelta(seconds=1))


TRANSITIONS = {
    "claim": lambda run: run.claim(timezone.now(), LEASE, "worker"),
    "hold": lambda run: run.hold(timezone.now(), LEASE, done=1, total=2, log=""),
    "begin_running": lambda run: run.begin_running(),
    "begin_scoring": lambda run: run.begin_scoring(),
    "finish": lambda run: run.finish(timezone.now()),
    "fail": lambda run: run.fail(timezone.now(), kind=FailureKind.MODEL, code="x", reason="x"),
    "requeue": lambda run: run.requeue(timezone.now(), LEASE, "x"),
    "withdraw": lambda run: run.withdraw(timezone.now()),
    "invalidate": lambda run: run.invalidate("x"),
}
WORKING = {State.FETCHING, State.RUNNING, State.SCORING}
ALLOWED = {
    "claim": {State.QUEUED},
    "hold": WORKING,
    "begin_running": {State.FETCHING},
    "begin_scoring": {State.RUNNING},
    "finish": {State.SCORING},
    "fail": WORKING,
    "requeue": WORKING,
    "withdraw": WORKING | {State.QUEUED},
    "invalidate": {State.SCORED},
}


@pytest.mark.parametrize("name", TRANSITIONS)
@pytest.mark.parametrize("state", State.values)
def test_a_run_moves_only_as_its_states_allow(name: str, state: str, run: Run):
    reason = {"failure_kind": "model", "failure_reason": "x"}
    Run.objects.filter(pk=run.pk).update(state=state, **(reason if state == State.FAILED else {}))
    run.refresh_from_db()
    if state in ALLOWED[name]:
        TRANSITIONS[name](run)
        assert copy_of(run).state == run.state
    else:
        with pytest.raises(LeaseLost):
            TRANSITIONS[name](run)
        assert copy_of(run).state == state


@pytest.mark.parametrize("name", sorted(set(TRANSITIONS) - {"claim", "invalidate"}))
def test_a_worker_whose_attempt_is_over_writes_nothing(name: str, run: Run):
    run.claim(timezone.now(), LEASE, "first")
    late = copy_of(run)
    run.requeue(timezone.now(), timedelta(), "its worker was lost")
    run.refresh_from_db()
    run.claim(timezone.now(), LEASE, "second")
    before = Run.objects.values().get(pk=run.pk)
    with pytest.raises(LeaseLost):
        TRANSITIONS[name](late)
    assert Run.objects.values().get(pk=run.pk) == before


def test_one_worker_alone_gets_a_run(run: Run):
    first, second = copy_of(run), copy_of(run)
    first.claim(timezone.now(), LEASE, "first")
    with pytest.raises(LeaseLost):
        second.claim(timezone.now(), LEASE, "second")
    assert copy_of(run).worker == "first"


def test_a_run_that_is_to_wait_or_to_be_cancelled_is_not_taken(run: Run):
    Run.objects.filter(pk=run.pk).update(run_after=timezone.now() + timedelta(seconds=60))
    with pytest.raises(LeaseLost):
        run.claim(timezone.now(), LEASE, "worker")
    run.claim(timezone.now() + timedelta(seconds=61), LEASE, "worker")
    other = Run.objects.filter(pk=run.pk)
    other.update(state=State.QUEUED, cancel_requested=True, run_after=timezone.now())
    with pytest.raises(LeaseLost):
        run.claim(timezone.now(), LEASE, "worker")


def test_the_database_keeps_one_unfinished_run_of_the_same(run: Run):
    same = {name: getattr(run, name) for name in ("repository", "commit", "suite_version", "hardware_class")}
    with pytest.raises(IntegrityError), transaction.atomic():
        Run.objects.create(**same)
    for state in FINAL:
        Run.objects.create(state=state, failure_kind="model", failure_reason="x", **same)
    Run.objects.create(**{**same, "hardware_class": "gpu"})


def test_the_database_keeps_no_failure_without_a_reason(run: Run):
    with pytest.raises(IntegrityError), transaction.atomic():
        Run.objects.filter(pk=run.pk).update(state=State.FAILED, failure_kind="model")


def test_a_lost_worker_costs_an_attempt_and_the_third_ends_it(run: Run):
    for attempt in (1, 2, 3):
        run.refresh_from_db()
        run.claim(timezone.now() + timedelta(hours=1), LEASE, "worker")
        waking.sweep()
        assert copy_of(run).state == State.FETCHING
        age(run)
        waking.sweep()
        run.refresh_from_db()
        assert run.attempt == attempt
        assert run.state == (State.QUEUED if attempt < 3 else State.FAILED)
    assert run.failure_kind == FailureKind.INFRASTRUCTURE
    assert run.failure_reason == "Its worker stopped answering. It was tried 3 times."


def test_a_retry_waits_longer_each_time(run: Run):
    run.claim(timezone.now(), LEASE, "worker")
    age(run)
    waking.sweep()
    waiting = copy_of(run).run_after - timezone.now()
    assert timedelta(seconds=4) < waiting <= timedelta(seconds=5)
    assert waking.delay_after(2) == timedelta(seconds=10)


def test_a_lost_worker_of_a_cancelled_run_ends_it(run: Run):
    run.claim(timezone.now(), LEASE, "worker")
    Run.objects.filter(pk=run.pk).update(cancel_requested=True)
    age(run)
    waking.sweep()
    assert copy_of(run).state == State.CANCELLED


def test_a_lost_message_is_sent_again_and_not_too_often(run: Run, monkeypatch: pytest.MonkeyPatch):
    sent: list[str] = []
    monkeypatch.setattr(waking.app, "send_task", lambda name, args, queue: sent.append(f"{queue} {args[0]}"))
    for _ in range(3):
        waking.sweep()
    assert sent == [f"eval.cpu {run.pk}"]
    Run.objects.filter(pk=run.pk).update(woken_at=timezone.now() - timedelta(seconds=61))
    waking.sweep()
    assert len(sent) == 2
