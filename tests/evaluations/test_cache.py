import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evaluations.cache import Cache, DamagedError, Wanted


def wanted(
    content: bytes, parts: Iterable[Callable[[], list[bytes]]] | None = None, claim: bytes | None = None
) -> Wanted:
    hasher = hashlib.sha256()
    expected = hashlib.sha256(content if claim is None else claim).hexdigest()
    parts = [lambda: [content]] if parts is None else parts
    return Wanted(expected, len(content), parts, hasher, lambda: hasher.hexdigest() == expected)


def nothing() -> None:
    """Goes on."""


def files(folder: Path) -> set[Path]:
    return {file for file in folder.glob("??/*") if file.suffix != ".lock"}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(parts=st.lists(st.lists(st.binary(max_size=50), max_size=4), max_size=30))
def test_parts_come_together_in_order_whichever_is_first(parts: list[list[bytes]], tmp_path: Path):
    content = b"".join(block for part in parts for block in part)
    slow = [
        lambda part=part, index=index: (time.sleep(0.001 * (index % 3)), part)[1] for index, part in enumerate(parts)
    ]
    place = Cache(tmp_path, 10**9).get(wanted(content, slow), nothing)
    assert place.read_bytes() == content


def test_a_file_is_fetched_once_and_cannot_be_written(tmp_path: Path):
    cache, asked = Cache(tmp_path, 10**9), []
    part = lambda: asked.append(1) or [b"weights"]  # noqa: E731
    first = cache.get(wanted(b"weights", [part]), nothing)
    second = cache.get(wanted(b"weights", [part]), nothing)
    assert first == second
    assert asked == [1]
    assert first.stat().st_mode & 0o777 == 0o444


def test_many_at_once_share_one_download(tmp_path: Path):
    cache, asked = Cache(tmp_path, 10**9), []

    def part() -> list[bytes]:
        asked.append(1)
        time.sleep(0.05)
        return [b"weights"]

    threads = [threading.Thread(target=lambda: cache.get(wanted(b"weights", [part]), nothing)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert asked == [1]


@pytest.mark.parametrize(("content", "claim"), [(b"tampered", b"weights"), (b"wei", b"weights")])
def test_what_is_damaged_is_refused_and_leaves_nothing(content: bytes, claim: bytes, tmp_path: Path):
    with pytest.raises(DamagedError):
        Cache(tmp_path, 10**9).get(wanted(content, claim=claim), nothing)
    assert not files(tmp_path)


def test_a_download_that_is_given_up_leaves_nothing(tmp_path: Path):
    class Cancelled(Exception):
        pass

    def stop() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        Cache(tmp_path, 10**9).get(wanted(b"xy" * 20, [lambda: [b"xy"]] * 20), stop)
    assert not files(tmp_path)


def test_a_file_cut_short_by_a_crash_is_fetched_again(tmp_path: Path):
    cache = Cache(tmp_path, 10**9)
    place = cache.get(wanted(b"weights"), nothing)
    place.chmod(0o644)
    place.write_bytes(b"wei")
    assert cache.get(wanted(b"weights"), nothing).read_bytes() == b"weights"


def test_the_longest_unused_goes_first_and_what_a_run_has_stays(tmp_path: Path):
    cache = Cache(tmp_path / "cache", 1000)
    places = []
    for index in range(3):
        places.append(cache.get(wanted(bytes([index]) * 250), nothing))
        os.utime(places[-1], (1000 + index, 1000 + index))
    os.link(places[0], tmp_path / "in-use")
    cache.get(wanted(b"z" * 300), nothing)
    assert places[0].exists()
    assert not places[1].exists()
    assert not places[2].exists()
    assert (tmp_path / "in-use").read_bytes() == b"\0" * 250
