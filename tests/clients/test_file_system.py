"""HfFileSystem, and the ways in which libraries read repositories through the client."""

import hashlib
import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from huggingface_hub import (
    CommitOperationAdd,
    CommitScheduler,
    HfApi,
    HfFileSystem,
    get_hf_file_metadata,
    hf_hub_url,
)
from huggingface_hub.errors import EntryNotFoundError

from tests.clients.conftest import Client, write_checkpoint
from tests.live import LiveHub, Member

pytestmark = pytest.mark.live

WEIGHTS = hashlib.shake_128(b"file system").digest(300_000)


@pytest.fixture
def fs(live_hub: LiveHub, author: Member) -> Iterator[HfFileSystem]:
    HfFileSystem.clear_instance_cache()
    yield HfFileSystem(endpoint=live_hub.address, token=author.token)
    HfFileSystem.clear_instance_cache()


@pytest.fixture
def filled(api: HfApi, repository: str) -> str:
    operations = [
        CommitOperationAdd(path, content)
        for path, content in {
            "README.md": b"# hi\n", "data/a.csv": b"a,b\n1,2\n", "data/b.csv": b"a,b\n3,4\n", "data/deep/c.csv": b"a\n",
            "model.safetensors": WEIGHTS,
        }.items()
    ]  # fmt: skip
    api.create_commit(repository, operations, commit_message="files")
    return repository


def test_files_are_listed_found_and_described(fs: HfFileSystem, filled: str):
    root = filled
    assert {entry.removeprefix(f"{root}/") for entry in fs.ls(root, detail=False)} == {
        ".gitattributes", "README.md", "data", "model.safetensors",
    }  # fmt: skip
    assert sorted(fs.glob(f"{root}/data/*.csv")) == [f"{root}/data/a.csv", f"{root}/data/b.csv"]
    assert sorted(fs.glob(f"{root}/**/*.csv")) == [f"{root}/data/{name}" for name in ("a.csv", "b.csv", "deep/c.csv")]
    assert len(fs.find(root)) == 6
    assert set(fs.find(f"{root}/data", withdirs=True)) >= {f"{root}/data/deep", f"{root}/data/a.csv"}
    info = fs.info(f"{root}/model.safetensors", expand_info=True)
    assert (info["type"], info["size"], info["lfs"]["sha256"]) == ("file", 300_000, hashlib.sha256(WEIGHTS).hexdigest())
    assert info["last_commit"]["title"] == "files"
    assert fs.isdir(f"{root}/data")
    assert fs.isfile(f"{root}/data/a.csv")
    assert not fs.exists(f"{root}/nowhere")
    assert fs.modified(f"{root}/README.md")
    assert {path for path, _, _ in fs.walk(root)} == {root, f"{root}/data", f"{root}/data/deep"}


def test_ranges_are_read_and_files_sought(fs: HfFileSystem, filled: str):
    for path, content in {"model.safetensors": WEIGHTS, "data/a.csv": b"a,b\n1,2\n"}.items():
        with fs.open(f"{filled}/{path}", "rb", block_size=1000) as file:
            assert file.read(3) == content[:3]
            file.seek(len(content) // 2)
            assert file.read(3) == content[len(content) // 2 : len(content) // 2 + 3]
            file.seek(-2, 2)
            assert file.read() == content[-2:]
        assert fs.read_bytes(f"{filled}/{path}") == content
        assert fs.cat_file(f"{filled}/{path}", start=2, end=5) == content[2:5]


def test_files_are_written_put_copied_moved_and_removed(fs: HfFileSystem, filled: str, tmp_path: Path):
    with fs.open(f"{filled}/new.txt", "w") as file:
        file.write("first\n")
    assert fs.read_text(f"{filled}/new.txt") == "first\n"
    (tmp_path / "put.bin").write_bytes(b"\0put")
    fs.put(str(tmp_path / "put.bin"), f"{filled}/put.bin")
    assert fs.read_bytes(f"{filled}/put.bin") == b"\0put"
    fs.cp_file(f"{filled}/model.safetensors", f"{filled}/copy.safetensors")
    fs.mv(f"{filled}/new.txt", f"{filled}/moved.txt")
    assert fs.exists(f"{filled}/moved.txt")
    assert not fs.exists(f"{filled}/new.txt")
    fs.get(f"{filled}/copy.safetensors", str(tmp_path / "copy"))
    assert (tmp_path / "copy").read_bytes() == WEIGHTS
    fs.rm(f"{filled}/data", recursive=True)
    fs.invalidate_cache()  # what lies deeper than the folder it keeps
    assert not fs.exists(f"{filled}/data/deep/c.csv")
    fs.rm(f"{filled}/put.bin")
    assert {Path(path).name for path in fs.ls(filled, detail=False)} == {
        ".gitattributes", "README.md", "model.safetensors", "copy.safetensors", "moved.txt",
    }  # fmt: skip


def test_revisions_of_every_kind_are_read(
    api: HfApi, as_stranger: HfApi, fs: HfFileSystem, filled: str, tmp_path: Path
):
    head = api.model_info(filled).sha
    assert head is not None
    api.create_branch(filled, branch="feature/deep")
    api.create_tag(filled, tag="v1.0", tag_message="first")
    as_stranger.upload_file(path_or_fileobj=b"PR", path_in_repo="README.md", repo_id=filled, create_pr=True)
    api.upload_file(path_or_fileobj=b"new\n", path_in_repo="README.md", repo_id=filled)
    expected = {"main": b"new\n", "v1.0": b"# hi\n", "feature/deep": b"# hi\n", head: b"# hi\n", "refs/pr/1": b"PR"}
    for revision, content in expected.items():
        quoted = revision if revision.startswith("refs/") else revision.replace("/", "%2F")
        assert fs.read_bytes(f"{filled}@{quoted}/README.md") == content
        assert fs.read_bytes(f"{filled}/README.md", revision=revision) == content
        found = api.hf_hub_download(filled, "README.md", revision=revision, cache_dir=tmp_path)
        assert Path(found).read_bytes() == content
        assert api.revision_exists(filled, revision)
        assert api.file_exists(filled, "README.md", revision=revision)
    found = api.hf_hub_download(filled, "README.md", revision=head[:8], cache_dir=tmp_path)
    assert Path(found).read_bytes() == b"# hi\n"
    fs.invalidate_cache()
    with fs.open(f"{filled}@refs%2Fpr%2F1/more.txt", "w") as file:
        file.write("more")
    assert "more.txt" in api.list_repo_files(filled, revision="refs/pr/1")
    assert not api.revision_exists(filled, "nowhere")


def test_datasets_are_read_by_their_address(api: HfApi, fs: HfFileSystem, new_name: Callable[[], str]):
    dataset = api.create_repo(new_name(), repo_type="dataset").repo_id
    api.upload_file(path_or_fileobj=b"a,b\n1,2\n", path_in_repo="data/train.csv", repo_id=dataset, repo_type="dataset")
    assert fs.glob(f"hf://datasets/{dataset}/data/*") == [f"datasets/{dataset}/data/train.csv"]
    assert fs.read_text(f"hf://datasets/{dataset}/data/train.csv") == "a,b\n1,2\n"
    assert fs.read_text(f"hf://datasets/{dataset}@main/data/train.csv") == "a,b\n1,2\n"


def test_a_snapshot_holds_what_its_patterns_allow(api: HfApi, filled: str, tmp_path: Path):
    folder = Path(
        api.snapshot_download(filled, allow_patterns=["*.csv"], ignore_patterns=["*deep*"], cache_dir=tmp_path)
    )
    assert sorted(path.name for path in folder.rglob("*") if path.is_file()) == ["a.csv", "b.csv"]
    local = tmp_path / "local"
    api.snapshot_download(filled, local_dir=local, cache_dir=tmp_path)
    assert (local / "model.safetensors").read_bytes() == WEIGHTS


def test_a_files_metadata_is_that_of_its_content(api: HfApi, filled: str):
    large = get_hf_file_metadata(hf_hub_url(filled, "model.safetensors", endpoint=api.endpoint), endpoint=api.endpoint)
    assert (large.etag, large.size) == (hashlib.sha256(WEIGHTS).hexdigest(), 300_000)
    assert large.commit_hash == api.model_info(filled).sha
    small = get_hf_file_metadata(hf_hub_url(filled, "README.md", endpoint=api.endpoint), endpoint=api.endpoint)
    assert (small.etag, small.size) == (hashlib.sha1(b"blob 5\0# hi\n").hexdigest(), 5)


def test_a_folder_is_uploaded_over_another_and_parts_of_it_deleted(api: HfApi, filled: str, tmp_path: Path):
    (tmp_path / "keep.csv").write_text("kept\n")
    (tmp_path / "model.safetensors").write_bytes(b"x" * 50_000)
    api.upload_folder(
        repo_id=filled, folder_path=tmp_path, path_in_repo="data", delete_patterns=["*.csv"], ignore_patterns=["*.log"]
    )
    files = set(api.list_repo_files(filled))
    assert files == {".gitattributes", "README.md", "model.safetensors", "data/keep.csv", "data/model.safetensors"}
    api.delete_files(filled, ["data/*.csv"])
    api.delete_folder("data", filled)
    assert set(api.list_repo_files(filled)) == {".gitattributes", "README.md", "model.safetensors"}
    with pytest.raises(EntryNotFoundError):
        api.delete_folder("data", filled)


def test_a_card_is_pushed_and_its_metadata_changed(author: Member, filled: str, live_hub: LiveHub, tmp_path: Path):
    environment = live_hub.client_environment(author, tmp_path)
    told = Client("current", Path(sys.executable)).run("push_card", filled, environment=environment)
    assert told == {"license": "mit", "pipeline_tag": "image-classification"}


def test_a_thousand_files_go_up_in_one_commit(api: HfApi, repository: str):
    operations = [CommitOperationAdd(f"d{number % 10}/{number:04}.txt", b"%d" % number) for number in range(1000)]
    api.create_commit(repository, operations, commit_message="many")
    listed = list(api.list_repo_tree(repository, recursive=True))
    assert len(listed) == 1000 + 10 + 1
    assert [item.path for item in listed] == sorted(item.path for item in listed)
    assert len(api.list_repo_commits(repository)) == 2


def test_uploads_run_in_the_background_and_by_the_clock(api: HfApi, repository: str, tmp_path: Path):
    future = api.upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id=repository, run_as_future=True)
    assert future.result().oid == api.model_info(repository).sha
    (tmp_path / "log.txt").write_text("one\n")
    scheduler = CommitScheduler(
        repo_id=repository, repo_type="model", folder_path=tmp_path, every=5, path_in_repo="logs", hf_api=api
    )
    scheduler.trigger().result()
    scheduler.stop()
    deadline = time.monotonic() + 10
    while not api.file_exists(repository, "logs/log.txt") and time.monotonic() < deadline:
        time.sleep(0.1)
    assert api.file_exists(repository, "logs/log.txt")


def test_large_files_are_uploaded_before_their_commit(api: HfApi, repository: str):
    additions = []
    for number in range(3):
        addition = CommitOperationAdd(f"{number}.safetensors", hashlib.shake_128(b"%d" % number).digest(80_000))
        api.preupload_lfs_files(repository, [addition])
        additions.append(addition)
    api.create_commit(repository, additions, commit_message="at last")
    assert len(api.list_repo_files(repository)) == 4


def test_tensors_are_told_of_one_file_and_of_shards(api: HfApi, repository: str, tmp_path: Path):
    write_checkpoint(tmp_path / "model.safetensors", 40_000)
    api.upload_file(
        path_or_fileobj=tmp_path / "model.safetensors", path_in_repo="model.safetensors", repo_id=repository
    )
    single = api.get_safetensors_metadata(repository)
    assert not single.sharded
    assert single.parameter_count == {"F32": 10_000}
    write_checkpoint(tmp_path / "b.safetensors", 80_000, seed=3)
    names = list(single.weight_map)
    index = {"metadata": {"total_size": 120_000}, "weight_map": {names[0]: "a.safetensors", names[1]: "b.safetensors"}}
    api.delete_file("model.safetensors", repository)
    api.create_commit(
        repository,
        [
            CommitOperationAdd("a.safetensors", tmp_path / "model.safetensors"),
            CommitOperationAdd("b.safetensors", tmp_path / "b.safetensors"),
            CommitOperationAdd("model.safetensors.index.json", json.dumps(index).encode()),
        ],
        commit_message="shards",
    )
    sharded = api.get_safetensors_metadata(repository)
    assert sharded.sharded
    assert sharded.metadata == {"total_size": 120_000}
    assert {name: file.parameter_count for name, file in sharded.files_metadata.items()} == {
        "a.safetensors": {"F32": 10_000},
        "b.safetensors": {"F32": 20_000},
    }
