import hashlib
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3

from accounts.models import Actor
from hub.jobs.models import Job, State
from hub.jobs.tasks import run
from models_registry.models import Commit, Repository
from models_registry.services import quarantine, uploads
from models_registry.services.changes import AddLfsFile
from models_registry.services.commits import create_commit
from tests.environment import free_port
from tests.services import require

SIGNATURE = b"grove: a sign that this is no file to be given away"
MALWARE = b"\x7fELF harmless, but for: " + SIGNATURE + b"\n"
STREAM_LIMIT = 2 * 2**20


@pytest.fixture(scope="session")
def daemon() -> Iterator[str]:
    """A real clamd that knows one signature: ours."""
    require("clamd")
    folder = Path(tempfile.mkdtemp(prefix="clamd-"))
    (folder / "signatures").mkdir()
    (folder / "signatures" / "own.ndb").write_text(f"Grove.Test:0:*:{SIGNATURE.hex()}\n")
    port = free_port()
    (folder / "clamd.conf").write_text(
        f"TCPSocket {port}\nTCPAddr 127.0.0.1\nForeground yes\nDatabaseDirectory {folder}/signatures\n"
        f"StreamMaxLength {STREAM_LIMIT}\nMaxThreads 2\nTemporaryDirectory {folder}\n"
    )
    process = subprocess.Popen(
        ["clamd", "--config-file", str(folder / "clamd.conf")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            assert process.poll() is None, "clamd does not start"
            assert time.monotonic() < deadline, "clamd does not listen"
            time.sleep(0.1)
    yield f"tcp://127.0.0.1:{port}"
    process.terminate()
    process.wait()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def clamd(daemon: str, settings: Any) -> str:
    """The hub is configured to ask it."""
    settings.CLAMD = daemon
    return daemon


@pytest.fixture
def work_off() -> Callable[[], None]:
    """What follows from commits is done, until nothing is left."""

    def run_all() -> None:
        kinds = ["scan_commit", "scan_file", "scan_for_viruses", "index_commit"]
        for _round in range(3):
            for job in Job.objects.filter(kind__in=kinds, state=State.QUEUED):
                run(job.pk)
        quarantine.forget()  # what happens on commit, which tests never reach

    return run_all


def add_large(repository: Repository, path: str, content: bytes) -> Commit:
    """A large file, as it comes by LFS."""
    actor, sha256 = Actor(user=repository.creator), hashlib.sha256(content).hexdigest()
    planned = uploads.plan(actor=actor, repository=repository, wanted=[(sha256, len(content))], multipart=False)[0]
    if planned.session is not None:
        assert urllib3.request("PUT", planned.put_address, body=content).status == 200
        uploads.finish(planned.session)
    return create_commit(
        actor=actor, repository=repository, branch="main", parent=None, title="large",
        changes=[AddLfsFile(path, sha256)],
    )  # fmt: skip
