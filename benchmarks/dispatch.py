"""How soon an idle worker runs what is asked for: from the request to the state "running", which comes after the fetch."""

import statistics
import tempfile
import time
from pathlib import Path

import requests
from huggingface_hub import HfApi
from huggingface_hub.utils import disable_progress_bars

from benchmarks.run_overhead import MODELS, SUITE
from tests.live import started_hub

ROUNDS = 20
WAITING = {"queued", "fetching"}
FINAL = {"scored", "failed", "cancelled"}
LOOK_EVERY = 0.02


def measure() -> str:
    disable_progress_bars()
    with tempfile.TemporaryDirectory(prefix="grove-bench-") as folder, started_hub(Path(folder) / "hub") as hub:
        member = hub.member("author", admin=True)
        api = HfApi(endpoint=hub.address, token=member.token)
        api.create_repo("author/small")
        api.upload_file(path_or_fileobj=MODELS / "digits_cnn.onnx", path_in_repo="model.onnx", repo_id="author/small")
        session = requests.Session()
        session.headers["Authorization"] = f"Bearer {member.token}"
        first, *seconds = [_dispatch(session, hub.address) for _ in range(ROUNDS + 1)]
    row = f"| from the request to running | {statistics.median(seconds):.3f} | {max(seconds):.3f} | {first:.3f} |"
    return "\n".join([f"| seconds, {ROUNDS} runs | p50 | slowest | the worker's first |", "|---|---|---|---|", row])


def _dispatch(session: requests.Session, address: str) -> float:
    """Seconds until the run was seen running, which is then waited for to its end."""
    began = time.perf_counter()
    run = session.post(
        f"{address}/api/evaluations", json={"repository": "author/small", "suite": SUITE}, timeout=30
    ).json()
    reached = 0.0
    while run["state"] not in FINAL:
        time.sleep(LOOK_EVERY)
        run = session.get(f"{address}/api/evaluations/{run['id']}", timeout=30).json()
        if not reached and run["state"] not in WAITING:
            reached = time.perf_counter() - began
    assert run["state"] == "scored", run
    time.sleep(0.2)  # the worker comes to rest
    return reached


if __name__ == "__main__":
    print(measure())
