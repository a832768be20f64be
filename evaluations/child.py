"""Run the child that opens a model, within limits, and believe nothing that it says without looking.

The child is hostile as far as this module knows: it may print without end, write half a line, claim any number, stop
answering, or fork. Its messages have a size and a schema, its log keeps its last 64 KiB, its time, silence and memory
are limited from outside, and whatever is left of it is killed when it is done.
"""

import contextlib
import json
import logging
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from evaluations.cgroups import Group

logger = logging.getLogger(__name__)

MAX_LINE_BYTES = 64 * 1024
MAX_MESSAGE_BYTES = 4 * 1024 * 1024
LOG_TAIL_BYTES = 64 * 1024
MAX_WARNINGS = 20
TICK_SECONDS = 0.2
TELL_SECONDS = 1.0
MAX_PROCESSES = 200
# Who holds the child to its memory, in the words of the result document.
KERNEL, WATCHED = "cgroup", "watched"

# What the harness may say (evaluations/harness/messages.py), bounded in every member.
_NUMBER = {"type": "number", "minimum": 0, "maximum": 1e15}
_TEXT = {"type": "string", "maxLength": 2000}
_FACTS: dict[str, Any] = {
    "type": "object",
    "maxProperties": 40,
    "propertyNames": {"maxLength": 60},
    "additionalProperties": {"anyOf": [_NUMBER, _TEXT, {"type": ["null", "boolean"]}, {"$ref": "#/$defs/inner"}]},
}
_INNER: dict[str, Any] = _FACTS | {"additionalProperties": {"anyOf": [_NUMBER, _TEXT, {"type": ["null", "boolean"]}]}}


def _message(**members: Any) -> Draft202012Validator:
    properties = {"type": {"type": "string"}, **members}
    return Draft202012Validator(
        {
            "$defs": {"inner": _INNER},
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }
    )


def _record(**members: Any) -> dict[str, Any]:
    return {"type": "object", "properties": members, "required": list(members), "additionalProperties": False}


def _list(most: int, **members: Any) -> dict[str, Any]:
    return {"type": "array", "maxItems": most, "items": _record(**members)}


_COUNT = {"type": "integer", "minimum": 0, "maximum": 2**31 - 1}  # as much as a database's integer holds
_FAULTS = ["unsupported", "corrupt", "shape_mismatch", "not_finite", "out_of_memory", "device", "crashed"]
_SECONDS = {"type": "number", "minimum": 1e-9, "maximum": 1e6}
_SOME = {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}
_COUNTED = {"type": "integer", "minimum": 1, "maximum": 2**53}
_RATE = {"batch_size": _SOME, "items": _COUNTED, "seconds": _SECONDS}
_JOULES = {"type": "number", "exclusiveMinimum": 0, "maximum": 1e9}
_PERF = _record(
    single=_list(3, queries=_SOME, p50=_SECONDS, p90=_SECONDS, p99=_SECONDS),
    sweep=_list(32, **_RATE),
    offline=_list(3, **_RATE),
    generation=_list(3, queries=_SOME, first_token=_SECONDS, decode=_SECONDS),
    energy=_list(3, scenario={"enum": ["single", "offline", "generation"]}, joules=_JOULES, items=_COUNTED),
    stopped={"enum": ["end", "gain", "memory", "time"]},
    gpu_shared={"type": "boolean"},
)
_MESSAGES = {
    "stage": _message(stage={"enum": ["loading", "predicting", "measuring"]}),
    "progress": _message(done=_COUNT, total=_COUNT),
    "environment": _message(environment=_FACTS),
    "warning": _message(text=_TEXT),
    "perf": _message(perf=_PERF),
    "error": _message(kind={"enum": _FAULTS}, text=_TEXT),
    "done": _message(rows=_COUNT, seconds=_FACTS, memory=_FACTS, model=_FACTS),
}


class ChildFailedError(Exception):
    """The child gave no predictions. `code` is a word of messages.FAULTS, or timeout, idle, processes, protocol, output."""

    def __init__(self, code: str, reason: str, log: str) -> None:
        super().__init__(reason)
        self.code = code
        self.log = log


class StoppedError(Exception):
    """The child was killed because its run was cancelled or belongs to another worker by now."""


@dataclass(frozen=True, slots=True)
class Limits:
    """wall and idle in seconds, memory in bytes of all the child's processes together."""

    wall: float
    idle: float
    memory: int


@dataclass(slots=True)
class Report:
    """What the child said of itself, every member within the schema's bounds and none of it verified.

    But `memory_limit` is the supervisor's: KERNEL or WATCHED.
    """

    environment: dict[str, Any] = field(default_factory=dict)
    model: dict[str, Any] = field(default_factory=dict)
    seconds: dict[str, Any] = field(default_factory=dict)
    memory: dict[str, Any] = field(default_factory=dict)
    perf: dict[str, Any] | None = None
    memory_limit: str = WATCHED
    warnings: list[str] = field(default_factory=list)
    finished: bool = False
    error: tuple[str, str] | None = None
    log: str = ""

    def took(self, step: str) -> float:
        """Seconds that a step took, 0 where the child says nothing of the kind."""
        return _number_in(self.seconds, step) or 0.0

    def bytes_of(self, part: str) -> int | None:
        """Of `memory`."""
        value = _number_in(self.memory, part)
        return None if value is None else int(value)


@dataclass(slots=True)
class _Child:
    """The running child and what has been read of it."""

    process: subprocess.Popen[bytes]
    limits: Limits
    group: Group | None
    on_progress: Callable[[int, int], None]
    on_log: Callable[[str], None]
    report: Report = field(default_factory=Report)
    log: bytearray = field(default_factory=bytearray)
    is_log_told: bool = True
    pending: bytearray = field(default_factory=bytearray)
    message_bytes: int = 0
    heard: float = field(default_factory=time.monotonic)
    peak: int = 0
    peak_when_done: int = 0

    def take_log(self, content: bytes) -> None:
        self.log += content
        del self.log[:-LOG_TAIL_BYTES]
        self.is_log_told = False

    def tell_log(self) -> None:
        if not self.is_log_told:
            self.is_log_told = True
            self.on_log(self.log_text())

    def take_messages(self, content: bytes) -> None:
        """Raises ChildFailedError at anything that the harness would not write."""
        self.message_bytes += len(content)
        if self.message_bytes > MAX_MESSAGE_BYTES:
            raise self.failure("protocol", f"The model's process sent over {MAX_MESSAGE_BYTES} bytes of messages.")
        self.pending += content
        *lines, rest = self.pending.split(b"\n")
        self.pending = bytearray(rest)
        if len(rest) > MAX_LINE_BYTES:
            raise self.failure("protocol", f"The model's process sent a message of over {MAX_LINE_BYTES} bytes.")
        for line in lines:
            self._take_message(bytes(line))

    def _take_message(self, line: bytes) -> None:
        try:
            message = json.loads(line, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise self.failure("protocol", "The model's process sent a message that is not JSON.") from error
        known = _MESSAGES.get(str(message.get("type"))) if isinstance(message, dict) else None
        if len(line) > MAX_LINE_BYTES or known is None or not known.is_valid(message):
            raise self.failure("protocol", "The model's process sent a message that is not the harness's.")
        self.heard = time.monotonic()
        match message["type"]:
            case "progress":
                self.on_progress(int(message["done"]), int(message["total"]))
            case "environment":
                self.report.environment = _printable_facts(message["environment"])
            case "warning":
                if len(self.report.warnings) < MAX_WARNINGS:
                    self.report.warnings.append(printable(message["text"]))
            case "perf":
                self.report.perf = message["perf"]
            case "error":
                self.report.error = (message["kind"], printable(message["text"]))
            case "done":
                if not self.report.finished:
                    self.peak_when_done = self.peak
                self.report.finished = True
                self.report.seconds = _printable_facts(message["seconds"])
                self.report.memory = _printable_facts(message["memory"])
                self.report.model = _printable_facts(message["model"])

    def not_measured(self, reason: str) -> None:
        """It has made its predictions, and was ended while its speed was measured."""
        self.report.perf = None
        self.report.warnings.append(f"Its speed could not be measured. {reason}")

    def failure(self, code: str, reason: str) -> ChildFailedError:
        return ChildFailedError(code, reason, self.log_text())

    def out_of_memory(self) -> ChildFailedError:
        allowed = self.limits.memory / 1e9
        return self.failure("out_of_memory", f"The model needs more than the {allowed:.3g} GB that the suite allows.")

    def log_text(self) -> str:
        return printable(self.log.decode("utf-8", errors="replace"))


def run(
    command: Callable[[int], Sequence[str]],
    environment: Mapping[str, str],
    limits: Limits,
    *,
    folder: Path,
    on_progress: Callable[[int, int], None],
    stopped: Callable[[], bool],
    on_log: Callable[[str], None] = lambda _: None,
    group: Group | None = None,
) -> Report:
    """Run the child to its end and give its report.

    command: given the descriptor of the messages, what to execute. folder: its working directory. stopped: asked five
    times a second; once it is true the child is killed. on_log: told about once a second what was printed last, if anything
    new was. group: the cgroup that it runs in. Call it from a thread that lives as long as the child: Linux kills the child
    when that thread ends.
    Raises ChildFailedError, StoppedError.
    """
    messages, messages_of_child = os.pipe()
    to_run = command(messages_of_child)
    try:
        process = subprocess.Popen(  # noqa: S603 - the command is built in sandbox.py
            group.entered_by(to_run) if group else to_run,
            env=dict(environment),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=[messages_of_child],
            start_new_session=True,
        )
    except OSError as error:
        os.close(messages)
        raise ChildFailedError("device", f"The sandbox could not be started: {error}", "") from error
    finally:
        os.close(messages_of_child)
    child = _Child(process, limits, group, on_progress, on_log)
    child.report.memory_limit = KERNEL if group else WATCHED
    try:
        _attend(child, messages, limits, stopped)
    except ChildFailedError as error:
        if not child.report.finished or error.code == "protocol":
            raise
        child.not_measured(str(error))
    finally:
        _kill(process)
        os.close(messages)
        if process.stdout is not None:
            process.stdout.close()
    return _verdict(child)


def _attend(child: _Child, messages: int, limits: Limits, stopped: Callable[[], bool]) -> None:
    """Read what the child writes and hold it to its limits, until it ends."""
    stdout = child.process.stdout
    if stdout is None:
        raise TypeError("The child's output is not a pipe.")
    os.set_blocking(messages, False)
    os.set_blocking(stdout.fileno(), False)
    started = time.monotonic()
    next_look = next_telling = started
    ending = os.pidfd_open(child.process.pid)
    try:
        with selectors.DefaultSelector() as selector:
            selector.register(ending, selectors.EVENT_READ)  # wakes the loop at the child's end, not a tick later
            selector.register(messages, selectors.EVENT_READ, child.take_messages)
            selector.register(stdout.fileno(), selectors.EVENT_READ, child.take_log)
            while True:
                ended = child.process.poll() is not None
                if not _read(selector, 0 if ended else TICK_SECONDS) and ended:
                    return
                now = time.monotonic()
                if stopped():
                    raise StoppedError
                if now - started > limits.wall:
                    raise child.failure("timeout", f"The model was not done after {limits.wall:g} seconds.")
                if now - child.heard > limits.idle:
                    raise child.failure("idle", f"The model's process was silent for {limits.idle:g} seconds.")
                if now >= next_look:
                    next_look = now + TICK_SECONDS
                    _check_family(child, limits.memory)
                if now >= next_telling:
                    next_telling = now + TELL_SECONDS
                    child.tell_log()
    finally:
        os.close(ending)


def _read(selector: selectors.BaseSelector, timeout: float) -> bool:
    """Hand on what can be read. False if nothing could; a pipe that has ended is no longer asked."""
    any_read = False
    for key, _ in selector.select(timeout):
        if key.data is None:
            continue
        try:
            content = os.read(key.fd, 64 * 1024)
        except BlockingIOError:
            continue
        if content:
            any_read = True
            key.data(content)
        else:
            selector.unregister(key.fd)
    return any_read


def _check_family(child: _Child, memory: int) -> None:
    family = _family(child.process.pid)
    if len(family) > MAX_PROCESSES:
        raise child.failure("processes", f"The model started more than {MAX_PROCESSES} processes.")
    used = sum(_resident(pid) for pid in family)
    child.peak = max(child.peak, used)
    if used > memory:
        raise child.out_of_memory()


def _family(pid: int) -> list[int]:
    """The process and its descendants; those in a process namespace of their own are seen from here too.

    Of more than MAX_PROCESSES only some: they could multiply as fast as they are counted.
    """
    found = [pid]
    for member in found:
        if len(found) > MAX_PROCESSES:
            break
        with contextlib.suppress(OSError):
            for thread in Path(f"/proc/{member}/task").iterdir():
                found += map(int, (thread / "children").read_text().split())
    return found


def _resident(pid: int) -> int:
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the child and its session. Inside bubblewrap the rest dies with its first process."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _verdict(child: _Child) -> Report:
    report, status = child.report, child.process.returncode
    report.log = child.log_text()
    report.memory["family_peak"] = child.peak_when_done or child.peak
    if child.group is not None and child.group.has_run_out_of_memory():
        if not report.finished:
            raise child.out_of_memory()
        child.not_measured(str(child.out_of_memory()))
        return report
    if report.error is not None:
        raise child.failure(*report.error)
    if report.finished:
        if status != 0 and not report.warnings:
            child.not_measured(f"The model's process ended with status {status}.")
        return report
    number = -status if status < 0 else status - 128
    if number == signal.SIGKILL:
        raise child.failure("out_of_memory", "The system killed the model's process, most likely for its memory.")
    if number == signal.SIGXFSZ:
        raise child.failure("output", "The model's process wrote more than its predictions may take.")
    logger.warning("child ended with status %s before it was done", status)
    raise child.failure("crashed", f"The model's process ended with status {status} before it was done.")


def printable(text: str) -> str:
    """Without control characters, which could play tricks on a terminal or a database."""
    return "".join(character for character in text if character.isprintable() or character in "\n\t")


def _printable_facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        printable(name): _printable_facts(value)
        if isinstance(value, dict)
        else printable(value)
        if isinstance(value, str)
        else value
        for name, value in facts.items()
    }


def _number_in(facts: Mapping[str, Any], name: str) -> float | None:
    value = facts.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
