"""The queue's doors: one run is executed, and what was lost is found again. A message carries a run's id alone."""

import logging

from celery import shared_task
from celery.signals import worker_ready

from evaluations.services import suites, waking
from models_registry.errors import StorageUnavailable

logger = logging.getLogger(__name__)


@shared_task(name="evaluations.execute", ignore_result=True)
def execute(run_id: str) -> None:
    # Here, and not above: every process reads this module, and only this worker needs numpy and the supervisor.
    from evaluations.services import executing  # noqa: PLC0415

    executing.execute(run_id)


@shared_task(name="evaluations.sweep", ignore_result=True)
def sweep() -> None:
    waking.sweep()


@worker_ready.connect
def make_suites_known(**_: object) -> None:
    """A worker that starts brings the suites it was shipped with."""
    try:
        suites.synchronize()
    except StorageUnavailable:
        logger.warning("the suites' data could not be stored; `manage.py sync_suites` does it once the storage answers")
