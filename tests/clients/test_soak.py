"""Much data through one hub: `make soak`. HUB_SOAK_GIB says how much (5)."""

import os
import sys
from pathlib import Path

import pytest

from tests.clients.conftest import Client, write_checkpoint
from tests.live import LiveHub, started_hub

pytestmark = [pytest.mark.live, pytest.mark.soak]
GIBIBYTES = float(os.environ.get("HUB_SOAK_GIB", "5"))
FILE_BYTES = 256 * 2**20
SERVERS = ("hub.wsgi:application", "cas_api.wsgi:application", "content.asgi:application")


def resident_mebibytes(hub: LiveHub) -> dict[str, float]:
    """Of the largest process of each server that handles requests."""
    found = dict.fromkeys(SERVERS, 0.0)
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"HUB_DATA_DIR={hub.data}\0".encode() not in (folder / "environ").read_bytes():
                continue
            command = (folder / "cmdline").read_text()
            resident = int((folder / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
        except OSError:
            continue
        for server in SERVERS:
            if server in command:
                found[server] = max(found[server], resident)
    return found


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
            before = before or resident_mebibytes(hub)  # after a first round: what the servers load once
        after = resident_mebibytes(hub)
    assert {server: after[server] - before[server] for server in SERVERS if after[server] - before[server] > 100} == {}
