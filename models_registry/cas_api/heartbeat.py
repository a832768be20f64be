"""Signs of life while something takes long, whatever it waits for: the database, storage, a core."""

import threading
from collections.abc import Iterator
from queue import Empty, SimpleQueue
from typing import TypeVar

from django.db import connections

Item = TypeVar("Item")


class _End:
    """The work is done, or has failed."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def with_heartbeat(work: Iterator[Item], seconds: float) -> Iterator[Item | None]:
    """What `work` yields, and None whenever nothing came for so long. Raises what it raises.

    The work runs in a thread of its own, to its end even if nobody listens any more: a client that lost the connection
    finds it done when it comes again.
    """
    queue: SimpleQueue[Item | _End] = SimpleQueue()

    def run() -> None:
        error: BaseException | None = None
        try:
            for item in work:
                queue.put(item)
        except BaseException as raised:  # noqa: BLE001 - it is raised where the work was asked for
            error = raised
        finally:
            connections.close_all()
            queue.put(_End(error))

    threading.Thread(target=run, name="registration", daemon=True).start()
    while True:
        try:
            item = queue.get(timeout=seconds)
        except Empty:
            yield None
            continue
        if isinstance(item, _End):
            if item.error is not None:
                raise item.error
            return
        yield item
