"""The filesystem broker, with messages that are whole from the moment they can be seen.

kombu opens a message's file under its final name and writes afterwards: a worker that looks in between reads nothing,
and dies of it, because nothing is no JSON. Here a message is written beside its place first. The tables that say which queue
an exchange feeds have the same fault, when several workers start at once: here they are read and written under one lock.
"""

import fcntl
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kombu.transport import filesystem
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    def _put(self, queue: str, payload: Any, **_: Any) -> None:  # type: ignore[override]  # kombu disagrees with itself
        """The name is kombu's: workers look for its end, and take messages in its order."""
        folder, identity = Path(self.data_folder_out), uuid.uuid4()
        draft = folder / f".{identity}.draft"
        try:
            draft.write_text(dumps(payload), "utf-8")
            draft.replace(folder / f"{round(time.monotonic() * 1000)}_{identity}.{queue}.msg")
        except OSError:
            draft.unlink(missing_ok=True)
            raise

    def get_table(self, exchange: str) -> list[Any]:
        with self._tables(fcntl.LOCK_SH):
            return super().get_table(exchange)

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        with self._tables(fcntl.LOCK_EX):
            super()._queue_bind(exchange, routing_key, pattern, queue)

    @contextmanager
    def _tables(self, how: int) -> Iterator[None]:
        lock = os.open(Path(self.control_folder) / "tables.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, how)
            yield
        finally:
            os.close(lock)


class Transport(filesystem.Transport):
    Channel = Channel
