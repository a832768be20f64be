"""Real Celery workers of the evaluation queue."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

from django.conf import settings
from django.db import connection

from evaluations.models import Run


@contextlib.contextmanager
def worker(name: str = "evaluation", *, pool: str = "prefork") -> Iterator[subprocess.Popen[bytes]]:
    """A real Celery worker of the evaluation queue, on this test's database, storage and broker."""
    process = start(name, pool=pool)
    try:
        yield process
    finally:
        kill(process)


def start(name: str, *, pool: str = "threads") -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "celery", "-A", "hub.celery", "worker", "-Q", "eval.cpu", "-c", "1"]
    command += ["--pool", pool, "--hostname", f"{name}@here", "--without-gossip", "--without-mingle"]
    environment = os.environ | {"DATABASE_URL": _database_address(), "HUB_BASE_URL": "http://127.0.0.1:8000"}
    return subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment, start_new_session=True)


def kill(process: subprocess.Popen[bytes]) -> None:
    """At once, with all that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _database_address() -> str:
    values = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{values['NAME']}"
    host = values["HOST"] or "127.0.0.1"
    return f"postgres://{values['USER']}:{values['PASSWORD']}@{host}:{values['PORT'] or 5432}/{values['NAME']}"


def wait_until(run: Run, reached: Callable[[Run], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while True:
        run.refresh_from_db()
        if reached(run):
            return
        assert time.monotonic() < deadline, f"the run stayed {run.state}: {run.failure_reason}"
        time.sleep(0.02)
