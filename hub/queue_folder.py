"""The queue of an embedded hub: kombu's folder of messages, made safe against readers that come at the wrong moment.

kombu 5.7 writes a message, and the table of an exchange, into the very file that readers look for: a worker that comes
between the making and the writing finds it empty, and dies of it. Here a message appears by a rename, whole; tables are
read and written under one lock.
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
from kombu.utils.encoding import str_to_bytes
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    def _put(self, queue: str, payload: Any, **_: Any) -> None:  # type: ignore[override]  # kombu has two names for it
        name = f"{round(time.monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg"
        fresh = Path(self.data_folder_out) / f"{name}.new"
        fresh.write_bytes(str_to_bytes(dumps(payload)))
        fresh.rename(fresh.with_name(name))

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
