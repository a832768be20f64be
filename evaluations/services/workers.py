"""Which workers there are, what each has, and what its operators want of it."""

import logging
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from accounts.models import Actor, AuditEntry
from evaluations import access, sandbox
from evaluations.embedded import is_embedded
from evaluations.models import WORKING, Mode, Run, Worker
from hub import clock

logger = logging.getLogger(__name__)

DESCRIBING_SECONDS = 120
FORGOTTEN_AFTER = timedelta(days=7)


def register(name: str, classes: Sequence[str]) -> Worker:
    """A worker starts: what it has, by its own machine's word. One that was paused stays so.

    Raises DatabaseError.
    """
    hardware = describe_hardware("cpu" if all(one.startswith("cpu") for one in classes) else "cuda")
    protections = sandbox.protections(settings.SANDBOX, embedded=is_embedded())
    for sentence in protections["sentences"]:
        logger.info("sandbox: %s", sentence)
    now = clock.now()
    facts = {
        "classes": list(classes),
        "hardware": hardware,
        "memory": memory_of(hardware),
        "protections": protections,
        "started_at": now,
        "seen_at": now,
        "stopped_at": None,
    }
    with transaction.atomic():
        worker, _is_new = Worker.objects.update_or_create(name=name, defaults=facts)
        Worker.objects.filter(pk=worker.pk, mode=Mode.DRAINING).update(mode=Mode.ACTIVE)
    worker.refresh_from_db()
    return worker


def describe_hardware(device: str) -> dict[str, Any]:
    """As a result's `env` tells it, by the harness's own program. Nothing where that fails."""
    # The harness is a program of its own: nothing here may import torch, which it asks about GPUs.
    import json  # noqa: PLC0415

    command = [sys.executable, "-m", "evaluations.harness.environment", device]
    try:
        answer = subprocess.run(  # noqa: S603
            command,
            cwd=settings.BASE_DIR,
            env=dict(os.environ),
            capture_output=True,
            timeout=DESCRIBING_SECONDS,
            check=True,
        )
        described: dict[str, Any] = json.loads(answer.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        logger.warning("this machine could not be described", exc_info=True)
        return {}
    return described


def memory_of(hardware: dict[str, Any]) -> int:
    """Bytes a model may take: of all GPUs together, or of the RAM, also where the machine could not be described."""
    gpu = hardware.get("gpu")
    if gpu:
        return int(gpu["memory"]) * int(gpu["present"])
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def beat(worker: Worker) -> Mode:
    """It is still there. Gives what its operators want of it."""
    Worker.objects.filter(pk=worker.pk).update(seen_at=clock.now(), stopped_at=None)
    return Mode(Worker.objects.values_list("mode", flat=True).get(pk=worker.pk))


def leave(worker: Worker) -> None:
    """It stops by itself."""
    Worker.objects.filter(pk=worker.pk).update(stopped_at=clock.now())


def is_idle(worker: Worker) -> bool:
    return not Run.objects.filter(worker=worker.name, state__in=WORKING).exists()


def forget_the_gone() -> None:
    """Rows of workers that nobody has heard of for a week; one that is paused is kept as it is wanted."""
    gone = Worker.objects.filter(seen_at__lt=clock.now() - FORGOTTEN_AFTER)
    gone.exclude(mode=Mode.PAUSED).delete()


@transaction.atomic
def set_mode(*, actor: Actor, worker: Worker, mode: Mode) -> None:
    """Pause, resume or drain it; it hears of it with its next heartbeat. Raises Unauthenticated, Forbidden."""
    access.require_worker_manager(actor)
    Worker.objects.filter(pk=worker.pk).update(mode=mode)
    AuditEntry.objects.record(actor, f"worker.{mode}", worker.name)
