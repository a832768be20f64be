"""The registry's durable work: what follows from a commit, and what is swept."""

from datetime import timedelta
from typing import Any

from celery import shared_task
from django.conf import settings
from django.db import IntegrityError, OperationalError
from django.dispatch import receiver

from accounts.events import namespace_renamed, organization_leaving
from accounts.models import Actor, Namespace, Organization
from hub.jobs.models import Job
from hub.jobs.registry import job
from models_registry.errors import StorageUnavailable
from models_registry.events import commit_created, repository_created, repository_moved, settings_changed
from models_registry.models import Commit, Reference, Repository
from models_registry.services import (
    antivirus,
    counting,
    facet_index,
    garbage,
    history_maps,
    indexing,
    licences,
    lineage,
    moving,
    plain_copies,
    scanning,
    secrets,
    storage_use,
    trending,
    uploads,
)
from models_registry.services.indexing import tables, training
from models_registry.services.xet import conversion, xorbs

_PASSING = (StorageUnavailable, OperationalError)  # a storage that is down, a database that is busy


@receiver(commit_created)
def follow_the_commit(
    sender: object, commit: Commit, reference: Reference, actor: Actor | None = None, **_: Any
) -> None:
    """In the transaction of the commit itself; only what lies on the default branch is shown, and all of it is scanned."""
    key = f"{commit.repository_id}:{commit.oid}"
    if reference.name == f"refs/heads/{commit.repository.default_branch}":
        by = f":{actor.user.pk}" if actor is not None and actor.user is not None else ""
        Job.objects.add("index_commit", key + by)
    Job.objects.add("scan_commit", key)
    storage_use.request([commit.repository_id])


@receiver(settings_changed)
def look_at_what_is_public_now(sender: object, repository: Repository, changes: dict[str, object], **_: Any) -> None:
    if changes.get("private") is False:
        secrets.look_again(repository)


@receiver(repository_created)
def link_to_the_new_repository(sender: object, repository: Repository, **_: Any) -> None:
    lineage.link(repository)


@receiver(repository_moved)
def follow_the_move(sender: object, repository: Repository, **_: Any) -> None:
    lineage.link(repository)
    Job.objects.add("tag_children", str(repository.pk))
    storage_use.request([repository.pk])  # what is stored for it depends on whose it is


@receiver(namespace_renamed)
def follow_the_new_name(sender: object, namespace: Namespace, **_: Any) -> None:
    """What is written down by name elsewhere may be much: it follows by a job."""
    moving.follow_namespace(namespace)
    Job.objects.add("follow_rename", str(namespace.pk))


@receiver(organization_leaving)
def keep_what_is_shared(sender: object, organization: Organization, **_: Any) -> None:
    moving.require_nothing_in(organization.namespace)


@job("index_commit", lease=timedelta(minutes=5), retry_on=_PASSING)
def index_commit(key: str) -> None:
    """key: repository, commit, and who put it there, where that is known."""
    repository_id, oid, *by = key.split(":")
    indexing.index_commit(int(repository_id), oid, by=int(by[0]) if by else None)


@job(tables.KIND, lease=timedelta(minutes=45), attempts=3, retry_on=_PASSING)
def describe_dataset(key: str) -> None:
    tables.describe(key)


@job(training.KIND, lease=timedelta(minutes=45), attempts=5, retry_on=(*_PASSING, IntegrityError))
def read_training_logs(key: str) -> None:
    """IntegrityError: a log was forgotten just when it was needed again."""
    training.read(key)


@job("finish_upload", lease=timedelta(hours=2), retry_on=_PASSING)
def finish_upload(key: str) -> None:
    uploads.finish_one(key)


@job("scan_commit", lease=timedelta(minutes=5), retry_on=_PASSING)
def scan_commit(key: str) -> None:
    repository_id, _, oid = key.partition(":")
    scanning.request_commit(int(repository_id), oid)
    secrets.scan_commit(int(repository_id), oid)


@job(antivirus.KIND, lease=timedelta(minutes=30), attempts=5, retry_on=_PASSING)
def scan_for_viruses(key: str) -> None:
    if antivirus.scan(key):
        Job.objects.add(scanning.SUM_UP, key.partition(":")[0])


@shared_task(name="models_registry.rescan", ignore_result=True)
def rescan() -> None:
    antivirus.rescan()


@job(scanning.KIND, lease=timedelta(minutes=15), attempts=3, retry_on=_PASSING)
def scan_file(key: str) -> None:
    scanning.scan_file(key)


@job(scanning.SUM_UP, lease=timedelta(minutes=5), retry_on=_PASSING)
def sum_up_scans(key: str) -> None:
    scanning.sum_up(int(key))


@job("tag_children", lease=timedelta(minutes=15), retry_on=_PASSING)
def tag_children(key: str) -> None:
    lineage.tag_children(int(key))


@job("follow_rename", lease=timedelta(minutes=30), retry_on=_PASSING)
def follow_rename(key: str) -> None:
    lineage.follow_rename(int(key))


@job(licences.CHECK, lease=timedelta(minutes=5), retry_on=_PASSING)
def check_licence(key: str) -> None:
    licences.check(int(key))


@job(licences.CHECK_BELOW, lease=timedelta(minutes=15), retry_on=_PASSING)
def check_licences_below(key: str) -> None:
    licences.check_below(int(key))


@job(storage_use.KIND, lease=timedelta(minutes=15), retry_on=_PASSING)
def measure_storage(key: str) -> None:
    storage_use.measure(int(key))


@shared_task(name="models_registry.refresh_counters", ignore_result=True)
def refresh_counters() -> None:
    """Days pass: what was downloaded a month ago is no longer shown, and trends fade."""
    counting.refresh()
    trending.refresh()


@shared_task(name="models_registry.index_facets", ignore_result=True)
def index_facets() -> None:
    """Lists of many repositories say how many each filter leaves by an index, which is a minute old at most."""
    facet_index.renew()


@job("map_history", lease=timedelta(minutes=30))
def map_history(key: str) -> None:
    history_maps.write_missing(int(key))


@shared_task(name="models_registry.sweep_uploads", ignore_result=True)
def sweep_uploads() -> None:
    uploads.sweep_expired()
    xorbs.sweep_expired_grants()


_CONVERTING = (*_PASSING, conversion.ConversionFailed, OSError)  # its small temporary folder wants a disk


@job(conversion.KIND, lease=conversion.LEASE, attempts=8, retry_on=_CONVERTING)
def chunk_content(key: str) -> None:
    conversion.convert(key)


@shared_task(name="models_registry.look_for_plain_content", ignore_result=True)
def look_for_plain_content() -> None:
    conversion.look_for_plain()


@job("copy_plainly", lease=timedelta(hours=2), attempts=3, retry_on=(StorageUnavailable,))
def copy_plainly(key: str) -> None:
    plain_copies.make(key)


@shared_task(name="models_registry.look_for_hot_files", ignore_result=True)
def look_for_hot_files() -> None:
    plain_copies.look_for_hot()


_COLLECTING_SECONDS = 300


@shared_task(name="models_registry.collect_garbage", ignore_result=True)
def collect_garbage() -> None:
    """A round a day, some minutes at a time: other work of this queue waits meanwhile."""
    training.forget_unused()
    if garbage.is_due():
        garbage.collect(garbage.Plan(settings.GARBAGE_GRACE), seconds=_COLLECTING_SECONDS)
