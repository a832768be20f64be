"""The queue's doors: one run is executed, and what was lost is found again. A message carries a run's id alone."""

from datetime import timedelta

from celery import Task, shared_task
from celery.signals import worker_ready, worker_shutdown
from django.db import IntegrityError, OperationalError

from evaluations import presence
from evaluations.models import SuiteGroup, SuiteVersion
from evaluations.services import (
    automatic,
    automatic_runs,
    comparison_requests,
    groups,
    hosting,
    rank_requests,
    sealing,
    self_reported,
    suites,
    waking,
)
from hub.jobs.models import Job
from hub.jobs.registry import job
from models_registry.errors import StorageUnavailable


@shared_task(name="evaluations.execute", bind=True, ignore_result=True)
def execute(self: Task, run_id: str) -> None:
    # Here, and not above: every process reads this module, and only this worker needs numpy and the supervisor.
    from evaluations.services import executing  # noqa: PLC0415

    executing.take_turn(run_id, str(self.request.hostname))


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
        rank_requests.ask_for_groups_of(version)


@job(rank_requests.KIND_OF_GROUPS, lease=timedelta(minutes=30), retry_on=(IntegrityError, OperationalError))
def rank_group(key: str) -> None:
    # As above.
    from evaluations.services import group_ranking  # noqa: PLC0415

    group = SuiteGroup.objects.filter(pk=key).first()
    if group is not None:
        group_ranking.rank(group)


@job(comparison_requests.KIND, lease=timedelta(minutes=5), retry_on=(IntegrityError, OperationalError))
def compare_run(key: str) -> None:
    # As above.
    from evaluations.services import comparing  # noqa: PLC0415

    comparing.compare(key)


@job(automatic.KIND, lease=timedelta(minutes=5), retry_on=(IntegrityError, OperationalError, StorageUnavailable))
def evaluate_commit(key: str) -> None:
    automatic_runs.consider(key)


@job(sealing.JUDGE, lease=timedelta(minutes=30), retry_on=(StorageUnavailable, IntegrityError, OperationalError))
def judge_challenge(key: str) -> None:
    # As above.
    from evaluations.services import judging  # noqa: PLC0415

    judging.judge(int(key))


@job(self_reported.KIND, lease=timedelta(minutes=5), retry_on=(StorageUnavailable, OperationalError))
def read_self_reported_scores(key: str) -> None:
    self_reported.read(int(key))


@shared_task(name="evaluations.sweep", ignore_result=True)
def sweep() -> None:
    waking.sweep()
    sealing.ask_for_results()


# A worker of an evaluation queue says that it is there.
worker_ready.connect(presence.appear)
worker_shutdown.connect(presence.disappear)


@worker_ready.connect
def make_suites_known(**_: object) -> None:
    """A worker that starts brings the suites it was shipped with; a storage that is down then is waited for."""
    Job.objects.add("synchronize_suites", "shipped")


@job("synchronize_suites", lease=timedelta(minutes=5), attempts=20, retry_on=(StorageUnavailable,))
def synchronize_suites(key: str) -> None:
    suites.synchronize()
    groups.synchronize()
    hosting.host_shipped()
