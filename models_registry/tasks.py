"""The registry's durable work: what follows from a commit, and what is swept."""

from datetime import timedelta
from typing import Any

from celery import shared_task
from django.conf import settings
from django.dispatch import receiver

from hub.jobs.models import Job
from hub.jobs.registry import job
from models_registry.errors import StorageUnavailable
from models_registry.events import commit_created
from models_registry.models import Commit, Reference
from models_registry.services import garbage, indexing, uploads
from models_registry.services.xet import xorbs


@receiver(commit_created)
def index_the_commit(sender: object, commit: Commit, reference: Reference, **_: Any) -> None:
    """In the transaction of the commit itself; only what lies on the default branch is shown."""
    if reference.name == f"refs/heads/{commit.repository.default_branch}":
        Job.objects.add("index_commit", f"{commit.repository_id}:{commit.oid}")


@job("index_commit", lease=timedelta(minutes=5), retry_on=(StorageUnavailable,))
def index_commit(key: str) -> None:
    repository_id, _, oid = key.partition(":")
    indexing.index_commit(int(repository_id), oid)


@job("finish_upload", lease=timedelta(hours=2), retry_on=(StorageUnavailable,))
def finish_upload(key: str) -> None:
    uploads.finish_one(key)


@shared_task(name="models_registry.sweep_uploads", ignore_result=True)
def sweep_uploads() -> None:
    uploads.sweep_expired()
    xorbs.sweep_expired_grants()


_COLLECTING_SECONDS = 300


@shared_task(name="models_registry.collect_garbage", ignore_result=True)
def collect_garbage() -> None:
    """A round a day, some minutes at a time: other work of this queue waits meanwhile."""
    if garbage.is_due():
        garbage.collect(garbage.Plan(settings.GARBAGE_GRACE), seconds=_COLLECTING_SECONDS)
