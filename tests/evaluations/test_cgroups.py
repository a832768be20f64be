"""A child's own cgroup: found where the kernel says it is, and in force where this machine lets one be made."""

import subprocess
import sys
from pathlib import Path

import pytest

from evaluations import cgroups, child, sandbox
from evaluations.child import ChildFailedError, Limits
from tests.evaluations.test_child import DONE, SAY

MOUNT = "31 24 0:27 {root} {place} rw,nosuid,nodev,noexec,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
OLD = "32 24 0:28 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
WORKER = "/system.slice/grove-worker.service/worker"


def run(program: str, folder: Path, memory: int) -> child.Report:
    with cgroups.made(memory) as group:
        return child.run(
            lambda messages: [sys.executable, "-c", SAY + program, str(messages)],
            {"PATH": "/usr/bin:/bin"},
            Limits(wall=60, idle=60, memory=memory),
            folder=folder,
            on_progress=lambda *_: None,
            stopped=lambda: False,
            group=group,
        )


@pytest.mark.parametrize(
    ("mounts", "groups", "found"),
    [
        (OLD + MOUNT.format(root="/", place="/sys/fs/cgroup"), f"0::{WORKER}\n", f"/sys/fs/cgroup{WORKER}"),
        (
            MOUNT.format(root="/", place="/sys/fs/cgroup/unified"), f"4:memory:/x\n0::{WORKER}\n",
            f"/sys/fs/cgroup/unified{WORKER}",
        ),
        (MOUNT.format(root="/docker/ab", place="/sys/fs/cgroup"), "0::/docker/ab/inner\n", "/sys/fs/cgroup/inner"),
        (MOUNT.format(root="/", place="/sys/fs/cgroup"), "0::/\n", "/sys/fs/cgroup"),
        (OLD, "4:memory:/x\n", None),
        (OLD, "0::/x\n", None),
        ("", "", None),
    ],
)  # fmt: skip
def test_the_workers_own_group_is_where_the_kernel_says(mounts: str, groups: str, found: str | None) -> None:
    assert cgroups.own_group(mounts, groups) == (Path(found) if found else None)


def test_the_report_says_who_holds_the_limit(tmp_path: Path) -> None:
    assert run(DONE, tmp_path, 10**9).memory_limit == ("cgroup" if cgroups.works() else "watched")


@pytest.mark.parametrize(("works", "said"), [(True, "a cgroup of its own"), (False, "watched from outside")])
def test_the_start_up_check_says_who_holds_the_limit(works: bool, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cgroups, "works", lambda: works)
    assert said in " ".join(sandbox.protections("container", embedded=False)["sentences"])


def test_where_no_group_can_be_made_any_more_the_memory_is_watched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cgroups, "works", lambda: True)
    monkeypatch.setattr(cgroups, "_parent", lambda: tmp_path / "gone")
    assert run(DONE, tmp_path, 10**9).memory_limit == "watched"


def test_what_takes_too_much_in_less_time_than_is_looked_ends_out_of_memory(tmp_path: Path) -> None:
    if not cgroups.works():  # which needs more than a program that could be installed, so that even CI may be without
        pytest.skip("This machine lets nobody here make a cgroup (v2) with a limit of memory.")
    with pytest.raises(ChildFailedError) as caught:
        run("held = bytearray(10**9)\n" + DONE, tmp_path, 200_000_000)
    assert caught.value.code == "out_of_memory"
    assert "more than the 0.2 GB" in str(caught.value)
    parent = cgroups._parent()
    assert parent is not None
    assert not list(parent.glob(f"{cgroups.NAME}-*"))


def test_a_group_that_counts_a_kill_says_so(tmp_path: Path) -> None:
    group = cgroups.Group(tmp_path)
    assert not group.has_run_out_of_memory()
    for text, killed in (
        ("low 0\nhigh 3\noom 0\noom_kill 0\n", False),
        ("oom 1\noom_kill 2\noom_group_kill 1\n", True),
    ):
        (tmp_path / "memory.events").write_text(text)
        assert group.has_run_out_of_memory() is killed


def test_a_command_joins_its_group_before_it_begins(tmp_path: Path) -> None:
    (tmp_path / "cgroup.procs").touch()
    said = subprocess.run(
        cgroups.Group(tmp_path).entered_by(["cat", str(tmp_path / "cgroup.procs")]),
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout == "0\n"
    refused = cgroups.Group(tmp_path / "none").entered_by(["echo", "ran all the same"])
    assert subprocess.run(refused, capture_output=True, text=True, check=False).stdout == ""
