"""One log of a training: every scalar in it, each tag as a bounded number of points."""

from __future__ import annotations

import json
import math
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import google_crc32c
from google.protobuf.message import DecodeError
from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2
from tensorboard.util import tensor_util

from models_registry.formats.fenced import NoMoreBytes, Source
from models_registry.formats.training_logs import LONGEST_TAG, MOST_POINTS, MOST_TAGS, Form
from models_registry.formats.training_logs.thinning import thinned

LARGEST_STATE = 32 * 1024 * 1024
LARGEST_RECORD = 1024 * 1024  # pictures, graphs and embeddings are larger, and hold no scalar
_ALL_POINTS = 250_000  # of a file, after thinning
_FEWEST_POINTS = 100
_BLOCK = 1024 * 1024
_LARGEST_STEP = 2**53
_LARGEST, _SMALLEST = 1e100, 1e-100  # of what is a number to a chart, and of what is not zero to it
_LARGEST_TIME = 2**36  # seconds since 1970: in some two thousand years
_SCALARS = "scalars"  # what TensorBoard calls the plugin whose tensors are scalars
_HEADER = 12


class LogError(ValueError):
    """What follows cannot be read; the message says why."""


@dataclass
class Scalar:
    """Points of one tag, as they come. Not finite: infinite, or as good as that, or no number at all."""

    steps: array[int] = field(default_factory=lambda: array("q"))
    times: array[float] = field(default_factory=lambda: array("d"))
    values: array[float] = field(default_factory=lambda: array("d"))
    not_finite: int = 0
    first_not_finite: int | None = None  # its step

    def add(self, step: int, time: float, value: float) -> None:
        if not abs(value) < _LARGEST:
            self.not_finite += 1
            if self.first_not_finite is None:
                self.first_not_finite = step
            return
        self.steps.append(step)
        self.times.append(time)
        self.values.append(value if abs(value) > _SMALLEST else 0.0)

    def summary(self, tag: str, most: int) -> dict[str, Any]:
        """points: [[step, seconds since 1970 or None, value], …], by step; of several at one step the last."""
        by_step = {self.steps[place]: place for place in range(len(self.steps))}
        places = [by_step[step] for step in sorted(by_step)]
        kept = thinned([self.values[place] for place in places], most)
        points = [
            [self.steps[place], _time(self.times[place]), float(f"{self.values[place]:.9g}")]
            for place in (places[index] for index in kept)
        ]
        return {
            "tag": tag, "count": len(places), "not_finite": self.not_finite, "first_not_finite": self.first_not_finite,
            "points": points,
        }  # fmt: skip


class Log:
    """Scalars by tag, and what could not be read."""

    def __init__(self) -> None:
        self.scalars: dict[str, Scalar] = {}
        self.problems: dict[str, None] = {}

    def add(self, tag: str, step: int, time: float, value: float) -> None:
        if not -_LARGEST_STEP < step < _LARGEST_STEP:
            self.problems["Points whose step is out of all bounds are left out."] = None
            return
        found = self.scalars.get(tag)
        if found is None:
            name = _clean(tag)
            found = self.scalars.get(name)
        if found is None:
            if not name or len(name) > LONGEST_TAG:
                self.problems[
                    f"Tags without a name, or with one longer than {LONGEST_TAG} characters, are left out."
                ] = None
                return
            if len(self.scalars) >= MOST_TAGS:
                self.problems[f"It has more than {MOST_TAGS} tags; the others are left out."] = None
                return
            found = self.scalars.setdefault(name, Scalar())
        found.add(step, time, value)

    def summary(self) -> dict[str, Any]:
        most = min(MOST_POINTS, max(_ALL_POINTS // max(len(self.scalars), 1), _FEWEST_POINTS))
        scalars = [self.scalars[tag].summary(tag, most) for tag in sorted(self.scalars)]
        return {"scalars": scalars, "problems": list(self.problems)}


def read_log(form: Form, source: Source) -> dict[str, Any]:
    """{"scalars": as `Scalar.summary`, by tag; "problems": in a sentence each}. Whatever could be read is there."""
    log = Log()
    try:
        if form is Form.EVENTS:
            _read_events(source, log)
        else:
            _read_state(source, log)
    except (LogError, NoMoreBytes) as error:
        log.problems[str(error)] = None
    return log.summary()


def _read_events(source: Source, log: Log) -> None:
    """Raises LogError, NoMoreBytes."""
    scalar_tags: set[str] = set()  # of tensors: what one is, is said once only
    for record in _records(source, log):
        try:
            event = event_pb2.Event.FromString(record)
        except DecodeError:
            log.problems["Records that are no events of TensorBoard are left out."] = None
            continue
        for value in event.summary.value:
            number = _number(value, scalar_tags)
            if number is not None:
                log.add(value.tag, event.step, event.wall_time, number)


def _records(source: Source, log: Log) -> Iterator[bytes]:
    """The records of a TFRecord file: length (8 bytes, little-endian), its checksum (4), the record, its checksum (4).

    Raises LogError where one is damaged: nothing after it can be trusted; NoMoreBytes.
    """
    block, first, place = b"", 0, 0  # of the file: block[0] is byte `first`
    while place < source.size:
        if place + _HEADER > first + len(block):
            first, block = place, source.read(place, min(place + _BLOCK, source.size))
        header = block[place - first : place - first + _HEADER]
        if len(header) < _HEADER:
            raise LogError("It ends in the middle of a record, as one that is still being written does.")
        length = int.from_bytes(header[:8], "little")
        if _masked_crc(header[:8]) != int.from_bytes(header[8:], "little"):
            raise LogError(f"It is damaged at byte {place}: what follows is not read.")
        start, place = place + _HEADER, place + _HEADER + length + 4
        if place > source.size:
            raise LogError("It ends in the middle of a record, as one that is still being written does.")
        if length > LARGEST_RECORD:
            log.problems["Pictures, graphs and other large records are passed over."] = None
            continue
        if place > first + len(block):
            first, block = start, source.read(start, min(max(start + _BLOCK, place), source.size))
        record = block[start - first : start - first + length]
        checksum = block[start - first + length : place - first]
        if len(record) + len(checksum) < length + 4:
            raise LogError("It could not be read to its end.")
        if _masked_crc(record) != int.from_bytes(checksum, "little"):
            raise LogError(f"It is damaged at byte {start}: what follows is not read.")
        yield record


def _masked_crc(content: bytes) -> int:
    crc = google_crc32c.value(content)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def _number(value: summary_pb2.Summary.Value, scalar_tags: set[str]) -> float | None:
    """The scalar that a summary holds, in either of TensorBoard's two ways; None for anything else."""
    kind = value.WhichOneof("value")
    if kind == "simple_value":
        return float(value.simple_value)
    if kind != "tensor":
        return None
    if value.metadata.plugin_data.plugin_name == _SCALARS and len(scalar_tags) < MOST_TAGS:
        scalar_tags.add(value.tag)
    return _of_tensor(value.tensor) if value.tag in scalar_tags else None


def _of_tensor(tensor: tensor_pb2.TensorProto) -> float | None:
    """Raises nothing: what claims to be a scalar and is none, is none."""
    if tensor.tensor_shape.dim or tensor.string_val:
        return None  # also because a shape can claim any size
    try:
        return float(tensor_util.make_ndarray(tensor))
    except (TypeError, ValueError, OverflowError):
        return None


def _read_state(source: Source, log: Log) -> None:
    """Tags as transformers itself gives them to TensorBoard: eval_loss → eval/loss, loss → train/loss.

    Raises LogError, NoMoreBytes.
    """
    if source.size > LARGEST_STATE:
        raise LogError("It is larger than this hub reads.")
    try:
        state = json.loads(source.read(0, source.size) if source.size else b"")
    except (ValueError, RecursionError):
        raise LogError("It is not valid JSON.") from None
    history = state.get("log_history") if isinstance(state, dict) else None
    if not isinstance(history, list):
        raise LogError("It holds no log_history.")
    for entry in history:
        step = entry.get("step") if isinstance(entry, dict) else None
        if not isinstance(step, int) or isinstance(step, bool):
            log.problems["Entries of the history without a step are left out."] = None
            continue
        for name, value in _numbers(entry):
            log.add(name, step, math.nan, value)


def _numbers(entry: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for name, value in entry.items():
        if name in {"step", "epoch"} or isinstance(value, bool) or not isinstance(value, int | float):
            continue
        group, _, rest = name.partition("_")
        tag = f"{group}/{rest}" if group in {"eval", "test"} and rest else f"train/{name}"
        try:
            yield tag, float(value)
        except OverflowError:  # JSON's integers may have any number of digits
            yield tag, math.inf


def _time(seconds: float) -> float | None:
    return round(seconds, 3) if 0 < seconds < _LARGEST_TIME else None


def _clean(tag: str) -> str:
    """Without what a database or a page chokes on."""
    text = tag.encode("utf-8", "replace").decode()
    return "".join(character if character.isprintable() else "\ufffd" for character in text).strip()
