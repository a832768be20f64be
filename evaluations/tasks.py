"""The queue's doors: one run is executed, and what was lost is found again. A message carries a run's id alone."""

from datetime import timedelta

from celery import shared_task
from celery.signals import worker_ready
from django.db import IntegrityError, OperationalError

from evaluations.models import SuiteVersion
from evaluations.services import hosting, rank_requests, suites, waking
from hub.jobs.models import Job
from hub.jobs.registry import job
from models_registry.errors import StorageUnavailable


@shared_task(name="evaluations.execute", ignore_result=True)
def execute(run_id: str) -> None:
    # Here, and not above: every process reads this module, and only this worker needs numpy and the supervisor.
    from evaluations.services import executing  # noqa: PLC0415

    executing.execute(run_id)


@shared_task(name="evaluations.rank_all", ignore_result=True)
def rank_all() -> None:
    rank_requests.ask_for_all()


@job(rank_requests.KIND, lease=timedelta(minutes=30), retry_on=(IntegrityError, OperationalError))
def rank_board(key: str) -> None:
    # As above: numpy and scipy are for the one worker that ranks.
    from evaluations.services import ranking  # noqa: PLC0415

    version = SuiteVersion.objects.filter(pk=key).first()
    if version is not None:
        ranking.rank(version)


@shared_task(name="evaluations.sweep", ignore_result=True)
def sweep() -> None:
    waking.sweep()


@worker_ready.connect
def make_suites_known(**_: object) -> None:
    """A worker that starts brings the suites it was shipped with; a storage that is down then is waited for."""
    Job.objects.add("synchronize_suites", "shipped")


@job("synchronize_suites", lease=timedelta(minutes=5), attempts=20, retry_on=(StorageUnavailable,))
def synchronize_suites(key: str) -> None:
    suites.synchronize()
    hosting.host_shipped()
