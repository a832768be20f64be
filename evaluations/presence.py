"""The presence of this Celery worker, if it evaluates: a thread of its own tells the database that it is there, and hears
whether it should pause or end.

A worker that is paused stops reading its queues, so that no message waits with it; one that drains ends once it is idle.
"""

import logging
import os
import threading
from typing import Any

from celery.worker import state as celery_state
from django.db import Error as AnyDatabaseError
from django.db import connection

from evaluations.models import Mode, Worker
from evaluations.services import workers

logger = logging.getLogger(__name__)

BEAT_SECONDS = 5.0
PREFIX = "eval."


class Presence(threading.Thread):
    """consumer: Celery's, whose queues it reads. `worker` is None until the database has taken it in."""

    def __init__(self, consumer: Any, queues: list[str]) -> None:
        super().__init__(name="presence", daemon=True)
        self._consumer = consumer
        self._queues = queues
        self._reads = True
        self._over = threading.Event()
        self.worker: Worker | None = None

    def run(self) -> None:
        try:
            while not self._over.wait(0 if self.worker is None else BEAT_SECONDS):
                self._beat()
        finally:
            connection.close()

    def end(self) -> None:
        self._over.set()
        self.join(BEAT_SECONDS)
        if self.worker is not None:
            try:
                workers.leave(self.worker)
            except AnyDatabaseError:  # it will be missed soon enough
                logger.warning("the database could not be told that this worker stops", exc_info=True)

    def _beat(self) -> None:
        try:
            if self.worker is None:
                name = str(self._consumer.hostname)
                self.worker = workers.register(name, [queue.removeprefix(PREFIX) for queue in self._queues])
            mode = workers.beat(self.worker)
            is_idle = mode is not Mode.DRAINING or workers.is_idle(self.worker)
        except AnyDatabaseError:
            logger.warning("the database did not take this worker's heartbeat", exc_info=True)
            connection.close()  # this thread asks for another one the next time
            self._over.wait(BEAT_SECONDS)
            return
        except Worker.DoesNotExist:  # somebody removed its row
            self.worker = None
            return
        self._read(mode is Mode.ACTIVE)
        if mode is Mode.DRAINING and is_idle:
            logger.warning("this worker was drained: it ends")
            celery_state.should_stop = os.EX_OK

    def _read(self, wanted: bool) -> None:
        """Read the queues, or no longer: Celery does it between two messages, in its own thread."""
        if wanted == self._reads:
            return
        self._reads = wanted
        act = self._consumer.add_task_queue if wanted else self._consumer.cancel_task_queue
        for queue in self._queues:
            self._consumer.call_soon(act, queue)
        logger.warning("this worker is %s", "resumed" if wanted else "paused")


_presence: list[Presence] = []


def appear(sender: Any, **_: object) -> None:
    """A worker is ready (Celery's signal). sender: its consumer."""
    queues = [name for name in sender.app.amqp.queues.consume_from if name.startswith(PREFIX)]
    if queues:
        _presence.append(Presence(sender, queues))
        _presence[-1].start()


def disappear(**_: object) -> None:
    """After the run at hand has ended, for which Celery waits."""
    while _presence:
        _presence.pop().end()
