"""The launcher, as `make run` starts it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from tests import live

pytestmark = [pytest.mark.live, pytest.mark.skipif(sys.platform != "linux", reason="asks /proc about processes")]


def processes_of(hub: live.LiveHub) -> dict[int, str]:
    """Every process that carries the hub's data folder in its environment, by id."""
    marked = f"HUB_DATA_DIR={hub.data}\0".encode()
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if marked in (folder / "environ").read_bytes() and live.alive(int(folder.name)):
                found[int(folder.name)] = (folder / "cmdline").read_text().replace("\0", " ")
        except (FileNotFoundError, PermissionError, ProcessLookupError):
            continue
    return found


def wait_until_gone(hub: live.LiveHub, seconds: float) -> dict[int, str]:
    deadline = time.monotonic() + seconds
    while (left := processes_of(hub)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left


@pytest.fixture
def hub(tmp_path):
    with live.started_hub(tmp_path / "hub") as hub:
        yield hub


@pytest.fixture(scope="module")
def running_hub(tmp_path_factory):
    """One for all who leave it as it was: a start takes the better part of a minute of CPU."""
    with live.started_hub(tmp_path_factory.mktemp("running") / "hub") as hub:
        yield hub


shares_a_hub = pytest.mark.xdist_group("one-launched-hub")


def test_it_stops_within_seconds_and_leaves_no_process(hub):
    assert len(processes_of(hub)) >= 6
    began = time.monotonic()
    hub.stop(signal.SIGINT)
    assert time.monotonic() - began < 15
    assert processes_of(hub) == {}


def test_when_it_is_killed_its_parts_stop_too(hub):
    hub.stop(signal.SIGKILL)
    assert wait_until_gone(hub, seconds=15) == {}


def test_it_starts_again_with_its_data_and_its_addresses(hub):
    member = hub.member()
    before = json.loads((Path(hub.data) / "ports.json").read_text())
    hub.stop()
    again = live.start(Path(hub.data), stop_with=os.getpid())
    try:
        assert json.loads((Path(hub.data) / "ports.json").read_text()) == before
        headers = {"Authorization": f"Bearer {member.token}"}
        assert requests.get(f"{again.address}/api/whoami-v2", headers=headers, timeout=10).json()["name"] == member.name
    finally:
        again.stop()


@shares_a_hub
def test_the_folder_of_uploads_stays_when_its_last_object_goes(running_hub):
    running_hub.manage("check_storage")  # puts and deletes there
    assert (running_hub.storage / "staging").is_dir()


@shares_a_hub
def test_a_part_that_dies_comes_back(running_hub):
    port = json.loads((Path(running_hub.data) / "ports.json").read_text())["storage"]
    (storage,) = (pid for pid, command in processes_of(running_hub).items() if f"127.0.0.1:{port}" in command)
    os.kill(storage, signal.SIGKILL)
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        if requests.get(f"{running_hub.address}/health/ready", timeout=10).ok and not live.alive(storage):
            return
        time.sleep(0.1)
    pytest.fail("The storage server did not come back.")


@shares_a_hub
def test_two_hubs_run_side_by_side(running_hub, tmp_path):
    with live.started_hub(tmp_path / "other") as other:
        assert requests.get(f"{running_hub.address}/health/ready", timeout=10).ok
        assert requests.get(f"{other.address}/health/ready", timeout=10).ok


@shares_a_hub
def test_two_hubs_never_share_a_folder(running_hub):
    said = launch_expecting_refusal("--data-dir", running_hub.data, "--port", "1")
    assert "runs on" in said


def test_a_port_in_use_is_said_at_once(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = launch_expecting_refusal("--data-dir", str(tmp_path), "--port", str(port))
    assert f"Port {port} is in use" in said


@shares_a_hub
def test_what_a_hub_keeps_is_private_to_its_owner(running_hub):
    modes = {
        path.name: path.stat().st_mode & 0o077
        for path in Path(running_hub.data).iterdir()
        if path.name.startswith(("keys", "hub.env"))
    }
    assert modes == {"keys.json": 0, "hub.env": 0}


def launch_expecting_refusal(*options: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "hub.embedded", "--no-demo", *options],
        cwd=live.CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode != 0
    return done.stderr
