"""The plain HTTP reader against raw S3, a fast reader beside slow ones, and the memory of the servers while gibibytes pass.

HUB_BENCH_GIB says how much passes (1): the content server's part of it goes through one process.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import requests
import urllib3

from benchmarks.transfer import CLIENT, MEBIBYTES, storage_client, weights
from tests.live import SERVERS, LiveHub, Member, started_hub

GIBIBYTES = float(os.environ.get("HUB_BENCH_GIB", "1"))
ROUNDS = 5
SLOW_READERS = 50
SLOW_BYTES = 1_000_000  # a second, each


def measure() -> str:
    with tempfile.TemporaryDirectory(prefix="grove-bench-") as folder, started_hub(Path(folder) / "hub") as hub:
        member = hub.member("author")
        address = _uploaded(hub, member, Path(folder))
        raw = _raw_address(hub, Path(folder))
        rates = {"raw S3": _best(raw), "content server": _best(address)}
        before = hub.resident_mebibytes()
        with _slow_readers(address):
            rates[f"content server, beside {SLOW_READERS} slow readers"] = _best(address)
            beside = hub.resident_mebibytes()
        passed = 0.0
        while passed < GIBIBYTES * 2**30:
            passed += _read(address)[0]
        after = hub.resident_mebibytes()
    lines = [
        f"| one reader, {MEBIBYTES} MiB of bfloat16 weights, median of {ROUNDS} | MiB/s | of raw S3 |",
        "|---|---|---|",
    ]
    lines += [f"| {name} | {rate:,.0f} | {rate / rates['raw S3']:.0%} |" for name, rate in rates.items()]
    lines += [
        "",
        f"| memory, MiB | before | beside {SLOW_READERS} slow readers | after {GIBIBYTES:g} GiB |",
        "|---|---|---|---|",
    ]
    lines += [f"| {name} | {before[name]:.0f} | {beside[name]:.0f} | {after[name]:.0f} |" for name in SERVERS]
    return "\n".join(lines)


def _uploaded(hub: LiveHub, member: Member, folder: Path) -> str:
    """The address on the content server of a file that came by Xet."""
    source = weights(folder / "weights.bin", 0, 0)
    environment = hub.client_environment(member, folder / "home")
    for program in ("from huggingface_hub import HfApi; HfApi().create_repo('author/weights')", CLIENT):
        arguments = ["author/weights", str(source), "upload"] if program is CLIENT else []
        subprocess.run([sys.executable, "-c", program, *arguments], env=environment, check=True, capture_output=True)
    answer = requests.head(f"{hub.address}/author/weights/resolve/main/weights.bin", timeout=60)
    assert answer.headers["X-Xet-Hash"]
    answer = requests.get(answer.url, allow_redirects=False, timeout=60)
    return answer.headers["Location"]


def _raw_address(hub: LiveHub, folder: Path) -> str:
    client = storage_client(hub)
    client.upload_file(str(folder / "weights.bin"), "grove", "benchmark/weights")
    return client.generate_presigned_url("get_object", {"Bucket": "grove", "Key": "benchmark/weights"}, ExpiresIn=3600)


def _read(address: str) -> tuple[int, float]:
    """Bytes and seconds of one download to nowhere."""
    began, size = time.perf_counter(), 0
    answer = urllib3.request("GET", address, preload_content=False)
    assert answer.status == 200, answer.status
    while block := answer.read(1024 * 1024):
        size += len(block)
    answer.release_conn()
    return size, time.perf_counter() - began


def _best(address: str) -> float:
    """MiB per second, median."""
    return statistics.median(size / 2**20 / seconds for size, seconds in (_read(address) for _ in range(ROUNDS)))


@contextmanager
def _slow_readers(address: str) -> Iterator[None]:
    """Each on a connection of its own, at a steady pace."""
    stop = threading.Event()

    def read() -> None:
        parts = urlsplit(address)
        connection = urllib3.HTTPConnectionPool(parts.netloc, maxsize=1)
        while not stop.is_set():
            answer = connection.urlopen("GET", f"{parts.path}?{parts.query}", preload_content=False)
            while not stop.is_set() and answer.read(SLOW_BYTES // 4):
                stop.wait(0.25)
            answer.close()

    threads = [threading.Thread(target=read) for _ in range(SLOW_READERS)]
    for thread in threads:
        thread.start()
    time.sleep(8)
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
