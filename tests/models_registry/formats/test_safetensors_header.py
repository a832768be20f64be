import io
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load, save

from models_registry.formats.safetensors_header import (
    MAX_HEADER_BYTES,
    MAX_TENSORS,
    InvalidHeaderError,
    header_end,
    parse_header,
)
from tests.kept import is_known


def file_of(header: object, data: bytes = b"", *, length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + data


def tensor(begin: int, end: int, dtype: Any = "U8", shape: Any = None) -> dict[str, Any]:
    return {"dtype": dtype, "shape": [end - begin] if shape is None else shape, "data_offsets": [begin, end]}


def test_a_file_of_the_real_library_is_read_from_its_first_bytes_alone():
    arrays = {"a.weight": np.zeros((3, 4), "float32"), "b": np.zeros(5, "float16"), "empty": np.zeros((0, 7), "int64")}
    content = save(arrays, metadata={"format": "np"})
    needed = header_end(content[:8], len(content))
    header = parse_header(content[:needed], len(content))
    assert {(t.name, t.dtype, t.shape) for t in header.tensors} == {
        ("a.weight", "F32", (3, 4)),
        ("b", "F16", (5,)),
        ("empty", "I64", (0, 7)),
    }
    assert header.metadata == {"format": "np"}
    assert header.parameters_by_dtype == {"F16": 5, "F32": 12, "I64": 0}
    assert header.parameter_count == 17


@given(
    st.dictionaries(
        st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF, categories=("L", "N")), min_size=1, max_size=20),
        st.tuples(
            st.sampled_from(["float32", "float64", "int8", "uint16", "bool"]), st.lists(st.integers(0, 5), max_size=4)
        ),
        max_size=8,
    )
)
def test_whatever_the_real_library_writes_is_understood_as_written(arrays: dict[str, tuple[str, list[int]]]):
    content = save({name: np.zeros(shape, dtype) for name, (dtype, shape) in arrays.items()})
    header = parse_header(content, len(content))
    assert {t.name: t.shape for t in header.tensors} == {name: tuple(shape) for name, (_, shape) in arrays.items()}
    for found in header.tensors:
        assert found.end - found.begin == np.zeros(found.shape, arrays[found.name][0]).nbytes


@given(st.binary(max_size=400))
def test_bytes_that_are_no_safetensors_file_are_refused_and_nothing_else_is_raised(content: bytes):
    with pytest.raises(InvalidHeaderError):
        parse_header(content, len(content) + 1)


@given(st.integers(0, 10_000), st.integers(0, 255))
def test_a_flipped_byte_never_makes_the_check_accept_what_the_library_refuses(position: int, value: int):
    content = bytearray(save({"w": np.arange(12, dtype="float32").reshape(3, 4), "b": np.zeros(3, "float32")}))
    content[position % len(content)] = value
    try:
        parse_header(bytes(content), len(content))
    except InvalidHeaderError:
        return
    load(bytes(content))


HOSTILE = {
    "an empty file": b"",
    "fewer than eight bytes": b"\x02\x00\x00",
    "a header longer than the file": file_of(b"{}", length=100),
    "a header over the limit": file_of(b"{}", length=MAX_HEADER_BYTES + 1),
    "a length of 2⁶⁴ - 1": b"\xff" * 8 + b"{}",
    "a header of nothing": file_of(b""),
    "no JSON": file_of(b"{not json}"),
    "a list": file_of(b"[1, 2]"),
    "not UTF-8": file_of(b'{"\xff\xfe": 1}'),
    "JSON nested a hundred thousand deep": file_of(b'{"a":' + b"[" * 100_000),
    "NaN as a size": file_of(b'{"a":{"dtype":"U8","shape":[NaN],"data_offsets":[0,0]}}'),
    "the same tensor twice": file_of(
        b'{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}'
    ),
    "an unknown dtype": file_of({"a": tensor(0, 4, dtype="PICKLE", shape=[4])}, b"1234"),
    "a dtype that is a list": file_of({"a": tensor(0, 4, dtype=["U8"], shape=[4])}, b"1234"),
    "a negative size": file_of({"a": tensor(0, 4, shape=[-1, -4])}, b"1234"),
    "a size of true": file_of({"a": tensor(0, 1, shape=[True])}, b"1"),
    "a fraction as a size": file_of({"a": tensor(0, 1, shape=[1.0])}, b"1"),
    "a size of 10³⁰⁰": file_of({"a": tensor(0, 1, shape=[10**300])}, b"1"),
    "a number of ten thousand digits": file_of(b'{"a":{"dtype":"U8","shape":[' + b"9" * 10_000 + b"]}}"),
    "a thousand dimensions": file_of({"a": tensor(0, 1, shape=[1] * 1000)}, b"1"),
    "offsets that run backwards": file_of({"a": tensor(4, 0, shape=[4])}, b"1234"),
    "three offsets": file_of({"a": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1, 2]}}, b"1"),
    "fewer bytes than the shape needs": file_of({"a": tensor(0, 4, dtype="F32", shape=[4])}, b"1234"),
    "half a byte": file_of({"a": tensor(0, 1, dtype="F4", shape=[1])}, b"1"),
    "overlapping tensors": file_of({"a": tensor(0, 4), "b": tensor(2, 6)}, b"123456"),
    "twins of the same bytes": file_of({"a": tensor(0, 4), "b": tensor(0, 4)}, b"1234"),
    "a gap between tensors": file_of({"a": tensor(0, 2), "b": tensor(4, 6)}, b"123456"),
    "bytes after the last tensor": file_of({"a": tensor(0, 4)}, b"12345678"),
    "a tensor beyond the end": file_of({"a": tensor(0, 400)}, b"1234"),
    "an unknown member": file_of({"a": tensor(0, 1) | {"run": "me"}}, b"1"),
    "a nameless tensor": file_of({"": tensor(0, 1)}, b"1"),
    "a NUL in a name": file_of({"a\0b": tensor(0, 1)}, b"1"),
    "half a surrogate pair in a name": file_of(b'{"\\ud800":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', b"1"),
    "metadata that is no mapping": file_of({"__metadata__": ["x"]}),
    "metadata that nests": file_of({"__metadata__": {"a": {"b": "c"}}}),
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_header_is_refused_with_a_reason(content: bytes):
    with pytest.raises(InvalidHeaderError, match=r"\w+ .*\.$") as refused:
        parse_header(content, len(content))
    assert is_known(str(refused.value))


def test_a_header_of_too_many_empty_tensors_is_refused():
    entries = ",".join(f'"{n}":{{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}' for n in range(MAX_TENSORS + 1))
    content = file_of(("{" + entries + "}").encode())
    with pytest.raises(InvalidHeaderError, match="at most 50000") as refused:
        parse_header(content, len(content))
    assert is_known(str(refused.value))


def test_a_header_padded_with_spaces_is_read_as_the_library_reads_it():
    content = file_of(json.dumps({"a": tensor(0, 1)}).encode().ljust(128), b"1")
    assert parse_header(content, len(content)).parameter_count == 1
    assert load(content)["a"].shape == (1,)


def test_a_header_cut_short_by_the_reader_is_refused():
    content = io.BytesIO(save({"a": np.zeros(4, "float32")})).getvalue()
    with pytest.raises(InvalidHeaderError, match="were given") as refused:
        parse_header(content[:20], len(content))
    assert is_known(str(refused.value))
