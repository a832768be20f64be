"""A hostile child: what it may do to its supervisor is little."""

import json
import os
import sys
import threading
import time
from pathlib import Path

import pytest

from evaluations import child
from evaluations.child import ChildFailedError, Limits, StoppedError

GENEROUS = Limits(wall=30, idle=30, memory=4 * 10**9)
SAY = "import os, sys, time\nsay = lambda text: os.write(int(sys.argv[1]), text)\n"
DONE = 'say(b\'{"type":"done","rows":1,"seconds":{},"memory":{},"model":{}}\\n\')\n'


def run(program: str, folder: Path, limits: Limits = GENEROUS, stopped: threading.Event | None = None) -> child.Report:
    return child.run(
        lambda messages: [sys.executable, "-c", SAY + program, str(messages)],
        {"PATH": os.environ["PATH"]},
        limits,
        folder=folder,
        on_progress=lambda *_: None,
        stopped=stopped.is_set if stopped else lambda: False,
    )


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


PERF = {"single": [], "sweep": [], "offline": [], "generation": [], "energy": [], "stopped": "end", "gpu_shared": False}
FAULTS = {
    "says nothing and ends": ("", "crashed", "status 0 before it was done"),
    "ends with an error": ("sys.exit(3)", "crashed", "status 3"),
    "is killed for its memory": ("os.kill(os.getpid(), 9)", "out_of_memory", "killed"),
    "crashes": ("os.abort()", "crashed", "status -6"),
    "gives its reason": (
        'say(b\'{"type":"error","kind":"shape_mismatch","text":"wrong\\\\u001b[31m shape"}\\n\')',
        "shape_mismatch",
        "wrong[31m shape",
    ),
    "sends no JSON": ("say(b'hello\\n')", "protocol", "not JSON"),
    "sends NaN": ('say(b\'{"type":"progress","done":NaN,"total":1}\\n\')', "protocol", "not JSON"),
    "sends a number out of bounds": (
        'say(b\'{"type":"progress","done":1e300,"total":1}\\n\')',
        "protocol",
        "not the harness's",
    ),
    "claims a score": ('say(b\'{"type":"done","rows":1,"accuracy":1.0}\\n\')', "protocol", "not the harness's"),
    "invents a fault": ('say(b\'{"type":"error","kind":"infrastructure","text":""}\\n\')', "protocol", "not the"),
    "sends half a line without end": ("\nwhile True: say(b'x' * 1000)", "protocol", "over 65536 bytes"),
    "sends good lines without end": (
        '\nwhile True: say(b\'{"type":"warning","text":"again"}\\n\' * 100)',
        "protocol",
        "bytes of messages",
    ),
    "counts further than a database does": (
        'say(b\'{"type":"progress","done":1,"total":3000000000}\\n\')',
        "protocol",
        "not the harness's",
    ),
    **{
        f"claims a speed {name}": (
            f"say(b'{json.dumps({'type': 'perf', 'perf': PERF | change})}\\n')",
            "protocol",
            "not the harness's",
        )
        for name, change in {
            "of no time": {"single": [{"queries": 1, "p50": 0, "p90": 0, "p99": 0}]},
            "four times": {"single": [{"queries": 1, "p50": 1, "p90": 1, "p99": 1}] * 4},
            "of no rows": {"offline": [{"batch_size": 1, "items": 0, "seconds": 1}]},
            "with words": {"generation": [{"queries": 1, "first_token": "fast", "decode": 1}]},
            "of its own kind": {"score": 1.0},
            "for no reason": {"stopped": "because"},
        }.items()
    },
    "nests JSON without end": ("say(b'[' * 60000 + b'\\n')", "protocol", "not JSON"),
}


@pytest.mark.parametrize(("program", "code", "words"), FAULTS.values(), ids=FAULTS.keys())
def test_a_child_that_misbehaves_becomes_a_readable_failure(program: str, code: str, words: str, tmp_path: Path):
    with pytest.raises(ChildFailedError) as caught:
        run(program, tmp_path)
    assert caught.value.code == code
    assert words in str(caught.value)


def test_the_log_keeps_its_last_64_kib_and_no_control_characters(tmp_path: Path):
    program = "\nfor n in range(30000): print(f'line {n} \\x1b[31m')\nprint('the end')\nsys.exit(1)"
    with pytest.raises(ChildFailedError) as caught:
        run(program, tmp_path)
    assert len(caught.value.log) <= child.LOG_TAIL_BYTES
    assert caught.value.log.endswith("the end\n")
    assert "\x1b" not in caught.value.log


def test_a_child_that_prints_without_end_is_stopped_by_the_clock(tmp_path: Path):
    started = time.monotonic()
    with pytest.raises(ChildFailedError) as caught:
        run("\nwhile True: print('x' * 1000)", tmp_path, Limits(wall=1, idle=30, memory=10**9))
    assert caught.value.code == "timeout"
    assert time.monotonic() - started < 10


def test_a_silent_child_is_stopped_though_it_prints(tmp_path: Path):
    with pytest.raises(ChildFailedError) as caught:
        run("\nwhile True: print('busy', flush=True); time.sleep(0.1)", tmp_path, Limits(wall=60, idle=1, memory=10**9))
    assert caught.value.code == "idle"


def test_a_child_that_takes_too_much_memory_is_stopped(tmp_path: Path):
    with pytest.raises(ChildFailedError) as caught:
        run("held = b'x' * 600_000_000\ntime.sleep(60)", tmp_path, Limits(wall=60, idle=60, memory=200_000_000))
    assert caught.value.code == "out_of_memory"
    assert "0.2 GB" in str(caught.value)


def test_a_cancelled_run_kills_its_child_and_whatever_it_started(tmp_path: Path):
    stop = threading.Event()
    program = """
import subprocess
other = subprocess.Popen(["sleep", "300"])
open("pids", "w").write(f"{os.getpid()} {other.pid}")
os.rename("pids", "started")
time.sleep(300)
"""

    def cancel() -> None:
        while not (tmp_path / "started").exists():
            time.sleep(0.02)
        stop.set()

    thread = threading.Thread(target=cancel)
    thread.start()
    with pytest.raises(StoppedError):
        run(program, tmp_path, stopped=stop)
    thread.join()
    pids = [int(pid) for pid in (tmp_path / "started").read_text().split()]
    deadline = time.monotonic() + 5
    while any(map(is_alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(is_alive, pids))


def test_what_a_good_child_says_is_kept(tmp_path: Path):
    progress: list[tuple[int, int]] = []
    program = (
        'say(b\'{"type":"stage","stage":"loading"}\\n{"type":"progress","done":1,"total":2}\\n\')\n'
        'say(b\'{"type":"warning","text":"slow"}\\n{"type":"environment","environment":{"gpu":null,"packages":{"a":"1"}}}\\n\')\n'
    )
    report = child.run(
        lambda messages: [sys.executable, "-c", SAY + program + DONE, str(messages)],
        {},
        GENEROUS,
        folder=tmp_path,
        on_progress=lambda done, total: progress.append((done, total)),
        stopped=lambda: False,
    )
    assert report.finished
    assert progress == [(1, 2)]
    assert report.warnings == ["slow"]
    assert report.environment == {"gpu": None, "packages": {"a": "1"}}


def test_what_a_child_says_of_itself_is_kept_without_control_characters(tmp_path: Path):
    environment = {"hardware_class": "a\0b\ud800", "in": {"c\0": "d\a"}}
    message = json.dumps({"type": "environment", "environment": environment}) + "\n"
    program = f"say({message.encode()!r})\n"
    report = run(program + DONE, tmp_path)
    assert report.environment == {"hardware_class": "ab", "in": {"c": "d"}}
