"""The LFS batch API: the way of older clients and of git, and of the newest when it is handed an open file."""

import hashlib
import io
from pathlib import Path
from typing import Any

import pytest
import requests
from huggingface_hub import HfApi

from tests.live import LiveHub, Member

pytestmark = pytest.mark.live
JSON = {"Accept": "application/vnd.git-lfs+json", "Content-Type": "application/vnd.git-lfs+json"}


class Batch:
    """The LFS API of one repository, spoken by hand."""

    def __init__(self, hub: LiveHub, member: Member, repository: str):
        self.address = f"{hub.address}/{repository}.git/info/lfs/objects/batch"
        self.headers = JSON | {"Authorization": f"Bearer {member.token}"}

    def ask(self, operation: str, sha256: str, size: int) -> dict[str, Any]:
        body = {
            "operation": operation,
            "transfers": ["basic", "multipart"],
            "objects": [{"oid": sha256, "size": size}],
            "hash_algo": "sha256",
        }
        answer = requests.post(self.address, json=body, headers=self.headers, timeout=60)
        answer.raise_for_status()
        return answer.json()["objects"][0]

    def verify(self, entry: dict[str, Any], sha256: str, size: int) -> requests.Response:
        href = entry["actions"]["verify"]["href"]
        return requests.post(href, json={"oid": sha256, "size": size}, headers=self.headers, timeout=120)


@pytest.fixture
def batch(live_hub: LiveHub, author: Member, repository: str) -> Batch:
    return Batch(live_hub, author, repository)


def test_an_open_file_goes_by_lfs(api: HfApi, repository: str, tmp_path: Path):
    content = hashlib.shake_128(b"open").digest(400_000)
    api.upload_file(path_or_fileobj=io.BytesIO(content), path_in_repo="model.safetensors", repo_id=repository)
    assert Path(api.hf_hub_download(repository, "model.safetensors", cache_dir=tmp_path)).read_bytes() == content


def test_what_is_stored_is_not_asked_for_again(batch: Batch):
    content = hashlib.shake_128(b"stored").digest(1000)
    sha256 = hashlib.sha256(content).hexdigest()
    entry = batch.ask("upload", sha256, len(content))
    requests.put(entry["actions"]["upload"]["href"], data=content, timeout=60).raise_for_status()
    assert batch.verify(entry, sha256, len(content)).ok
    assert "actions" not in batch.ask("upload", sha256, len(content))


def test_other_bytes_than_promised_are_refused(batch: Batch):
    promised, sent = b"a" * 1000, b"b" * 1000
    sha256 = hashlib.sha256(promised).hexdigest()
    entry = batch.ask("upload", sha256, 1000)
    requests.put(entry["actions"]["upload"]["href"], data=sent, timeout=60).raise_for_status()
    assert 400 <= batch.verify(entry, sha256, 1000).status_code < 500
    assert "actions" in batch.ask("upload", sha256, 1000)


def test_another_size_than_promised_is_refused(batch: Batch):
    content = b"c" * 1000
    sha256 = hashlib.sha256(content).hexdigest()
    entry = batch.ask("upload", sha256, 999)
    requests.put(entry["actions"]["upload"]["href"], data=content, timeout=60).raise_for_status()
    assert 400 <= batch.verify(entry, sha256, 999).status_code < 500


def test_bytes_replaced_after_verification_change_nothing(
    api: HfApi, batch: Batch, live_hub: LiveHub, author: Member, repository: str, tmp_path: Path
):
    content = hashlib.shake_128(b"honest").digest(5000)
    sha256 = hashlib.sha256(content).hexdigest()
    entry = batch.ask("upload", sha256, len(content))
    address = entry["actions"]["upload"]["href"]
    requests.put(address, data=content, timeout=60).raise_for_status()
    assert batch.verify(entry, sha256, len(content)).ok
    requests.put(address, data=b"x" * 5000, timeout=60)  # the address may still be writable; what it writes is not ours
    commit(live_hub, author, repository, "model.bin", sha256, len(content))
    assert Path(api.hf_hub_download(repository, "model.bin", cache_dir=tmp_path)).read_bytes() == content


def test_a_large_upload_goes_in_parts(
    api: HfApi, batch: Batch, live_hub: LiveHub, author: Member, repository: str, tmp_path: Path
):
    content = hashlib.shake_128(b"parts").digest(80 * 2**20)
    sha256 = hashlib.sha256(content).hexdigest()
    entry = batch.ask("upload", sha256, len(content))
    upload = entry["actions"]["upload"]
    size = int(upload["header"]["chunk_size"])
    numbers = [int(name) for name in upload["header"] if name.isdigit()]
    assert numbers == list(range(1, -(-len(content) // size) + 1))
    parts = []
    for number in numbers:
        sent = requests.put(
            upload["header"][str(number)], data=content[(number - 1) * size : number * size], timeout=120
        )
        sent.raise_for_status()
        parts.append({"partNumber": number, "etag": sent.headers["ETag"]})
    done = requests.post(upload["href"], json={"oid": sha256, "parts": parts}, headers=JSON, timeout=120)
    assert done.ok, done.text
    commit(live_hub, author, repository, "model.bin", sha256, len(content))
    assert Path(api.hf_hub_download(repository, "model.bin", cache_dir=tmp_path)).read_bytes() == content


def test_knowing_a_hash_of_anothers_private_content_gives_nothing(
    live_hub: LiveHub, author: Member, api: HfApi, as_stranger: HfApi, stranger: Member, new_name, tmp_path: Path
):
    content = hashlib.shake_128(b"private").digest(200_000)
    private = api.create_repo(new_name(), private=True).repo_id
    api.upload_file(path_or_fileobj=io.BytesIO(content), path_in_repo="model.safetensors", repo_id=private)
    sha256 = hashlib.sha256(content).hexdigest()
    mine = as_stranger.create_repo(f"{stranger.name}/thief", exist_ok=True).repo_id
    assert "actions" in Batch(live_hub, stranger, mine).ask("upload", sha256, len(content))
    with pytest.raises(requests.HTTPError) as refusal:
        commit(live_hub, stranger, mine, "model.safetensors", sha256, len(content))
    assert refusal.value.response.status_code == 400


def commit(hub: LiveHub, member: Member, repository: str, path: str, sha256: str, size: int) -> None:
    import json

    lines = [
        {"key": "header", "value": {"summary": "add"}},
        {"key": "lfsFile", "value": {"path": path, "algo": "sha256", "oid": sha256, "size": size}},
    ]
    requests.post(
        f"{hub.address}/api/models/{repository}/commit/main",
        data="\n".join(json.dumps(line) for line in lines),
        headers={"Authorization": f"Bearer {member.token}", "Content-Type": "application/x-ndjson"},
        timeout=60,
    ).raise_for_status()
