"""Search and lists with facets over few and over many repositories, by PostgreSQL: does the time grow with the hub?

In this process, through the whole of the site but the server: what is asked is how the time grows. The rows come from
`benchmarks.many`, in the database that DATABASE_URL names: `python -m benchmarks.finding`, with the settings of a hub.
"""

import gc
import os
import statistics
import time

import django

django.setup()

from django.db import connection  # noqa: E402 - models exist once Django is set up
from django.test import Client  # noqa: E402

from models_registry.models import Kind, Repository  # noqa: E402
from models_registry.services import facet_index  # noqa: E402

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "30"))
PAGES = {
    "all models": "/models",
    "one task": "/models?task=fill-mask",
    "task, licence and library": "/models?task=fill-mask&licence=mit&library=onnx",
    "and language, tag and size": "/models?task=fill-mask&licence=mit&language=de&tag=otter&params_min=12&params_max=18",
    "a common word": "/models?q=otter",
    "a common word and one task": "/models?q=otter&task=fill-mask&sort=downloads",
    "a model's name": "/models?q={name}",
    "a word that no name has": "/models?q=otter-pine-77",
    "page 50": "/models?page=50&sort=likes",
    "search: a common word": "/search?q=otter",
    "search: a word that no name has": "/search?q=otter-pine-77",
    "search: a slip of the pen": "/search?q=junpier",
    "suggestions, two letters": "/search/suggestions?q=ot",
    "suggestions, a slip of the pen": "/search/suggestions?q=kestrl",
}


def measure() -> str:
    began = time.monotonic()
    facet_index.make(Kind.MODEL)
    took = time.monotonic() - began
    facet_index.forget()
    count = Repository.objects.count()
    named = Repository.objects.filter(kind=Kind.MODEL).order_by("pk")[count // 2 - 20].name
    client = Client(SERVER_NAME="localhost")
    rows = [
        f"| {connection.vendor}, {count:,} repositories, {ROUNDS} rounds | p50 ms | p95 ms |", "|---|---|---|",
    ]  # fmt: skip
    gc.freeze()  # as the site does
    times: dict[str, list[float]] = {name: [] for name in PAGES}
    for number in range(ROUNDS + 1):  # in turn, so that a busy moment of the machine hits all of them
        for name, address in PAGES.items():
            began = time.perf_counter()
            response = client.get(address.format(name=named))
            passed = 1000 * (time.perf_counter() - began)
            if response.status_code != 200:
                raise RuntimeError(f"{address} answered {response.status_code}.")
            if number:
                times[name].append(passed)
    for name, one in times.items():
        rows.append(f"| {name} | {statistics.median(one):.0f} | {statistics.quantiles(one, n=20)[-1]:.0f} |")
    return "\n".join([*rows, "", f"The index of facets was made in {took:.1f} s."])


if __name__ == "__main__":
    print(measure())
