"""Clone and push of 10,000 files, against `git http-backend` on a bare repository of the same content.

The other side is a small threaded server that starts git's own CGI program for each request, as a web server would.
On PostgreSQL where DATABASE_URL names a server, else on SQLite.
"""

import contextlib
import os
import random
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from huggingface_hub import HfApi

from tests.clients.git_client import Git
from tests.live import LiveHub, started_hub

FILES = 10_000
FOLDERS = 100
ROUNDS = 5


def measure() -> str:
    with tempfile.TemporaryDirectory(prefix="grove-bench-") as name, started_hub(Path(name) / "hub") as hub:
        folder = Path(name)
        member = hub.member("author")
        git = Git(hub, member, folder / "home")
        api = HfApi(endpoint=hub.address, token=member.token)
        source = _source(git, folder)
        with _http_backend(folder / "bare") as bare:
            seconds = {
                "push, git http-backend": _times(lambda number: _push_to_bare(git, source, folder, bare, number)),
                "push, hub": _times(lambda number: _push(git, api, source, number)),
                "clone, git http-backend": _times(lambda _: _clone(git, f"{bare}/round-0.git")),
            }
            seconds["clone, hub, cold"] = _times(lambda _: _cold_clone(git, hub))
            _clone(git, f"{hub.address}/author/round-0")
            time.sleep(5)  # the first clone has the folder repacked in the background
            seconds["clone, hub, warm"] = _times(lambda _: _clone(git, f"{hub.address}/author/round-0"))
        memory = _memory(git, hub, api, folder)
    rows = []
    for what, taken in seconds.items():
        base = statistics.median(seconds[f"{what.partition(',')[0]}, git http-backend"])
        middle = statistics.median(taken)
        rows.append(f"| {what} | {middle:.2f} | {middle / base:.1f} |")
    head = f"| {FILES:,} files in {FOLDERS} folders, median of {ROUNDS} | seconds | times http-backend |"
    return "\n".join([head, "|---|---|---|", *rows, "", memory])


def _times(work: Callable[[int], float]) -> list[float]:
    return [work(number) for number in range(ROUNDS)]


def _source(git: Git, folder: Path, files: int = FILES, folders: int = FOLDERS) -> Path:
    source = folder / f"source-{files}"
    source.mkdir(parents=True)
    git("init", "--quiet", at=source)
    dice = random.Random(1)
    for number in range(files):
        path = source / f"folder{number % folders:03}" / f"file{number:06}.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_text(dice.randbytes(200).hex())
    git.commit(source, {})
    git("repack", "-adq", at=source)
    return source


def _timed(git: Git, *arguments: str | Path, at: Path | None = None) -> float:
    began = time.perf_counter()
    git(*arguments, at=at)
    return time.perf_counter() - began


def _push(git: Git, api: HfApi, source: Path, number: int) -> float:
    api.create_repo(f"author/round-{number}")
    return _timed(git, "push", "--quiet", "--force", f"{api.endpoint}/author/round-{number}", "HEAD:main", at=source)


def _push_to_bare(git: Git, source: Path, folder: Path, address: str, number: int) -> float:
    bare = folder / "bare" / f"round-{number}.git"
    git("init", "--quiet", "--bare", bare)
    git("config", "http.receivepack", "true", at=bare)
    return _timed(git, "push", "--quiet", f"{address}/{bare.name}", "HEAD:main", at=source)


def _clone(git: Git, address: str) -> float:
    target = git.home / "clone"
    try:
        return _timed(git, "clone", "--quiet", "--no-checkout", address, target)
    finally:
        shutil.rmtree(target)


def _cold_clone(git: Git, hub: LiveHub) -> float:
    shutil.rmtree(Path(hub.data) / "git")
    taken = _clone(git, f"{hub.address}/author/round-0")
    time.sleep(3)  # until it is repacked, which is no part of this
    return taken


def _memory(git: Git, hub: LiveHub, api: HfApi, folder: Path) -> str:
    """The largest the site and its git children were while 100,000 files came and went."""
    source = _source(git, folder, 100_000, 1000)
    before, _ = _resident(hub)
    most = [before, 0]
    done = False

    def watch() -> None:
        while not done:
            site, children = _resident(hub)
            most[:] = max(most[0], site), max(most[1], children)
            time.sleep(0.02)

    watcher = Thread(target=watch)
    watcher.start()
    api.create_repo("author/large")
    address = f"{hub.address}/author/large"
    pushed = _timed(git, "push", "--quiet", "--force", address, "HEAD:main", at=source)
    shutil.rmtree(Path(hub.data) / "git")
    cold = _clone(git, address)
    time.sleep(8)
    warm = _clone(git, address)
    done = True
    watcher.join()
    return (
        f"100,000 files: push {pushed:.1f} s, clone cold {cold:.1f} s, warm {warm:.1f} s; the site grew from"
        f" {before / 2**20:.0f} to {most[0] / 2**20:.0f} MiB, its largest git child had {most[1] / 2**20:.0f} MiB."
    )


def _resident(hub: LiveHub) -> tuple[int, int]:
    """Resident bytes of the largest process of the site, and of the largest git below it."""
    site, git = 0, 0
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            command = (process / "cmdline").read_bytes()
            pages = int((process / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
            environment = (process / "environ").read_bytes()
            if b"hub.wsgi" in command and hub.data.encode() in environment:
                site = max(site, pages)
            elif (
                command.startswith((b"git\0", b"/usr/bin/git\0", b"/usr/lib/git-core"))
                and hub.data.encode() in environment
            ):
                git = max(git, pages)
    return site, git


@contextlib.contextmanager
def _http_backend(root: Path) -> Iterator[str]:
    root.mkdir()

    class Cgi(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.0"

        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            environment = {
                "PATH": os.environ["PATH"],
                "GIT_PROJECT_ROOT": str(root),
                "GIT_HTTP_EXPORT_ALL": "1",
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "REQUEST_METHOD": self.command,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            }
            if "Content-Length" in self.headers:
                environment["CONTENT_LENGTH"] = self.headers["Content-Length"]
            with subprocess.Popen(
                ["git", "http-backend"], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
            ) as process:
                assert process.stdin is not None
                assert process.stdout is not None
                for block in self._body():
                    process.stdin.write(block)
                process.stdin.close()
                self.wfile.write(b"HTTP/1.0 200 OK\r\n")
                shutil.copyfileobj(process.stdout, self.wfile, 2**16)

        do_POST = do_GET  # noqa: N815 - the names of http.server

        def _body(self) -> Iterator[bytes]:
            if self.headers.get("Transfer-Encoding") == "chunked":
                while size := int(self.rfile.readline(), 16):
                    yield self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
            else:
                yield self.rfile.read(int(self.headers.get("Content-Length", 0)))

        def log_message(self, *arguments: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Cgi)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
