import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hub.embedded.supervisor import Command, Supervisor, run_to_end

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="asks /proc and the kernel about processes")

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(tmp_path, said):
    supervisor = Supervisor(os.environ, tmp_path / "logs", said.append)
    yield supervisor
    supervisor.stop(grace=0.1)


def python(code: str, **options) -> Command:
    return Command("child", [sys.executable, "-c", code], **options)


def eventually(condition: Callable[[], object], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_child_that_dies_is_started_again(supervisor, said):
    supervisor.start(python("import time; time.sleep(60)"))
    first = supervisor.children[0].pid
    os.kill(first, signal.SIGKILL)
    assert eventually(lambda: supervisor.look() or (supervisor.children[0].pid not in {None, first}))
    assert "signal 9" in said[0]


def test_every_death_in_a_row_makes_the_pause_longer(supervisor):
    supervisor.start(python("raise SystemExit('no')"))
    child = supervisor.children[0]
    assert eventually(lambda: supervisor.look() or child.deaths == 1)
    assert [child.retry_later() for _ in range(8)] == [1, 2, 4, 8, 16, 30, 30, 30]


def test_a_command_with_an_end_is_not_started_again(supervisor, said):
    supervisor.start(python("pass", once=True))
    child = supervisor.children[0]
    assert eventually(lambda: not child.running)
    supervisor.look()
    assert child.due is None
    assert said == []


def test_a_stubborn_child_is_killed_after_the_grace(supervisor, said):
    supervisor.start(python(STUBBORN))
    child = supervisor.children[0]
    assert eventually(lambda: b"up" in child.log.read_bytes())
    began = time.monotonic()
    supervisor.stop(grace=0.3)
    assert time.monotonic() - began < 5
    assert not child.running
    assert "was killed" in said[0]


def test_what_a_dead_child_leaves_behind_is_swept(supervisor):
    supervisor.start(
        python(
            "import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']).pid)"
        )
    )
    child = supervisor.children[0]
    assert eventually(lambda: not child.running)
    grandchild = int(child.log.read_text())
    supervisor.look()
    assert eventually(lambda: not alive(grandchild))


def test_children_stop_when_the_launcher_is_killed(tmp_path):
    launcher = f"""
import os, sys, time
from pathlib import Path
from hub.embedded.supervisor import Command, Supervisor
supervisor = Supervisor(os.environ, Path({str(tmp_path)!r}), print)
supervisor.start(Command("child", [sys.executable, "-c", "import time; time.sleep(60)"]))
print(supervisor.children[0].pid, flush=True)
time.sleep(60)
"""
    process = subprocess.Popen([sys.executable, "-c", launcher], stdout=subprocess.PIPE)
    child = int(process.stdout.readline())
    process.kill()
    process.wait()
    assert eventually(lambda: not alive(child))


def test_a_step_that_fails_says_why(tmp_path):
    with pytest.raises(RuntimeError, match="no such table"):
        run_to_end(python("raise SystemExit('no such table')"), os.environ, tmp_path / "log")
