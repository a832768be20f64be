"""Much data through one hub: `make soak`. HUB_SOAK_GIB says how much (5)."""

import hashlib
import os
import shutil
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import requests

from tests.clients.conftest import Client, write_checkpoint
from tests.live import SERVERS, started_hub

pytestmark = [pytest.mark.live, pytest.mark.soak]
GIBIBYTES = float(os.environ.get("HUB_SOAK_GIB", "5"))
FILE_BYTES = 256 * 2**20


LARGE_BYTES = 5 * 2**30 + 12_345
"""More than one PUT of S3 carries, and than 32 bits count."""


def write_large(path: Path) -> str:
    """The file's SHA-256."""
    generator, digest, left = np.random.default_rng(5), hashlib.sha256(), LARGE_BYTES
    with path.open("wb") as file:
        while left:
            block = generator.bytes(min(left, 64 * 2**20))
            file.write(block)
            digest.update(block)
            left -= len(block)
    return digest.hexdigest()


@pytest.mark.parametrize("way", [{}, {"HF_HUB_DISABLE_XET": "1"}], ids=["xet", "lfs"])
def test_a_file_above_5_gib_comes_back_byte_for_byte(tmp_path: Path, way: dict[str, str]):
    folder = tmp_path / "model"
    folder.mkdir()
    sha256 = write_large(folder / "weights.bin")
    with started_hub(tmp_path / "hub") as hub:
        member = hub.member("author")
        environment = hub.client_environment(member, tmp_path / "home")
        client = Client("current", Path(sys.executable), way)
        began = time.monotonic()
        fetched = client.run(
            "round_trip", "author/large", folder, tmp_path / "there", environment=environment, seconds=1500
        )
        assert fetched["weights.bin"] == sha256
        sys.stderr.write(f"\n{way or 'xet'}: there and back in {time.monotonic() - began:.0f} s\n")
        shutil.rmtree(tmp_path / "there")
        headers = {"Authorization": f"Bearer {member.token}"}
        address = f"{hub.address}/author/large/resolve/main/weights.bin"
        head = requests.head(address, headers=headers, timeout=60)
        assert head.headers["X-Linked-Size"] == str(LARGE_BYTES)
        last = requests.get(address, headers=headers | {"Range": f"bytes={2**32 + 7}-{2**32 + 106}"}, timeout=60)
        with (folder / "weights.bin").open("rb") as file:
            file.seek(2**32 + 7)
            assert last.content == file.read(100)
        assert "Everything is there" in hub.manage("fsck")


def test_servers_take_less_than_100_mib_more_while_gibibytes_pass(tmp_path: Path):
    ways = [{}, {"HF_HUB_DISABLE_XET": "1"}]
    with started_hub(tmp_path / "hub") as hub:
        member = hub.member("author")
        folder = tmp_path / "model"
        folder.mkdir()
        (folder / "README.md").write_text("---\nlicense: mit\n---\n# Soak\n")
        before, rounds = {}, max(2, round(GIBIBYTES * 2**30 / (2 * FILE_BYTES)))
        for number in range(rounds + 1):
            client = Client("current", Path(sys.executable), ways[number % len(ways)])
            write_checkpoint(folder / "model.safetensors", FILE_BYTES, seed=number)
            environment = hub.client_environment(member, tmp_path / f"home-{number}")
            client.run("round_trip", f"author/model-{number}", folder, tmp_path / "there", environment=environment)
            before = before or hub.resident_mebibytes()  # after a first round: what the servers load once
        after = hub.resident_mebibytes()
    assert {server: after[server] - before[server] for server in SERVERS if after[server] - before[server] > 100} == {}
