"""Running git: a bare environment, no shell, bounded in memory, processor time and wall clock, and never left behind."""

import contextlib
import functools
import os
import resource
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from models_registry.errors import GitMissing

MEMORY = 2 * 2**30  # bytes of address space, in which git also maps its packs
PROCESSOR_SECONDS = 120
OWN_PROCESSOR_SECONDS = 1200  # for what git does with our own rows
WALL_SECONDS = 1800  # a clone over a slow line
_SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.bigFileThreshold=10m",
    "core.packedGitWindowSize=16m",
    "core.packedGitLimit=256m",
    "core.deltaBaseCacheLimit=32m",
    "core.alternateRefsCommand=true",
    "core.fsync=none",  # what is on this disk may vanish at any time
    "pack.threads=1",
    "pack.windowMemory=64m",
    "gc.auto=0",
    "maintenance.auto=false",
    "safe.directory=*",
    "protocol.allow=never",  # git here fetches nothing from anywhere
)


class GitFailed(Exception):
    """git ended with an error; says what it wrote. `code`: negative for a signal."""

    def __init__(self, code: int, words: str):
        super().__init__(words)
        self.code = code


@functools.cache
def _program() -> str | None:
    return shutil.which("git")


def require() -> str:
    """Where git is. Raises GitMissing."""
    program = _program()
    if program is None:
        raise GitMissing
    return program


def _environment(objects: Path | None, more: dict[str, str] | None) -> dict[str, str]:
    found = {
        "PATH": os.pathsep.join([str(Path(require()).parent), "/usr/bin", "/bin"]),
        "LC_ALL": "C",
        "HOME": "/nonexistent",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_TERMINAL_PROMPT": "0",
    }
    if objects is not None:
        found["GIT_OBJECT_DIRECTORY"] = str(objects)
    return found | (more or {})


@contextlib.contextmanager
def running(
    arguments: Sequence[str],
    *,
    folder: Path,
    objects: Path | None = None,
    stdin: int | IO[bytes] = subprocess.DEVNULL,
    stdout: int | IO[bytes] = subprocess.PIPE,
    stderr: int | IO[bytes] = subprocess.DEVNULL,
    settings: Sequence[str] = (),
    environment: dict[str, str] | None = None,
    processor_seconds: int = PROCESSOR_SECONDS,
    memory: int = MEMORY,
) -> Iterator[subprocess.Popen[bytes]]:
    """`git <arguments>` in a git directory, killed with all its children when the block is left or its time is up.

    objects: the object folder, if it is not the directory's own. Raises GitMissing.
    """
    options = [part for setting in (*_SETTINGS, *settings) for part in ("-c", setting)]
    process = subprocess.Popen(  # noqa: S603 - git by its full path, arguments of ours, no shell
        [require(), *options, *arguments],
        cwd=folder,
        env=_environment(objects, {"GIT_DIR": str(folder), **(environment or {})}),
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        start_new_session=True,  # a process group of its own, to be killed as one
    )
    clock = threading.Timer(WALL_SECONDS, _kill, [process])
    clock.daemon = True
    try:
        _limit(process.pid, processor_seconds, memory)
        clock.start()
        yield process
    finally:
        clock.cancel()
        _kill(process)
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        process.wait()


def _limit(pid: int, processor_seconds: int, memory: int) -> None:
    """From outside, before git has been sent anything: what runs between fork and exec must not be Python in threads."""
    if not hasattr(resource, "prlimit"):
        return  # not Linux: a developer's machine
    with contextlib.suppress(ProcessLookupError):
        for kind, most in (
            (resource.RLIMIT_AS, memory),
            (resource.RLIMIT_CPU, processor_seconds),
            (resource.RLIMIT_CORE, 0),
        ):
            resource.prlimit(pid, kind, (most, most))


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.returncode is not None:
        return  # waited for: its number may be somebody else's by now
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def run(
    arguments: Sequence[str],
    *,
    folder: Path,
    objects: Path | None = None,
    stdin: int | IO[bytes] = subprocess.DEVNULL,
    stdout: IO[bytes] | None = None,
    settings: Sequence[str] = (),
    processor_seconds: int = PROCESSOR_SECONDS,
) -> bytes:
    """Wait for git to end; what it wrote, unless it went to `stdout`. For small outputs. Raises GitFailed, GitMissing."""
    with running(
        arguments, folder=folder, objects=objects, stdin=stdin, settings=settings,
        stdout=subprocess.PIPE if stdout is None else stdout, stderr=subprocess.PIPE,
        processor_seconds=processor_seconds,
    ) as process:  # fmt: skip
        written, words = process.communicate()
        if process.returncode:
            raise GitFailed(process.returncode, words.decode("utf-8", "replace").strip()[-2000:])
    return written or b""
