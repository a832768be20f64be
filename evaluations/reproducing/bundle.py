"""A run's bundle: everything that repeats it, in a folder, each file checked against the signed document.

bundle.json          the hub's manifest: the signed document, the suite's definition, where the rest came from
inputs               the suite's inputs
samples.parquet      what the model said of each row, and whether that was right or how far off
labels.npy           where the suite's labels are public
model/…              the files that were read, and README.md and config.json, which name the architecture
"""

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from evaluations.reproducing.checking import NotReproducedError, check, read
from evaluations.suite_files import digest_of_data
from models_registry.formats.paths import UnsafePath, checked

MANIFEST, INPUTS, SAMPLES, LABELS, MODEL = "bundle.json", "inputs", "samples.parquet", "labels.npy", "model"
MAX_MANIFEST_BYTES = 16 * 1024 * 1024
MAX_DATA_BYTES = 4 * 1024**3
BLOCK = 1024 * 1024
PATIENCE = 60  # seconds without a byte


@dataclass(frozen=True)
class Bundle:
    """manifest: as the hub gave it, its document's signature checked. key: who signed it."""

    folder: Path
    manifest: Mapping[str, Any]
    key: str

    @property
    def document(self) -> Mapping[str, Any]:
        result: Mapping[str, Any] = self.manifest["result"]
        return result

    @property
    def suite(self) -> Mapping[str, Any]:
        suite: Mapping[str, Any] = self.manifest["suite"]
        return suite

    @property
    def files(self) -> dict[str, Path]:
        """Of the repository: path → place. All that lie there, the described ones checked when the bundle was opened."""
        root = self.folder / MODEL
        return {
            str(place.relative_to(root)): place
            for place in sorted(root.rglob("*"))
            if place.is_file() and not place.is_symlink()
        }


def fetch(address: str, folder: Path, *, token: str | None = None, public_key: str | None = None) -> Bundle:
    """Download the bundle of a run, `https://hub/evaluations/ID`, into a folder that is not there yet.

    Raises NotReproducedError; a folder that is half full is taken away again.
    """
    hub, _, run = address.rstrip("/").rpartition("/evaluations/")
    if not hub.startswith(("http://", "https://")):
        raise NotReproducedError(
            f"{address} is no address of an evaluation, such as https://hub.example/evaluations/…."
        )
    hub = hub.removesuffix("/api")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    if folder.exists():
        raise NotReproducedError(f"{folder} is there already; name a folder that is not.")
    draft = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    try:
        manifest = _get_manifest(f"{hub}/api/evaluations/{run}/bundle", headers)
        check(_member(manifest, "result", dict), public_key)
        (draft / MANIFEST).write_bytes(_as_bytes(manifest))
        for part in _parts(manifest):
            own = headers if part.address.startswith(f"{hub}/") else {}  # the storage is no business of the token
            _download(part, draft, own)
        opened = open_bundle(draft, public_key=public_key)
        draft.rename(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return Bundle(folder, opened.manifest, opened.key)


def open_bundle(folder: Path, *, public_key: str | None = None) -> Bundle:
    """Raises NotReproducedError unless all is there, and is what the signed document says."""
    place = folder / MANIFEST
    if not place.is_file() or place.stat().st_size > MAX_MANIFEST_BYTES:
        raise NotReproducedError(f"{folder} holds no bundle: {MANIFEST} is missing.")
    manifest = read(place.read_bytes())
    document = _member(manifest, "result", dict)
    key = check(document, public_key)
    suite = _member(manifest, "suite", dict)
    if not (folder / INPUTS).is_file():
        raise NotReproducedError("The suite's inputs are missing: this hub keeps them to itself.")
    with _as_it_should_be():
        for file in document["model"]["files"]:
            _check(folder / MODEL / _safe(file["path"]), file["sha256"], file["path"])
        _check(folder / SAMPLES, document["samples"]["sha256"], "What the model said of each row")
        (data,) = document["suite"]["data"]
        if suite["id"] != document["suite"]["id"] or suite["version"] != document["suite"]["version"]:
            raise NotReproducedError("The suite's definition is of another suite than the one that was run.")
        for name in ("seed", "dtype", "batch_size", "deterministic", "threads"):
            if suite["run"][name] != document["config"][name]:
                raise NotReproducedError(f"The suite's definition has another {name} than the run had.")
    if digest_of_data((folder / INPUTS).read_bytes()) != data["sha256"]:
        raise NotReproducedError("The suite's inputs are not those that the run was given: their SHA-256 is another.")
    return Bundle(folder, manifest, key)


@dataclass(frozen=True)
class _Part:
    address: str
    place: str
    most: int
    optional: bool = False


def _parts(manifest: Mapping[str, Any]) -> Iterator[_Part]:
    with _as_it_should_be():
        for file in manifest["files"]:
            most = int(file["size"]) if file["size"] is not None else MAX_MANIFEST_BYTES
            yield _Part(str(file["url"]), f"{MODEL}/{_safe(file['path'])}", most, optional=file["size"] is None)
        for name, place in (("inputs", INPUTS), ("samples", SAMPLES), ("labels", LABELS)):
            if manifest.get(name):
                yield _Part(str(manifest[name]["url"]), place, MAX_DATA_BYTES)


def _get_manifest(address: str, headers: Mapping[str, str]) -> dict[str, Any]:
    with _answered(address, headers) as answer:
        content = answer.raw.read(MAX_MANIFEST_BYTES + 1, decode_content=True)
    if len(content) > MAX_MANIFEST_BYTES:
        raise NotReproducedError(f"The manifest is larger than {MAX_MANIFEST_BYTES} bytes.")
    return read(content)


def _download(part: _Part, folder: Path, headers: Mapping[str, str]) -> None:
    place = folder / part.place
    place.parent.mkdir(parents=True, exist_ok=True)
    received = 0
    try:
        with _answered(part.address, headers) as answer, place.open("xb") as file:
            for block in answer.iter_content(BLOCK):
                received += len(block)
                if received > part.most:
                    raise NotReproducedError(f"{part.place} is larger than the {part.most} bytes that it should have.")
                file.write(block)
    except _MissingError:
        if not part.optional:
            raise


class _MissingError(NotReproducedError):
    """There is nothing at an address."""


@contextmanager
def _answered(address: str, headers: Mapping[str, str]) -> Iterator[requests.Response]:
    """A successful answer. Raises NotReproducedError."""
    try:
        with requests.get(address, headers=dict(headers), stream=True, timeout=PATIENCE) as answer:
            if answer.status_code != requests.codes.ok:
                said = answer.headers.get("X-Error-Message", answer.reason)
                kind = _MissingError if answer.status_code == requests.codes.not_found else NotReproducedError
                raise kind(f"{address.partition('?')[0]} answers {answer.status_code}: {said}")
            yield answer
    except requests.RequestException as error:
        raise NotReproducedError(f"{address.partition('?')[0]} does not answer: {type(error).__name__}.") from error


def _check(place: Path, expected: str, what: str) -> None:
    if place.is_symlink() or not place.is_file():
        raise NotReproducedError(f"{what} is missing from the bundle.")
    digest = hashlib.sha256()
    with place.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    if digest.hexdigest() != expected:
        raise NotReproducedError(f"{what} is not what was run: its SHA-256 is another than the signed document says.")


def _safe(path: Any) -> str:
    try:
        return checked(path)
    except (UnsafePath, TypeError, AttributeError) as error:
        raise NotReproducedError(f"The bundle names a file that no repository can hold: {error}") from error


def _member(value: Mapping[str, Any], name: str, kind: type) -> Any:
    found = value.get(name)
    if not isinstance(found, kind):
        raise NotReproducedError(f"The bundle is not one: its manifest has no {name!r}.")
    return found


@contextmanager
def _as_it_should_be() -> Iterator[None]:
    try:
        yield
    except (KeyError, TypeError, ValueError) as error:
        raise NotReproducedError(f"The bundle is not one: {type(error).__name__} at {error}.") from error


def _as_bytes(manifest: Mapping[str, Any]) -> bytes:
    return json.dumps(manifest, indent=2).encode()
