"""A leaderboard of 10,000 models: its page, beside a bare Django view with one indexed ORM query, and one ranking of it.

One connection at a time, because what is asked is how long one answer takes. On PostgreSQL where DATABASE_URL names a
server, else on SQLite. The ranking runs in a process of its own, as a worker's job does, with every paired test.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks import load
from benchmarks.resolve import bare_view
from hub.embedded import plan
from tests.live import started_hub

MODELS = int(os.environ.get("BENCH_MODELS", "10000"))
SECONDS = 4
WARMING_SECONDS = 2
ROUNDS = 3
BOARD = "/leaderboards/digits-image-classification"
PAGES = {
    "first page": BOARD,
    "page 50": f"{BOARD}?page=50",
    "last page": f"{BOARD}?page=1000000",
    "one licence and format": f"{BOARD}?license=mit&format=onnx",
    "up to 1M parameters, page 5": f"{BOARD}?max_params=1000000&page=5",
    "by another metric": f"{BOARD}?sort=f1_macro",
    "first page of 100, API": f"/api{BOARD}?limit=100",
}


def measure() -> str:
    with tempfile.TemporaryDirectory(prefix="grove-bench-") as folder, started_hub(Path(folder) / "hub") as hub:
        made = subprocess.run(
            [sys.executable, "-m", "benchmarks.scored", str(MODELS)],
            env=hub.environment(DJANGO_SETTINGS_MODULE="hub.settings"), cwd=plan.CHECKOUT, check=True, text=True,
            stdout=subprocess.PIPE,
        )  # fmt: skip
        ranked = [json.loads(line) for line in made.stdout.splitlines()]
        with bare_view(hub) as bare:
            asked = {"bare view": bare} | {name: f"{hub.address}{page}" for name, page in PAGES.items()}
            loads: dict[str, list[load.Load]] = {name: [] for name in asked}
            for _ in range(ROUNDS):  # in turn, so that a busy moment of the machine hits all of them
                for name, address in asked.items():
                    expected = 302 if address == bare else 200
                    load.get(address, connections=1, seconds=WARMING_SECONDS, expected=expected)
                    loads[name].append(load.get(address, connections=1, seconds=SECONDS, expected=expected))
        database = "PostgreSQL" if hub.database.startswith("postgres") else "SQLite"
    best = {name: min(found, key=lambda one: one.p50_ms) for name, found in loads.items()}
    base = best["bare view"].p50_ms
    rows = [
        f"| {name} | {one.p50_ms:.1f} | {one.p95_ms:.1f} | {one.p50_ms / base:.0f} × |" for name, one in best.items()
    ]
    head = f"| {database}, {MODELS:,} models, best of {ROUNDS} | p50 ms | p95 ms | of the bare view's p50 |"
    times = [f"| {one['suite']} | {one['seconds']:.1f} |" for one in ranked]
    return "\n".join(
        [head, "|---|---|---|---|", *rows, "", f"| ranking {MODELS:,} models | seconds |", "|---|---|", *times]
    )
