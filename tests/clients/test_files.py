"""Files through the newest stock client: committed, listed, read, refused, removed."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, ModelCard
from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, RepositoryNotFoundError

from tests.live import Member

pytestmark = pytest.mark.live


def put(api: HfApi, repository: str, path: str, content: bytes, **options) -> str:
    return api.upload_file(path_or_fileobj=content, path_in_repo=path, repo_id=repository, **options).oid


def content_of(api: HfApi, repository: str, path: str, folder: Path, **options) -> bytes:
    return Path(api.hf_hub_download(repository, path, cache_dir=folder, **options)).read_bytes()


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("small.txt", b"hello\n"),
        ("deep/er/and/deeper/config.json", b"{}"),
        ("名前 100% #1?.txt", b"a name that must be escaped"),
        ("empty.txt", b""),
        ("image.png", bytes(range(256)) * 40),
        ("model.safetensors", hashlib.shake_128(b"s").digest(200_000)),
    ],
    ids=["text", "folders", "escapes", "empty", "binary", "by-gitattributes"],
)
def test_a_file_comes_back_as_it_was(api: HfApi, repository: str, tmp_path: Path, path: str, content: bytes):
    put(api, repository, path, content)
    assert content_of(api, repository, path, tmp_path) == content


def test_git_ids_are_those_of_git(api: HfApi, repository: str):
    put(api, repository, "a.txt", b"hello\n")
    (info,) = api.get_paths_info(repository, ["a.txt"])
    assert info.blob_id == hashlib.sha1(b"blob 6\0hello\n").hexdigest()


def test_large_files_are_described_by_their_sha256(api: HfApi, repository: str):
    content = hashlib.shake_128(b"large").digest(300_000)
    put(api, repository, "model.safetensors", content)
    (info,) = api.get_paths_info(repository, ["model.safetensors"])
    assert (info.size, info.lfs.sha256) == (300_000, hashlib.sha256(content).hexdigest())


def test_the_tree_is_listed_folder_by_folder_or_whole(api: HfApi, repository: str):
    for path in ("a.txt", "sub/b.txt", "sub/deep/c.txt"):
        put(api, repository, path, path.encode())
    assert {item.path for item in api.list_repo_tree(repository)} == {".gitattributes", "a.txt", "sub"}
    assert {item.path for item in api.list_repo_tree(repository, "sub")} == {"sub/b.txt", "sub/deep"}
    whole = {item.path for item in api.list_repo_tree(repository, recursive=True)}
    assert whole == {".gitattributes", "a.txt", "sub", "sub/b.txt", "sub/deep", "sub/deep/c.txt"}


def test_expanded_listings_name_the_last_commit(api: HfApi, repository: str):
    put(api, repository, "a.txt", b"1", commit_message="first of a")
    put(api, repository, "b.txt", b"2", commit_message="first of b")
    entries = {item.path: item.last_commit.title for item in api.list_repo_tree(repository, expand=True)}
    assert entries == {".gitattributes": "initial commit", "a.txt": "first of a", "b.txt": "first of b"}


def test_missing_paths_are_left_out(api: HfApi, repository: str):
    assert [info.path for info in api.get_paths_info(repository, [".gitattributes", "nowhere"])] == [".gitattributes"]


def test_a_missing_file_is_called_one(api: HfApi, repository: str, tmp_path: Path):
    assert not api.file_exists(repository, "nowhere.txt")
    with pytest.raises(EntryNotFoundError):
        api.hf_hub_download(repository, "nowhere.txt", cache_dir=tmp_path)


def test_a_file_of_a_private_repository_is_no_ones_else(
    api: HfApi, as_stranger: HfApi, as_nobody: HfApi, new_name: Callable[[], str], tmp_path: Path
):
    private = api.create_repo(new_name(), private=True).repo_id
    put(api, private, "secret.txt", b"secret")
    for number, other in enumerate((as_stranger, as_nobody)):
        with pytest.raises(RepositoryNotFoundError):
            other.hf_hub_download(private, "secret.txt", cache_dir=tmp_path / str(number))


def test_one_commit_adds_changes_and_deletes(api: HfApi, repository: str, tmp_path: Path):
    put(api, repository, "old.txt", b"old")
    put(api, repository, "folder/x.txt", b"x")
    api.create_commit(
        repository,
        [
            CommitOperationAdd("new.txt", b"new"),
            CommitOperationAdd("model.safetensors", hashlib.shake_128(b"m").digest(100_000)),
            CommitOperationDelete("old.txt"),
            CommitOperationDelete("folder/", is_folder=True),
        ],
        commit_message="all at once",
        commit_description="with a body",
    )
    assert set(api.list_repo_files(repository)) == {".gitattributes", "new.txt", "model.safetensors"}
    newest = api.list_repo_commits(repository)[0]
    assert (newest.title, newest.message, len(newest.authors)) == ("all at once", "with a body", 1)


def test_an_unchanged_file_makes_no_commit(api: HfApi, repository: str):
    put(api, repository, "a.txt", b"same")
    head = api.model_info(repository).sha
    put(api, repository, "a.txt", b"same")
    assert api.model_info(repository).sha == head


def test_a_stale_parent_is_refused_and_nothing_is_written(api: HfApi, repository: str):
    stale = api.model_info(repository).sha
    head = put(api, repository, "a.txt", b"1")
    with pytest.raises(HfHubHTTPError, match="412"):
        put(api, repository, "b.txt", b"2", parent_commit=stale)
    assert api.model_info(repository).sha == head


def test_deleting_what_is_not_there_is_refused(api: HfApi, repository: str):
    with pytest.raises(EntryNotFoundError):
        api.delete_file("nowhere.txt", repository)


@pytest.mark.parametrize("path", ["../up.txt", ".git/config", "a\\..\\b.txt", "a/../b.txt"])
def test_path_tricks_are_refused(live_hub, author: Member, repository: str, path: str):
    import json

    import requests

    lines = [
        {"key": "header", "value": {"summary": "trick"}},
        {"key": "file", "value": {"path": path, "content": "eA==", "encoding": "base64"}},
    ]
    answer = requests.post(
        f"{live_hub.address}/api/models/{repository}/commit/main",
        data="\n".join(json.dumps(line) for line in lines),
        headers={"Authorization": f"Bearer {author.token}", "Content-Type": "application/x-ndjson"},
        timeout=30,
    )
    assert 400 <= answer.status_code < 500


def test_a_commit_cannot_name_content_that_was_never_uploaded(live_hub, author: Member, repository: str):
    import json

    import requests

    lines = [
        {"key": "header", "value": {"summary": "claim"}},
        {"key": "lfsFile", "value": {"path": "x.bin", "algo": "sha256", "oid": "ab" * 32, "size": 5}},
    ]
    answer = requests.post(
        f"{live_hub.address}/api/models/{repository}/commit/main",
        data="\n".join(json.dumps(line) for line in lines),
        headers={"Authorization": f"Bearer {author.token}", "Content-Type": "application/x-ndjson"},
        timeout=30,
    )
    assert answer.status_code == 400
    assert "x.bin" in answer.json()["error"]


def test_a_card_is_pushed_and_read_back(api: HfApi, repository: str):
    card = ModelCard("---\nlicense: mit\ntags: [digits]\n---\n# Digits\n")
    api.upload_file(path_or_fileobj=str(card).encode(), path_in_repo="README.md", repo_id=repository)
    assert api.model_info(repository).sha


def test_an_invalid_card_is_refused_with_its_reason(api: HfApi, repository: str):
    with pytest.raises(ValueError, match=r"(?i)yaml|metadata"):
        put(api, repository, "README.md", b"---\ntags: [unclosed\n---\n# Card\n")


def test_a_hundred_files_go_up_together(api: HfApi, repository: str, tmp_path: Path):
    for number in range(100):
        (tmp_path / f"file-{number:03}.txt").write_text(f"content {number}")
    api.upload_folder(repo_id=repository, folder_path=tmp_path)
    assert len(api.list_repo_files(repository)) == 101


def test_a_commit_may_carry_more_than_100_mb_of_regular_files(api: HfApi, repository: str, tmp_path: Path):
    """Twelve texts of 9 MB in one body of 144 MB: read by the line, the large ones put away as they come."""
    texts = {f"text-{number}.txt": bytes([65 + number]) * 9_000_000 for number in range(12)}
    operations = [CommitOperationAdd(path_in_repo=path, path_or_fileobj=text) for path, text in texts.items()]
    api.create_commit(repository, operations, commit_message="much text")
    sizes = {item.path: (item.size, item.lfs) for item in api.list_repo_tree(repository)}
    assert all(sizes[path] == (9_000_000, None) for path in texts)
    assert content_of(api, repository, "text-11.txt", tmp_path) == texts["text-11.txt"]
