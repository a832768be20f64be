from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from hub.jobs.models import Job, State
from hub.jobs.tasks import run

Work = Callable[..., int]


@pytest.fixture
def work() -> Work:
    """`work("tell")`: a worker comes by and does what is asked for, of these kinds, until nothing is left."""

    def do(*kinds: str) -> int:
        done = 0
        while waiting := list(Job.objects.filter(kind__in=kinds, state=State.QUEUED)):
            Job.objects.filter(pk__in=[job.pk for job in waiting]).update(
                run_after=timezone.now() - timedelta(seconds=1)
            )
            for job in waiting:
                run(job.pk)
                done += 1
        return done

    return do
