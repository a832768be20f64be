"""Reading ahead of a client, as far as it is worth: further for a fast one, hardly for a slow one, in bounded memory.

Sizes and times are those measured with 50 slow clients beside a fast one, and with storage 30 ms away.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator
from concurrent.futures import Executor

from models_registry.services import reading
from models_registry.services.reading import Layout, Window

SMALLEST = 1024 * 1024
LARGEST = 8 * 1024 * 1024
DEEPEST = 8
_SLOW_SEND = 0.25
_LATE = 0.001
# Before that much has gone out, a slow client looks fast: the kernel takes several MiB off our hands at once.
_PROVEN = 8 * 1024 * 1024
_FAST = 8 * 1024 * 1024
"""Bytes per second; to slower clients, the smallest window arrives in time from any storage."""


class Budget:
    """How many bytes all downloads of this process may have read ahead, together."""

    def __init__(self, size: int) -> None:
        self._left = size

    def take(self, size: int) -> bool:
        if size > self._left:
            return False
        self._left -= size
        return True

    def give_back(self, size: int) -> None:
        self._left += size


class ReadAhead:
    """The bytes [start, end) of a file in blocks, pulled by the client's pace.

    Beside the window being sent, further ones are fetched if the budget allows. If a fast client had to wait for storage,
    windows grow, then become more; if sending one took long, they shrink again, until the next is asked for only when one is
    sent: a slow client then costs one small window.
    """

    def __init__(self, layout: Layout, start: int, end: int, *, fetchers: Executor, planner: Executor, budget: Budget):
        self._layout = layout
        self._place, self._end = start, end
        self._fetchers, self._planner = fetchers, planner
        self._budget = budget
        self._wanted, self._depth = SMALLEST, 1
        self._first = start
        self._began = time.monotonic()
        self._ahead: deque[tuple[asyncio.Future[list[bytes]], int]] = deque()

    async def blocks(self) -> AsyncGenerator[bytes, None]:
        """Close the iterator (or let it end) to give back what it holds. Raises StorageUnavailable, ObjectMissing."""
        try:
            while await self._fill(least=1):
                future, taken = self._ahead.popleft()
                try:
                    asked = time.monotonic()
                    blocks = await future
                    self._hurry(time.monotonic() - asked)
                    await self._fill()
                    began = time.monotonic()
                    for block in blocks:
                        yield block
                    self._relax(time.monotonic() - began)
                finally:
                    self._budget.give_back(taken)
        finally:
            while self._ahead:
                future, taken = self._ahead.popleft()
                if not future.cancel() and not future.cancelled():
                    future.exception()  # nobody else will ask
                self._budget.give_back(taken)

    async def _fill(self, least: int = 0) -> bool:
        """Ask for windows until there are enough; whether there is one to wait for."""
        while self._place < self._end and len(self._ahead) < max(self._depth, least):
            taken = self._wanted
            if not self._budget.take(taken):
                if self._ahead:
                    break
                taken = 0  # nobody starves: one small window is always allowed
            wanted = taken or SMALLEST
            window = await asyncio.get_running_loop().run_in_executor(
                self._planner, self._layout.window, self._place, self._end, wanted
            )
            self._ahead.append((self._fetch(window), taken))
            self._place = window.end
        return bool(self._ahead)

    def _fetch(self, window: Window) -> asyncio.Future[list[bytes]]:
        return asyncio.get_running_loop().run_in_executor(self._fetchers, reading.fetch, window)

    def _hurry(self, waited: float) -> None:
        taken = self._place - self._first
        if waited < _LATE or taken < _PROVEN or taken < _FAST * (time.monotonic() - self._began):
            return
        if self._wanted < LARGEST:
            self._wanted *= 2
            self._depth = max(self._depth, 2)
        else:
            self._depth = min(self._depth + 1, DEEPEST)

    def _relax(self, took: float) -> None:
        if took > _SLOW_SEND:
            self._wanted = max(self._wanted // 2, SMALLEST)
            self._depth = max(self._depth - 1, 0)
