"""A model's file from S3 into a worker's cache, against the same bytes by ranged GETs into a file, without a hash.

Both ask for as large ranges, as many at once, and write to the same disk, synced. Then once more from the warm cache,
where nothing may be fetched. The file is kept plain, as LFS brings it; in chunks, unpacking is what it costs (see `content`).
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.live import started_hub

MEBIBYTES = int(os.environ.get("HUB_BENCH_MIB", "1024"))
ROUNDS = 3
UPLOAD = """
import sys
from huggingface_hub import HfApi
api = HfApi()
api.create_repo("author/large")
api.upload_file(path_or_fileobj=sys.argv[1], path_in_repo="weights.bin", repo_id="author/large")
"""
FETCH = """
import json, os, time
from concurrent.futures import ThreadPoolExecutor
import urllib3
from evaluations import cache as caching
from evaluations.services import fetching
from models_registry import storage
from models_registry.models import Repository
from models_registry.services import reading, references, trees
repository = Repository.objects.get(name="large")
entry = fetching.files_of(repository, references.resolve(repository, "main").oid)["weights.bin"]
row = trees.stored(repository, entry)
(segment,) = reading.layout_of(row)._segments
address = storage.presign_get(segment.key)
pool = urllib3.PoolManager(maxsize=caching.AHEAD)
calls = []
fetch = reading.fetch
reading.fetch = lambda window: calls.append(window.size) or fetch(window)

def raw(place):
    with open(place, "wb") as file, ThreadPoolExecutor(caching.AHEAD) as threads:
        def part(start):
            end = min(start + fetching.PART_BYTES, row.size)
            answer = pool.request("GET", address, headers={"Range": f"bytes={start}-{end - 1}"})
            os.pwrite(file.fileno(), answer.data, start)
        list(threads.map(part, range(0, row.size, fetching.PART_BYTES)))
        os.fsync(file.fileno())

def cached():
    return fetching.fetch(repository, entry, lambda: None)

def seconds(act, *arguments):
    began = time.perf_counter()
    act(*arguments)
    return time.perf_counter() - began

place = cached()  # the storage has read the file once
found = {"raw": [], "cold": [], "warm": []}
for _ in range(%d):
    found["raw"].append(seconds(raw, str(place) + ".raw"))
    os.unlink(str(place) + ".raw")
    place.unlink()
    found["cold"].append(seconds(cached))
    calls.clear()
    found["warm"].append(seconds(cached))
    assert not calls, calls
print(json.dumps(found))
"""


def measure() -> str:
    with (
        tempfile.TemporaryDirectory(prefix="grove-bench-") as folder,
        started_hub(Path(folder) / "hub", HUB_XET_CONVERSION="never") as hub,
    ):
        member = hub.member("author")
        source = Path(folder) / "weights.bin"
        with source.open("wb") as file:
            for _ in range(MEBIBYTES):
                file.write(os.urandom(2**20))
        environment = hub.client_environment(member, Path(folder) / "home", HF_HUB_DISABLE_XET="1")
        subprocess.run([sys.executable, "-c", UPLOAD, str(source)], env=environment, check=True, capture_output=True)
        source.unlink()
        found: dict[str, list[float]] = json.loads(hub.manage("shell", "-c", FETCH % ROUNDS).splitlines()[-1])
    best = {name: min(taken) for name, taken in found.items()}
    rows = [
        f"| ranged GETs, no hash | {best['raw']:.2f} | {MEBIBYTES / best['raw']:,.0f} | 100% |",
        f"| into the cache, hashed | {best['cold']:.2f} | {MEBIBYTES / best['cold']:,.0f} | {best['raw'] / best['cold']:.0%} |",
        f"| from the warm cache, nothing fetched | {best['warm']:.4f} | | |",
    ]
    head = f"| {MEBIBYTES} MiB, best of {ROUNDS} | seconds | MiB/s | of the GETs |"
    return "\n".join([head, "|---|---|---|---|", *rows])


if __name__ == "__main__":
    print(measure())
