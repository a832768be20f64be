"""What went out, counted in the process and written down now and then."""

import time
from collections import Counter
from concurrent.futures import Executor

from models_registry.services import plain_copies

_SECONDS = 10.0


class Served:
    """Bytes by content. What a process that is killed had not yet written down is lost, and nobody minds."""

    def __init__(self) -> None:
        self._waiting: Counter[int] = Counter()
        self._written = time.monotonic()

    def add(self, lfs_object_id: int, size: int, executor: Executor) -> None:
        """The executor's threads may ask the database."""
        self._waiting[lfs_object_id] += size
        if time.monotonic() - self._written >= _SECONDS:
            waiting, self._waiting = self._waiting, Counter()
            self._written = time.monotonic()
            executor.submit(plain_copies.note_served, waiting)
