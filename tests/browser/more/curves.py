"""Training curves, downloads over a year, and models side by side."""

from datetime import timedelta
from math import exp, sin
from typing import TYPE_CHECKING

from django.utils import timezone

from models_registry.models import DownloadCount, Repository
from models_registry.services import counting
from models_registry.services.indexing import training
from tests import make
from tests.models_registry.training.logs import START, event, state

if TYPE_CHECKING:
    from tests.browser.scene import Scene

NAME = "curved"
LONG_RUN = "runs/Nov28_14-02-11_a-machine-with-a-very-long-name-in-a-cluster_learning-rate-2e-4_warmup-500"


def _log(factor: float, steps: int = 300) -> bytes:
    return b"".join(
        event(
            10 * step,
            START + 7 * step,
            **{
                "train/loss": factor * exp(-step / 80) + 0.3 + 0.05 * sin(step * factor * 3),
                "train/learning_rate": 2e-4 * (1 - step / steps),
                "train/grad_norm": float("nan") if step == 40 else 1 + 0.5 * sin(step / 9),
                **(
                    {"eval/loss": factor * exp(-step / 90) + 0.4, "eval/accuracy": 1 - exp(-step / 60)}
                    if step % 20 == 0
                    else {}
                ),
            },
        )
        for step in range(steps)
    )


def arrange(scene: "Scene") -> None:
    repository = make.repository(scene.member, NAME, namespace="birch-lab")
    history = [{"step": 10 * step, "epoch": step / 100, "loss": 2 * exp(-step / 60) + 0.35} for step in range(300)]
    commit = make.commit(
        repository,
        {
            "runs/baseline/events.out.tfevents.1.host": _log(2.0),
            f"{LONG_RUN}/events.out.tfevents.1.host": _log(3.0),
            "runs/cut-short/events.out.tfevents.1.host": _log(2.5, 90)[:-20],
            "checkpoint-2990/trainer_state.json": state(history),
        },
    )
    training.read(f"{repository.pk}:{commit.oid}")
    today = timezone.now().date()
    DownloadCount.objects.bulk_create(
        DownloadCount(
            repository=scene.model,
            day=today - timedelta(days=ago),
            count=int(300 + 200 * sin(ago / 9) + (365 - ago) / 2),
        )
        for ago in range(365)
    )
    counting.refresh()


def pages(scene: "Scene") -> dict[str, str]:
    curved = f"/birch-lab/{NAME}"
    others = Repository.objects.filter(runs__standing__isnull=False, private=False).distinct().order_by("pk")[:3]
    names = ",".join(repository.full_name for repository in others)
    return {
        "metrics": f"{curved}/metrics?smooth=0.6",
        "metrics-time": f"{curved}/metrics?x=time&scale=log&q=loss",
        "metrics-none": f"{scene.empty.get_absolute_url()}/metrics",
        "downloads": f"{scene.model.get_absolute_url()}/downloads",
        "downloads-none": f"{curved}/downloads",
        "side-by-side": f"/compare?models={names}",
        "side-by-side-search": f"/compare?models={scene.model.full_name}&add=digits",
        "side-by-side-none": "/compare",
    }
