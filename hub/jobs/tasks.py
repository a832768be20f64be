"""The queue's two doors: one job is run, and lost ones are woken again."""

import logging
from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from hub.jobs.models import Job, State
from hub.jobs.registry import NotNow, kind_of, known_names

logger = logging.getLogger(__name__)

_WAIT = timedelta(seconds=20)


@shared_task(name="hub.jobs.run", ignore_result=True)
def run(job_id: int) -> None:
    """Do one job, if nobody else holds it."""
    job = Job.objects.filter(pk=job_id, kind__in=known_names()).first()
    if job is None:
        return
    kind = kind_of(job.kind)
    row = Job.objects.filter(pk=job_id)
    if not row.claim(timezone.now(), kind.lease):
        return
    job.refresh_from_db()
    try:
        kind.function(job.key)
    except NotNow:
        later = timezone.now() + _WAIT
        row.held(job.attempt).update(state=State.QUEUED, attempt=job.attempt - 1, run_after=later)
        return
    except Exception as error:  # the edge of the work: what failed is written down, and retried or reported
        reason = f"{type(error).__name__}: {error}"[:4000]
        logger.warning("%s %s failed, attempt %d", job.kind, job.key, job.attempt, exc_info=True)
        if isinstance(error, kind.retry_on) and job.attempt < kind.attempts:
            later = timezone.now() + timedelta(seconds=2**job.attempt)
            row.held(job.attempt).update(state=State.QUEUED, run_after=later, last_error=reason)
            return
        _end(job, State.FAILED, reason)
        raise
    _end(job, State.DONE)


def _end(job: Job, state: State, reason: str = "") -> None:
    held = Job.objects.filter(pk=job.pk).held(job.attempt)
    if not held.filter(requested=job.requested).update(state=state, last_error=reason):
        # Asked for again while it ran: what it did, or failed to do, may already be old.
        held.update(state=State.QUEUED, attempt=0, run_after=timezone.now())
        job.wake()


@shared_task(name="hub.jobs.sweep", ignore_result=True)
def sweep() -> None:
    """Wake what is due and was not woken: messages get lost, workers die."""
    now = timezone.now()
    # A newer version's work is left to that version's workers.
    for job in Job.objects.due(now).filter(kind__in=known_names())[:500]:
        exhausted = job.state == State.RUNNING and job.attempt >= kind_of(job.kind).attempts
        if exhausted:  # each attempt killed its worker
            Job.objects.filter(pk=job.pk).held(job.attempt).update(
                state=State.FAILED, last_error="Its worker died on every attempt."
            )
        else:
            job.wake()
