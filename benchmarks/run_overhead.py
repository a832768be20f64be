"""An evaluation run by the hub's worker, against a bare loop that does the same work with the same library.

The bare loop is a process that imports the library, loads the file and the inputs, predicts in the same batches on the
same number of threads, and counts what is right. The hub does that in its sandbox, with the claim, the checks of every
hash, the heartbeat, the intervals and the signed result around it. Fetching from the storage is counted apart, and speed is not
measured. The small network shows what a run costs at least; the wide one, which takes half a minute, what that is worth there.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import requests
from huggingface_hub import HfApi
from huggingface_hub.utils import disable_progress_bars
from safetensors.numpy import save_file

from evaluations import suite_files
from tests.live import LiveHub, Member, started_hub

ROUNDS = 7
WIDE_ROUNDS = 2
ROWS = 540  # of both suites
STEPS = ("fetch", "verify", "child", "score")
SUITE, WIDE_SUITE = "digits-image-classification", "digits-32x32-rgb-image-classification"
MODELS = Path(__file__).resolve().parent.parent / "tests" / "fixtures" / "reference_models"
TORCH = """
import sys
import numpy as np, torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional as F
torch.set_num_threads(2)
class Net(nn.Module):
    def __init__(self, weights):
        super().__init__()
        convolution = lambda name: nn.Conv2d(*weights[name].shape[1::-1], 3, padding=1)
        linear = lambda name: nn.Linear(*weights[name].shape[::-1])
        self.c1, self.c2 = convolution("c1.weight"), convolution("c2.weight")
        self.f1, self.f2 = linear("f1.weight"), linear("f2.weight")
    def forward(self, x):
        x = F.max_pool2d(F.relu(self.c1(x)), 2)
        x = F.max_pool2d(F.relu(self.c2(x)), 2)
        return self.f2(F.relu(self.f1(x.flatten(1))))
model, inputs, labels = sys.argv[1:]
weights = load_file(model)
net = Net(weights)
net.load_state_dict(weights)
net.eval()
x, y = np.load(inputs), np.load(labels)
with torch.inference_mode():
    found = np.concatenate([net(torch.from_numpy(x[i:i + 64])).numpy().argmax(1) for i in range(0, len(x), 64)])
print((found == y).sum())
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
print((found == y).sum())
"""
WIDE = 1024  # channels of both convolutions, over 32×32


@dataclass(frozen=True)
class Case:
    """A model and a suite to run it on. path: in the repository."""

    title: str
    program: str
    source: Path
    path: str
    suite: str
    rounds: int


def measure() -> str:
    disable_progress_bars()
    rows = []
    with tempfile.TemporaryDirectory(prefix="grove-bench-") as folder, started_hub(Path(folder) / "hub") as hub:
        member = hub.member("author", admin=True)
        for number, case in enumerate(_cases(Path(folder))):
            repository = f"{member.name}/model-{number}"
            api = HfApi(endpoint=hub.address, token=member.token)
            api.create_repo(repository)
            api.upload_file(path_or_fileobj=case.source, path_in_repo=case.path, repo_id=repository)
            if case.rounds > 1:  # the worker imports scikit-learn, the disk reads the libraries
                _run(hub, member, repository, case)
                _bare(Path(folder), case)
            bare, runs = [], []
            for _ in range(case.rounds):
                bare.append(_bare(Path(folder), case))
                runs.append(_run(hub, member, repository, case))
            assert {round(share * ROWS) for _, share in runs} == {count for _, count in bare}
            loop = statistics.median(seconds for seconds, _ in bare)
            whole = statistics.median(timing["wall"] - timing["fetch"] for timing, _ in runs)
            steps = [statistics.median(timing[step] for timing, _ in runs) for step in STEPS]
            rows.append(
                f"| {case.title} | {loop:.2f} | {whole:.2f} | {whole / loop:.2f} | "
                + " | ".join(f"{seconds:.3f}" for seconds in steps)
                + " |"
            )
    what = f"seconds, median of {ROUNDS} (wide: of {WIDE_ROUNDS})"
    head = f"| {what} | bare loop | run without fetch | ratio | {' | '.join(STEPS)} |"
    return "\n".join([head, "|---|---|---|---|---|---|---|---|", *rows])


def _cases(folder: Path) -> list[Case]:
    torch_file, onnx_file = MODELS / "digits_cnn.safetensors", MODELS / "digits_cnn.onnx"
    return [
        Case("torch", TORCH, torch_file, "model.safetensors", SUITE, ROUNDS),
        Case("onnxruntime", ONNX, onnx_file, "model.onnx", SUITE, ROUNDS),
        Case("torch, wide", TORCH, _wide(folder / "wide.safetensors"), "model.safetensors", WIDE_SUITE, WIDE_ROUNDS),
    ]


def _wide(place: Path) -> Path:
    """A network of the same arrangement that knows nothing and takes long over it."""
    draw = np.random.default_rng(0)
    shapes = {"c1": (WIDE, 3, 3, 3), "c2": (WIDE, WIDE, 3, 3), "f1": (128, WIDE * 8 * 8), "f2": (10, 128)}
    tensors = {}
    for name, shape in shapes.items():
        spread = np.float32(1 / np.sqrt(np.prod(shape[1:])))
        tensors[f"{name}.weight"] = draw.standard_normal(shape, dtype=np.float32) * spread
        tensors[f"{name}.bias"] = np.zeros(shape[0], np.float32)
    save_file(tensors, place)
    return place


def _run(hub: LiveHub, member: Member, repository: str, case: Case) -> tuple[dict[str, float], float]:
    """The result's timing, in seconds by step, and the accuracy."""
    headers = {"Authorization": f"Bearer {member.token}"}
    body = {"repository": repository, "suite": case.suite}
    run: dict[str, Any] = requests.post(f"{hub.address}/api/evaluations", json=body, headers=headers, timeout=30).json()
    address = f"{hub.address}/api/evaluations/{run['id']}"
    while run["state"] not in {"scored", "failed", "cancelled"}:
        time.sleep(0.1)
        run = requests.get(address, headers=headers, timeout=30).json()
    assert run["state"] == "scored", run
    timing = requests.get(f"{address}/result", headers=headers, timeout=30).json()["timing"]
    return dict(timing), float(run["metrics"]["accuracy"]["value"])


def _bare(folder: Path, case: Case) -> tuple[float, int]:
    """Seconds, and how many rows were right."""
    suite = suite_files.read(suite_files.FOLDER / f"{case.suite}.yaml")
    (data,) = suite.definition["data"]
    places = {name: folder / f"{case.suite}.{name}.npy" for name in ("inputs", "labels")}
    for name, place in places.items():
        if not place.exists():
            place.write_bytes(suite.data_content(data[name]))
    command = [sys.executable, "-c", case.program, str(case.source), *map(str, places.values())]
    started = time.perf_counter()
    done = subprocess.run(command, env=os.environ, check=True, capture_output=True, text=True)
    return time.perf_counter() - started, int(done.stdout)


if __name__ == "__main__":
    print(json.dumps({"cores": os.cpu_count()}))
    print(measure())
