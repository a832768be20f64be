import hashlib
import random
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models_registry import storage
from models_registry.errors import StorageUnavailable
from models_registry.formats import xorb
from models_registry.models import GitObject, LfsObject, ObjectKind, Xorb
from models_registry.services import objects, reading
from models_registry.services.reading import Layout, Segment
from models_registry.storage import keys
from tests import make
from tests.models_registry.formats.xet_bytes import make_xorb
from tests.models_registry.xet.sending import caller, send_file, some_chunks, some_xorb

FIRST, SECOND = some_xorb(1, count=20, scheme=xorb.LZ4), some_xorb(2, count=20, scheme=xorb.GROUPED_LZ4)
PIECES = ((FIRST, 0, 7), (SECOND, 3, 20), (FIRST, 9, 12), (FIRST, 7, 9), (SECOND, 0, 3), (FIRST, 0, 20))
CONTENT = b"".join(b"".join(made.chunks[start:end]) for made, start, end in PIECES)


@pytest.fixture
def in_xorbs() -> LfsObject:
    return send_file(caller(make.repository()), *PIECES)


@pytest.fixture
def plain() -> LfsObject:
    return plain_object(CONTENT)


def plain_object(content: bytes) -> LfsObject:
    sha256 = hashlib.sha256(content).hexdigest()
    key = keys.lfs(sha256)
    storage.put(key, content)
    return LfsObject.objects.create(sha256=sha256, size=len(content), plain_key=key)


@pytest.fixture
def in_a_row() -> GitObject:
    return blob(CONTENT, spill_over=len(CONTENT))


def blob(content: bytes, spill_over: int) -> GitObject:
    repository = make.repository()
    prepared = objects.blob_of(content, spill_over=spill_over)
    objects.insert(repository, [prepared], batch=1)
    return GitObject.objects.get(repository=repository, oid=prepared.oid, kind=ObjectKind.BLOB)


@pytest.fixture
def spilled() -> GitObject:
    return blob(CONTENT, spill_over=10)


@pytest.mark.parametrize("kind", ["in_xorbs", "plain", "in_a_row", "spilled"])
@given(start=st.integers(0, len(CONTENT) + 10), length=st.integers(0, len(CONTENT) + 10))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_range_is_the_same_however_the_content_is_kept(
    request: pytest.FixtureRequest, kind: str, start: int, length: int
):
    file = request.getfixturevalue(kind)
    assert reading.read_range(file, start, start + length) == CONTENT[start : start + length]


@given(start=st.integers(0, len(CONTENT) - 1), length=st.integers(1, len(CONTENT)), wanted=st.integers(1, 9000))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_windows_of_any_size_are_the_range_in_order_without_a_gap(
    in_xorbs: LfsObject, start: int, length: int, wanted: int
):
    layout = reading.layout_of(in_xorbs)
    place, parts = start, []
    for window in layout.windows(start, start + length, wanted):
        assert window.start == place
        assert window.end <= min(start + length, len(CONTENT))
        parts.append(b"".join(reading.fetch(window)))
        assert len(parts[-1]) == window.size
        place = window.end
    assert b"".join(parts) == CONTENT[start : start + length]


def test_a_large_file_streams_in_order_with_reads_ahead():
    chance = random.Random(7)
    content = chance.randbytes(3 * reading.WINDOW + 12_345)
    assert b"".join(reading.stream(plain_object(content))) == content


def test_a_reader_that_stops_early_leaves_no_thread_behind():
    content = random.Random(7).randbytes(3 * reading.WINDOW)
    blocks = reading.stream(plain_object(content))
    next(blocks)
    blocks.close()
    for thread in threading.enumerate():
        if thread.name.startswith("read-ahead"):
            thread.join(timeout=10)
            assert not thread.is_alive()


def test_neighbouring_pieces_of_a_xorb_are_one_read(in_xorbs: LfsObject, monkeypatch: pytest.MonkeyPatch):
    reads = []

    def counted(key: str, start: int, end: int) -> bytes:
        reads.append((key, start, end))
        return real(key, start, end)

    real = storage.read_range
    monkeypatch.setattr(storage, "read_range", counted)
    assert reading.read_range(in_xorbs, 0, len(CONTENT)) == CONTENT
    assert len(reads) == 2, "two xorbs, however many terms"


def test_far_pieces_of_a_xorb_are_read_by_themselves(monkeypatch: pytest.MonkeyPatch):
    sent = send_file(caller(make.repository()), (FIRST, 0, 1), (FIRST, 19, 20))
    monkeypatch.setattr(reading, "_GAP", 100)
    reads = []
    real = storage.read_range
    monkeypatch.setattr(storage, "read_range", lambda *span: reads.append(span) or real(*span))
    assert reading.read_range(sent, 0, sent.size) == FIRST.chunks[0] + FIRST.chunks[19]
    assert len(reads) == 2


def test_a_damaged_object_is_an_error_not_other_bytes(in_xorbs: LfsObject):
    for row in Xorb.objects.all():
        stored = bytearray(storage.read_range(row.key, 0, row.packed_size))
        stored[len(stored) // 2] ^= 0xFF
        storage.put(row.key, bytes(stored[:-1]))
    with pytest.raises(StorageUnavailable):
        reading.read_range(in_xorbs, 0, len(CONTENT))


def test_a_lost_object_is_named():
    lost = Layout([Segment(10, "lfs/00/lost", 0, 10, packed=False)])
    with pytest.raises(StorageUnavailable, match="lfs/00/lost"):
        list(reading.stream_layout(lost, 0, 10))


def test_memory_stays_bounded_however_many_small_pieces_a_file_has():
    """Every other chunk of a xorb, twice over: merging must not read the gaps without end."""
    made = make_xorb(*some_chunks(200, 5, size=200))
    pieces = [(made, number, number + 1) for number in [*range(0, 200, 2), *range(1, 200, 2)]]
    sent = send_file(caller(make.repository()), *pieces)
    content = b"".join(made.chunks[start] for _made, start, _end in pieces)
    assert b"".join(reading.stream(sent)) == content
