"""Object folders: what git reads, built from rows on this node's disk, one per repository, and gone at any time.

    <GIT_CACHE_DIR>/<repository>-<epoch>/current            the name of the generation in use
                                         <generation>/objects/pack/…
                                                     /batch   up to which write of the repository it holds all objects
                                                     /lock    shared by who reads, exclusive for who removes it
                                                     /filling exclusive for who adds a pack

Packs are only ever added to a generation; a repacked one is made beside it, and the old one goes when nobody reads it:
a git that runs loses nothing under its feet. The epoch changes when rows are deleted, so nothing deleted is served.
"""

import contextlib
import fcntl
import logging
import os
import shutil
import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from django.conf import settings

from hub.errors import Unavailable
from models_registry.models import Reference, Repository
from models_registry.services.git import packing, programs, request_folders
from models_registry.services.git.programs import GitFailed

logger = logging.getLogger(__name__)

MOST_PACKS = 50
MOST_WHOLE_OBJECTS = 2000  # of packs built from rows, which hold no deltas yet
_EVICT_EVERY = 10.0  # seconds, in one process
_evicted_at = 0.0


@dataclass(frozen=True)
class Snapshot:
    """References as they stood at one moment, with the write of the repository that all they need was written by."""

    repository: Repository
    references: dict[str, str]
    batch: int
    epoch: int

    @property
    def key(self) -> str:
        """Never used for anything else, not even where another database takes this one's place."""
        return f"{self.repository.pk}-{self.repository.created_at.timestamp():.6f}-{self.epoch}"


def snapshot(repository: Repository) -> Snapshot:
    """Of the references that are shown. One statement, so that no write falls between the two."""
    shown = Reference.objects.shown().filter(repository=repository)
    rows = shown.values_list("name", "target", "repository__batch", "repository__epoch")
    references: dict[str, str] = {}
    batch, epoch = 0, repository.epoch
    for name, target, batch_now, epoch_now in rows.iterator():
        references[name] = target
        batch, epoch = batch_now, epoch_now
    return Snapshot(repository, references, batch, epoch)


@contextlib.contextmanager
def held(wanted: Snapshot) -> Iterator[Path]:
    """The object folder with all that the snapshot needs, kept as long as the block lasts.

    Raises StorageUnavailable, GitMissing; Unavailable if rows went while they were read.
    """
    root = Path(settings.GIT_CACHE_DIR) / wanted.key
    with _in_use(root) as generation:
        _fill(generation, wanted)
        yield generation / "objects"
    _tend(root, wanted)


@contextlib.contextmanager
def _in_use(root: Path) -> Iterator[Path]:
    while True:
        generation = root / _current(root)
        (generation / "objects" / "pack").mkdir(parents=True, exist_ok=True)
        with _locked(generation / "lock", fcntl.LOCK_SH) as lock:
            if lock is None:
                continue  # it was removed at this very moment
            os.utime(lock.name)
            yield generation
            return


@contextlib.contextmanager
def _locked(path: Path, how: int) -> Iterator[IO[bytes] | None]:
    """The open lock file; None if it is held by somebody else (where `how` says not to wait), or no longer at its place."""
    try:
        file = path.open("ab")
    except FileNotFoundError:
        yield None
        return
    with file:
        try:
            fcntl.flock(file, how)
            stays = path.stat().st_ino == os.fstat(file.fileno()).st_ino
        except (BlockingIOError, FileNotFoundError):
            stays = False
        yield file if stays else None


def _current(root: Path) -> str:
    try:
        return (root / "current").read_text()
    except FileNotFoundError:
        return "first"


def _written(path: Path, text: str) -> None:
    """All or nothing, for readers at the same moment."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as file:
        file.write(text)
    Path(file.name).replace(path)


def _state(generation: Path) -> tuple[int, int]:
    """The batch it holds, and how many objects were added whole."""
    try:
        batch, whole = (generation / "batch").read_text().split()
    except FileNotFoundError:
        return 0, 0
    return int(batch), int(whole)


def _fill(generation: Path, wanted: Snapshot) -> None:
    """Add what was written since as one more pack."""
    if _state(generation)[0] >= wanted.batch:
        return
    with _locked(generation / "filling", fcntl.LOCK_EX) as lock:
        assert lock is not None  # its folder is in use, so nobody removes it
        batch, whole = _state(generation)
        if batch >= wanted.batch:
            return
        count = _add(generation / "objects", wanted, since=batch)
        _written(generation / "batch", f"{wanted.batch} {whole + count}")
    _evict_now_and_then()


def _add(objects: Path, wanted: Snapshot, *, since: int) -> int:
    rows = packing.Rows(wanted.repository.pk, since, wanted.batch)
    if not rows.count:
        return 0
    with (
        request_folders.made({}) as folder,
        programs.running(
            ["index-pack", "--stdin"], folder=folder, objects=objects, stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, processor_seconds=programs.OWN_PROCESSOR_SECONDS,
        ) as process,
    ):  # fmt: skip
        assert process.stdin is not None
        assert process.stderr is not None
        with contextlib.suppress(BrokenPipeError):  # git has ended, and says why
            for block in rows.pack():
                process.stdin.write(block)
            process.stdin.close()
        words = process.stderr.read().decode("utf-8", "replace")
        if process.wait():
            logger.error("no pack could be made of repository %d: %s", wanted.repository.pk, words.strip())
            raise Unavailable("This repository's objects could not be read just now: try again in a moment.")
    return rows.count


def _tend(root: Path, wanted: Snapshot) -> None:
    """Repack in the background where it is due, and remove generations that nobody reads any more."""
    generation = root / _current(root)
    try:
        packs = sum(entry.name.endswith(".pack") for entry in os.scandir(generation / "objects" / "pack"))
    except FileNotFoundError:
        return
    if packs >= MOST_PACKS or _state(generation)[1] >= MOST_WHOLE_OBJECTS:
        threading.Thread(target=renew, args=[root, wanted], name="git-repack").start()
    elif len(_generations(root)) > 1:
        _remove_old(root)


def renew(root: Path, wanted: Snapshot) -> None:
    """Make the next generation: one pack, with deltas."""
    with contextlib.suppress(FileNotFoundError), _locked(root / "renewing", fcntl.LOCK_EX | fcntl.LOCK_NB) as lock:
        if lock is None:
            return
        for left in root.glob(".making-*"):  # by a process that was killed
            shutil.rmtree(left, ignore_errors=True)
        making = root / f".making-{uuid.uuid4().hex}"
        with _in_use(root) as generation:
            batch, whole = _state(generation)
            packs = list((generation / "objects" / "pack").glob("pack-*"))
            if sum(path.suffix == ".pack" for path in packs) < MOST_PACKS and whole < MOST_WHOLE_OBJECTS:
                return  # somebody was quicker
            (making / "objects" / "pack").mkdir(parents=True)
            for path in packs:
                os.link(path, making / "objects" / "pack" / path.name)
        try:
            with request_folders.made(wanted.references) as folder:
                programs.run(
                    ["repack", "-a", "-d", "-f", "-k", "-n", "-q"], folder=folder, objects=making / "objects",
                    processor_seconds=programs.OWN_PROCESSOR_SECONDS,
                )  # fmt: skip
        except GitFailed as error:
            logger.warning("repository %d was not repacked: %s", wanted.repository.pk, error)
            shutil.rmtree(making, ignore_errors=True)
            return
        _written(making / "batch", f"{batch} 0")
        with _locked(making / "lock", fcntl.LOCK_SH):  # until it is the current one, nobody may think it left over
            renewed = making.rename(root / making.name.removeprefix(".making-"))
            _written(root / "current", renewed.name)
        _remove_old(root)


def _generations(root: Path) -> list[Path]:
    with contextlib.suppress(FileNotFoundError):
        return [path for path in root.iterdir() if path.is_dir() and not path.name.startswith(".")]
    return []


def _remove_old(root: Path) -> None:
    current = _current(root)
    for generation in _generations(root):
        if generation.name != current:
            _remove(generation)


def _remove(generation: Path) -> bool:
    """Unless somebody reads it. It is moved away first, so that nobody finds half of it."""
    with _locked(generation / "lock", fcntl.LOCK_EX | fcntl.LOCK_NB) as lock:
        if lock is None:
            return False
        try:
            trash = Path(tempfile.mkdtemp(dir=_trash()))
            generation.rename(trash / "folder")
        except FileNotFoundError:  # the trash was emptied at this very moment
            return False
    shutil.rmtree(trash, ignore_errors=True)
    return True


def _trash() -> Path:
    trash = Path(settings.GIT_CACHE_DIR) / "trash"
    trash.mkdir(parents=True, exist_ok=True)
    return trash


def _evict_now_and_then() -> None:
    global _evicted_at  # noqa: PLW0603 - of this process, and no harm is done if two threads both set it
    if time.monotonic() - _evicted_at > _EVICT_EVERY:
        _evicted_at = time.monotonic()
        evict(settings.GIT_CACHE_BYTES)


def evict(most: int) -> None:
    """Remove what was not used for the longest time, until at most `most` bytes are left. What is in use stays."""
    request_folders.sweep()
    shutil.rmtree(_trash(), ignore_errors=True)
    root = Path(settings.GIT_CACHE_DIR)
    found = []
    for folder in root.iterdir():
        if folder.name not in {"requests", "trash"}:
            found += [(_used_at(path), _size(path), path) for path in _generations(folder)]
    total = sum(size for _, size, _ in found)
    for _, size, generation in sorted(found):
        if total <= most:
            break
        if _remove(generation):
            total -= size
            with contextlib.suppress(OSError):
                (generation.parent / "current").unlink(missing_ok=True)
                (generation.parent / "renewing").unlink(missing_ok=True)
                generation.parent.rmdir()


def _used_at(generation: Path) -> float:
    try:
        return (generation / "lock").stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _size(generation: Path) -> int:
    try:
        return sum(entry.stat().st_size for entry in os.scandir(generation / "objects" / "pack"))
    except FileNotFoundError:
        return 0
