"""A commit's files, from wherever the registry keeps them into this worker's cache."""

import hashlib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from django.conf import settings

from evaluations.cache import Cache, DamagedError, Wanted, sha256_of
from evaluations.models import SuiteVersion
from evaluations.suite_files import digest_of_data
from models_registry import storage
from models_registry.errors import ContentQuarantined, EntryNotFound
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


class SuiteDataLostError(Exception):
    """The suite's data are not what its version says, and trying again will not change that; the text is for everybody."""


class SuiteDataNotReadyError(Exception):
    """The suite is so new that its data are not in their repository yet."""


def fetch_inputs(version: SuiteVersion, stopped: Stopped) -> Path:
    """The suite's inputs, an array or texts, out of the commit that its version names, their hash checked.

    Raises SuiteDataLostError, SuiteDataNotReadyError, StorageUnavailable, DamagedError, OSError.
    """
    repository, revision = version.data_repository, version.data_revision
    if not revision:
        raise SuiteDataNotReadyError(f"The data of {version} are not stored yet.")
    if repository is None:
        raise SuiteDataLostError(f"The repository that held the data of {version} was deleted.")
    try:
        entry = trees.file(repository, Commit.objects.get(repository=repository, oid=revision), version.data_path)
        place = fetch(repository, entry, stopped)
    except (Commit.DoesNotExist, GitObject.DoesNotExist, EntryNotFound):
        raise SuiteDataLostError(
            f"{repository.full_name} has no {version.data_path} at {revision[:12]} any more, which are the data of {version}."
        ) from None
    except ContentQuarantined:
        raise SuiteDataLostError(f"The data of {version} are in quarantine.") from None
    if digest_of_data(place.read_bytes()) != version.definition["data"][0]["sha256"]:
        checked_sha256(entry, place)  # if it is this machine's copy that is bad, another try will do
        raise SuiteDataLostError(
            f"{version.data_path} in {repository.full_name} at {revision[:12]} is not what the hash of {version} says."
        )
    return place


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
