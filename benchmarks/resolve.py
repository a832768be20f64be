"""HEAD resolve of a public file, against a bare Django view with one indexed ORM query under the same server.

On PostgreSQL where DATABASE_URL names a server, else on SQLite.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
from huggingface_hub import HfApi

from benchmarks import load
from hub.embedded import plan, ports
from tests.live import LiveHub, started_hub

CONNECTIONS = 16
SECONDS = 6
ROUNDS = 3
COUNTED = "resolve:visitors=100000000/m"  # the limiter counts, and refuses nobody


def measure() -> str:
    with (
        tempfile.TemporaryDirectory(prefix="grove-bench-") as folder,
        started_hub(Path(folder) / "hub", HUB_RATE_LIMITS=COUNTED) as hub,
    ):
        member = hub.member("author")
        api = HfApi(endpoint=hub.address, token=member.token)
        api.create_repo("author/model")
        api.upload_file(path_or_fileobj=b"{}", path_in_repo="config.json", repo_id="author/model")
        api.upload_file(path_or_fileobj=b"w" * 200_000, path_in_repo="model.safetensors", repo_id="author/model")
        with bare_view(hub) as bare:
            asked = {
                "bare view": (bare, 302),
                "HEAD resolve, regular file": (f"{hub.address}/author/model/resolve/main/config.json", 200),
                "HEAD resolve, large file": (f"{hub.address}/author/model/resolve/main/model.safetensors", 200),
            }
            loads: dict[str, list[load.Load]] = {name: [] for name in asked}
            for _ in range(ROUNDS):  # in turn, so that a busy moment of the machine hits all of them
                for name, (address, status) in asked.items():
                    load.head(address, connections=CONNECTIONS, seconds=1, expected=status)
                    loads[name].append(load.head(address, connections=CONNECTIONS, seconds=SECONDS, expected=status))
        database = "PostgreSQL" if hub.database.startswith("postgres") else "SQLite"
    best = {name: max(found, key=lambda one: one.requests_per_second) for name, found in loads.items()}
    base = best["bare view"].requests_per_second
    rows = [
        f"| {name} | {one.requests_per_second:,.0f} | {one.p50_ms:.1f} | {one.p99_ms:.1f} "
        f"| {one.requests_per_second / base:.0%} |"
        for name, one in best.items()
    ]
    head = (
        f"| {database}, {CONNECTIONS} connections, best of {ROUNDS} | requests/s | p50 ms | p99 ms | of the bare view |"
    )
    return "\n".join([head, "|---|---|---|---|---|", *rows])


@contextmanager
def bare_view(hub: LiveHub) -> Iterator[str]:
    """The address of the bare view, served as the hub's site is, from the hub's own database."""
    port = ports.any_free(taken=())
    command = plan.wsgi("bare", "benchmarks.bare:application", port)
    environment = hub.environment(DJANGO_SETTINGS_MODULE="hub.settings", PYTHONPATH=str(plan.CHECKOUT))
    process = subprocess.Popen(command.arguments, env=environment | {"MALLOC_ARENA_MAX": "2"}, cwd=plan.CHECKOUT)
    address = f"http://127.0.0.1:{port}/1"
    try:
        while not ports.listens(port) or requests.head(address, timeout=5).status_code != 302:
            if process.poll() is not None:
                sys.exit("The bare view does not start.")
            time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait()
