import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_registry.formats import merkle, xorb
from tests.models_registry.formats.conftest import RealUpload

HASHES = st.binary(min_size=32, max_size=32)


@given(HASHES)
def test_a_hash_comes_back_from_its_text(raw):
    assert merkle.hash_from_text(merkle.hash_to_text(raw)) == raw


def test_each_group_of_eight_bytes_is_written_backwards():
    text = merkle.hash_to_text(bytes(range(32)))
    assert text == "07060504030201000f0e0d0c0b0a090817161514131211101f1e1d1c1b1a1918"


@pytest.mark.parametrize("text", ["", "ab", "g" * 64, "A" * 64, "0" * 63, "0" * 65, "0" * 62 + "é"])
def test_what_is_not_64_lowercase_hex_digits_is_no_hash(text):
    with pytest.raises(ValueError, match="64 lowercase"):
        merkle.hash_from_text(text)


@given(HASHES, st.integers(1, 1 << 20))
def test_the_remainder_of_a_hash_is_that_of_its_last_number_as_printed(raw, divisor):
    assert merkle.hash_modulo(raw, divisor) == int(merkle.hash_to_text(raw)[48:], 16) % divisor


@given(HASHES, st.integers(1, 1 << 17))
def test_a_single_chunk_is_its_own_root(raw, length):
    assert merkle.tree_root([(raw, length)]) == raw


@given(st.lists(st.tuples(HASHES, st.integers(1, 1 << 17)), min_size=2, max_size=60), st.data())
def test_another_order_or_length_of_chunks_is_another_root(leaves, data):
    place = data.draw(st.integers(0, len(leaves) - 1))
    name, length = leaves[place]
    longer = [*leaves[:place], (name, length + 1), *leaves[place + 1 :]]
    assert merkle.tree_root(longer) != merkle.tree_root(leaves)
    if leaves[::-1] != leaves:
        assert merkle.tree_root(leaves[::-1]) != merkle.tree_root(leaves)


def test_an_empty_file_has_the_zero_hash():
    assert merkle.file_hash([]) == merkle.ZERO_HASH


def test_a_changed_chunk_hash_changes_the_verification():
    one, two = merkle.chunk_hash(b"one"), merkle.chunk_hash(b"two")
    assert merkle.range_verification(one + two) != merkle.range_verification(two + one)


def test_xorb_and_file_hashes_are_those_of_the_real_client(real_upload: RealUpload):
    for text, data in real_upload.xorbs.items():
        found = xorb.validate([data])
        assert merkle.hash_to_text(found.hash) == text
        content = b"".join(bytes(chunk) for _record, chunk in xorb.unpack([data]))
        for file_hash, file in real_upload.files.items():
            first = found.table.chunk_at(content.index(file))
            last = found.table.chunk_at(content.index(file) + len(file) - 1)
            assert merkle.hash_to_text(merkle.file_hash(found.table.leaves(first, last + 1))) == file_hash
