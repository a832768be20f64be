"""Large files as a whole through the newest stock client: listed, removed for good, with or without their history."""

import hashlib
from pathlib import Path

import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, RevisionNotFoundError

from tests.live import LiveHub

pytestmark = pytest.mark.live


def weights(seed: str) -> bytes:
    return hashlib.shake_128(seed.encode()).digest(120_000)


@pytest.fixture
def filled(api: HfApi, repository: str) -> tuple[str, dict[str, str]]:
    """Two versions of one large file, another, and a text; {what: commit id}."""
    put = {}
    for name, path, content in [
        ("first", "model.safetensors", weights(f"{repository}1")),
        ("text", "notes.txt", b"notes\n"),
        ("second", "model.safetensors", weights(f"{repository}2")),
        ("other", "sub/other.safetensors", weights(f"{repository}3")),
    ]:
        put[name] = api.upload_file(
            path_or_fileobj=content, path_in_repo=path, repo_id=repository, commit_message=name
        ).oid
    return repository, put


def test_every_large_content_of_every_commit_is_listed_once(api: HfApi, filled: tuple[str, dict[str, str]]):
    repository, _ = filled
    api.upload_file(path_or_fileobj=weights("pr"), path_in_repo="pr.safetensors", repo_id=repository, create_pr=True)
    listed = list(api.list_lfs_files(repository))
    assert [(file.filename, file.ref) for file in listed] == [
        ("model.safetensors", "main"),
        ("model.safetensors", "main"),
        ("sub/other.safetensors", "main"),
        ("pr.safetensors", "refs/pr/1"),
    ]
    assert listed[0].file_oid == hashlib.sha256(weights(f"{repository}1")).hexdigest()
    assert {file.size for file in listed} == {120_000}


def test_a_large_file_is_taken_out_of_all_history(
    api: HfApi, live_hub: LiveHub, filled: tuple[str, dict[str, str]], tmp_path: Path
):
    repository, put = filled
    api.create_tag(repository, tag="old", revision=put["text"], tag_message="annotated")
    api.create_branch(repository, branch="side", revision=put["second"])
    gone = [file for file in api.list_lfs_files(repository) if file.filename == "model.safetensors"]
    api.permanently_delete_lfs_files(repository, gone)
    assert [file.filename for file in api.list_lfs_files(repository)] == ["sub/other.safetensors"]
    for revision, files in {"main": {".gitattributes", "notes.txt", "sub/other.safetensors"},
                            "side": {".gitattributes", "notes.txt"}, "old": {".gitattributes", "notes.txt"}}.items():  # fmt: skip
        assert set(api.list_repo_files(repository, revision=revision)) == files
    titles = [commit.title for commit in api.list_repo_commits(repository)]
    assert titles == ["other", "second", "text", "first", "initial commit"]
    with pytest.raises(RevisionNotFoundError):
        api.model_info(repository, revision=put["first"])
    with pytest.raises(EntryNotFoundError):
        api.hf_hub_download(repository, "model.safetensors", cache_dir=tmp_path)
    api.hf_hub_download(repository, "sub/other.safetensors", cache_dir=tmp_path)
    entries = {item.path: item.last_commit.title for item in api.list_repo_tree(repository, expand=True)}
    assert entries == {".gitattributes": "initial commit", "notes.txt": "text", "sub": "other"}
    api.upload_file(path_or_fileobj=b"more", path_in_repo="more.txt", repo_id=repository)


def test_a_large_content_is_taken_away_and_its_commits_stay(
    api: HfApi, filled: tuple[str, dict[str, str]], tmp_path: Path
):
    repository, put = filled
    (newest,) = [
        file for file in api.list_lfs_files(repository)
        if file.file_oid == hashlib.sha256(weights(f"{repository}2")).hexdigest()
    ]  # fmt: skip
    api.hf_hub_download(repository, "model.safetensors", cache_dir=tmp_path / "before")
    api.permanently_delete_lfs_files(repository, [newest], rewrite_history=False)
    assert api.model_info(repository).sha == put["other"]
    with pytest.raises(EntryNotFoundError):
        api.hf_hub_download(repository, "model.safetensors", cache_dir=tmp_path / "after")
    api.hf_hub_download(repository, "model.safetensors", revision=put["first"], cache_dir=tmp_path)
    assert newest.file_oid not in {file.file_oid for file in api.list_lfs_files(repository)}
    api.upload_file(path_or_fileobj=weights(f"{repository}2"), path_in_repo="again.safetensors", repo_id=repository)
    api.hf_hub_download(repository, "again.safetensors", cache_dir=tmp_path)


def test_only_writers_take_files_away(as_stranger: HfApi, filled: tuple[str, dict[str, str]]):
    repository, _ = filled
    with pytest.raises(HfHubHTTPError, match="403"):
        as_stranger.permanently_delete_lfs_files(repository, list(as_stranger.list_lfs_files(repository)))


def test_a_branch_is_squashed_and_the_others_stay(api: HfApi, filled: tuple[str, dict[str, str]], tmp_path: Path):
    repository, _put = filled
    api.create_branch(repository, branch="whole")
    files = api.list_repo_files(repository)
    api.super_squash_history(repository, commit_message="everything")
    assert [commit.title for commit in api.list_repo_commits(repository)] == ["everything"]
    assert len(api.list_repo_commits(repository, revision="whole")) == 5
    assert api.list_repo_files(repository) == files
    entries = {
        item.path: item.last_commit.title for item in api.list_repo_tree(repository, recursive=True, expand=True)
    }
    assert set(entries.values()) == {"everything"}
    api.hf_hub_download(repository, "model.safetensors", cache_dir=tmp_path)


def test_only_writers_squash(as_stranger: HfApi, repository: str):
    with pytest.raises(HfHubHTTPError, match="403"):
        as_stranger.super_squash_history(repository)
    with pytest.raises(RevisionNotFoundError):
        as_stranger.super_squash_history(repository, branch="nowhere")
