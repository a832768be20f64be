import contextlib
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from models_registry.formats.header_bytes import HeaderError
from models_registry.formats.onnx_header import Header, read_header
from tests.kept import is_known

MODELS = Path(__file__).parents[2] / "fixtures" / "reference_models"


def read(content: bytes) -> Header:
    return read_header(lambda start, end: content[start:end], len(content))


def small_model(*shapes: tuple[int, ...]) -> bytes:
    weights = [numpy_helper.from_array(np.zeros(shape, np.float32), f"w{n}") for n, shape in enumerate(shapes)]
    output = helper.make_tensor_value_info("w0", TensorProto.FLOAT, shapes[0])
    return helper.make_model(helper.make_graph([], "g", [], [output], weights)).SerializeToString()


@pytest.mark.parametrize("path", sorted(MODELS.glob("*.onnx")), ids=lambda path: path.stem)
def test_the_initialisers_are_those_that_the_onnx_library_finds(path: Path) -> None:
    graph = onnx.load(path).graph
    assert [(name, shape) for name, _kind, shape in read(path.read_bytes()).tensors] == [
        (tensor.name, tuple(tensor.dims)) for tensor in graph.initializer
    ]


def test_the_header_says_its_opsets_and_counts_by_type() -> None:
    header = read(small_model((2, 3), (5,)))
    assert header.parameters_by_type == {"F32": 11}
    assert header.opsets[""] > 0


def test_weights_are_stepped_over() -> None:
    content = small_model((1000, 1000), (3,))
    asked: list[int] = []

    def reading(start: int, end: int) -> bytes:
        asked.append(end - start)
        return content[start:end]

    assert read_header(reading, len(content)).parameter_count == 1_000_003
    assert sum(asked) < 100_000


def _varint(value: int) -> bytes:
    found = b""
    while value > 0x7F:
        found += bytes([value & 0x7F | 0x80])
        value >>= 7
    return found + bytes([value])


def _field(number: int, content: bytes) -> bytes:
    return _varint(number * 8 + 2) + _varint(len(content)) + content


LIES = {
    "empty": b"",
    "text": b"this is no model",
    "a number without end": b"\x08" + b"\xff" * 20,
    "a field longer than the file": b"\x3a" + _varint(2**62),
    "a field longer than what holds it": _field(7, _varint(5 * 8 + 2) + _varint(50)) + bytes(60),
    "a group": b"\x0b",
    "no graph": b"\x08\x08",
    "two graphs": b"\x08\x08" + _field(7, b"") * 2,
    "an impossible shape": b"\x08\x08" + _field(7, _field(5, (b"\x08" + _varint(2**40)) * 4)),
    "a length of 2⁶³": b"\x08\x08" + _field(7, _field(5, b"\x08" + _varint(2**63))),
    "many dimensions": b"\x08\x08" + _field(7, _field(5, b"\x08\x01" * 100)),
    "many packed dimensions": b"\x08\x08" + _field(7, _field(5, _field(1, b"\x01" * 100))),
    "very many operator sets": b"\x08\x08"
    + b"".join(_field(8, _field(1, b"%d" % n)) for n in range(200))
    + _field(7, b""),
    "together too much": b"\x08\x08" + _field(7, _field(5, b"\x08" + _varint(2**62)) * 2),
}


@pytest.mark.parametrize("content", LIES.values(), ids=LIES.keys())
def test_a_file_that_lies_is_refused_in_words(content: bytes) -> None:
    with pytest.raises(HeaderError, match=r"\w+ .*\.") as refused:
        read(content)
    assert is_known(str(refused.value))


@given(st.binary(max_size=300), st.integers(0, 300))
def test_no_bytes_make_the_reader_fail_otherwise(noise: bytes, place: int) -> None:
    content = small_model((2, 3))
    with contextlib.suppress(HeaderError):
        read(content[:place] + noise + content[place + len(noise) :])
