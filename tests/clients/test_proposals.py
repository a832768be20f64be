"""The same day's work by every version of the client."""

from pathlib import Path

import pytest

from tests.clients.conftest import Client
from tests.live import LiveHub, Member

pytestmark = pytest.mark.live


def test_every_client_proposes_copies_removes_and_reads(
    live_hub: LiveHub, author: Member, client: Client, tmp_path: Path
):
    folder = tmp_path / "folder"
    folder.mkdir()
    for number in range(20):
        (folder / f"{number:02}.txt").write_text(f"content {number}\n")
    (folder / "big.safetensors").write_bytes(bytes(range(256)) * 800)
    environment = live_hub.client_environment(author, tmp_path / "home")
    seen = client.run("proposals", f"{author.name}/proposals-{client.name}", folder, environment=environment)
    assert seen == {
        "proposal": [1, "refs/pr/1"],
        "files of the proposal": [".gitattributes", "a.txt", "m.safetensors", "p.safetensors"],
        "references": ["refs/heads/main", "refs/heads/side", "refs/pr/1", "refs/tags/v1"],
        "file system": ["copy.safetensors"],
        "range": True,
        "after the removal": [".gitattributes", "a.txt", "m.safetensors"],
        "commits": ["all"],
        "large folder": 4 + 21,
        "revision": "missing",
        "entry": "missing",
        "content": True,
    }
