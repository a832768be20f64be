"""How fast and how large a run found its model, from its result document, as its page says it."""

from collections.abc import Mapping
from math import floor, log10
from typing import Any

from django.template.defaultfilters import filesizeformat
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from evaluations.templatetags.scores import duration

TITLES = {
    "latency_p50_ms": gettext_lazy("Latency of one row, median"),
    "latency_p90_ms": gettext_lazy("Latency of one row, 90th percentile"),
    "latency_p99_ms": gettext_lazy("Latency of one row, 99th percentile"),
    "samples_per_second": gettext_lazy("Samples per second"),
    "tokens_per_second": gettext_lazy("Tokens written per second"),
    "first_token_ms": gettext_lazy("Time to the first token"),
    "prefill_tokens_per_second": gettext_lazy("Tokens read per second"),
    "decode_tokens_per_second": gettext_lazy("Tokens written per second, one text"),
}
COLUMNS = {
    "latency_p50_ms": gettext_lazy("Latency"),
    "latency_p99_ms": gettext_lazy("Latency p99"),
    "samples_per_second": gettext_lazy("Samples/s"),
    "tokens_per_second": gettext_lazy("Tokens/s"),
    "first_token_ms": gettext_lazy("First token"),
    "prefill_tokens_per_second": gettext_lazy("Tokens/s read"),
    "decode_tokens_per_second": gettext_lazy("Tokens/s written"),
    "memory": gettext_lazy("Memory"),
    "gpu_memory": gettext_lazy("GPU memory"),
    "load_seconds": gettext_lazy("Load time"),
}
SCENARIOS = {
    "single": gettext_lazy("Latency"),
    "offline": gettext_lazy("Throughput"),
    "generation": gettext_lazy("Generation"),
}
STEPS = {
    "fetch": gettext_lazy("Fetch"),
    "verify": gettext_lazy("Verify"),
    "deserialise": gettext_lazy("Deserialise"),
    "to_device": gettext_lazy("To device"),
    "first_inference": gettext_lazy("First inference"),
    "quality": gettext_lazy("All predictions"),
    "perf": gettext_lazy("Measuring speed"),
}
MEMORY = {"process_peak": gettext_lazy("Process"), "allocated_peak": gettext_lazy("On the GPU")}


def shown(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A row for each number, {title, value, note, spread}; one for each scenario that is withheld, {title, withheld}."""
    rows: list[dict[str, Any]] = []
    for speed in document.get("perf") or []:
        if not speed["published"]:
            rows.append({"title": SCENARIOS[speed["scenario"]], "withheld": speed["withheld"]})
            continue
        note = _("batches of %(size)s") % {"size": speed["batch_size"]} if speed["batch_size"] != 1 else ""
        rows += [
            {"title": TITLES[name], "value": _value(name, value), "note": note, "spread": 100 * speed["spread"]}
            for name, value in speed["values"].items()
            if name in TITLES
        ]
    return rows


def steps(document: Mapping[str, Any]) -> list[tuple[str, float]]:
    """(title, seconds) of the run's parts."""
    timing = document.get("timing") or {}
    return [(str(title), timing[step]) for step, title in STEPS.items() if step in timing]


def energy(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(title, joules) that one row, or one token, took in each scenario; nothing where no counter was read."""
    titles = {
        "single": _("Energy of one row"),
        "offline": _("Energy of one item, in batches"),
        "generation": _("Energy of one token written"),
    }
    found = (document.get("energy") or {}).get("scenarios") or []
    return [(titles[one["scenario"]], f"{_value('joules', one['joules_per_item'])}\u00a0J") for one in found]


def peaks(document: Mapping[str, Any]) -> list[tuple[str, int]]:
    """(title, bytes) of what the model's process took at most."""
    memory = document.get("memory") or {}
    return [(str(title), memory[part]) for part, title in MEMORY.items() if memory.get(part)]


def as_cell(name: str, value: float | None) -> str:
    """One of COLUMNS as a board shows it."""
    if value is None:
        return "–"
    if name.endswith("memory"):
        return filesizeformat(value)
    return duration(value) if name == "load_seconds" else _value(name, value)


def _value(name: str, value: float) -> str:
    """Three significant digits: "0.0136 ms", "38,000"."""
    rounded = float(f"{value:.3g}")
    decimals = max(0, 2 - floor(log10(rounded))) if rounded > 0 else 0
    return number_format(rounded, decimals, force_grouping=True) + ("\u00a0ms" if name.endswith("_ms") else "")
