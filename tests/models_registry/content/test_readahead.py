"""How far the content server reads ahead of a client."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import aclosing

import pytest

from models_registry.content import readahead
from models_registry.content.readahead import SMALLEST, Budget, ReadAhead
from models_registry.services.reading import Layout, Segment, Window

SIZE = 60 * 2**20
LAYOUT = Layout([Segment(SIZE, "no such object", 0, SIZE, packed=False)])
PLENTY = 256 * 2**20


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[Executor]:
    """Windows come at once: what is looked at is how many are asked for."""

    def fetch(window: Window) -> list[bytes]:
        return [bytes(window.size)]

    monkeypatch.setattr(readahead.reading, "fetch", fetch)
    with ThreadPoolExecutor(2) as pool:
        yield pool


def held(threads: Executor, budget: Budget, pause: float, blocks: int) -> list[int]:
    """Bytes that are held while each of the first blocks is sent, by a client that pauses after each."""

    async def read() -> list[int]:
        reader = ReadAhead(LAYOUT, 0, SIZE, fetchers=threads, planner=threads, budget=budget)
        found = []
        async with aclosing(reader.blocks()) as sent:
            async for _block in sent:
                found.append(PLENTY - budget._left)
                if len(found) == blocks:
                    return found
                await asyncio.sleep(pause)
        return found

    with ThreadPoolExecutor(1) as alone:  # the browser's tests leave a loop running in the thread that all tests share
        return alone.submit(asyncio.run, read()).result()


def test_a_slow_client_costs_one_small_window(threads: Executor, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(readahead, "_SLOW_SEND", 0.02)
    found = held(threads, Budget(PLENTY), pause=0.05, blocks=6)
    assert found[0] == 2 * SMALLEST, "at first nobody knows"
    assert found[2:] == [SMALLEST] * 4


def test_a_fast_client_has_the_next_window_waiting(threads: Executor):
    budget = Budget(PLENTY)
    assert min(held(threads, budget, pause=0, blocks=20)) >= 2 * SMALLEST
    assert budget._left == PLENTY


def test_without_a_budget_every_client_gets_one_window_at_a_time(threads: Executor):
    budget = Budget(0)
    assert len(held(threads, budget, pause=0, blocks=5)) == 5
    assert budget._left == 0
