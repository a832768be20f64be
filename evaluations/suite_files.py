"""Suites as their operator writes them: one YAML file each in `evaluations/suites/`, checked against `schema.json`.

A suite's version never changes: other data, another metric or another preprocessing is another version. `digest` names
what a version says, so that a file which was edited in place is found out.
"""

import gzip
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

FOLDER = Path(__file__).parent / "suites"
SCHEMA = FOLDER / "schema.json"
RETRIEVAL = "sentence-similarity"
FEWEST_IN_PART = 30  # rows, public or hidden
NPY_MAGIC = b"\x93NUMPY"
NPY_ALIGNMENT = 64
_MOST_FAULTS = 20
_MOST_VALUES = 5000
_DEEPEST = 16


class InvalidSuiteError(Exception):
    """A suite's file breaks the schema or its own word; the text names the file and the place."""


@dataclass(frozen=True, slots=True)
class SuiteFile:
    """One suite as it stands in its file. definition: the YAML's content as plain values, already checked."""

    path: Path
    definition: Mapping[str, Any]

    @property
    def digest(self) -> str:
        return digest_of(self.definition)

    def data_content(self, name: str) -> bytes:
        """The `.npy` file that the definition names, unpacked where it is kept as `.npy.gz`. Raises InvalidSuiteError."""
        content = self.data_file(name).read_bytes()
        return gzip.decompress(content) if name.endswith(".gz") else content

    def data_file(self, name: str) -> Path:
        """A file that the definition names, inside the folder of the suites. Raises InvalidSuiteError."""
        place = (self.path.parent / name).resolve()
        if not place.is_relative_to(self.path.parent.resolve()) or not place.is_file():
            raise InvalidSuiteError(f"{self.path.name} names {name!r}, which is no file beside it.")
        return place


def digest_of_data(content: bytes) -> str:
    """SHA-256 of a suite's data: of an array without its `.npy` header, so that every tool can check it; of texts as they are."""
    is_array = content[: len(NPY_MAGIC)] == NPY_MAGIC
    return hashlib.sha256(_array_bytes(content) if is_array else content).hexdigest()


def _array_bytes(content: bytes) -> memoryview:
    """Read by hand, because web processes start without numpy. Raises InvalidSuiteError.

    Source of the format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
    """
    width = (
        {1: 2, 2: 4, 3: 4}.get(content[6]) if len(content) > NPY_ALIGNMENT else None
    )  # bytes that give the header's length
    if width is None:
        raise InvalidSuiteError("A suite's data are no .npy file that can be read.")
    start = 8 + width + int.from_bytes(content[8 : 8 + width], "little")
    return memoryview(content)[start:]


def digest_of(definition: Mapping[str, Any]) -> str:
    """What a suite's version says, in one number."""
    return hashlib.sha256(canonical_json(definition)).hexdigest()


def canonical_json(value: object) -> bytes:
    """The one way to write a value as JSON, for hashing and signing: sorted keys, no spaces, UTF-8, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def read(path: Path) -> SuiteFile:
    """Raises InvalidSuiteError."""
    faults, definition = checked(path.read_text("utf-8"))
    if faults:
        raise InvalidSuiteError(f"{path.name}: {faults[0]}")
    if path.stem != definition["id"]:
        raise InvalidSuiteError(f"{path.name} holds the suite {definition['id']!r}; the names must agree.")
    return SuiteFile(path, definition)


def checked(text: str, schema_path: Path = SCHEMA) -> tuple[list[str], dict[str, Any]]:
    """What breaks the schema, in a sentence each with its place, at most 20; and the definition, {} where there are any."""
    try:
        if "\0" in text:
            raise ValueError("it holds a character that is none")
        _refuse_bombs(text)
        definition = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        where = f" on line {error.problem_mark.line + 1}" if error.problem_mark else ""
        return [f"it is not valid YAML{where}: {str(error.problem)[:200]}"], {}
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        return [f"it is not valid YAML: {str(error)[:200]}"], {}
    found = sorted(
        _validator(schema_path).iter_errors(definition), key=lambda fault: [str(step) for step in fault.absolute_path]
    )
    faults = [
        f"{'/'.join(str(step) for step in fault.absolute_path) or 'the file'}: {fault.message[:300]}"
        for fault in found[:_MOST_FAULTS]
    ]
    if not faults and schema_path == SCHEMA:
        faults = _faults_of_split(definition)
    return faults, {} if faults else definition


def _faults_of_split(definition: Mapping[str, Any]) -> list[str]:
    """Of a suite with public and hidden rows. A score on few rows would tell what is right there."""
    (data,) = definition["data"]
    public = data.get("public_rows")
    if public is None:
        return []
    if definition["tier"] != "hidden":
        return ["data/0/public_rows: only a suite of the tier hidden has rows that are not public"]
    if definition["task"] == RETRIEVAL:
        return [
            "data/0/public_rows: passages are looked for among all of them, so that no part of the rows has a score"
        ]
    if min(public, data["n"] - public) < FEWEST_IN_PART:
        return [f"data/0/public_rows: it must leave {FEWEST_IN_PART} public and as many hidden rows at least"]
    return []


def _refuse_bombs(text: str) -> None:
    """Anybody can propose a suite: a few anchors unfold to gigabytes. Raises ValueError."""
    depth = 0
    for number, event in enumerate(yaml.parse(text, Loader=yaml.CSafeLoader)):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise ValueError("anchors and aliases are not taken")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if number > _MOST_VALUES or depth > _DEEPEST:
            raise ValueError("it holds too much, or nests too deeply")


def read_all(folder: Path = FOLDER) -> Iterator[SuiteFile]:
    """Every suite of the folder, by name. Raises InvalidSuiteError at the first that won't do."""
    for path in sorted(folder.glob("*.yaml")):
        yield read(path)


def read_checked(path: Path, schema_path: Path) -> Any:
    """A YAML file of the operator's, checked against another schema than the suites'. Raises InvalidSuiteError."""
    faults, definition = checked(path.read_text("utf-8"), schema_path)
    if faults:
        raise InvalidSuiteError(f"{path.name}: {faults[0]}")
    return definition


@cache
def schema(path: Path = SCHEMA) -> dict[str, Any]:
    """What every suite keeps to, as JSON Schema."""
    content: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return content


@cache
def _validator(path: Path) -> Draft202012Validator:
    Draft202012Validator.check_schema(schema(path))
    return Draft202012Validator(schema(path))
