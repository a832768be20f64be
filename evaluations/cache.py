"""Files of models on this worker's disk, by their content: fetched once, checked, shared by all runs, never changed.

A file is written beside its place, hashed as it comes, synced, and renamed into place, so a worker that dies leaves
nothing half-made under a good name. A run uses a second name of it (a hard link), so removing the oldest never takes
anything from under a run.
"""

import contextlib
import fcntl
import hashlib
import logging
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

logger = logging.getLogger(__name__)

AHEAD = 8
HIGH_WATER = 0.9
LOW_WATER = 0.7
READ_ONLY = 0o444
PARTIAL = ".partial"


class DamagedError(Exception):
    """What was fetched is not what it should be."""


class Hasher(Protocol):
    def update(self, data: bytes, /) -> None: ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file to have. name: of its content, safe as a file's name. hasher: is fed every byte; then is_right is asked."""

    name: str
    size: int
    parts: Iterable[Callable[[], Iterable[bytes]]]
    hasher: Hasher
    is_right: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Cache:
    """A folder of at most about `capacity` bytes."""

    folder: Path
    capacity: int

    def get(self, wanted: Wanted, stopped: Callable[[], None]) -> Path:
        """The file, fetched unless it is here. stopped: called between parts, may raise to give up.

        Raises DamagedError, OSError, and what the parts raise.
        """
        place = self.folder / wanted.name[:2] / wanted.name
        place.parent.mkdir(parents=True, exist_ok=True)
        with _alone(place.with_name(f"{place.name}.lock")):
            if not place.is_file() or place.stat().st_size != wanted.size:
                self.make_room(wanted.size)
                _fetch(wanted, place, stopped)
            os.utime(place)
        return place

    def make_room(self, size: int) -> None:
        """Remove what was used longest ago, down to LOW_WATER, if `size` more would pass HIGH_WATER."""
        files = sorted(self._files(), key=lambda file: file.stat().st_mtime)
        used = sum(file.stat().st_size for file in files)
        if used + size <= HIGH_WATER * self.capacity:
            return
        for file in files:
            if used + size <= LOW_WATER * self.capacity:
                return
            status = file.stat()
            if status.st_nlink == 1:  # no run has it in use
                file.unlink(missing_ok=True)
                used -= status.st_size
                logger.info("cache: %s removed", file.name)

    def _files(self) -> Iterator[Path]:
        for file in self.folder.glob("??/*"):
            if file.is_file() and file.suffix not in {".lock", PARTIAL}:
                yield file


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fetch(wanted: Wanted, place: Path, stopped: Callable[[], None]) -> None:
    partial = place.with_name(place.name + PARTIAL)
    written = 0
    try:
        with partial.open("wb") as file:
            for block in _in_order(wanted.parts, stopped):
                file.write(block)
                wanted.hasher.update(block)
                written += len(block)
            file.flush()
            os.fsync(file.fileno())
        if written != wanted.size or not wanted.is_right():
            raise DamagedError(f"{wanted.name} came with {written} bytes of {wanted.size}, or with another hash.")
        partial.chmod(READ_ONLY)
        partial.rename(place)
        _sync_folder(place.parent)
    finally:
        partial.unlink(missing_ok=True)


def _in_order(parts: Iterable[Callable[[], Iterable[bytes]]], stopped: Callable[[], None]) -> Iterator[bytes]:
    """The parts' bytes in order, up to AHEAD parts fetched at once."""
    with ThreadPoolExecutor(AHEAD, thread_name_prefix="fetch") as pool:
        coming: deque[Future[Iterable[bytes]]] = deque()
        try:
            for part in parts:
                coming.append(pool.submit(part))
                if len(coming) >= AHEAD:
                    stopped()
                    yield from coming.popleft().result()
            while coming:
                stopped()
                yield from coming.popleft().result()
        finally:
            for future in coming:
                future.cancel()


@contextlib.contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Only one process of this machine at a time; a process that dies lets go."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
