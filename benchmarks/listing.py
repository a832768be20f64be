"""GET of lists over 5,000 repositories, against a bare Django view with one indexed ORM query under the same server.

One connection at a time, because what is asked is how long one answer takes. On PostgreSQL where DATABASE_URL names a
server, else on SQLite.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks import load
from benchmarks.resolve import bare_view
from hub.embedded import plan
from tests.live import started_hub

REPOSITORIES = int(os.environ.get("BENCH_REPOSITORIES", "5000"))
SECONDS = 3
ROUNDS = 3
LISTS = {
    "20 by trend": "limit=20",
    "100 by trend": "limit=100",
    "20 by downloads, with cards": "limit=20&sort=downloads&cardData=true",
    "20 that are called otter": "limit=20&search=otter",
    "20 of one task and language": "limit=20&pipeline_tag=fill-mask&filter=language:de&sort=likes",
    "20 by one author": "limit=20&author=owner-7",
}


def measure() -> str:
    with tempfile.TemporaryDirectory(prefix="grove-bench-") as folder, started_hub(Path(folder) / "hub") as hub:
        subprocess.run(
            [sys.executable, "-m", "benchmarks.many", str(REPOSITORIES)],
            env=hub.environment(DJANGO_SETTINGS_MODULE="hub.settings"), cwd=plan.CHECKOUT, check=True,
        )  # fmt: skip
        with bare_view(hub) as bare:
            asked = {"bare view": bare} | {name: f"{hub.address}/api/models?{query}" for name, query in LISTS.items()}
            loads: dict[str, list[load.Load]] = {name: [] for name in asked}
            for _ in range(ROUNDS):  # in turn, so that a busy moment of the machine hits all of them
                for name, address in asked.items():
                    expected = 302 if address == bare else 200
                    load.get(address, connections=1, seconds=1, expected=expected)
                    loads[name].append(load.get(address, connections=1, seconds=SECONDS, expected=expected))
        database = "PostgreSQL" if hub.database.startswith("postgres") else "SQLite"
    best = {name: min(found, key=lambda one: one.p50_ms) for name, found in loads.items()}
    base = best["bare view"].p50_ms
    rows = [
        f"| {name} | {one.p50_ms:.2f} | {one.p99_ms:.2f} | {one.p50_ms / base:.1f} × |" for name, one in best.items()
    ]
    head = f"| {database}, {REPOSITORIES:,} repositories, best of {ROUNDS} | p50 ms | p99 ms | of the bare view's p50 |"
    return "\n".join([head, "|---|---|---|---|", *rows])
