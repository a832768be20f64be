"""`python -m hub.embedded --port 8000`: a whole hub, until Ctrl-C."""

import argparse
import fcntl
import http.client
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from hub.embedded import keys, plan, ports
from hub.embedded.supervisor import Supervisor, run_to_end

LONGEST_START = 120.0
GRACE_SECONDS = 10.0


class Launcher:
    def __init__(self, options: argparse.Namespace):
        self.data: Path = options.data_dir
        self.demo: bool = options.demo
        self.companion: int | None = options.stop_with
        self.wake = threading.Event()
        self.stops = 0
        self._lock = self._lock_data_folder()
        self.keys = keys.load(self.data / "keys.json")
        if not ports.is_free(options.port):
            raise SystemExit(f"Port {options.port} is in use. Choose another one: make run PORT={options.port + 1}")
        self.ports = ports.allocate(self.data / "ports.json", plan.port_names(), {"site": options.port})
        settings = plan.settings(self.ports, self.keys)
        keys.write_private(self.data / "hub.env", _as_env_file(settings))
        self.address = settings["HUB_BASE_URL"]
        self.environment = plan.environment(self.data, settings)
        self.supervisor = Supervisor(self.environment, self.data / "logs", say)

    def run(self) -> None:
        signal.signal(signal.SIGINT, self._on_signal)
        signal.signal(signal.SIGTERM, self._on_signal)
        try:
            self._start()
            while not self.stops and _exists(self.companion):
                self.supervisor.look()
                self.wake.wait(0.25)
        finally:
            began = time.monotonic()
            self.supervisor.stop(GRACE_SECONDS)
            say(f"Stopped in {time.monotonic() - began:.1f} s. The data stay in {self.data}.")

    def _start(self) -> None:
        began = time.monotonic()
        say(f"Grove starts; its data are in {self.data}, its logs in {self.data / 'logs'}.")
        if not plan.uses_other_s3():
            self.supervisor.start(plan.storage(self.data, self.ports, self.keys))
        run_to_end(plan.migrate(), self.environment, self.data / "logs" / "migrate.log")
        run_to_end(plan.collect_static(), self.environment, self.data / "logs" / "collectstatic.log")
        self.supervisor.start(*plan.processes(self.data, self.ports), plan.check_storage())
        if self._wait_until_ready():
            say(f"Ready in {time.monotonic() - began:.0f} s:  {self.address}")
            say(f"For Python and `hf`:  export HF_ENDPOINT={self.address}")
            if self.demo:
                self._start_demo()
            say("Ctrl-C stops it.")

    def _wait_until_ready(self) -> bool:
        """Until the site says so. False if it was told to stop before; a slow start is said, and waited for."""
        slow = time.monotonic() + LONGEST_START
        while not self.stops:
            self.supervisor.look()
            if all(ports.listens(port) for port in self.ports.values()) and _is_ready(self.ports["site"]):
                return True
            if time.monotonic() > slow:
                say(f"Still not ready after {LONGEST_START:.0f} s: {self.data / 'logs'} may say why.")
                slow = float("inf")
            self.wake.wait(0.1)
        return False

    def _start_demo(self) -> None:
        """Demo content is made at the first start; later starts only name its login."""
        say(f"Sign in as ada, password {self.keys.demo_password} (a demo account of this machine alone)")
        if not (self.data / "demo.json").exists():
            self.supervisor.start(plan.demo(self.data, self.keys))

    def _on_signal(self, *_: object) -> None:
        self.stops += 1
        self.wake.set()
        if self.stops == 1:
            say("Stopping.")
        else:
            for child in self.supervisor.children:
                child.signal(signal.SIGKILL)

    def _lock_data_folder(self) -> IO[str]:
        """Two hubs in one folder would ruin each other."""
        self.data.mkdir(parents=True, exist_ok=True)
        lock = (self.data / "run.lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SystemExit(
                f"A hub runs on {self.data} already. Another one: make run PORT=… HUB_DATA_DIR=…"
            ) from None
        return lock


def _exists(pid: int | None) -> bool:
    if pid is None:
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection(ports.LOOPBACK, port, timeout=10)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _as_env_file(settings: Mapping[str, str]) -> str:
    lines = [f"{name}='{value}'" for name, value in sorted(settings.items())]
    return "\n".join(["# Written at every start; manage.py reads it.", *lines, ""])


def main() -> None:
    keys.take_defaults(plan.CHECKOUT / ".env")
    os.umask(0o077)  # what a hub holds is its owner's: other accounts of this machine come by HTTP
    parser = argparse.ArgumentParser(prog="python -m hub.embedded", description="Run a whole hub on this machine.")
    parser.add_argument("--port", type=int, default=int(os.environ.get("PORT") or 8000))
    data = os.environ.get("HUB_DATA_DIR") or plan.CHECKOUT / "var"
    parser.add_argument("--data-dir", type=lambda path: Path(path).expanduser().resolve(), default=Path(data).resolve())
    parser.add_argument("--no-demo", dest="demo", action="store_false", help="an empty hub, without demo content")
    parser.add_argument("--stop-with", type=int, metavar="PID", help="stop when this process is gone, too")
    try:
        Launcher(parser.parse_args()).run()
    except RuntimeError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
