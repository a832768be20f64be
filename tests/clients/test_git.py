"""The real git against a live hub: clone, fetch, push, and what is refused."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from huggingface_hub import CommitOperationAdd, HfApi

from tests.clients.git_client import Git
from tests.live import LiveHub, Member
from tests.services import require

pytestmark = pytest.mark.live


@pytest.fixture
def git(live_hub: LiveHub, author: Member, tmp_path: Path) -> Git:
    require("git")
    return Git(live_hub, author, tmp_path / "author")


@pytest.fixture
def nobody(live_hub: LiveHub, tmp_path: Path) -> Git:
    require("git")
    return Git(live_hub, None, tmp_path / "nobody")


def add(api: HfApi, repository: str, files: dict[str, str], message: str = "by the API") -> str:
    operations = [CommitOperationAdd(path, content.encode()) for path, content in files.items()]
    return api.create_commit(repository, operations, commit_message=message).oid


@pytest.mark.parametrize("suffix", [".git", "", "/"])
@pytest.mark.parametrize("version", ["0", "1", "2"])
def test_what_the_api_commits_is_cloned(api: HfApi, nobody: Git, repository: str, version: str, suffix: str):
    head = add(api, repository, {"a/b/one.txt": "1", "two.txt": "2"})
    folder = nobody.clone(repository, "-c", f"protocol.version={version}", suffix=suffix.strip("/"))
    assert nobody("rev-parse", "HEAD", at=folder) == head
    assert (folder / "a" / "b" / "one.txt").read_text() == "1"
    assert nobody("fsck", "--strict", at=folder) == ""
    head = add(api, repository, {"three.txt": "3"})
    nobody("pull", "--quiet", at=folder)
    assert nobody("rev-parse", "HEAD", at=folder) == head


def test_a_dataset_is_cloned_at_its_own_address(api: HfApi, git: Git, new_name: Callable[[], str]):
    name = api.create_repo(new_name(), repo_type="dataset").repo_id
    folder = git.clone(f"datasets/{name}", suffix="")
    git.commit(folder, {"data.csv": "a,b\n1,2\n"})
    git("push", "--quiet", at=folder)
    assert api.file_exists(name, "data.csv", repo_type="dataset")


def test_what_is_pushed_appears_at_once_with_the_same_ids(api: HfApi, git: Git, repository: str, author: Member):
    folder = git.clone(repository)
    head = git.commit(folder, {"README.md": "# Pushed\n", "a/x.bin": b"\0\1\2" * 100}, "First line\n\nand a body")
    git("push", "--quiet", at=folder)
    assert api.model_info(repository).sha == head
    newest = api.list_repo_commits(repository)[0]
    assert (newest.commit_id, newest.title, newest.message, newest.authors) == (
        head, "First line", "and a body", [author.name],
    )  # fmt: skip
    [entry] = api.get_paths_info(repository, ["a/x.bin"])
    assert entry.blob_id == git("rev-parse", "HEAD:a/x.bin", at=folder)
    following = add(api, repository, {"more.txt": "more"})
    git("pull", "--quiet", at=folder)
    assert git("rev-parse", "HEAD~1", at=folder) == head
    assert git("rev-parse", "HEAD", at=folder) == following
