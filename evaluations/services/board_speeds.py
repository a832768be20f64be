"""How fast and how large the models of a board are: what it may be sorted by besides its metrics.

Speeds are sorted machine by machine, because they compare within one alone; memory and the time to load compare as they are.
"""

from collections.abc import Mapping
from typing import Any

from django.db.models import Case, F, When
from django.db.models.expressions import OrderBy

from evaluations.models import Performance, Run, SuiteVersion

# {name: whether more is better}, each a field of Performance, by the scenario that measures it.
BY_SCENARIO: dict[str, dict[str, bool]] = {
    "single": {"latency_p50_ms": False, "latency_p99_ms": False},
    "generation": {
        "first_token_ms": False,
        "prefill_tokens_per_second": True,
        "decode_tokens_per_second": True,
    },
}
OF_ANY_RUN = {"memory": False, "gpu_memory": False, "load_seconds": False}
NAMES = (
    "latency_p50_ms",
    "latency_p90_ms",
    "latency_p99_ms",
    "samples_per_second",
    "tokens_per_second",
    "batch_size",
    "first_token_ms",
    "prefill_tokens_per_second",
    "decode_tokens_per_second",
    "memory",
    "gpu_memory",
    "load_seconds",
)
ON_ONE_MACHINE = frozenset(
    {*BY_SCENARIO["single"], *BY_SCENARIO["generation"], "samples_per_second", "tokens_per_second"}
)


def measured(version: SuiteVersion) -> Mapping[str, bool]:
    """{name: whether more is better} of what a board of this version can show."""
    plan = version.definition.get("perf") or {"scenarios": []}
    found: dict[str, bool] = {}
    for scenario in plan["scenarios"]:
        throughput = {"tokens_per_second" if "generation" in plan else "samples_per_second": True}
        found |= throughput if scenario == "offline" else BY_SCENARIO[scenario]
    return found | OF_ANY_RUN


def order_by(name: str, *, higher_is_better: bool) -> list[OrderBy]:
    """On Standing: best first, what was not measured last."""
    field = F(f"run__performance__{name}")
    best_first = field.desc(nulls_last=True) if higher_is_better else field.asc(nulls_last=True)
    if name not in ON_ONE_MACHINE:
        return [best_first]
    is_missing = Case(When(**{f"run__performance__{name}__isnull": True}, then=1), default=0)
    return [is_missing.asc(), F("run__machine").asc(), best_first]


def of(run: Run) -> Performance | None:
    """None for a run that was scored without."""
    return getattr(run, "performance", None)


def values(run: Run) -> dict[str, Any]:
    """{name: number or None} of all that a run may have."""
    row = of(run)
    return {name: getattr(row, name, None) for name in NAMES}
