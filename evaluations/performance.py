"""From what a child measured of a model's speed to numbers that may be shown: medians, spreads, and why one is not shown.

The child is believed as far as its report is possible at all; see `harness/performance.py` for how it measures. Speeds compare
within one hardware class alone (`Run.machine`); quality compares across.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from evaluations.measurements import UnusablePredictionsError

REPEATS = 3
MOST_SPREAD = 0.10  # between the repeats, of their median: above it no speed is shown
MILLISECONDS = 1000.0
NO_ENERGY = {"joules": None, "reason": "No counter of energy could be read of a device that ran this model alone."}


@dataclass(frozen=True, slots=True)
class Speed:
    """One scenario. values: medians over the repeats, by name (see `speeds`); spread: of the scenario's main value.

    withheld: why the values are not to be shown beside a model; empty where they are. sweep: (batch size, rate) of each that was
    tried once to find the best; stopped: why no larger one was tried.
    """

    scenario: str
    batch_size: int
    values: Mapping[str, float]
    spread: float | None
    repeats: Sequence[float]
    withheld: str
    sweep: Sequence[tuple[int, float]] = ()
    stopped: str = ""


def speeds(plan: Mapping[str, Any], found: Mapping[str, Any]) -> list[Speed]:
    """What a report says. plan: the suite's `perf`. found: the child's, of the right form (see `child`).

    single: latency_p50_ms, latency_p90_ms, latency_p99_ms, queries. offline: samples_per_second or tokens_per_second.
    generation: first_token_ms, prefill_tokens_per_second, decode_tokens_per_second. Raises UnusablePredictionsError at a report
    that no measurement makes.
    """
    sizes = plan.get("batch_sizes", [])
    parts = [*found["sweep"], *found["offline"]]
    ordered = all(repeat["p50"] <= repeat["p90"] <= repeat["p99"] for repeat in found["single"])
    if not ordered or any(part["batch_size"] not in sizes for part in parts):
        raise UnusablePredictionsError("The model's process reports a speed that nothing measures.")
    makers = {"single": _single, "offline": _offline, "generation": _generation}
    return [makers[scenario](plan, found) for scenario in plan["scenarios"]]


def _single(plan: Mapping[str, Any], found: Mapping[str, Any]) -> Speed:
    repeats = found["single"]
    values = {f"latency_{name}_ms": MILLISECONDS * _median(repeats, name) for name in ("p50", "p90", "p99")}
    values["queries"] = _median(repeats, "queries")
    return _speed("single", 1, values, [MILLISECONDS * repeat["p50"] for repeat in repeats], plan, found)


def _offline(plan: Mapping[str, Any], found: Mapping[str, Any]) -> Speed:
    rates = [repeat["items"] / repeat["seconds"] for repeat in found["offline"]]
    unit = "tokens_per_second" if "generation" in plan else "samples_per_second"
    size = found["offline"][0]["batch_size"] if found["offline"] else 0
    speed = _speed("offline", size, {unit: median(rates) if rates else 0.0}, rates, plan, found)
    sweep = [(part["batch_size"], part["items"] / part["seconds"]) for part in found["sweep"]]
    return replace(speed, sweep=sweep, stopped=found["stopped"])


def _generation(plan: Mapping[str, Any], found: Mapping[str, Any]) -> Speed:
    repeats, lengths = found["generation"], plan["generation"]
    first, decode = (_median(repeats, name) for name in ("first_token", "decode"))
    values = {
        "first_token_ms": MILLISECONDS * first,
        "prefill_tokens_per_second": lengths["prompt_tokens"] / first if first else 0.0,
        "decode_tokens_per_second": (lengths["new_tokens"] - 1) / decode if decode else 0.0,
    }
    whole = [repeat["first_token"] + repeat["decode"] for repeat in repeats]
    return _speed("generation", 1, values, whole, plan, found)


def _speed(
    scenario: str,
    batch_size: int,
    values: Mapping[str, float],
    repeats: Sequence[float],
    plan: Mapping[str, Any],
    found: Mapping[str, Any],
) -> Speed:
    if len(repeats) < REPEATS:
        reason = f"It could not be measured {REPEATS} times within {plan['max_s']:g} seconds."
        return Speed(scenario, batch_size, {}, None, repeats, reason)
    spread = (max(repeats) - min(repeats)) / median(repeats)
    withheld = ""
    if found["gpu_shared"]:
        withheld = "Somebody else used the GPU at the same time."
    elif spread > MOST_SPREAD:
        withheld = f"Its {REPEATS} repeats differ by {spread:.0%}; over {MOST_SPREAD:.0%} no speed is shown."
    return Speed(scenario, batch_size, values, spread, repeats, withheld)


def as_documented(found: Sequence[Speed]) -> list[dict[str, Any]]:
    """For the result document: with the values that are withheld, and why."""
    return [
        {
            "scenario": speed.scenario,
            "batch_size": speed.batch_size,
            "values": {name: _rounded(value) for name, value in speed.values.items()},
            "repeats": [_rounded(value) for value in speed.repeats],
            "spread": None if speed.spread is None else round(speed.spread, 4),
            "published": not speed.withheld,
            "withheld": speed.withheld or None,
            "sweep": [{"batch_size": size, "per_second": _rounded(rate)} for size, rate in speed.sweep],
            "stopped": speed.stopped or None,
        }
        for speed in found
    ]


def energy_as_documented(found: Mapping[str, Any]) -> dict[str, Any]:
    """For the result document: what the GPUs took for the repeats of each scenario, and for one row or token of it.

    found: as of `speeds`. A GPU's counter knows nobody's share, so there is none where somebody else used it.
    """
    if found.get("gpu_shared") or not found.get("energy"):
        return NO_ENERGY
    scenarios = [
        {
            "scenario": one["scenario"],
            "joules": _rounded(one["joules"]),
            "items": one["items"],
            "joules_per_item": _rounded(one["joules"] / one["items"]),
        }
        for one in found["energy"]
    ]
    return {
        "joules": _rounded(sum(one["joules"] for one in found["energy"])),
        "counter": "NVML",
        "scenarios": scenarios,
    }


def _rounded(value: float) -> float:
    return float(f"{value:.6g}")


def _median(repeats: Sequence[Mapping[str, float]], name: str) -> float:
    return float(median(repeat[name] for repeat in repeats)) if repeats else 0.0
