from contextlib import suppress
from itertools import chain, pairwise

import lz4.frame
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_registry.formats import merkle, xorb
from tests.models_registry.formats.conftest import RealUpload
from tests.models_registry.formats.xet_bytes import make_xorb, packed_chunk, record

CHUNKS = st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=12)
SCHEMES = st.sampled_from([xorb.NO_PACKING, xorb.LZ4, xorb.GROUPED_LZ4])


def contents(data: bytes) -> list[bytes]:
    return [bytes(content) for _record, content in xorb.unpack([data])]


@given(CHUNKS, st.data())
def test_chunks_come_back_whatever_their_packing(chunks, data):
    packed = b"".join(packed_chunk(chunk, data.draw(SCHEMES)) for chunk in chunks)
    assert contents(packed) == chunks


@given(CHUNKS, SCHEMES)
def test_the_table_says_where_every_chunk_lies(chunks, scheme):
    made = make_xorb(*chunks, scheme=scheme)
    found = xorb.validate([made.data])
    assert found.hash == made.hash
    assert found.packed_size == len(made.data)
    assert found.unpacked_size == sum(map(len, chunks))
    assert list(found.table.leaves(0, len(chunks))) == made.leaves
    for index, chunk in enumerate(chunks):
        first, last = found.table.packed_span(index, index + 1)
        assert contents(made.data[first:last]) == [chunk]
        assert found.table.hash(index) == merkle.chunk_hash(chunk)
        assert found.table.length(index) == len(chunk)


@given(CHUNKS, st.data())
def test_the_chunk_of_an_offset_holds_that_byte(chunks, data):
    table = xorb.validate([make_xorb(*chunks).data]).table
    offset = data.draw(st.integers(0, sum(map(len, chunks)) - 1))
    index = table.chunk_at(offset)
    assert table.unpacked_end(index - 1) <= offset < table.unpacked_end(index)


@given(CHUNKS, SCHEMES, st.booleans(), st.data())
def test_a_xorb_may_come_in_blocks_of_any_size(chunks, scheme, with_footer, data):
    whole = make_xorb(*chunks, scheme=scheme).data + (xorb.FOOTER_MARK + b"tables" if with_footer else b"")
    cuts = [0, *sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=6))), len(whole)]
    blocks = [whole[start:end] for start, end in pairwise(cuts)]
    assert xorb.validate(blocks) == xorb.validate([whole])


def test_an_offset_past_the_end_lies_in_no_chunk():
    assert xorb.validate([make_xorb(b"one", b"two").data]).table.chunk_at(6) == 2


def test_a_footer_is_not_part_of_the_xorb(real_upload: RealUpload):
    for text, data in real_upload.xorbs.items():
        found = xorb.validate([data])
        assert found.packed_size < len(data)
        alone = xorb.validate([data[: found.packed_size]])
        assert alone == found
        assert merkle.hash_to_text(alone.hash) == text


def test_the_real_client_packs_in_all_three_ways(real_upload: RealUpload):
    schemes = {
        found.scheme
        for found, _content in chain.from_iterable(xorb.unpack([data]) for data in real_upload.xorbs.values())
    }
    assert schemes == {xorb.NO_PACKING, xorb.LZ4, xorb.GROUPED_LZ4}


SOUND = make_xorb(b"first chunk", b"second chunk", scheme=xorb.LZ4).data
BOMB = lz4.frame.compress(bytes(100_000_000), store_size=False)
FRAME = lz4.frame.compress(b"a" * 500, store_size=False)


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "no chunk"),
        (xorb.FOOTER_MARK, "no chunk"),
        (SOUND[:5], "cut short"),
        (SOUND[:-1], "cut short"),
        (SOUND + b"\0", "cut short"),
        (record(b"abc", 0, 3, version=1), "version 1"),
        (record(b"abc", 3, 3), "scheme 3"),
        (record(b"abc", 99, 3), "scheme 99"),
        (record(b"abc", 0, 4), "two lengths"),
        (record(b"", 1, 4), "packed bytes"),
        (record(FRAME, 1, 0), "claims 0 bytes"),
        (record(FRAME, 1, xorb.MAX_UNPACKED_CHUNK + 1), "claims"),
        (record(bytes(xorb.MAX_PACKED_CHUNK + 1), 1, 9), "packed bytes"),
        (record(b"not a frame", 1, 9), "not an LZ4 frame"),
        (record(FRAME, 1, 499), "does not end"),
        (record(FRAME, 1, 501), "unpacks to 500"),
        (record(FRAME[:-6], 1, 500), "does not end"),
        (record(FRAME + b"tail", 1, 500), "does not end"),
        (record(FRAME + FRAME, 1, 1000), "does not end"),
        (record(BOMB[:200_000], 1, xorb.MAX_UNPACKED_CHUNK), "does not end"),
        (record(b"a", 0, 1) * (xorb.MAX_CHUNKS + 1), "at most 8192 chunks"),
        (record(bytes(xorb.MAX_UNPACKED_CHUNK), 0, xorb.MAX_UNPACKED_CHUNK) * 513, "unpacked bytes"),
    ],
)
def test_malformed_data_is_refused_with_the_reason(data, complaint):
    with pytest.raises(xorb.MalformedXorb, match=complaint):
        xorb.validate([data])


def test_a_refused_chunk_does_not_disturb_the_next_one():
    for bad in (record(FRAME, 1, 499), record(b"not a frame", 1, 9)):
        with pytest.raises(xorb.MalformedXorb):
            xorb.validate([bad])
        assert contents(SOUND) == [b"first chunk", b"second chunk"]


@given(st.data())
def test_a_flipped_bit_is_refused_or_gives_another_hash(data):
    sound = make_xorb(b"some chunk" * 20, b"another chunk" * 20, scheme=xorb.LZ4)
    place = data.draw(st.integers(0, len(sound.data) * 8 - 1))
    flipped = bytearray(sound.data)
    flipped[place // 8] ^= 1 << place % 8
    try:
        found = xorb.validate([flipped])
    except xorb.MalformedXorb:
        return
    # A few bits of an LZ4 frame's header (its announced block size, say) do not change what it unpacks to.
    assert found.hash != sound.hash or contents(flipped) == list(sound.chunks)


@given(st.binary(max_size=400))
def test_arbitrary_bytes_are_a_xorb_or_refused(data):
    with suppress(xorb.MalformedXorb):
        assert xorb.validate([data]).packed_size <= len(data)


@pytest.mark.parametrize("size", [0, 39, 41])
def test_a_chunk_table_of_an_odd_size_is_refused(size):
    with pytest.raises(ValueError, match="multiple of 40"):
        xorb.ChunkTable(bytes(size))
