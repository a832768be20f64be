"""The stock client's upload and download of one large file, against boto3 on the same S3."""

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import boto3
import numpy as np
from botocore.config import Config

from tests.live import LiveHub, Member, started_hub

MEBIBYTES = 256
ROUNDS = 3
CLIENT = """
import json, sys, time
from huggingface_hub import HfApi, hf_hub_download
repository, path, direction = sys.argv[1:]
api = HfApi()
began = time.perf_counter()
if direction == "upload":
    api.upload_file(path_or_fileobj=path, path_in_repo="weights.bin", repo_id=repository)
else:
    hf_hub_download(repository, "weights.bin", local_dir=path)
print(json.dumps(time.perf_counter() - began))
"""


def measure() -> str:
    seconds: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="grove-bench-") as folder, started_hub(Path(folder) / "hub") as hub:
        member = hub.member("author")
        for number in range(ROUNDS):
            work = Path(folder) / f"round-{number}"
            work.mkdir()
            for name, taken in {**_boto3(hub, work, number), **_client(hub, member, work, number)}.items():
                seconds.setdefault(name, []).append(taken)
            shutil.rmtree(work)
    speed = {name: MEBIBYTES / statistics.median(taken) for name, taken in seconds.items()}
    rows = []
    for direction in ("upload", "download"):
        base = speed[f"boto3 {direction}"]
        rows += [
            f"| {name} | {rate:,.0f} | {rate / base:.0%} |" for name, rate in speed.items() if name.endswith(direction)
        ]
    head = f"| {MEBIBYTES} MiB of bfloat16 weights, median of {ROUNDS} | MiB/s | of boto3 |"
    return "\n".join([head, "|---|---|---|", *rows])


def weights(path: Path, *seed: int) -> Path:
    """Normally distributed weights in bfloat16, the upper half of each float32. Nobody has sent these before."""
    weights = np.random.default_rng(seed).standard_normal(MEBIBYTES * 2**19, dtype=np.float32) * np.float32(0.02)
    (weights.view(np.uint32) >> 16).astype(np.uint16).tofile(path)
    return path


def storage_client(hub: LiveHub) -> Any:
    """boto3 on the hub's own storage: what the hub is compared with."""
    keys = json.loads((Path(hub.data) / "keys.json").read_text())
    port = json.loads((Path(hub.data) / "ports.json").read_text())["storage"]
    return boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name="us-east-1",
        aws_access_key_id=keys["s3_access_key_id"],
        aws_secret_access_key=keys["s3_secret_access_key"],
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )


def _boto3(hub: LiveHub, work: Path, number: int) -> dict[str, float]:
    source = weights(work / "weights-for-boto3.bin", number, 0)
    client = storage_client(hub)
    key = f"benchmark/{work.name}"
    began = time.perf_counter()
    client.upload_file(str(source), "grove", key)
    uploaded = time.perf_counter()
    client.download_file("grove", key, str(work / "by-boto3"))
    downloaded = time.perf_counter()
    client.delete_object(Bucket="grove", Key=key)
    return {"boto3 upload": uploaded - began, "boto3 download": downloaded - uploaded}


def _client(hub: LiveHub, member: Member, work: Path, number: int) -> dict[str, float]:
    """By Xet as it comes, and with Xet off; each in a fresh process with a fresh home."""
    taken = {}
    for name, options in (("huggingface_hub", {}), ("huggingface_hub without Xet", {"HF_HUB_DISABLE_XET": "1"})):
        repository = f"author/{work.name}-{len(options)}"
        source = weights(work / f"weights-{len(options)}.bin", number, 1 + len(options))
        hub_api = [sys.executable, "-c", f"from huggingface_hub import HfApi; HfApi().create_repo({repository!r})"]
        setup = hub.client_environment(member, work / "home-setup")
        subprocess.run(hub_api, env=setup, check=True, capture_output=True)
        for direction, path in (("upload", source), ("download", work / f"by-client-{len(options)}")):
            environment = hub.client_environment(member, work / f"home-{direction}-{len(options)}", **options)
            done = subprocess.run(
                [sys.executable, "-c", CLIENT, repository, str(path), direction],
                env=environment,
                check=True,
                capture_output=True,
                text=True,
            )
            taken[f"{name} {direction}"] = float(json.loads(done.stdout.splitlines()[-1]))
    return taken
