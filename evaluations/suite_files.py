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
NPY_MAGIC = b"\x93NUMPY"
NPY_ALIGNMENT = 64


class InvalidSuiteError(Exception):
    """A suite's file breaks the schema or its own word; the text names the file and the place."""


@dataclass(frozen=True, slots=True)
class SuiteFile:
    """One suite as it stands in its file. definition: the YAML's content as plain values, already checked."""

    path: Path
    definition: Mapping[str, Any]

    @property
    def digest(self) -> str:
        return hashlib.sha256(canonical_json(self.definition)).hexdigest()

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


def canonical_json(value: object) -> bytes:
    """The one way to write a value as JSON, for hashing and signing: sorted keys, no spaces, UTF-8, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def read(path: Path) -> SuiteFile:
    """Raises InvalidSuiteError."""
    definition = read_checked(path, SCHEMA)
    if path.stem != definition["id"]:
        raise InvalidSuiteError(f"{path.name} holds the suite {definition['id']!r}; the names must agree.")
    return SuiteFile(path, definition)


def read_all(folder: Path = FOLDER) -> Iterator[SuiteFile]:
    """Every suite of the folder, by name. Raises InvalidSuiteError at the first that won't do."""
    for path in sorted(folder.glob("*.yaml")):
        yield read(path)


def read_checked(path: Path, schema: Path) -> Any:
    """A YAML file's content, checked against a JSON schema. Raises InvalidSuiteError."""
    try:
        definition = yaml.safe_load(path.read_text("utf-8"))
    except yaml.YAMLError as error:
        raise InvalidSuiteError(f"{path.name} is not valid YAML: {error}") from error
    faults = sorted(_validator(schema).iter_errors(definition), key=lambda fault: list(fault.absolute_path))
    if faults:
        place = "/".join(str(step) for step in faults[0].absolute_path) or "the file"
        raise InvalidSuiteError(f"{path.name}: {place}: {faults[0].message}")
    return definition


@cache
def _validator(path: Path) -> Draft202012Validator:
    schema = json.loads(path.read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)
