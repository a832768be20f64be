"""How long parts of the work took, in seconds: deserialise, to_device, first_inference, perf."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

SECONDS: dict[str, float] = {}  # of this process, which loads one model and ends


@contextmanager
def timed(name: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    SECONDS[name] = SECONDS.get(name, 0.0) + time.perf_counter() - started
