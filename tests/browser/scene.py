"""A small community, made by the services that make it in life where there are any, for pages to show."""

import struct
import zlib
from dataclasses import dataclass

from django.utils import timezone

from accounts.models import Actor, User
from evaluations.models import Run, State
from models_registry.models import (
    Card,
    FileScan,
    LineageEdge,
    Relation,
    Repository,
    RepositoryFacts,
    RepositoryTag,
    TensorSummary,
)
from models_registry.services import references, trees
from models_registry.services.changes import AddFile, Delete
from models_registry.services.pull_requests import propose
from models_registry.services.random_access import content_id
from tests import make
from tests.evaluations import rows

LONG_NAME = "understory-1b-base-long-context-continued-pretraining-32k"
PASSWORD = "correct horse battery staple"

CARD = """# Digits CNN

A small convolutional network for 8×8 handwritten digits: two convolutions, one hidden layer, 38,282 parameters. It is the
reference model of the [suite](https://example.org): small enough to read in one sitting. 本模型用于识别 8×8 手写数字。

![A plot of the loss](plot.png)

## How to use it

```python
import torch
from digits_cnn import DigitsCNN

model = DigitsCNN()
model.load_state_dict(weights, strict=True)  # every tensor, or none
logits = model(torch.rand(1, 1, 8, 8))  # (1, 10)
print(f"the digit is {logits.argmax().item()}")
```

## Training

| Format | File | Size | Accuracy |
|--------|------|-----:|---------:|
| float32 | `model.safetensors` | 153.7 KB | 0.9870 |
| ONNX float32 | `model.onnx` | 156.9 KB | 0.9870 |

- [x] trained on the fixed split
- [ ] tried on rotated digits

### Limits

The data are public and tiny[^1], so a high score shows that the pipeline works and little more.

> Dynamic int8 is two to three times slower than float32 at this size: measure before you quantise.

[^1]: 1,797 images in all.
"""

TRAIN = '''"""Train the network on the digits that scikit-learn ships."""

import torch
from torch import nn


class DigitsCNN(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 3, padding=1)  # (batch, 16, 8, 8)
        self.rate = 2e-3

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.ndim != 4:
            raise ValueError(f"expected 4 dimensions, not {x.ndim}")
        return self.conv1(x).relu()
'''


def picture(width: int = 64, height: int = 40) -> bytes:
    """A small PNG with a gradient."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    lines = b"".join(b"\0" + bytes((x * 4 + y * 2) % 256 for x in range(width)) for y in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


@dataclass(frozen=True)
class Scene:
    member: User
    model: Repository
    dataset: Repository
    empty: Repository
    scored: Run
    running: Run
    failed: Run


def _described(repository: Repository, text: str = "", tags: tuple[str, ...] = (), **facts: object) -> Repository:
    """As indexing leaves it behind."""
    Repository.objects.filter(pk=repository.pk).update(**facts)
    repository.refresh_from_db()
    head = references.resolve(repository, "main").oid
    matter = {
        "license": facts.get("licence", ""),
        "tags": list(tags),
        "language": ["en", "zh"],
        "datasets": ["birch-lab/digits"],
    }
    Card.objects.update_or_create(
        repository=repository, defaults={"commit": head, "text": text, "front_matter": matter}
    )
    for tag in (*tags, "language:en", "language:zh"):
        RepositoryTag.objects.get_or_create(repository=repository, tag=tag)
    return repository


def build() -> Scene:
    member = make.user("alder", password=PASSWORD, full_name="Alder Carr", is_admin=True)
    rowan = make.user("rowan-k")
    make.organization("birch-lab", admin=member, write=rowan)
    make.token(member)
    model = make.repository(member, "digits-cnn", namespace="birch-lab")
    make.commit(
        model,
        {
            "README.md": CARD, "config.json": '{"architecture": "digits-cnn", "classes": 10}\n', "train.py": TRAIN,
            "plot.png": picture(), "onnx/notes.txt": "opset 21\n", "weights.bin": b"\0\1\2" * 900,
        },
        title="Retrain with the fixed split",
    )  # fmt: skip
    make.commit(model, {"notes.md": "# Notes\n\nSee [train](train.py).\n"}, title="修正随机种子，使结果可复现")
    references.create_tag(actor=Actor(user=member), repository=model, name="v1.1", revision="main")
    _described(
        model, CARD, ("vision", "digits", "cnn"), summary="A small CNN for 8×8 digits", task="image-classification",
        library="safetensors", licence="apache-2.0", parameter_count=38_282, downloads=12_804, likes=214, trending_score=9,
    )  # fmt: skip
    TensorSummary.objects.create(
        repository=model, path="weights.bin", format="safetensors", parameters={"F32": 38_282},
        tensors=[["conv1.weight", "F32", [16, 1, 3, 3]], ["fc1.weight", "F32", [64, 512]]],
    )  # fmt: skip
    weights = trees.file(model, references.resolve(model, "main"), "weights.bin")
    FileScan.objects.create(
        content=content_id(weights),
        status="suspicious",
        imports=[["sklearn.tree", "Tree", "suspicious"]],
        scanner="a scanner",
    )
    Repository.objects.filter(pk=model.pk).update(storage_logical=12_400_000_000, storage_stored=3_100_000_000)
    RepositoryFacts.objects.create(repository=model, config={"model_type": "digits-cnn"})
    others = [
        ("tiny-bert-sentiment", "text-classification", "transformers", "mit", 4_400_000, 531),
        (LONG_NAME, "text-generation", "transformers", "my-own-terms", 1_100_000_000, 529),
        ("gru-digits-sequence", "image-classification", "safetensors", "bsd-3-clause", 97_500, 470),
    ]  # fmt: skip
    for index, (name, task, library, licence, parameters, correct) in enumerate(others):
        other = _described(
            make.repository(rowan, name), "", ("digits",) if index else (), task=task, library=library, licence=licence,
            parameter_count=parameters, downloads=900 * (3 - index), likes=40 * index, trending_score=5 - index,
        )  # fmt: skip
        relation = (Relation.FINETUNE, Relation.QUANTIZED, Relation.MERGE)[index]
        LineageEdge.objects.create(
            repository=other, base_name=model.full_name, base_key=model.full_name, base=model, relation=relation
        )
        rows.scored(other, correct, parameters=parameters, format="onnx" if index else "safetensors")
    _described(
        make.repository(member, "digits-cnn-onnx", namespace="birch-lab", private=True), task="image-classification"
    )
    _proposed(model)
    dataset = make.repository(member, "digits", namespace="birch-lab", kind="dataset")
    RepositoryFacts.objects.create(repository=dataset, main_size=48_000_000)
    LineageEdge.objects.create(
        repository=model, base_name="birch-lab/lenet", base_key="birch-lab/lenet", relation=Relation.FINETUNE
    )
    _described(dataset, "# Digits\n\n1,797 images.", licence="cc-by-4.0")
    empty = make.repository(member, "seedling")
    scored = rows.scored(model, 533)
    rows.scored(model, 533)
    failed = rows.failed(model)
    now = timezone.now()
    running = rows.run(
        model, state=State.RUNNING, attempt=1, started_at=now, progress_done=320, progress_total=540,
        log_tail="12:04:31 fetch   9f3c1e7: 3 files, all from the cache\n12:04:34 run     320 of 540",
    )  # fmt: skip
    return Scene(member, model, dataset, empty, scored, running, failed)


def _proposed(model: Repository) -> None:
    """A pull request that adds, changes, renames and removes."""
    propose(
        actor=Actor(user=make.user("hazel")), repository=model, base="main", parent=None,
        title="Train for longer, and say how", body="Ten epochs more; the accuracy rises by a percent.",
        changes=[
            AddFile.of("train.py", b"import torch\n\n\ndef train(epochs: int = 20) -> None:\n    torch.manual_seed(1)\n"),
            AddFile.of("docs/training.md", b"# Training\n\nTwenty epochs.\n"),
            AddFile.of("plot-of-the-longer-run.png", b"\0" * 2000),
            Delete("notes.md"),
        ],
    )  # fmt: skip


def pages(scene: Scene) -> dict[str, str]:
    """Every page worth looking at, by a name for it."""
    model = scene.model.get_absolute_url()
    return {
        "home": "/",
        "models": "/models",
        "models-narrowed": "/models?task=image-classification&q=digits&sort=downloads",
        "models-nothing": "/models?q=nothing-like-this",
        "datasets": "/datasets",
        "model": model,
        "dataset": scene.dataset.get_absolute_url(),
        "empty": scene.empty.get_absolute_url(),
        "files": f"{model}/tree/main",
        "folder": f"{model}/tree/main/onnx",
        "file-source": f"{model}/blob/main/train.py",
        "file-markdown": f"{model}/blob/main/notes.md",
        "file-picture": f"{model}/blob/main/plot.png",
        "file-tensors": f"{model}/blob/main/weights.bin",
        "commits": f"{model}/commits/main",
        "commit": f"{model}/commit/main",
        "file-history": f"{model}/commits/main/train.py",
        "pull-request": f"{model}/discussions/1",
        "settings": f"{model}/settings",
        "evaluations": f"{model}/evaluations",
        "evaluate": f"{model}/evaluate",
        "run-scored": scene.scored.get_absolute_url(),
        "run-running": scene.running.get_absolute_url(),
        "run-failed": scene.failed.get_absolute_url(),
        "leaderboards": "/leaderboards",
        "leaderboard": "/leaderboards/digits-image-classification",
        "member": "/alder",
        "organisation": "/birch-lab",
        "new": "/new",
        "profile": "/settings/profile",
        "tokens": "/settings/tokens",
        "device": "/login/device",
        "email": "/accounts/email/",
        "security": "/settings/security",
        "your-data": "/settings/account",
        "prove-again": "/accounts/reauthenticate/",
        "password": "/accounts/password/change/",
        "other-sites": "/accounts/3rdparty/",
        "missing": "/alder/nothing-here",
    }


def entrance_pages() -> dict[str, str]:
    """Pages for visitors."""
    return {
        "visitor-home": "/",
        "sign-in": "/accounts/login/",
        "sign-up": "/accounts/signup/",
        "reset": "/accounts/password/reset/",
        "sign-in-to-see": "/alder/nothing-here",
        "api": "/api/docs",
    }
