"""Whether the files of a proposed suite are one: all that is wrong with them, in sentences. Nothing of Django, nothing of numpy.

Beyond the schema, a member's suite keeps to what this hub can run and score, within bounds; its data must be what it says.
"""

import ast
import json
import math
import sys
import zlib
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evaluations.suite_files import NPY_MAGIC, InvalidSuiteError, digest_of_data

MOST_BYTES = 10 * 1024 * 1024  # of inputs, of labels; unpacked
MOST_ROWS = 100_000
MOST_OUTPUTS = 10_000
LARGEST_CHANCE = 1e9
PREVIEW_ROWS = 5
_LONGEST_PREVIEW = 200
_LARGEST_HEADER = 4096
_CLASSES, _NUMBERS, _DOCUMENTS = {"accuracy", "f1_macro"}, {"r2", "mae", "mse"}, {"bits_per_byte"}
_METRICS = {
    "image-classification": _CLASSES,
    "sequence-classification": _CLASSES,
    "tabular-classification": _CLASSES,
    "text-classification": _CLASSES,
    "tabular-regression": _NUMBERS,
    "text-generation": _DOCUMENTS,
}
_TEXTS = {"text-classification", "text-generation"}
# {a setting's place: the most that a member's suite may ask for}
_BOUNDS: dict[tuple[str, str], float] = {
    ("limits", "wall_s"): 3600,
    ("limits", "idle_s"): 600,
    ("limits", "memory_gb"): 16,
    ("accepts", "max_params"): 2_000_000_000,
    ("accepts", "max_bytes"): 10_000_000_000,
    ("run", "batch_size"): 1024,
    ("run", "threads"): 8,
    ("resources", "gpus"): 1,
    ("quota", "per_user_day"): 50,
    ("quota", "per_repository_day"): 50,
}
_PERF_BOUNDS = {"max_s": 120, "min_s": 5, "warmup_s": 5}
_MOST_AT_ONCE = 4096
_MOST_RESAMPLES = 10_000
_NUMPY = {"float32": ("<f4", 4), "float64": ("<f8", 8), "float16": ("<f2", 2)}


@dataclass
class Checked:
    """`faults`: none, if it can be published. `inputs`, `labels`: unpacked. `preview`: see SuiteProposal."""

    inputs: bytes = b""
    labels: bytes = b""
    preview: dict[str, Any] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def faults_of(definition: Mapping[str, Any]) -> list[str]:
    """What a definition that keeps to the schema asks for, and no member's suite may."""
    task = definition["task"]
    known = _METRICS.get(task)
    if known is None:
        return [f"task: this hub has no way yet to score a proposed suite of the task {task!r}."]
    faults = [
        f"{section}/{name}: at most {most:g}."
        for (section, name), most in _BOUNDS.items()
        if definition[section][name] > most
    ]
    for metric in definition["metrics"]:
        faults += _faults_of_metric(task, metric, known)
    return [*faults, *_faults_of_engine(definition), *_faults_of_shapes(definition)]


def _faults_of_engine(definition: Mapping[str, Any]) -> list[str]:
    """Other engines' tasks are code, which the hub's operator alone writes; measuring speed takes a worker's time."""
    faults = [] if definition["engine"] == "native" else ["engine: a member's suite is run by the native one."]
    perf = definition.get("perf", {})
    faults += [f"perf/{name}: at most {most:g}." for name, most in _PERF_BOUNDS.items() if perf.get(name, 0) > most]
    if max(perf.get("batch_sizes", [0])) > _MOST_AT_ONCE:
        faults.append(f"perf/batch_sizes: at most {_MOST_AT_ONCE}.")
    return faults


def _faults_of_metric(task: str, metric: Mapping[str, Any], known: set[str]) -> list[str]:
    faults = []
    if metric["name"] not in known:
        faults.append(f"metrics: {task} is scored by {', '.join(sorted(known))}, not by {metric['name']}.")
    if metric["ci"] == "wilson" and metric["name"] != "accuracy":
        faults.append(f"metrics: the interval of {metric['name']} is bootstrapped; wilson is for accuracy.")
    if metric.get("resamples", 0) > _MOST_RESAMPLES:
        faults.append(f"metrics: at most {_MOST_RESAMPLES} resamples.")
    if not -LARGEST_CHANCE < metric.get("chance", 0) < LARGEST_CHANCE:  # nor NaN, which no comparison holds of
        faults.append("metrics: chance must be a number.")
    return faults


def _faults_of_shapes(definition: Mapping[str, Any]) -> list[str]:
    faults = []
    task, (data,) = definition["task"], definition["data"]
    if data["n"] > MOST_ROWS:
        faults.append(f"data: at most {MOST_ROWS} rows.")
    outputs = math.prod(definition["io"]["output"]["shape"][1:])
    if outputs > MOST_OUTPUTS:
        faults.append(f"io/output: at most {MOST_OUTPUTS} numbers a row.")
    if task != "text-generation" and len(definition["io"]["output"]["shape"]) != 2:
        faults.append("io/output: its shape is [N, the number of classes], [N, 1] for a number.")
    dtype = definition["io"]["input"]["dtype"]
    if (dtype == "text") != (task in _TEXTS):
        faults.append(f"io/input: {task} reads {'texts' if task in _TEXTS else 'numbers'}, not {dtype}.")
    elif dtype != "text" and dtype not in _NUMPY:
        faults.append(f"io/input: the dtype of a .npy file is one of {', '.join(_NUMPY)}.")
    return faults


def check_data(definition: Mapping[str, Any], inputs: bytes, labels: bytes) -> Checked:
    """inputs, labels: as they lie in the repository, packed with gzip where their names end in .gz."""
    (data,) = definition["data"]
    checked = Checked()
    for part, content, hash_name in (("inputs", inputs, "sha256"), ("labels", labels, "labels_sha256")):
        try:
            whole = _unpacked(data[part], content)
            digest = digest_of_data(whole)
        except (ValueError, InvalidSuiteError) as error:
            checked.faults.append(f"{data[part]}: {error}")
            continue
        if digest != data[hash_name]:
            checked.faults.append(f"{data[part]}: its SHA-256 is {digest}, and {hash_name} says {data[hash_name]}.")
        setattr(checked, part, whole)
    if checked.faults:
        return checked
    try:
        rows = _input_rows(definition, checked.inputs)
        wanted = _check_labels(definition, checked.labels, rows)
    except ValueError as error:
        checked.faults.append(str(error))
        return checked
    checked.preview = {
        "inputs": first_rows(definition, checked.inputs),
        "labels": [str(label) for label in wanted[:PREVIEW_ROWS]],
        "input_bytes": len(checked.inputs),
        "label_bytes": len(checked.labels),
    }
    return checked


def first_rows(definition: Mapping[str, Any], inputs: bytes) -> list[str]:
    """A line for each of the first inputs. Raises ValueError if they are not what the definition says."""
    return [_shown(str(row)) for row in _input_rows(definition, inputs)[:PREVIEW_ROWS]]


def _shown(text: str) -> str:
    """As much of it as is shown, in characters that a database takes."""
    return text[:_LONGEST_PREVIEW].encode("utf-8", "replace").decode().replace("\0", "\ufffd")


def _unpacked(name: str, content: bytes) -> bytes:
    """Raises ValueError."""
    if name.endswith(".gz"):
        unpacker = zlib.decompressobj(31)
        try:
            content = unpacker.decompress(content, MOST_BYTES + 1)
        except zlib.error:
            raise ValueError("it ends in .gz, and is no gzip file.") from None
        if len(content) <= MOST_BYTES and not unpacker.eof:
            raise ValueError("it is cut off.")
    if len(content) > MOST_BYTES:
        raise ValueError(f"it has more than {MOST_BYTES // 2**20} MiB, which is the most a suite's file may have.")
    return content


def _input_rows(definition: Mapping[str, Any], content: bytes) -> Sequence[Any]:
    """The rows: texts, or the first numbers of each. Raises ValueError."""
    (data,) = definition["data"]
    port = definition["io"]["input"]
    if port["dtype"] == "text":
        return _texts(data["inputs"], content, data["n"])
    descr, size = _NUMPY[port["dtype"]]
    shape = (data["n"], *port["shape"][1:])
    start = _npy_start(data["inputs"], content, {descr}, shape, size)
    if descr == "<f2":
        return ["(float16)"] * min(data["n"], PREVIEW_ROWS)
    width = math.prod(shape[1:])
    numbers = _numbers(content[start:], "f" if size == 4 else "d")
    if not all(map(math.isfinite, numbers)):
        raise ValueError(f"{data['inputs']}: it holds NaN or infinity.")
    return [list(numbers[row * width : row * width + min(width, 8)]) for row in range(min(data["n"], PREVIEW_ROWS))]


def _texts(name: str, content: bytes, rows: int) -> list[str]:
    lines = content.split(b"\n")
    if lines and not lines[-1]:
        lines.pop()
    if len(lines) != rows:
        raise ValueError(f"{name}: it has {len(lines)} lines, and n says {rows}.")
    texts = []
    for number, line in enumerate(lines, 1):
        try:
            text = json.loads(line)
        except (ValueError, RecursionError):
            text = None
        if not isinstance(text, str) or not text:
            raise ValueError(f"{name}: line {number} is no text in JSON's double quotes.")
        texts.append(text)
    return texts


def _check_labels(definition: Mapping[str, Any], content: bytes, rows: Sequence[Any]) -> Sequence[Any]:
    """Raises ValueError."""
    (data,) = definition["data"]
    task, name = definition["task"], data["labels"]
    if task == "tabular-regression":
        start = _npy_start(name, content, {"<f8"}, (data["n"],), 8)
        values = _numbers(content[start:], "d")
        if not all(map(math.isfinite, values)):
            raise ValueError(f"{name}: it holds NaN or infinity.")
        return values
    start = _npy_start(name, content, {"<i8"}, (data["n"],), 8)
    labels = _numbers(content[start:], "q")
    if task == "text-generation":
        if list(labels) != [len(text.encode()) for text in rows]:
            raise ValueError(f"{name}: the label of a document is the number of its bytes in UTF-8.")
        return labels
    classes = definition["io"]["output"]["shape"][-1]
    if min(labels) < 0 or max(labels) >= classes:
        raise ValueError(
            f"{name}: labels go from 0 to {classes - 1}, as io/output says; these from {min(labels)} to {max(labels)}."
        )
    return labels


def _npy_start(name: str, content: bytes, dtypes: set[str], shape: tuple[int, ...], size: int) -> int:
    """Where the numbers begin. Raises ValueError unless it is such an array, in C order and complete."""
    wanted = f"{name}: it must be a .npy file of {' or '.join(sorted(dtypes))} with the shape {list(shape)}"
    if content[: len(NPY_MAGIC)] != NPY_MAGIC or content[6:7] not in {b"\x01", b"\x02", b"\x03"}:
        raise ValueError(f"{wanted}.")
    width = 2 if content[6] == 1 else 4
    length = int.from_bytes(content[8 : 8 + width], "little")
    start = 8 + width + length
    if length > _LARGEST_HEADER or start > len(content):
        raise ValueError(f"{wanted}; its header is damaged.")
    try:
        header = ast.literal_eval(content[8 + width : start].decode("latin-1").strip())
        found = header["descr"], bool(header["fortran_order"]), tuple(header["shape"])
    except (ValueError, SyntaxError, TypeError, KeyError, RecursionError, MemoryError):
        raise ValueError(f"{wanted}; its header is damaged.") from None
    if not isinstance(found[0], str) or found[0] not in dtypes or found[1] or found[2] != shape:
        raise ValueError(
            f"{wanted}; this one is {found[0]} with {list(found[2])}{' in Fortran order' if found[1] else ''}."
        )
    if len(content) - start != math.prod(shape) * size:
        raise ValueError(f"{wanted}; it is cut off, or longer.")
    return start


def _numbers(content: bytes, code: str) -> Sequence[Any]:
    numbers: array[Any] = array(code)
    numbers.frombytes(content)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
