"""A child's memory and processes, held to their limits by the kernel: a cgroup (v2) of its own, where this worker may make one.

It may where systemd has delegated its own to it (`Delegate=yes` with `DelegateSubgroup=`), or in a container whose cgroup it
may write. Elsewhere `child` watches the memory from outside, five times a second.
Source: https://docs.kernel.org/admin-guide/cgroup-v2.html
"""

import contextlib
import logging
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

logger = logging.getLogger(__name__)

NAME = "grove-model"
MOST_TASKS = 4096  # processes and threads
PROBE_BYTES = 48 * 1024**2
PROBE = "import sys; held = bytearray(256 * 1024**2); sys.exit(0)"
PROBE_SECONDS = 20
EMPTYING_SECONDS = 2.0
ENTER = 'echo 0 > "$0/cgroup.procs" && exec "$@"'


@dataclass(frozen=True, slots=True)
class Group:
    """One child's cgroup."""

    folder: Path

    def entered_by(self, command: Sequence[str]) -> list[str]:
        """The command, its first process in the group before it does anything."""
        return ["/bin/sh", "-c", ENTER, str(self.folder), *command]

    def has_run_out_of_memory(self) -> bool:
        """Whether the kernel has killed somebody in it."""
        try:
            events = (self.folder / "memory.events").read_text("ascii")
        except OSError:
            return False
        return any(int(count) > 0 for count in re.findall(r"^oom_kill (\d+)$", events, re.MULTILINE))


@contextlib.contextmanager
def made(memory: int) -> Iterator[Group | None]:
    """A group whose processes may take so many bytes together; None where the kernel lets this worker make none.

    Whoever is left in it at the end is killed.
    """
    parent = _parent() if works() else None
    try:
        group = _make(parent, memory) if parent else None
    except OSError:
        logger.warning("No cgroup can be made any more: the child is watched from outside.", exc_info=True)
        group = None
    if group is None:
        yield None
        return
    try:
        yield group
    finally:
        _remove(group)


@cache
def works() -> bool:
    """Whether a process in such a group really is killed when it takes more than it may: tried, not guessed."""
    parent = _parent()
    if parent is None:
        return False
    try:
        group = _make(parent, PROBE_BYTES)
    except OSError:
        return False
    try:
        command = group.entered_by([sys.executable, "-S", "-c", PROBE])
        subprocess.run(command, capture_output=True, timeout=PROBE_SECONDS, check=False)  # noqa: S603
        return group.has_run_out_of_memory()
    except (OSError, subprocess.TimeoutExpired):
        return False
    finally:
        _remove(group)


def _make(parent: Path, memory: int) -> Group:
    """Raises OSError."""
    group = Group(parent / f"{NAME}-{uuid.uuid4().hex[:12]}")
    group.folder.mkdir()
    try:
        (group.folder / "memory.max").write_text(str(memory), "ascii")
        (group.folder / "pids.max").write_text(str(MOST_TASKS), "ascii")
        (group.folder / "memory.oom.group").write_text("1", "ascii")  # all of the child or none of it
        with contextlib.suppress(FileNotFoundError):  # a kernel without swap
            (group.folder / "memory.swap.max").write_text("0", "ascii")
    except OSError:
        _remove(group)
        raise
    return group


def _remove(group: Group) -> None:
    with contextlib.suppress(OSError):
        (group.folder / "cgroup.kill").write_text("1", "ascii")
    ends = time.monotonic() + EMPTYING_SECONDS
    while True:
        try:
            group.folder.rmdir()
        except FileNotFoundError:
            return
        except OSError:  # busy until the last of them is gone
            if time.monotonic() > ends:
                logger.warning("the cgroup %s is not empty and stays", group.folder)
                return
            time.sleep(0.02)
        else:
            return


@cache
def _parent() -> Path | None:
    """Where groups with limits can be made: in the worker's own cgroup or beside it, whichever hands out the controllers.

    The kernel hands them out only from a group that has no processes of its own, so that of a worker is most often the place
    beside it.
    """
    own = own_group(_read("/proc/self/mountinfo"), _read("/proc/self/cgroup"))
    for candidate in [own, own.parent] if own else []:
        if {"memory", "pids"} <= set(_handed_out(candidate)):
            return candidate
    return None


def own_group(mounts: str, groups: str) -> Path | None:
    """The folder of this process's group. mounts, groups: /proc/self/mountinfo and /proc/self/cgroup; None without cgroup v2.

    Where a container shows a part of the tree alone, the mount's root is that part.
    """
    named = re.search(r"^0::(/.*)$", groups, re.MULTILINE)
    mount = re.search(r"^\d+ \d+ \S+ (\S+) (\S+) .* - cgroup2 ", mounts, re.MULTILINE)
    if named is None or mount is None:
        return None
    root, place = mount.groups()
    inside = Path(named[1])
    relative = inside.relative_to(root) if root != "/" and inside.is_relative_to(root) else inside.relative_to("/")
    return Path(place) / relative


def _handed_out(group: Path) -> list[str]:
    """The controllers that groups within this one have; asked for, if they are not there yet."""
    place = group / "cgroup.subtree_control"
    with contextlib.suppress(OSError):
        if not {"memory", "pids"} <= set(place.read_text("ascii").split()):
            place.write_text("+memory +pids", "ascii")
        return place.read_text("ascii").split()
    return []


def _read(path: str) -> str:
    try:
        return Path(path).read_text("utf-8")
    except OSError:
        return ""
