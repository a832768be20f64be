"""An evaluation run by the hub's worker, against a bare loop that does the same work with the same library.

The bare loop is a process that imports the library, loads the file and the inputs, predicts in the same batches on the
same number of threads, and counts what is right. The hub does that in its sandbox, with the claim, the checks of every
hash, the heartbeat, the intervals and the signed result around it. Fetching from the storage is counted apart.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import requests
from huggingface_hub import HfApi
from huggingface_hub.utils import disable_progress_bars

from evaluations import suite_files
from tests.live import LiveHub, Member, started_hub

ROUNDS = 7
SUITE = "digits-image-classification"
MODELS = Path(__file__).resolve().parent.parent / "tests" / "fixtures" / "reference_models"
FILES = {"torch": ("digits_cnn.safetensors", "model.safetensors"), "onnxruntime": ("digits_cnn.onnx", "model.onnx")}
TORCH = """
import sys
import numpy as np, torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional as F
torch.set_num_threads(2)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1, self.c2 = nn.Conv2d(1, 32, 3, padding=1), nn.Conv2d(32, 64, 3, padding=1)
        self.f1, self.f2 = nn.Linear(256, 128), nn.Linear(128, 10)
    def forward(self, x):
        x = F.max_pool2d(F.relu(self.c1(x)), 2)
        x = F.max_pool2d(F.relu(self.c2(x)), 2)
        return self.f2(F.relu(self.f1(x.flatten(1))))
model, inputs, labels = sys.argv[1:]
net = Net()
net.load_state_dict(load_file(model))
net.eval()
x, y = np.load(inputs), np.load(labels)
with torch.inference_mode():
    found = np.concatenate([net(torch.from_numpy(x[i:i + 64])).numpy().argmax(1) for i in range(0, len(x), 64)])
assert (found == y).sum() == 533
"""
ONNX = """
import sys
import numpy as np, onnxruntime
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 2
model, inputs, labels = sys.argv[1:]
session = onnxruntime.InferenceSession(model, options)
x, y = np.load(inputs), np.load(labels)
found = np.concatenate([session.run(["logits"], {"x": x[i:i + 64]})[0].argmax(1) for i in range(0, len(x), 64)])
assert (found == y).sum() == 533
"""
PROGRAMS = {"torch": TORCH, "onnxruntime": ONNX}


def measure() -> str:
    disable_progress_bars()
    rows = []
    with tempfile.TemporaryDirectory(prefix="grove-bench-") as folder, started_hub(Path(folder) / "hub") as hub:
        member = hub.member("author", admin=True)
        for library, (source, path) in FILES.items():
            repository = f"{member.name}/{library}"
            api = HfApi(endpoint=hub.address, token=member.token)
            api.create_repo(repository)
            api.upload_file(path_or_fileobj=MODELS / source, path_in_repo=path, repo_id=repository)
            first = _run(hub, member, repository)  # the worker imports scikit-learn, the disk reads the libraries
            _bare(library, source)
            bare, runs = [], []
            for _ in range(ROUNDS):
                bare.append(_bare(library, source))
                runs.append(_run(hub, member, repository))
            loop = statistics.median(bare)
            whole = statistics.median(run["wall"] - run["fetch"] for run in runs)
            steps = [statistics.median(run[step] for run in runs) for step in ("fetch", "verify", "child", "score")]
            rows.append(
                f"| {library} | {loop:.2f} | {whole:.2f} | {whole / loop:.2f} | "
                + " | ".join(f"{seconds:.3f}" for seconds in steps)
                + f" | {first['wall']:.2f} |"
            )
    head = f"| seconds, median of {ROUNDS} | bare loop | run without fetch | ratio | fetch | verify | child | score | first |"
    return "\n".join([head, "|---|---|---|---|---|---|---|---|---|", *rows])


def _run(hub: LiveHub, member: Member, repository: str) -> dict[str, float]:
    """The result's timing, in seconds by step."""
    headers = {"Authorization": f"Bearer {member.token}"}
    body = {"repository": repository, "suite": SUITE}
    run: dict[str, Any] = requests.post(f"{hub.address}/api/evaluations", json=body, headers=headers, timeout=30).json()
    address = f"{hub.address}/api/evaluations/{run['id']}"
    while run["state"] not in {"scored", "failed", "cancelled"}:
        time.sleep(0.1)
        run = requests.get(address, headers=headers, timeout=30).json()
    assert run["metrics"]["accuracy"]["value"] == 533 / 540, run
    return dict(requests.get(f"{address}/result", headers=headers, timeout=30).json()["timing"])


def _bare(library: str, source: str) -> float:
    suite = suite_files.read(suite_files.FOLDER / f"{SUITE}.yaml")
    (data,) = suite.definition["data"]
    arguments = [MODELS / source, suite.data_file(data["inputs"]), suite.data_file(data["labels"])]
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", PROGRAMS[library], *map(str, arguments)], env=os.environ, check=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    print(json.dumps({"cores": os.cpu_count()}))
    print(measure())
