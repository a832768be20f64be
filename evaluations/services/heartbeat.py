"""While a worker has a run, a thread of its own says so every few seconds, and hears when it should stop."""

import logging
import threading
import time
from types import TracebackType
from typing import Self

from django.db import Error as AnyDatabaseError
from django.db import connection

from evaluations.child import StoppedError
from evaluations.models import LeaseLost, Run
from evaluations.services.waking import LEASE
from hub import clock

logger = logging.getLogger(__name__)

BEAT_SECONDS = 5.0
LIVE_LOG_CHARACTERS = 8000


class Heartbeat:
    """Holds the lease of one run. `stopped` is true once it is lost or its cancellation is asked for.

        with Heartbeat(run) as heartbeat:
            heartbeat.report(64, 540)      # goes into the row with the next beat
            heartbeat.check()              # raises StoppedError

    The lease is taken for lost, too, when the database could not be told of it until it ran out.
    """

    def __init__(self, run: Run) -> None:
        # An object of its own: the thread changes it, and the supervisor's must not change under its hands.
        self._run = Run.objects.get(pk=run.pk)
        self._run.attempt = run.attempt
        self._done = threading.Event()
        self._stopped = threading.Event()
        self._progress = (0, 0)
        self._log = ""
        self._held_until = time.monotonic() + LEASE.total_seconds()
        self._thread = threading.Thread(target=self._beat, name=f"heartbeat of {run.pk}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def report(self, done: int, total: int) -> None:
        self._progress = (done, total)

    def show(self, log: str) -> None:
        """What the model's process has printed last, for whoever watches: goes into the row with the next beat."""
        self._log = log[-LIVE_LOG_CHARACTERS:]

    def stopped(self) -> bool:
        return self._stopped.is_set()

    def check(self) -> None:
        """Raises StoppedError if the run was cancelled or is another worker's."""
        if self.stopped():
            raise StoppedError

    def _beat(self) -> None:
        try:
            while not self._done.wait(BEAT_SECONDS) and not self.stopped():
                self._hold()
        finally:
            connection.close()

    def _hold(self) -> None:
        done, total = self._progress
        try:
            self._run.hold(clock.now(), LEASE, done=done, total=total, log=self._log)
            cancelled = Run.objects.filter(pk=self._run.pk, cancel_requested=True).exists()
        except LeaseLost:
            logger.warning("run %s, attempt %d: the lease is lost", self._run.pk, self._run.attempt)
            self._stopped.set()
        except AnyDatabaseError:
            logger.warning("run %s: the database did not take a heartbeat", self._run.pk, exc_info=True)
            connection.close()  # this thread asks for another one the next time
            if time.monotonic() > self._held_until:
                self._stopped.set()
        else:
            self._held_until = time.monotonic() + LEASE.total_seconds()
            if cancelled:
                self._stopped.set()
