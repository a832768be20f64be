"""Many scored models as rows alone, and the time to rank them: `python -m benchmarks.scored COUNT`, in a hub's environment.

Each model has one run on the digits suite (rows right or wrong) and one on the diabetes suite (losses). Prints one line of JSON
for each suite: its name and the seconds of one ranking.
"""

import json
import sys
import time

import numpy as np
from django.db import connection
from django.utils import timezone

from benchmarks import many  # sets Django up
from evaluations.models import Result, Run, Score, State, SuiteVersion
from evaluations.services import ranking, suites
from hub.batches import batches
from models_registry.models import Repository

SUITES = ("digits-image-classification", "diabetes-regression")
ARCHITECTURES = "digits-cnn mlp lenet-5 gru transformer-encoder".split()
MACHINES = "Intel Xeon Platinum 8480C, NVIDIA H200, AMD EPYC 9654, Apple M2".split(", ")
AT_ONCE = 1_000


def main(count: int) -> None:
    many.main(count)
    suites.synchronize()
    for name in SUITES:
        version = suites.current_version(name)
        _measured(version)
        _analyze()
        began = time.perf_counter()
        ranking.rank(version)
        seconds = time.perf_counter() - began
        _analyze()
        print(json.dumps({"suite": name, "seconds": seconds}), flush=True)


def _analyze() -> None:
    """As the database does by itself, a minute after so many rows were written."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _measured(version: SuiteVersion) -> None:
    chance = np.random.default_rng(5)
    difficulty = chance.random(version.rows)
    now = timezone.now()
    for keys in batches(Repository.objects.order_by("pk").values_list("pk", flat=True), AT_ONCE):
        runs = Run.objects.bulk_create(
            Run(
                repository_id=key, commit=f"{key:040x}", suite_version=version, state=State.SCORED, attempt=1,
                started_at=now, finished_at=now, format=str(chance.choice(["safetensors", "onnx"])),
                architecture=str(chance.choice(ARCHITECTURES)), parameters=int(chance.integers(10**4, 10**7)),
                model_bytes=40_000, machine=str(chance.choice(MACHINES)),
            )
            for key in keys
        )  # fmt: skip
        skill = chance.beta(4, 2, len(runs))
        found = [_outcome(version, chance, difficulty, float(one)) for one in skill]
        Score.objects.bulk_create(
            Score(run=run, low=value - 0.02, high=value + 0.02, stderr=0.01, method="made up", n=version.rows, **fact)
            for run, (_, value) in zip(runs, found, strict=True)
            for fact in _scores(version, value)
        )
        Result.objects.bulk_create(
            Result(run=run, document="{}", sha256="0" * 64, public_key="0" * 64, signature="0" * 128, **kept)
            for run, (kept, _) in zip(runs, found, strict=True)
        )


def _outcome(
    version: SuiteVersion, chance: np.random.Generator, difficulty: np.ndarray, skill: float
) -> tuple[dict[str, bytes], float]:
    """What is kept of the rows, and the primary metric. A model of more skill is right where it is harder."""
    if version.primary_metric["ci"] == "wilson":
        correct = chance.random(version.rows) < 1 / (1 + np.exp(8 * (difficulty - skill)))
        return {"outcomes": np.packbits(correct, bitorder="little").tobytes()}, float(correct.mean())
    losses = (chance.normal(0, 1.2 - skill, version.rows) ** 2).astype("<f4")
    return {"outcomes": b"", "losses": losses.tobytes()}, 1 - float(losses.mean())


def _scores(version: SuiteVersion, value: float) -> list[dict[str, object]]:
    return [
        {
            "name": metric["name"],
            "value": value,
            "chance": metric.get("chance"),
            "higher_is_better": metric["higher_is_better"],
            "primary": metric["primary"],
        }
        for metric in version.definition["metrics"]
    ]


if __name__ == "__main__":
    main(int(sys.argv[1]))
