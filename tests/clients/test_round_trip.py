"""Upload and download by each stock client, with nothing set but HF_ENDPOINT and a token."""

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from tests.clients.conftest import Client, write_checkpoint
from tests.live import LiveHub, Member, started_hub

pytestmark = pytest.mark.live
MEBIBYTE = 2**20
CHECKPOINT_BYTES = 300 * MEBIBYTE


def digests_in(folder: Path) -> dict[str, str]:
    found = {}
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                found[path.relative_to(folder).as_posix()] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def test_what_is_uploaded_comes_back_byte_for_byte(
    client: Client,
    live_hub: LiveHub,
    author: Member,
    new_name: Callable[[], str],
    model_folder: Callable[[int], Path],
    tmp_path: Path,
):
    folder = model_folder(CHECKPOINT_BYTES)
    environment = live_hub.client_environment(author, tmp_path / "home")
    fetched = client.run("round_trip", new_name(), folder, tmp_path / "elsewhere", environment=environment)
    assert ".gitattributes" in fetched
    assert {path: fetched.get(path) for path in digests_in(folder)} == digests_in(folder)


@pytest.mark.parametrize("writer", ["current", "without-xet"])
@pytest.mark.parametrize("reader", ["current", "without-xet"])
def test_however_it_was_uploaded_every_way_down_leads_to_it(
    writer: str,
    reader: str,
    live_hub: LiveHub,
    author: Member,
    new_name: Callable[[], str],
    model_folder: Callable[[int], Path],
    tmp_path: Path,
):
    folder, name = model_folder(6 * MEBIBYTE), new_name()
    (empty := tmp_path / "empty").mkdir()
    ways = {"current": {}, "without-xet": {"HF_HUB_DISABLE_XET": "1"}}
    up, down = (Client(way, Path(sys.executable), ways[way]) for way in (writer, reader))
    up.run(
        "round_trip", name, folder, tmp_path / "first", environment=live_hub.client_environment(author, tmp_path / "a")
    )
    fetched = down.run(
        "round_trip", name, empty, tmp_path / "second", environment=live_hub.client_environment(author, tmp_path / "b")
    )
    assert {path: fetched.get(path) for path in digests_in(folder)} == digests_in(folder)


def test_a_second_version_sends_only_what_has_changed(model_folder: Callable[[int], Path], tmp_path: Path):
    folder = model_folder(CHECKPOINT_BYTES)
    client = Client("current", Path(sys.executable))
    with started_hub(tmp_path / "hub") as hub:
        member = hub.member("author")
        environment = hub.client_environment(member, tmp_path / "home")
        client.run("round_trip", "author/model", folder, tmp_path / "first", environment=environment)
        before = hub.stored_bytes()
        write_checkpoint(folder / "model.safetensors", CHECKPOINT_BYTES, changed=0.01)
        fetched = client.run("round_trip", "author/model", folder, tmp_path / "second", environment=environment)
        assert {path: fetched.get(path) for path in digests_in(folder)} == digests_in(folder)
        assert hub.stored_bytes() - before < CHECKPOINT_BYTES * 0.05


def test_a_range_of_a_large_file_can_be_read(api: HfApi, repository: str, tmp_path: Path):
    content = hashlib.shake_128(b"seed").digest(12 * MEBIBYTE)
    api.upload_file(path_or_fileobj=content, path_in_repo="weights.bin", repo_id=repository)
    from huggingface_hub import HfFileSystem

    with HfFileSystem(endpoint=api.endpoint, token=api.token).open(f"{repository}/weights.bin", "rb") as file:
        file.seek(5_000_000)
        assert file.read(1000) == content[5_000_000:5_001_000]
        file.seek(-17, 2)
        assert file.read() == content[-17:]


def test_a_cut_download_goes_on_where_it_stopped(
    api: HfApi, live_hub: LiveHub, author: Member, repository: str, tmp_path: Path
):
    content = hashlib.shake_128(b"other").digest(12 * MEBIBYTE)
    api.upload_file(path_or_fileobj=content, path_in_repo="weights.bin", repo_id=repository)
    client = Client("without-xet", Path(sys.executable), {"HF_HUB_DISABLE_XET": "1"})
    environment = live_hub.client_environment(author, tmp_path / "home")
    fetched = client.run("resumed_download", repository, "weights.bin", tmp_path / "there", environment=environment)
    assert fetched == {"sha256": hashlib.sha256(content).hexdigest(), "asked_for_the_rest": True}
