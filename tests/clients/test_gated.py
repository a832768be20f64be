"""A gated model with questions and terms: asked for, granted, downloaded by every way, revoked; by the stock client."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests
from huggingface_hub import HfApi
from huggingface_hub.errors import GatedRepoError

from tests.live import LiveHub, Member

pytestmark = pytest.mark.live

CARD = b"""---
license: mit
extra_gated_fields:
  Institute: text
  I am careful: checkbox
extra_gated_license_file: LICENSE
---
# Net
"""


def test_a_gated_model_is_asked_for_granted_downloaded_and_revoked(
    api: HfApi, as_stranger: HfApi, live_hub: LiveHub, stranger: Member, repository: str, tmp_path: Path
):
    weights = os.urandom(3_000_000)
    for path, content in (("LICENSE", b"Be kind."), ("README.md", CARD), ("model.bin", weights)):
        api.upload_file(path_or_fileobj=content, path_in_repo=path, repo_id=repository)
    api.update_repo_settings(repository, gated="manual")

    def download(number: int, *, xet: bool) -> bytes:
        folder = tmp_path / str(number)
        environment = {
            **os.environ,
            "HF_ENDPOINT": live_hub.address,
            "HF_TOKEN": stranger.token,
            "HF_HOME": str(folder),
        }
        environment["HF_HUB_DISABLE_XET"] = "0" if xet else "1"
        command = [
            str(Path(sys.executable).parent / "hf"),
            "download",
            repository,
            "model.bin",
            "--local-dir",
            str(folder),
        ]
        done = subprocess.run(command, check=False, env=environment, capture_output=True, text=True, timeout=120)
        if done.returncode:
            raise PermissionError(done.stderr[-500:])
        return (folder / "model.bin").read_bytes()

    with pytest.raises(GatedRepoError):
        as_stranger.hf_hub_download(repository, "model.bin", cache_dir=tmp_path)
    asked = wait_for_questions(live_hub, repository, stranger)
    answers = {"Institute": "Birch lab", "I am careful": True}
    address, headers = f"{live_hub.address}/{repository}/ask-access", {"Authorization": f"Bearer {stranger.token}"}
    assert requests.post(address, json={"fields": answers}, headers=headers, timeout=30).status_code == 400
    sent = {"fields": answers, "terms": asked["terms"]["sha256"]}
    assert requests.post(address, json=sent, headers=headers, timeout=30).json() == {"status": "pending"}
    (request,) = api.list_pending_access_requests(repository)
    assert (request.username, request.fields) == (stranger.name, answers)
    api.accept_access_request(repository, stranger.name)
    assert download(1, xet=True) == weights
    assert download(2, xet=False) == weights
    told = requests.get(
        f"{live_hub.address}/{repository}/resolve/main/model.bin", headers=headers, timeout=30, allow_redirects=False
    )
    given = told.headers["Location"]
    assert requests.get(given, timeout=30).content == weights
    api.reject_access_request(repository, stranger.name, rejection_reason="no more")
    assert requests.get(given, timeout=30).status_code == 403
    for xet in (True, False):
        with pytest.raises(PermissionError):
            download(3 + xet, xet=xet)
    with pytest.raises(GatedRepoError):
        as_stranger.hf_hub_download(repository, "LICENSE", cache_dir=tmp_path)


def wait_for_questions(live_hub: LiveHub, repository: str, member: Member) -> dict:
    """A worker reads the card."""
    for _ in range(300):
        headers = {"Authorization": f"Bearer {member.token}"}
        asked = requests.get(f"{live_hub.address}/api/models/{repository}/gate", headers=headers, timeout=30).json()
        if asked["terms"]:
            return asked
        time.sleep(0.1)
    raise AssertionError("The card was not read.")
