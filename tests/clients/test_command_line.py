"""The `hf` command, with HF_ENDPOINT and HF_TOKEN set: what one does with it every day."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.live import LiveHub, Member

pytestmark = pytest.mark.live
HF = Path(sys.executable).parent / "hf"
CARD = "---\nlicense: mit\n---\n# By hand\n"


def run(hub: LiveHub, member: Member | None, home: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    environment = hub.client_environment(member, home)
    return subprocess.run([HF, *arguments], env=environment, capture_output=True, text=True, check=False, timeout=120)


def hf(hub: LiveHub, member: Member, home: Path, *arguments: str | Path) -> str:
    done = run(hub, member, home, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def by_hand(live_hub: LiveHub, author: Member, tmp_path: Path) -> Callable[..., str]:
    return lambda *arguments: hf(live_hub, author, tmp_path / "home", *arguments)


@pytest.fixture
def told(by_hand: Callable[..., str]) -> Callable[..., Any]:
    """What a command tells a program."""
    return lambda *arguments: json.loads(by_hand(*arguments, "--json"))


def test_a_model_goes_up_and_down(live_hub: LiveHub, author: Member, new_name: Callable[[], str], tmp_path: Path):
    name = new_name()
    source = tmp_path / "source"
    source.mkdir()
    (source / "README.md").write_text(CARD)
    (source / "model.safetensors").write_bytes(b"weights" * 10_000)
    assert author.name in hf(live_hub, author, tmp_path / "home", "auth", "whoami")
    hf(live_hub, author, tmp_path / "home", "upload", name, source, ".", "--private")
    hf(live_hub, author, tmp_path / "other", "download", name, "--local-dir", tmp_path / "target")
    for file in source.iterdir():
        assert (tmp_path / "target" / file.name).read_bytes() == file.read_bytes()
    assert name in hf(live_hub, author, tmp_path / "third", "download", name, "README.md").replace("--", "/")
    assert name in hf(live_hub, author, tmp_path / "third", "cache", "ls")


def test_a_file_is_sent_proposed_and_removed(by_hand, told, new_name: Callable[[], str], tmp_path: Path):
    name = new_name()
    by_hand("repos", "create", name)
    (tmp_path / "a.txt").write_text("a")
    by_hand("upload", name, tmp_path / "a.txt", "folder/a.txt", "--commit-message", "by hand")
    by_hand("upload", name, tmp_path / "a.txt", "b.txt")
    by_hand("upload", name, tmp_path / "a.txt", "proposed.txt", "--create-pr")
    files = [entry["path"] for entry in told("models", "ls", name, "-R") if "." in entry["path"]]
    assert sorted(files) == [".gitattributes", "b.txt", "folder/a.txt"]
    by_hand("repos", "delete-files", name, "folder/*")
    assert sorted(entry["path"] for entry in told("models", "ls", name)) == [".gitattributes", "b.txt"]
    by_hand("download", name, "proposed.txt", "--revision", "refs/pr/1", "--local-dir", tmp_path / "back")
    assert (tmp_path / "back" / "proposed.txt").read_text() == "a"


def test_repositories_are_made_moved_listed_and_deleted(
    live_hub: LiveHub, author: Member, by_hand, told, new_name, tmp_path
):
    one, two, three = new_name(), new_name(), new_name()
    by_hand("repos", "create", one, "--private")
    by_hand("repos", "settings", one, "--public", "--gated", "manual")
    by_hand("repos", "move", one, two)
    info = told("models", "info", one)
    assert (info["id"], info["gated"], info["private"]) == (two, "manual", False)
    by_hand("repos", "duplicate", two, three)
    assert {two, three} <= set(by_hand("models", "ls", "--author", author.name, "--limit", "500", "-q").split())
    assert {two, three} <= {repository["id"] for repository in told("repos", "ls", "--limit", "500")}
    by_hand("repos", "create", one, "--type", "dataset")
    assert one in by_hand("datasets", "ls", "--author", author.name, "--limit", "500", "-q").split()
    assert told("datasets", "info", one)["id"] == one
    by_hand("repos", "create", one, "--type", "dataset", "--exist-ok")
    for name in (two, three):
        by_hand("repos", "delete", name, "--yes")
    assert run(live_hub, author, tmp_path / "home", "models", "info", two).returncode != 0


def test_branches_and_tags_are_kept(by_hand, repository: str):
    by_hand("repos", "branch", "create", repository, "dev")
    by_hand("repos", "tag", "create", repository, "v1", "--message", "The first.", "--revision", "dev")
    assert "v1" in by_hand("repos", "tag", "list", repository)
    by_hand("repos", "tag", "delete", repository, "v1", "--yes")
    by_hand("repos", "branch", "delete", repository, "dev")
    assert "v1" not in by_hand("repos", "tag", "list", repository, "-q").split()


def test_a_wrong_token_is_named_as_the_fault(live_hub: LiveHub, tmp_path: Path):
    refused = run(live_hub, Member("nobody", "", "hf_wrong"), tmp_path / "home", "auth", "whoami")
    assert refused.returncode != 0
    assert "token" in (refused.stdout + refused.stderr).lower()
