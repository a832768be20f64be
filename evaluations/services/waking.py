"""Workers are woken by messages that carry a run's id alone; what is lost is sent again."""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from evaluations.models import FailureKind, LeaseLost, Run, State, Worker
from evaluations.services import telling, workers
from hub import clock
from hub.celery import app

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=90)
MAX_ATTEMPTS = 3
FIRST_DELAY = timedelta(seconds=5)
WAKE_AGAIN_AFTER = timedelta(seconds=60)
WAITS_FOR_A_LARGER_WORKER = timedelta(hours=1)
MOST_WOKEN_AT_ONCE = 50


def wake_on_commit(run: Run) -> None:
    """Send the message once the row is there to be found. A broker that is down loses nothing: `sweep` sends again."""
    transaction.on_commit(lambda: wake(run), robust=True)


def wake(run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(woken_at=clock.now())
    app.send_task("evaluations.execute", args=[str(run.pk)], queue=run.queue)


def delay_after(attempt: int) -> timedelta:
    """How long to wait before a run is tried again: 5 s, 10 s, 20 s …"""
    return FIRST_DELAY * 2 ** max(0, attempt - 1)


def retry_or_fail(run: Run, *, code: str, reason: str, log: str = "") -> None:
    """After a fault of the hub: queue it again, or give it up after MAX_ATTEMPTS. Raises LeaseLost."""
    now = clock.now()
    if run.cancel_requested:
        run.withdraw(now)
    elif run.attempt < MAX_ATTEMPTS:
        run.requeue(now, delay_after(run.attempt), reason)
        logger.warning("run %s queued again after attempt %d: %s", run.pk, run.attempt, reason)
    else:
        reason = f"{reason} It was tried {run.attempt} times."
        with transaction.atomic():
            run.fail(now, kind=FailureKind.INFRASTRUCTURE, code=code, reason=reason, log=log)
            telling.tell_of_failure(run)
        logger.error("run %s failed: %s", run.pk, reason)


def sweep() -> None:
    """Take runs from workers that are gone, and wake workers for what is due and nobody was told of lately."""
    now = clock.now()
    for run in Run.objects.abandoned(now).select_related("repository"):
        try:
            retry_or_fail(run, code="worker_lost", reason="Its worker stopped answering.")
        except LeaseLost:  # it was heard of again, or another sweeper was quicker
            logger.info("run %s moved on before the sweeper", run.pk)
    Run.objects.filter(state=State.QUEUED, cancel_requested=True).update(state=State.CANCELLED, finished_at=now)
    _give_up_what_fits_nobody(now)
    untold = Q(woken_at=None) | Q(woken_at__lt=now - WAKE_AGAIN_AFTER)
    due = Run.objects.claimable(now).filter(untold).exclude(hardware_class__in=_resting(now))
    for run in due.order_by("created_at")[:MOST_WOKEN_AT_ONCE]:
        wake(run)
    workers.forget_the_gone()


def _give_up_what_fits_nobody(now: datetime) -> None:
    """Runs that wait for more memory than any worker of their class has; where none is known, one may still come."""
    largest: dict[str, int] = {}
    for worker in Worker.objects.all():
        for name in worker.classes:
            largest[name] = max(largest.get(name, 0), worker.memory)
    waiting = Run.objects.filter(state=State.QUEUED, created_at__lt=now - WAITS_FOR_A_LARGER_WORKER)
    for name, memory in largest.items():
        for run in waiting.filter(hardware_class=name, memory_needed__gt=memory).select_related("repository"):
            reason = f"It needs {run.memory_needed / 1e9:.1f} GB of memory; no {name} worker has more than {memory / 1e9:.1f} GB."
            try:
                with transaction.atomic():
                    run.give_up(now, code="no_worker", reason=reason)
                    telling.tell_of_failure(run)
            except LeaseLost:  # a larger one has come just now
                logger.info("run %s moved on before the sweeper", run.pk)


def _resting(now: datetime) -> set[str]:
    """Classes whose workers are here and take nothing, paused as they are: messages would only pile up."""
    here = {name for worker in Worker.objects.present(now) for name in worker.classes}
    return here - {name for worker in Worker.objects.taking(now) for name in worker.classes}
