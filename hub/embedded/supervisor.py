"""Child processes: started, watched, started again when they die, and stopped together.

Each child leads a session of its own, so that Ctrl-C reaches the launcher alone and whatever a child leaves behind can
be swept by its group. On Linux a child is also told to stop when the launcher vanishes without a word (SIGKILL).
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ATTEMPTS_AT_ONCE_COMMANDS = 3
STEADY_SECONDS = 30.0  # alive this long: the next death is a first one again
LONGEST_PAUSE = 30.0
LOG_LIMIT = 10 * 1024 * 1024

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Command:
    """One process to run. `once`: it has an end, and is started again only if it fails to reach it."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    once: bool = False
    on_console: bool = False


class Child:
    """A command and the process that runs it now."""

    def __init__(self, command: Command, environment: Mapping[str, str], log: Path):
        self.command = command
        self.log = log
        self.deaths = 0
        self.due: float | None = 0.0  # when to start it; None while it runs or once it is done
        self._environment = {**environment, **command.environment}
        self._process: subprocess.Popen[bytes] | None = None
        self._since = 0.0

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        launcher = os.getpid()
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".old.log"))
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - the launcher's own table, never a request's words
                self.command.arguments,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=None if self.command.on_console else log,
                stderr=log,
                start_new_session=True,
                preexec_fn=lambda: _die_with(launcher),  # noqa: PLW1509 - the launcher has one thread
            )
        self._since = time.monotonic()
        self.due = None

    def ended(self) -> int | None:
        """The exit status, once, of a process that has ended since the last look. What it left behind is swept."""
        if self._process is None or (status := self._process.poll()) is None:
            return None
        self.signal(signal.SIGKILL)
        if time.monotonic() - self._since > STEADY_SECONDS:
            self.deaths = 0
        self._process = None
        return status

    def retry_later(self) -> float:
        """Plan another start, later after every death in a row. Returns the pause in seconds."""
        pause = min(LONGEST_PAUSE, 0.5 * 2**self.deaths)
        self.deaths += 1
        self.due = time.monotonic() + pause
        return pause

    def signal(self, number: signal.Signals) -> None:
        """To the process and to all it has started."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()
            self._process = None

    def terminate(self) -> None:
        """Ask the process itself to stop: it knows best how to stop what it has started."""
        if self._process is not None:
            self._process.terminate()

    def last_words(self, lines: int = 8) -> str:
        with self.log.open("rb") as log:
            log.seek(max(0, self.log.stat().st_size - 4096))
            return "\n".join(log.read().decode(errors="replace").splitlines()[-lines:])


class Supervisor:
    """Keeps a set of children alive until told to stop."""

    def __init__(self, environment: Mapping[str, str], logs: Path, say: Callable[[str], None]):
        self._environment = dict(environment)
        self._logs = logs
        self._say = say
        self.children: list[Child] = []
        logs.mkdir(parents=True, exist_ok=True)

    def start(self, *commands: Command) -> None:
        for command in commands:
            child = Child(command, self._environment, self._logs / f"{command.name}.log")
            self.children.append(child)
            child.start()

    def look(self) -> None:
        """Start again what has died and is due."""
        for child in self.children:
            status = child.ended()
            if status is not None and not (child.command.once and status == 0):
                self._after_death(child, status)
            if child.due is not None and child.due <= time.monotonic():
                child.start()

    def _after_death(self, child: Child, status: int) -> None:
        if child.command.once and child.deaths + 1 >= ATTEMPTS_AT_ONCE_COMMANDS:
            plan = "given up"
        else:
            plan = f"starting it again in {child.retry_later():g} s"
        self._say(f"{child.command.name} stopped ({_reason(status)}); {plan}. All it said: {child.log}")
        if child.deaths <= 1:  # once is enough on the console
            self._say(_indented(child.last_words()))

    def stop(self, grace: float) -> None:
        """Ask all children to end, last started first; kill those that have not after `grace` seconds."""
        running = [child for child in reversed(self.children) if child.running]
        for child in running:
            child.terminate()
        deadline = time.monotonic() + grace
        while any(child.running for child in running) and time.monotonic() < deadline:
            time.sleep(0.05)
        for child in running:
            if child.running:
                self._say(f"{child.command.name} did not stop in {grace:g} s and was killed.")
            child.kill()


def run_to_end(command: Command, environment: Mapping[str, str], log: Path) -> None:
    """Run a command that must succeed before anything else may start. Raises RuntimeError with its last words."""
    child = Child(command, environment, log)
    child.start()
    while child.running:
        time.sleep(0.02)
    status = child.ended()
    if status != 0:
        raise RuntimeError(
            f"{command.name} failed ({_reason(status or 0)}):\n{_indented(child.last_words(30))}\nAll of it: {log}"
        )


def _die_with(launcher: int) -> None:
    """Runs in the child between fork and exec."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != launcher:
            os._exit(1)


def _reason(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"status {status}"


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())
