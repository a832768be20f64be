"""What everybody is told of the hub's parts."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from hub.condition import Health, parts
from hub.jobs.models import Job
from models_registry import storage
from models_registry.errors import StorageUnavailable
from tests import make
from tests.evaluations import rows


def health_of(key: str) -> Health:
    cache.clear()
    return {part.key: part.health for part in parts()}[key]


def test_what_answers_is_said_to_work_and_what_does_not_is_named(client: Client, settings: Settings) -> None:
    settings.CONTENT_URL = "http://127.0.0.1:1"  # nobody listens there
    page = client.get("/status").content.decode()
    assert "A part of this hub does not work" in page
    assert health_of("storage") == Health.GOOD
    assert health_of("content") == Health.BAD
    assert "127.0.0.1" not in page


def test_a_dead_storage_is_told_and_the_page_still_answers(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def dead(_key: str) -> int:
        raise StorageUnavailable("no answer from s3.internal")

    monkeypatch.setattr(storage, "size_of", dead)
    assert health_of("storage") == Health.BAD
    answer = client.get("/status")
    assert answer.status_code == 200
    assert "s3.internal" not in answer.content.decode()


def test_work_that_waits_for_minutes_is_late() -> None:
    job = Job.objects.add("index", "1")
    assert health_of("jobs") == Health.GOOD
    Job.objects.filter(pk=job.pk).update(run_after=timezone.now() - timedelta(minutes=9))
    assert health_of("jobs") == Health.SLOW


def test_runs_without_a_worker_are_told() -> None:
    assert health_of("evaluations") == Health.SLOW
    rows.run(make.repository())
    assert health_of("evaluations") == Health.BAD


def test_however_many_look_the_parts_are_asked_once(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(storage, "size_of", asked.append)
    for _ in range(3):
        client.get("/status")
    assert len(asked) == 1


def test_each_reader_is_told_in_their_own_language_of_what_was_asked_once(client: Client) -> None:
    assert "No worker is here" in client.get("/status").content.decode()
    page = client.get("/status", headers={"Accept-Language": "zh-hans"}).content.decode()
    assert "No worker is here" not in page
