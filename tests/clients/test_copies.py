"""CommitOperationCopy through the newest stock client: within a repository, between repositories, between kinds."""

import hashlib
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from huggingface_hub import CommitOperationAdd, CommitOperationCopy, CommitOperationDelete, HfApi
from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, RepositoryNotFoundError

from tests.clients.conftest import until_in_chunks
from tests.live import LiveHub, started_hub

pytestmark = pytest.mark.live

WEIGHTS = hashlib.shake_128(b"copied weights").digest(180_000)
FILES = {"small.txt": b"small\n", "model.safetensors": WEIGHTS}


@pytest.fixture
def source(api: HfApi, repository: str) -> str:
    api.create_commit(repository, [CommitOperationAdd(*item) for item in FILES.items()], commit_message="files")
    return repository


def content_of(api: HfApi, repository: str, path: str, folder: Path, **options) -> bytes:
    return Path(api.hf_hub_download(repository, path, cache_dir=folder, **options)).read_bytes()


def test_files_are_copied_within_a_repository_and_from_its_other_revisions(api: HfApi, source: str, tmp_path: Path):
    old = api.model_info(source).sha
    api.upload_file(path_or_fileobj=b"changed\n", path_in_repo="small.txt", repo_id=source)
    api.create_commit(
        source,
        [
            CommitOperationCopy("small.txt", "new/small.txt"),
            CommitOperationCopy("small.txt", "old/small.txt", src_revision=old),
            CommitOperationCopy("model.safetensors", "copy/model.safetensors"),
        ],
        commit_message="copies",
    )
    assert content_of(api, source, "new/small.txt", tmp_path) == b"changed\n"
    assert content_of(api, source, "old/small.txt", tmp_path) == b"small\n"
    assert content_of(api, source, "copy/model.safetensors", tmp_path) == WEIGHTS


@pytest.fixture(scope="module")
def quiet_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveHub]:
    """One's own, so that stored bytes can be counted."""
    with started_hub(tmp_path_factory.mktemp("hub")) as started:
        yield started


@pytest.mark.xdist_group("copies-counted")
@pytest.mark.parametrize(
    ("source_kind", "target_kind"), [("model", "model"), ("model", "dataset"), ("dataset", "model")]
)
def test_files_are_copied_between_repositories_and_kinds_without_their_bytes(
    quiet_hub: LiveHub, tmp_path: Path, source_kind: str, target_kind: str
):
    member = quiet_hub.member()
    api = HfApi(endpoint=quiet_hub.address, token=member.token)
    source = api.create_repo(f"{member.name}/source", repo_type=source_kind).repo_id
    target = api.create_repo(f"{member.name}/target", repo_type=target_kind, private=True).repo_id
    content = hashlib.shake_128(f"{source_kind}{target_kind}".encode()).digest(300_000)
    additions = [CommitOperationAdd("small.txt", b"small\n"), CommitOperationAdd("model.safetensors", content)]
    api.create_commit(source, additions, commit_message="files", repo_type=source_kind)
    stored = quiet_hub.stored_bytes()
    copies = [
        CommitOperationCopy(path, f"copied/{path}", src_repo_id=source, src_repo_type=source_kind)
        for path in ("small.txt", "model.safetensors")
    ]
    api.create_commit(target, copies, commit_message="copies", repo_type=target_kind)
    assert quiet_hub.stored_bytes() == stored
    for path, expected in {"small.txt": b"small\n", "model.safetensors": content}.items():
        assert content_of(api, target, f"copied/{path}", tmp_path, repo_type=target_kind) == expected


def test_a_strangers_public_files_are_copied_and_proposed(
    as_stranger: HfApi, source: str, live_hub: LiveHub, stranger, tmp_path: Path
):
    target = as_stranger.create_repo(f"{stranger.name}/copy-target", exist_ok=True).repo_id
    copies = [CommitOperationCopy(path, path, src_repo_id=source, src_repo_type="model") for path in FILES]
    as_stranger.create_commit(target, copies, commit_message="taken over")
    assert content_of(as_stranger, target, "model.safetensors", tmp_path) == WEIGHTS


def test_files_come_from_a_proposal_and_go_into_one(
    api: HfApi, as_stranger: HfApi, source: str, new_name: Callable[[], str], tmp_path: Path
):
    other = hashlib.shake_128(b"proposed weights").digest(120_000)
    as_stranger.upload_file(path_or_fileobj=other, path_in_repo="pr.safetensors", repo_id=source, create_pr=True)
    target = api.create_repo(new_name()).repo_id
    copy = CommitOperationCopy(
        "pr.safetensors", "here.safetensors", src_repo_id=source, src_repo_type="model", src_revision="refs/pr/1"
    )
    made = as_stranger.create_commit(target, [copy], commit_message="from one to the other", create_pr=True)
    assert content_of(api, target, "here.safetensors", tmp_path, revision=made.pr_revision) == other


def test_a_private_file_is_copied_by_nobody_else(api: HfApi, as_stranger: HfApi, stranger, new_name: Callable[[], str]):
    private = api.create_repo(new_name(), private=True).repo_id
    api.upload_file(path_or_fileobj=WEIGHTS, path_in_repo="model.safetensors", repo_id=private)
    target = as_stranger.create_repo(f"{stranger.name}/copy-target", exist_ok=True).repo_id
    with pytest.raises(RepositoryNotFoundError):
        as_stranger.create_commit(
            target,
            [CommitOperationCopy("model.safetensors", "x", src_repo_id=private, src_repo_type="model")],
            commit_message="take",
        )


def test_a_missing_file_is_not_copied(api: HfApi, source: str):
    with pytest.raises(EntryNotFoundError):
        api.create_commit(source, [CommitOperationCopy("nowhere", "x")], commit_message="copy")


def test_contents_are_given_on_by_hash_only_where_the_source_has_them(api: HfApi, as_stranger: HfApi, source: str):
    target = {"type": "model", "name": source}
    asked = [
        {"sha256": "ab" * 32, "xetHash": "cd" * 32, "filename": "x"},
        {"sha256": hashlib.sha256(WEIGHTS).hexdigest()},
    ]
    address = f"{api.endpoint}/api/models/{source}/lfs-files/duplicate"
    answer = requests.post(
        address, json={"target": target, "files": asked}, headers={"Authorization": f"Bearer {api.token}"}, timeout=30
    )
    assert [failed["sha256"] for failed in answer.json()["failed"]] == ["ab" * 32]
    assert requests.post(address, json={"target": target, "files": asked}, timeout=30).status_code == 401


def test_a_file_is_renamed_by_the_client(api: HfApi, source: str, tmp_path: Path):
    api.create_commit(
        source,
        [CommitOperationCopy("model.safetensors", "b.safetensors"), CommitOperationDelete("model.safetensors")],
        commit_message="rename",
    )
    assert set(api.list_repo_files(source)) == {".gitattributes", "small.txt", "b.safetensors"}
    with pytest.raises(HfHubHTTPError):
        api.create_commit(source, [CommitOperationDelete("model.safetensors")], commit_message="again")


def test_what_came_by_lfs_is_copied_between_repositories_once_it_lies_in_chunks(
    api: HfApi, new_name: Callable[[], str], repository: str, tmp_path: Path
):
    content = hashlib.shake_128(b"by LFS, and copied").digest(700_000)
    api.upload_file(path_or_fileobj=io.BytesIO(content), path_in_repo="model.safetensors", repo_id=repository)
    until_in_chunks(api, repository, "model.safetensors")
    target = api.create_repo(new_name()).repo_id
    copy = CommitOperationCopy("model.safetensors", "taken.safetensors", src_repo_id=repository, src_repo_type="model")
    api.create_commit(target, [copy], commit_message="taken over")
    for place, path in ((repository, "model.safetensors"), (target, "taken.safetensors")):
        assert content_of(api, place, path, tmp_path) == content
        assert requests.get(f"{api.endpoint}/{place}/resolve/main/{path}", timeout=30).content == content
