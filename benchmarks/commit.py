"""A commit of one file into a repository of 100,000 files in folders of 1,000, against the same into one of 100.

By HTTP as the stock client sends it, without the client's own work. On PostgreSQL where DATABASE_URL names a server, else
on SQLite.
"""

import base64
import json
import statistics
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import requests
from huggingface_hub import HfApi

from tests.live import started_hub

FOLDERS = 100
FILES_IN_EACH = 1000
ROUNDS = 40
SMALL, LARGE = "author/small", "author/large"


def measure() -> str:
    with tempfile.TemporaryDirectory(prefix="grove-bench-") as folder, started_hub(Path(folder) / "hub") as hub:
        session = requests.Session()
        member = hub.member("author")
        session.headers["Authorization"] = f"Bearer {member.token}"
        api = HfApi(endpoint=hub.address, token=member.token)
        for name in (SMALL, LARGE):
            api.create_repo(name)
        _commit(session, hub.address, SMALL, (f"folder-000/file-{number:04}.txt" for number in range(100)))
        for number in range(FOLDERS):
            paths = (f"folder-{number:03}/file-{file:04}.txt" for file in range(FILES_IN_EACH))
            _commit(session, hub.address, LARGE, paths)
        seconds: dict[str, list[float]] = {SMALL: [], LARGE: []}
        for number in range(ROUNDS):  # in turn, so that a busy moment of the machine hits both
            for name, taken in seconds.items():
                began = time.perf_counter()
                _commit(session, hub.address, name, [f"folder-000/new-{number}.txt"])
                taken.append(time.perf_counter() - began)
        database = "PostgreSQL" if hub.database.startswith("postgres") else "SQLite"
    base = statistics.median(seconds[SMALL])
    rows = []
    for name, files in ((SMALL, 100), (LARGE, FOLDERS * FILES_IN_EACH)):
        middle, worst = statistics.median(seconds[name]), max(seconds[name])
        rows.append(f"| {files:,} files | {middle * 1000:.0f} | {worst * 1000:.0f} | {middle / base:.2f} |")
    head = f"| {database}, one file into a repository of, median of {ROUNDS} | ms | slowest | times the small one |"
    return "\n".join([head, "|---|---|---|---|", *rows])


def _commit(session: requests.Session, hub: str, repository: str, paths: Iterable[str]) -> None:
    lines = [{"key": "header", "value": {"summary": "a commit"}}]
    for path in paths:
        content = base64.b64encode(f"{path} {time.time()}".encode()).decode()
        lines.append({"key": "file", "value": {"path": path, "content": content, "encoding": "base64"}})
    body = "\n".join(json.dumps(line) for line in lines).encode()
    answer = session.post(f"{hub}/api/models/{repository}/commit/main", data=body, timeout=300)
    assert answer.status_code == 200, answer.text
