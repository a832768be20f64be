"""A live hub for tests: the launcher of `make run` with a data folder of its own, driven by real clients.

The fixture `live_hub` is one hub for the whole session, started by the first test that wants it and shared by all
workers of pytest-xdist; the process that started pytest stops it. `started_hub` is a hub of one's own, for tests that
break things or count what arrives. The database is PostgreSQL where DATABASE_URL says so, else SQLite.
"""

import contextlib
import itertools
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import psycopg2
import pytest
from filelock import FileLock

from hub.embedded import ports

CHECKOUT = Path(__file__).resolve().parent.parent
STARTING_SECONDS = 120
FOR_TESTS_ALONE = ("HUB_", "S3_", "CELERY_", "CACHE_", "DJANGO_", "HF_")
SERVERS = {"site": "hub.wsgi:application", "CAS": "cas_api.wsgi:application", "content": "content.asgi:application"}
_number = itertools.count(1)
_clerks: dict[str, subprocess.Popen[str]] = {}  # by the data folder of their hub; they end with us


@dataclass(frozen=True)
class Member:
    name: str
    password: str
    token: str


@dataclass(frozen=True)
class LiveHub:
    address: str
    data: str
    launcher: int
    database: str

    def environment(self, **more: str) -> dict[str, str]:
        """Of a process that talks to this hub, free of what tests have set for themselves."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith(FOR_TESTS_ALONE)}
        clean.pop("DATABASE_URL", None)
        return {**clean, "HUB_DATA_DIR": self.data, **more}

    def manage(self, *arguments: str) -> str:
        """Run manage.py on this hub, as from a second shell. Returns what it printed."""
        done = subprocess.run(
            [sys.executable, str(CHECKOUT / "manage.py"), *arguments],
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def member(self, name: str = "", *, admin: bool = False) -> Member:
        """A new verified account and its write token."""
        name = name or f"member-{os.getpid()}-{next(_number)}"
        password = "a password of tests"
        options = ["--email", f"{name}@example.org", "--password", password, *(["--admin"] if admin else [])]
        return Member(name, password, self._ask_the_clerk("create_account", name, *options))

    def organization(self, name: str = "", **members: str) -> str:
        """A new organisation: `live_hub.organization("lab", ada="write")`."""
        name = name or f"lab-{os.getpid()}-{next(_number)}"
        options = [f"--member={member}:{role}" for member, role in members.items()]
        self._ask_the_clerk("create_organization", name, *options)
        return name

    def _ask_the_clerk(self, *arguments: str) -> str:
        """As `manage`, without a start of Django each time (see tests/clerk.py)."""
        if self.data not in _clerks:
            _clerks[self.data] = subprocess.Popen(
                [sys.executable, "-m", "tests.clerk"],
                env=self.environment(DJANGO_SETTINGS_MODULE="hub.settings"), cwd=CHECKOUT, text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            )  # fmt: skip
        clerk = _clerks[self.data]
        assert clerk.stdin is not None
        assert clerk.stdout is not None
        clerk.stdin.write(json.dumps(arguments) + "\n")
        clerk.stdin.flush()
        answer = json.loads(clerk.stdout.readline())
        assert not answer["wrong"], answer["wrong"]
        return answer["said"]

    def client_environment(self, member: Member | None, home: Path, **more: str) -> dict[str, str]:
        """What a user of the stock client sets: HF_ENDPOINT and HF_TOKEN, and here a home of its own."""
        token = {"HF_TOKEN": member.token} if member else {}
        return self.environment(
            HF_ENDPOINT=self.address, HF_HOME=str(home), HF_HUB_DISABLE_TELEMETRY="1", **token, **more
        )

    @property
    def storage(self) -> Path:
        """Where the embedded S3 server keeps its objects."""
        return Path(self.data) / "storage" / "grove"

    def stored_bytes(self) -> int:
        return sum(path.stat().st_size for path in self.storage.rglob("*") if path.is_file())

    def resident_mebibytes(self) -> dict[str, float]:
        """Of the largest process of each server that handles requests."""
        found = dict.fromkeys(SERVERS, 0.0)
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if f"HUB_DATA_DIR={self.data}\0".encode() not in (process / "environ").read_bytes():
                    continue
                command = (process / "cmdline").read_text()
                resident = int((process / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
            except OSError:
                continue
            for name, application in SERVERS.items():
                if application in command:
                    found[name] = max(found[name], resident)
        return found

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End the launcher and wait for it."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.launcher, number)
        deadline = time.monotonic() + 30
        while alive(self.launcher) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not alive(self.launcher), "The launcher does not stop."


def alive(pid: int) -> bool:
    """Whether the process runs; one that has ended and waits for its parent's look does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def start(data: Path, *, stop_with: int, settings: Mapping[str, str] | None = None) -> LiveHub:
    """Start a hub without demo content in `data` (an existing one again, if it is there)."""
    data.mkdir(parents=True, exist_ok=True)
    clean = {name: value for name, value in os.environ.items() if not name.startswith(FOR_TESTS_ALONE)}
    clean["DATABASE_URL"] = database = _database_for(data)
    clean |= {"HUB_RATE_LIMITS": "off", "HUB_MEASURE_SPEED": "false", **(settings or {})}
    port = _port_for(data)
    log = data / "launcher.log"
    with log.open("ab") as output:
        launcher = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "hub.embedded",
                "--no-demo",
                "--port",
                str(port),
                "--data-dir",
                str(data),
                "--stop-with",
                str(stop_with),
            ],
            cwd=CHECKOUT,
            env=clean,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    deadline = time.monotonic() + STARTING_SECONDS
    while b"Ready in" not in log.read_bytes():
        if launcher.poll() is not None or time.monotonic() > deadline:
            launcher.terminate()
            pytest.fail(f"The hub did not start:\n{log.read_text()}", pytrace=False)
        time.sleep(0.05)
    log.rename(data / "launcher.ready.log")
    return LiveHub(f"http://127.0.0.1:{port}", str(data), launcher.pid, database)


def discard(hub: LiveHub) -> None:
    """Stop a hub and remove all it has stored."""
    if clerk := _clerks.pop(hub.data, None):
        clerk.communicate()
    hub.stop()
    if hub.database.startswith("postgres"):
        with _server(hub.database) as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{hub.database.rpartition("/")[2]}" WITH (FORCE)')
    shutil.rmtree(hub.data, ignore_errors=True)


@contextlib.contextmanager
def started_hub(data: Path, **settings: str) -> Iterator[LiveHub]:
    """A hub of one's own with these settings, discarded at the end."""
    hub = start(data, stop_with=os.getpid(), settings=settings)
    try:
        yield hub
    finally:
        discard(hub)


@pytest.fixture(scope="session")
def live_hub(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> LiveHub:
    """The hub that all live tests of this session share."""
    base = tmp_path_factory.getbasetemp()
    is_worker = hasattr(request.config, "workerinput")
    shared = base.parent if is_worker else base
    card = shared / "live-hub.json"
    with FileLock(shared / "live-hub.lock"):
        if not card.exists():
            hub = start(shared / "live-hub", stop_with=os.getppid() if is_worker else os.getpid())
            card.write_text(json.dumps(asdict(hub)))
    return LiveHub(**json.loads(card.read_text()))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where pytest was started, stop the shared hub, if any test has started it."""
    if hasattr(session.config, "workerinput"):
        return
    folder, name = _of_this_run()
    if folder.exists():
        if (server := os.environ.get("DATABASE_URL", "")).startswith("postgres"):
            with _server(server) as cursor:
                cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
        shutil.rmtree(folder, ignore_errors=True)
    base = session.config._tmp_path_factory.getbasetemp()  # pytest has no public name for it
    card = base / "live-hub.json"
    if card.exists():
        discard(LiveHub(**json.loads(card.read_text())))
        card.unlink()


def _port_for(data: Path) -> int:
    known = data / "ports.json"
    if known.exists():
        return int(json.loads(known.read_text())["site"])
    return ports.any_free(taken=())


def _database_for(data: Path) -> str:
    """SQLite in the data folder, or a database of its own on the server that DATABASE_URL names; its tables are there already."""
    server = os.environ.get("DATABASE_URL", "")
    if not server.startswith("postgres"):
        own = data / "grove.sqlite3"
        if not own.exists():
            shutil.copyfile(_migrated("").removeprefix("sqlite:///"), own)
        return f"sqlite:///{own}"
    name = f"grove_live_{abs(hash(str(data))):x}_{os.getpid()}"
    known = data / "database"
    if known.exists():
        return known.read_text()
    template = _migrated(server).rpartition("/")[2]
    with _server(server) as cursor:
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    known.write_text(f"{server.rpartition('/')[0]}/{name}")
    return known.read_text()


def _of_this_run() -> tuple[Path, str]:
    """Where the processes of one test run keep what they share, and the name of its database on a server."""
    run = os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()
    return Path(tempfile.gettempdir()) / f"grove-migrated-{run}", f"grove_migrated_{run}"


def _migrated(server: str) -> str:
    """The address of an empty database with all migrations, made once in a test run: each takes many seconds to make."""
    folder, name = _of_this_run()
    folder.mkdir(exist_ok=True)
    address = f"{server.rpartition('/')[0]}/{name}" if server else f"sqlite:///{folder / 'grove.sqlite3'}"
    with FileLock(folder / "lock"):
        if not (folder / "made").exists():
            if server:
                with _server(server) as cursor:
                    cursor.execute(f'CREATE DATABASE "{name}"')
            clean = {key: value for key, value in os.environ.items() if not key.startswith(FOR_TESTS_ALONE)}
            subprocess.run(
                [sys.executable, str(CHECKOUT / "manage.py"), "migrate", "--no-input", "--verbosity", "0"],
                env={**clean, "DATABASE_URL": address, "HUB_DEBUG": "true", "HUB_DATA_DIR": str(folder)},
                check=True,
            )
            if not server:  # what is still in its journal belongs to it
                with contextlib.closing(sqlite3.connect(folder / "grove.sqlite3")) as database:
                    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            (folder / "made").touch()
    return address


@contextlib.contextmanager
def _server(address: str) -> Iterator["psycopg2.extensions.cursor"]:
    connection = psycopg2.connect(f"{address.rpartition('/')[0]}/postgres")
    connection.autocommit = True  # databases are made and dropped outside of transactions
    try:
        yield connection.cursor()
    finally:
        connection.close()
