"""From a commit to a protected tag with the stock client and git: measured by itself, and tagged where the score allows it."""

import time
from pathlib import Path
from typing import Any

import pytest
import requests
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import HfHubHTTPError

from tests import services
from tests.clients.git_client import Git
from tests.evaluations.running import reference
from tests.live import LiveHub, Member

pytestmark = pytest.mark.live
SUITE = "digits-image-classification"


def asked(hub: LiveHub, member: Member, method: str, path: str, **body: Any) -> Any:
    headers = {"Authorization": f"Bearer {member.token}"}
    answer = requests.request(method, f"{hub.address}{path}", json=body or None, headers=headers, timeout=30)
    answer.raise_for_status()
    return answer.json()


def scored(hub: LiveHub, member: Member, repository: str, commit: str) -> dict[str, Any]:
    """The evaluation of that commit, which nobody asked for."""
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        runs = asked(hub, member, "GET", f"/api/evaluations?repository={repository}")
        for run in runs:
            if run["commit"] == commit and run["state"] in {"scored", "failed"}:
                return asked(hub, member, "GET", f"/api/evaluations/{run['id']}")
        time.sleep(0.3)
    pytest.fail(f"{commit} was not scored: {runs}")


def looked_at(hub: LiveHub, member: Member, repository: str, commit: str) -> dict[str, Any]:
    """What became of that commit, once the worker has looked at it."""
    deadline = time.monotonic() + 60
    while True:
        (switched,) = asked(hub, member, "GET", f"/api/evaluations/automatic/{repository}")
        if switched["last"]["commit"] == commit or time.monotonic() > deadline:
            return switched["last"]
        time.sleep(0.3)


def test_a_release_stands_on_what_was_measured(
    live_hub: LiveHub, author: Member, api: HfApi, repository: str, tmp_path: Path
):
    services.require("git", "bubblewrap")
    address = f"/api/evaluations/automatic/{repository}/{SUITE}"
    asked(live_hub, author, "PUT", address, hardware="cpu")
    rule = {"tags": "release-*", "suite": SUITE, "metric": "accuracy", "minimum": 0.98}
    asked(live_hub, author, "POST", f"/api/evaluations/tag-rules/{repository}", **rule)

    def commit(path: str, content: bytes) -> str:
        return str(api.create_commit(repository, [CommitOperationAdd(path, content)], commit_message="more").oid)

    good = commit("model.safetensors", reference("digits_cnn.safetensors"))
    assert scored(live_hub, author, repository, good)["state"] == "scored"
    card = commit("README.md", b"# A card\n")
    for exist_ok in (False, True):
        with pytest.raises(HfHubHTTPError, match=f"Tag release-1 is protected. Commit {card[:12]} has no score"):
            api.create_tag(repository, tag="release-1", exist_ok=exist_ok)
    git = Git(live_hub, author, tmp_path / "author")
    folder = git.clone(repository)
    git("tag", "release-1", card, at=folder)
    refused = git.refused("push", "origin", "release-1", at=folder)
    assert "Tag release-1 is protected" in refused
    assert "ask for an evaluation of it" in refused
    api.create_tag(repository, tag="release-1", revision=good)
    git("tag", "--force", "release-2", good, at=folder)
    git("push", "--quiet", "origin", "release-2", at=folder)
    assert {tag.name: tag.target_commit for tag in api.list_repo_refs(repository).tags} == {
        "release-1": good,
        "release-2": good,
    }
    assert looked_at(live_hub, author, repository, card)["outcome"] == "unchanged"
