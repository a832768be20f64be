"""A commit's files, from wherever the registry keeps them into this worker's cache."""

import hashlib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from django.conf import settings

from evaluations.cache import Cache, DamagedError, Wanted, sha256_of
from evaluations.models import SuiteVersion
from models_registry import storage
from models_registry.formats.git_objects import LINK_MODE, BlobHasher
from models_registry.models import Commit, GitObject, LfsObject, Repository
from models_registry.services import reading, trees
from models_registry.services.trees import TreeEntry

PART_BYTES = 16 * 1024 * 1024

Stopped = Callable[[], None]


def cache() -> Cache:
    return Cache(Path(settings.DATA_DIR) / "model-cache", settings.MODEL_CACHE_BYTES)


def files_of(repository: Repository, commit: str) -> dict[str, TreeEntry]:
    """Every regular file of the commit by its path; links lead nowhere here."""
    row = Commit.objects.get(repository=repository, oid=commit)
    return {entry.path: entry for entry in trees.files(repository, row) if entry.mode != LINK_MODE}


def fetch(repository: Repository, entry: TreeEntry, stopped: Stopped) -> Path:
    """The file on this machine, its hash checked. Raises StorageUnavailable, DamagedError, OSError."""
    return cache().get(_wanted(repository, entry), stopped)


def checked_sha256(entry: TreeEntry, place: Path) -> str:
    """The SHA-256 of a fetched file, looked at again: it may have lain on this machine's disk for months.

    Raises DamagedError if it is no longer what the commit says; the next attempt fetches it anew.
    """
    sha256 = sha256_of(place)
    if entry.lfs is not None:
        is_right = sha256 == entry.lfs.sha256
    else:
        blob = BlobHasher(entry.size)
        blob.update(place.read_bytes())
        is_right = blob.oid() == entry.oid
    if not is_right:
        place.unlink(missing_ok=True)
        raise DamagedError(f"{entry.path} went bad on the worker's disk.")
    return sha256


def read_small(repository: Repository, entry: TreeEntry, most: int) -> bytes:
    """The first `most` bytes of a file, past the cache. Raises StorageUnavailable."""
    return reading.read_range(trees.stored(repository, entry), 0, min(most, entry.size))


def fetch_inputs(version: SuiteVersion, stopped: Stopped) -> Path:
    """The suite's inputs, an array or texts, by the key they lie under: a key is never used twice."""
    content = partial(_object_blocks, version.inputs_key)
    name = hashlib.sha256(version.inputs_key.encode()).hexdigest()
    size = storage.size_of(version.inputs_key) or 0
    # The suite's hash is of the array inside: checked when a run opens it.
    return cache().get(Wanted(f"{name}.inputs", size, [content], hashlib.sha256(), lambda: True), stopped)


def read_labels(version: SuiteVersion) -> bytes:
    """The labels' `.npy` file, in memory alone: they never come near a disk that a model could reach."""
    return storage.get(version.labels_key)


def _wanted(repository: Repository, entry: TreeEntry) -> Wanted:
    row = trees.stored(repository, entry)
    if isinstance(row, LfsObject):
        hasher = hashlib.sha256()
        windows = reading.layout_of(row).windows(0, row.size, PART_BYTES)
        parts = (partial(reading.fetch, window) for window in windows)
        return Wanted(row.sha256, row.size, parts, hasher, lambda: hasher.hexdigest() == row.sha256)
    blob = BlobHasher(row.size)
    content = partial(_row_blocks, row)
    return Wanted(f"{row.oid}.blob", row.size, [content], blob, lambda: blob.oid() == row.oid)


def _row_blocks(row: GitObject) -> Sequence[bytes]:
    return [reading.read_range(row, 0, row.size)]


def _object_blocks(key: str) -> Sequence[bytes]:
    return list(storage.stream(key))
