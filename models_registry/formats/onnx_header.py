"""What an ONNX file says of itself, without its weights: opsets, producer, what goes in and out, and the initialisers' names,
types and shapes.

A file is one protobuf message; the weights lie in it as fields of known length, which are stepped over by ranged reads.
Only the fields needed are looked at: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto. The protobuf library would
want the whole file in memory.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from models_registry.formats.header_bytes import HeaderBytes, HeaderError

MAX_READ_BYTES = 256 * 1024 * 1024
MAX_READS = 20_000
MAX_FIELDS = 2_000_000
MAX_TENSORS = 50_000
MAX_RANK = 32
MAX_OPSETS = 100
MAX_VALUES = 500  # that go in, or out
MAX_TEXT_BYTES = 1_000

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_TOO_MANY = 2**63
# Field numbers of onnx.proto.
_MODEL_IR_VERSION, _MODEL_PRODUCER, _MODEL_GRAPH, _MODEL_OPSET = 1, 2, 7, 8
_OPSET_DOMAIN, _OPSET_VERSION = 1, 2
_GRAPH_INITIALIZER, _GRAPH_INPUT, _GRAPH_OUTPUT = 5, 11, 12
_VALUE_NAME, _VALUE_TYPE, _TYPE_TENSOR, _TENSOR_ELEMENT, _TENSOR_SHAPE = 1, 2, 1, 1, 2
_SHAPE_DIMENSION, _DIMENSION_NUMBER, _DIMENSION_NAME = 1, 1, 2
_TENSOR_DIMS, _TENSOR_TYPE, _TENSOR_NAME = 1, 2, 8

TYPES = {
    1: "F32", 2: "U8", 3: "I8", 4: "U16", 5: "I16", 6: "I32", 7: "I64", 8: "STRING", 9: "BOOL", 10: "F16", 11: "F64",
    12: "U32", 13: "U64", 14: "C64", 15: "C128", 16: "BF16", 17: "F8_E4M3", 18: "F8_E4M3FNUZ", 19: "F8_E5M2",
    20: "F8_E5M2FNUZ", 21: "U4", 22: "I4", 23: "F4",
}  # fmt: skip


Value = tuple[str, str, tuple[int | str, ...]]


@dataclass(frozen=True)
class Header:
    """`tensors`: (name, type, shape) of the initialisers. `opsets`: {domain, "" for ONNX's own: version}.

    `inputs`, `outputs`: (name, type, shape) of what the graph takes and gives; a dimension without a number has its name.
    """

    ir_version: int
    producer: str
    opsets: dict[str, int]
    tensors: tuple[tuple[str, str, tuple[int, ...]], ...]
    inputs: tuple[Value, ...] = ()
    outputs: tuple[Value, ...] = ()

    @property
    def parameters_by_type(self) -> dict[str, int]:
        counts: Counter[str] = Counter()
        for _name, kind, shape in self.tensors:
            counts[kind] += math.prod(shape)
        return dict(sorted(counts.items()))

    @property
    def parameter_count(self) -> int:
        return sum(math.prod(shape) for _name, _kind, shape in self.tensors)


class _Field(NamedTuple):
    """`value`: of a number; of a field of bytes, where it ends in the file."""

    number: int
    form: int
    value: int


def read_header(read: Callable[[int, int], bytes], size: int) -> Header:
    """read: gives bytes [start, end) of the file; size: of the whole file. Raises HeaderError.

    Constants within the graph and in the graphs of its branches are not counted: exporters put weights in initialisers.
    """
    return _Reader(HeaderBytes(read, size, budget=MAX_READ_BYTES, most_reads=MAX_READS)).model()


class _Reader:
    def __init__(self, source: HeaderBytes):
        self._source = source
        self._fields_left = MAX_FIELDS

    def model(self) -> Header:
        ir_version, producer, graphs = 0, "", 0
        opsets: dict[str, int] = {}
        tensors: list[tuple[str, str, tuple[int, ...]]] = []
        inputs: list[Value] = []
        outputs: list[Value] = []
        for found in self._fields(self._source.size):
            if found.number == _MODEL_IR_VERSION and found.form == _VARINT:
                ir_version = found.value
            elif found.number == _MODEL_PRODUCER and found.form == _BYTES:
                producer = self._text(found)
            elif found.number == _MODEL_OPSET and found.form == _BYTES:
                opsets |= self._opset(found.value)
                if len(opsets) > MAX_OPSETS:
                    raise HeaderError(f"The model names more than {MAX_OPSETS} sets of operators.")
            elif found.number == _MODEL_GRAPH and found.form == _BYTES:
                graphs += 1
                self._graph(found.value, tensors, {_GRAPH_INPUT: inputs, _GRAPH_OUTPUT: outputs})
        if not ir_version or graphs != 1:
            raise HeaderError("The file is no ONNX model: it holds no version, or not one graph.")
        stored = {name for name, _kind, _shape in tensors}  # old files name their initialisers among the inputs
        given = tuple(value for value in inputs if value[0] not in stored)
        header = Header(ir_version, producer, opsets, tuple(tensors), given, tuple(outputs))
        if header.parameter_count >= _TOO_MANY:
            raise HeaderError("The initialisers claim more numbers than any file holds.")
        return header

    def _graph(self, end: int, tensors: list[tuple[str, str, tuple[int, ...]]], values: dict[int, list[Value]]) -> None:
        for found in self._fields(end):
            if found.number == _GRAPH_INITIALIZER and found.form == _BYTES:
                if len(tensors) == MAX_TENSORS:
                    raise HeaderError(f"The graph holds more than {MAX_TENSORS} initialisers.")
                tensors.append(self._tensor(found.value))
            elif found.number in values and found.form == _BYTES and len(values[found.number]) < MAX_VALUES:
                values[found.number].append(self._value(found.value))

    def _value(self, end: int) -> Value:
        name, kind = "", 0
        shape: list[int | str] = []
        for found in self._fields(end):
            if found.number == _VALUE_NAME and found.form == _BYTES:
                name = self._text(found)
            elif found.number == _VALUE_TYPE and found.form == _BYTES:
                for inner in self._fields(found.value):
                    if inner.number == _TYPE_TENSOR and inner.form == _BYTES:
                        kind = self._tensor_type(inner.value, shape)
        return name, TYPES.get(kind, f"type {kind}" if kind else ""), tuple(shape)

    def _tensor_type(self, end: int, shape: list[int | str]) -> int:
        kind = 0
        for found in self._fields(end):
            if found.number == _TENSOR_ELEMENT and found.form == _VARINT:
                kind = found.value
            elif found.number == _TENSOR_SHAPE and found.form == _BYTES:
                for dimension in self._fields(found.value):
                    if dimension.number == _SHAPE_DIMENSION and dimension.form == _BYTES and len(shape) < MAX_RANK:
                        shape.append(self._dimension(dimension.value))
        return kind

    def _dimension(self, end: int) -> int | str:
        length: int | str = "?"
        for found in self._fields(end):
            if found.number == _DIMENSION_NUMBER and found.form == _VARINT:
                length = found.value
            elif found.number == _DIMENSION_NAME and found.form == _BYTES:
                length = self._text(found)[:100] or "?"
        return length

    def _tensor(self, end: int) -> tuple[str, str, tuple[int, ...]]:
        name, kind = "", 0
        shape: list[int] = []
        for found in self._fields(end):
            if found.number == _TENSOR_DIMS and found.form == _VARINT:
                shape.append(found.value)
            elif found.number == _TENSOR_DIMS and found.form == _BYTES:
                while self._source.place < found.value and len(shape) <= MAX_RANK:
                    shape.append(self._varint(found.value))
            elif found.number == _TENSOR_TYPE and found.form == _VARINT:
                kind = found.value
            elif found.number == _TENSOR_NAME and found.form == _BYTES:
                name = self._text(found)
            if len(shape) > MAX_RANK:
                raise HeaderError(f"An initialiser has more than {MAX_RANK} dimensions.")
        if any(length >= _TOO_MANY for length in shape) or math.prod(shape) >= _TOO_MANY:
            raise HeaderError(f"Initialiser {name!r} claims an impossible shape.")
        return name, TYPES.get(kind, f"type {kind}"), tuple(shape)

    def _opset(self, end: int) -> dict[str, int]:
        domain, version = "", 0
        for found in self._fields(end):
            if found.number == _OPSET_DOMAIN and found.form == _BYTES:
                domain = self._text(found)
            elif found.number == _OPSET_VERSION and found.form == _VARINT:
                version = found.value
        return {domain: version}

    def _fields(self, end: int) -> Iterator[_Field]:
        """The fields up to `end`. What the caller has not read of a field of bytes is stepped over."""
        while self._source.place < end:
            self._fields_left -= 1
            if self._fields_left < 0:
                raise HeaderError(f"The file holds more than {MAX_FIELDS} fields.")
            number, form = divmod(self._varint(end), 8)
            if form == _VARINT:
                yield _Field(number, form, self._varint(end))
            elif form in (_FIXED64, _FIXED32):
                self._step_to(self._source.place + (8 if form == _FIXED64 else 4), end)
            elif form == _BYTES:
                ends = self._varint(end) + self._source.place
                if ends > end:
                    raise HeaderError(f"At byte {self._source.place} a field is longer than what holds it.")
                yield _Field(number, form, ends)
                self._step_to(ends, end)
            else:
                raise HeaderError(f"At byte {self._source.place} stands no protobuf field.")

    def _step_to(self, place: int, end: int) -> None:
        if place > end or place < self._source.place:
            raise HeaderError(f"At byte {self._source.place} a field is longer than what holds it.")
        self._source.step(place - self._source.place)

    def _varint(self, end: int) -> int:
        value = 0
        for shift in range(0, 70, 7):
            if self._source.place >= end:
                break
            byte = self._source.take(1)[0]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value & (2**64 - 1)
        raise HeaderError(f"At byte {self._source.place} a number does not end.")

    def _text(self, found: _Field) -> str:
        length = min(found.value - self._source.place, MAX_TEXT_BYTES)
        return self._source.take(length).decode("utf-8", "replace").replace("\0", "\ufffd")
