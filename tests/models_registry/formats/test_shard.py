import hashlib
import struct
import tracemalloc
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_registry.formats import merkle, shard, xorb
from tests.models_registry.formats.conftest import RealUpload
from tests.models_registry.formats.xet_bytes import MadeFile, make_shard, make_xorb

FIRST = make_xorb(b"alpha", b"beta", b"gamma")
SECOND = make_xorb(b"delta")
FILE = MadeFile([(FIRST, 0, 2), (SECOND, 0, 1), (FIRST, 2, 3)])
SOUND = make_shard([FILE], [FIRST, SECOND])
HEADER = SOUND[:48]
BOOKEND = b"\xff" * 32 + bytes(16)


def test_a_parsed_shard_says_what_the_client_wrote():
    found = shard.parse(SOUND)
    (file,) = found.files
    assert file.hash == FILE.true_hash()
    assert file.sha256 == hashlib.sha256(b"alphabetadeltagamma").digest()
    assert list(file.terms()) == [
        shard.Term(FIRST.hash, 0, 2, 9),
        shard.Term(SECOND.hash, 0, 1, 5),
        shard.Term(FIRST.hash, 2, 3, 5),
    ]
    first = xorb.validate([FIRST.data]).table
    assert next(file.verifications()) == merkle.range_verification(first.hashes(0, 2))
    assert [described.agrees_with(first) for described in found.xorbs] == [True, False]


def test_the_shard_of_the_real_client_agrees_with_its_xorbs(real_upload: RealUpload):
    tables = {found.hash: found.table for found in (xorb.validate([data]) for data in real_upload.xorbs.values())}
    seen = {}
    for data in real_upload.shards:
        parsed = shard.parse(data)
        assert parsed.xorbs
        assert all(described.agrees_with(tables[described.hash]) for described in parsed.xorbs)
        for file in parsed.files:
            seen[merkle.hash_to_text(file.hash)] = file.sha256
            for term, proof in zip(file.terms(), file.verifications(), strict=True):
                table = tables[term.xorb]
                assert merkle.range_verification(table.hashes(term.start, term.end)) == proof
                assert table.unpacked_size(term.start, term.end) == term.length
    assert seen == {name: hashlib.sha256(content).digest() for name, content in real_upload.files.items()}


def shown(found: xorb.Xorb, *ranges: tuple[int, int]) -> shard.ShownXorb:
    return shard.ShownXorb(found.hash, found.table, ranges or ((0, len(found.table)),))


def file_record(count: int, flags: int = shard.HAS_VERIFICATION | shard.HAS_SHA256) -> bytes:
    return struct.pack("<32sIIQ", b"f" * 32, flags, count, 0)


def xorb_record(count: int) -> bytes:
    return struct.pack("<32sIIII", b"x" * 32, 0, count, 1, 1)


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "inside a header"),
        (b"?" + SOUND[1:], "shard tag"),
        (struct.pack("<32sQQ", shard.TAG, 3, 0) + SOUND[48:], "version 3"),
        (struct.pack("<32sQQ", shard.TAG, 2, 96) + SOUND[48:], "footer"),
        (HEADER, "inside a file"),
        (SOUND[:-1], "inside a xorb"),
        (HEADER + file_record(0) + BOOKEND * 2, "no terms"),
        (HEADER + file_record(1, shard.HAS_SHA256) + BOOKEND * 9, "verification hashes"),
        (HEADER + file_record(1, shard.HAS_VERIFICATION) + BOOKEND * 9, "SHA-256"),
        (HEADER + file_record(shard.MAX_TERMS) + BOOKEND * 2, "inside a term"),
        (HEADER + file_record(0xFFFF_FFFF) + BOOKEND * 2, "at most"),
        (HEADER + BOOKEND + xorb_record(0) + BOOKEND, "claims 0 chunks"),
        (HEADER + BOOKEND + xorb_record(0xFFFF_FFFF) + BOOKEND, "claims 4294967295 chunks"),
        (HEADER + BOOKEND + xorb_record(8192) + BOOKEND, "inside a chunk"),
        (bytes(shard.MAX_SHARD + 1), "at most 67108864 bytes"),
    ],
)
def test_a_malformed_shard_is_refused_with_the_reason(data, complaint):
    with pytest.raises(shard.MalformedShard, match=complaint):
        shard.parse(data)


@given(st.integers(0, len(SOUND) - 1))
def test_a_shard_cut_anywhere_is_refused(length):
    with pytest.raises(shard.MalformedShard):
        shard.parse(SOUND[:length])


@given(st.binary(max_size=600))
def test_arbitrary_bytes_after_the_header_are_a_shard_or_refused(tail):
    with suppress(shard.MalformedShard):
        assert len(shard.parse(HEADER + tail).files) * 192 <= len(tail)


def test_a_shard_of_very_many_terms_costs_little_more_than_its_bytes():
    count = 300_000
    data = b"".join([HEADER, file_record(count), BOOKEND * count, BOOKEND * count, BOOKEND, BOOKEND, BOOKEND])
    tracemalloc.start()
    (file,) = shard.parse(data).files
    assert sum(1 for _term in file.terms()) == count
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100_000


@given(st.lists(st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=8), min_size=1, max_size=4))
def test_a_dedup_answer_shows_chunks_only_under_its_key(groups):
    found = [xorb.validate([make_xorb(*chunks).data]) for chunks in groups]
    key = bytes(range(32))
    answer = shard.build_dedup_answer([shown(one) for one in found], key=key, created=10, expires=20)
    parsed = shard.parse(answer)
    assert [described.hash for described in parsed.xorbs] == [one.hash for one in found]
    names_removed = answer  # the name of a xorb of one chunk is that chunk's hash: it cannot be hidden
    for one in found:
        names_removed = names_removed.replace(one.hash, b"")
    for one, chunks in zip(found, groups, strict=True):
        for index, chunk in enumerate(chunks):
            assert merkle.keyed_chunk_hash(key, merkle.chunk_hash(chunk)) in answer
            assert len(chunks) == 1 or one.table.hash(index) not in names_removed


def test_a_chunk_that_is_not_shown_cannot_be_recognised():
    found = xorb.validate([FIRST.data])
    answer = shard.build_dedup_answer([shown(found, (0, 1), (2, 3))], key=b"k" * 32, created=10, expires=20)
    recognised = [merkle.keyed_chunk_hash(b"k" * 32, found.table.hash(index)) in answer for index in range(3)]
    assert recognised == [True, False, True]


def test_the_footer_of_a_dedup_answer_leads_to_its_tables():
    found = xorb.validate([FIRST.data])
    answer = shard.build_dedup_answer([shown(found)], key=b"k" * 32, created=10, expires=20)
    footer = answer[-200:]
    numbers = struct.unpack("<9Q", footer[:72])
    version, files_at, xorbs_at, _file_rows_at, file_rows, xorb_rows_at, xorb_rows, chunk_rows_at, chunk_rows = numbers
    assert (version, files_at, file_rows, xorb_rows, chunk_rows) == (1, 48, 0, 1, 3)
    assert answer[xorbs_at : xorbs_at + 32] == found.hash
    assert struct.unpack_from("<QI", answer, xorb_rows_at) == (int.from_bytes(found.hash[:8], "little"), 0)
    rows = [struct.unpack_from("<QII", answer, chunk_rows_at + 16 * number) for number in range(chunk_rows)]
    assert rows == sorted(rows)
    assert {row[1:] for row in rows} == {(0, 0), (0, 1), (0, 2)}
    assert footer[72:104] == b"k" * 32
    assert struct.unpack("<2Q", footer[104:120]) == (10, 20)
    assert struct.unpack("<Q", footer[-8:])[0] == len(answer) - 200
