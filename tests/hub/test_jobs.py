"""Durable work: done at least once, whatever happens to messages, workers and versions."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from hub.jobs import models, registry, tasks
from hub.jobs.models import Job, State


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    keys: list[str] = []
    monkeypatch.setattr(models.Job, "wake", lambda job: keys.append(job.key))
    return keys


@pytest.fixture
def work() -> Iterator[Callable[[Callable[[str], None]], None]]:
    def is_done_by(function: Callable[[str], None]) -> None:
        registry.job("a test's work", lease=timedelta(minutes=1), attempts=2, retry_on=(ConnectionError,))(function)

    yield is_done_by
    registry._kinds.pop("a test's work", None)


def test_work_asked_for_while_it_fails_is_done_once_more(work, woken: list[str]):
    seen: list[str] = []

    def fail_first(key: str) -> None:
        seen.append(key)
        if len(seen) == 1:
            Job.objects.add("a test's work", key)  # what it should have seen came in the meantime
            raise ValueError("incomplete")

    work(fail_first)
    job = Job.objects.add("a test's work", "k")
    with pytest.raises(ValueError, match="incomplete"):
        tasks.run(job.pk)
    job.refresh_from_db()
    assert job.state == State.QUEUED
    Job.objects.filter(pk=job.pk).update(run_after=timezone.now())
    tasks.run(job.pk)
    job.refresh_from_db()
    assert (job.state, seen) == (State.DONE, ["k", "k"])


def test_work_of_a_newer_version_does_not_stop_an_older_sweeper(work, woken: list[str]):
    long_ago = timezone.now() - timedelta(hours=1)
    Job.objects.create(kind="not known here", key="a", state=State.RUNNING, run_after=long_ago, leased_until=long_ago)
    Job.objects.create(kind="not known here", key="b", run_after=long_ago)
    work(lambda key: None)
    Job.objects.create(kind="a test's work", key="c")
    tasks.sweep()
    assert woken == ["c"]


def test_work_that_fails_for_good_says_why(work, woken: list[str]):
    def fail(key: str) -> None:
        raise ValueError("no")

    work(fail)
    job = Job.objects.add("a test's work", "k")
    with pytest.raises(ValueError, match="no"):
        tasks.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.last_error) == (State.FAILED, "ValueError: no")


def test_work_that_has_to_wait_is_asked_again_without_an_attempt(work, woken: list[str]):
    def wait(key: str) -> None:
        raise registry.NotNow

    work(wait)
    job = Job.objects.add("a test's work", "k")
    for _ in range(3):
        Job.objects.update(run_after=timezone.now())
        tasks.run(job.pk)
        job.refresh_from_db()
        assert (job.state, job.attempt, job.last_error) == (State.QUEUED, 0, "")
        assert job.run_after > timezone.now()


def test_work_that_loses_its_worker_on_every_attempt_is_given_up(work, woken: list[str]):
    work(lambda key: None)
    job = Job.objects.add("a test's work", "k")
    for _ in range(2):
        assert Job.objects.filter(pk=job.pk).claim(timezone.now(), timedelta(seconds=-1))
    tasks.sweep()
    job.refresh_from_db()
    assert job.state == State.FAILED


def test_many_jobs_are_asked_for_in_few_queries(
    work, woken: list[str], django_assert_max_num_queries: Any, django_capture_on_commit_callbacks: Any
):
    work(lambda _key: None)
    done = Job.objects.create(kind="a test's work", key="3", state=State.DONE, attempt=2)
    running = Job.objects.create(kind="a test's work", key="4", state=State.RUNNING, attempt=1)
    keys = [str(number) for number in range(1500)]
    with django_assert_max_num_queries(30), django_capture_on_commit_callbacks(execute=True):
        Job.objects.add_many("a test's work", [*keys, "3"])
    assert Job.objects.filter(kind="a test's work").count() == 1500
    assert len(woken) == 100
    done.refresh_from_db()
    running.refresh_from_db()
    assert (done.state, done.attempt) == (State.QUEUED, 0)
    assert (running.state, running.attempt, running.requested) == (State.RUNNING, 1, 2)
