"""What is known of weights without fetching them; large files listed, removed for good, copied between repositories."""

import hashlib
import json
import struct
from pathlib import Path

from huggingface_hub import CommitOperationAdd
from steps import FORBIDDEN, Place, main, refusal, step

BLOB = hashlib.shake_128(b"blob").digest(150_000)


def safetensors(**tensors: tuple[str, list[int], int]) -> bytes:
    """A file of zeros: {name: (dtype, shape, bytes)}."""
    header, offset = {}, 0
    for name, (dtype, shape, size) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [offset, offset + size]}
        offset += size
    encoded = json.dumps(header).encode()
    return struct.pack("<Q", len(encoded)) + encoded + bytes(offset)


@step([False, {"F32": 200, "F16": 20}, [[10, 20], "F32", 200], "NotASafetensorsRepoError"])
def one_file(at: Place):
    name = at.api.create_repo(at.name("single")).repo_id
    content = safetensors(weight=("F32", [10, 20], 800), bias=("F16", [20], 40))
    at.api.upload_file(path_or_fileobj=content, path_in_repo="model.safetensors", repo_id=name)
    whole = at.api.get_safetensors_metadata(name)
    file = at.api.parse_safetensors_file_metadata(name, "model.safetensors")
    return [
        whole.sharded,
        whole.parameter_count,
        [file.tensors["weight"].shape, file.tensors["weight"].dtype, file.tensors["weight"].parameter_count],
        refusal(lambda: at.api.get_safetensors_metadata(at.api.create_repo(at.name("without")).repo_id)),
    ]


@step([True, {"F32": 100, "BF16": 300}, True])
def shards(at: Place):
    name = at.api.create_repo(at.name("sharded")).repo_id
    files = {
        "model-00001-of-00002.safetensors": safetensors(a=("F32", [100], 400)),
        "model-00002-of-00002.safetensors": safetensors(b=("BF16", [300], 600)),
    }
    index = {
        "metadata": {"total_size": 1000},
        "weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"},
    }
    additions = [CommitOperationAdd(path, content) for path, content in files.items()]
    additions.append(CommitOperationAdd("model.safetensors.index.json", json.dumps(index).encode()))
    at.api.create_commit(name, additions, commit_message="shards")
    whole = at.api.get_safetensors_metadata(name)
    return [whole.sharded, whole.parameter_count, sorted(whole.files_metadata) == sorted(files)]


@step([True, {"F32": 100, "BF16": 300}], needs="get_sharded_safetensors_metadata")
def shards_at_once(at: Place):
    whole = at.api.get_sharded_safetensors_metadata(at.name("sharded"))
    return [whole.sharded, whole.parameter_count]


@step([["0.bin", "1.bin", "2.bin"], 149999, True])
def large_files_are_listed(at: Place):
    name = at.api.create_repo(at.name("large")).repo_id
    for number in range(3):
        at.api.upload_file(path_or_fileobj=BLOB[number:], path_in_repo=f"{number}.bin", repo_id=name)
    at.api.delete_file("2.bin", name)
    found = {file.filename: file for file in at.api.list_lfs_files(name)}
    return [
        sorted(found),
        found["1.bin"].size,
        found["1.bin"].oid == hashlib.sha256(BLOB[1:]).hexdigest(),
    ]


@step([FORBIDDEN, [".gitattributes", "0.bin"], [], True])
def large_files_are_removed_for_good(at: Place):
    name = at.name("large")
    found = [file for file in at.api.list_lfs_files(name) if file.filename == "1.bin"]
    refused = refusal(lambda: at.stranger.permanently_delete_lfs_files(name, found))
    at.api.permanently_delete_lfs_files(name, found)
    return [
        refused,
        sorted(at.api.list_repo_files(name)),
        [file.filename for file in at.api.list_lfs_files(name) if file.filename == "1.bin"],
        at.api.file_exists(name, "0.bin"),
    ]


@step([2, [], []], needs="verify_repo_checksums")
def checked_against_a_folder(at: Place):
    folder = at.folder / "checked"
    at.api.snapshot_download(at.name("large"), local_dir=folder)
    found = at.api.verify_repo_checksums(at.name("large"), local_dir=folder)
    return [found.checked_count, list(found.mismatches), list(found.missing_paths)]


@step([True, [".gitattributes", "copied.bin", "folder/small.txt"]], needs="copy_files")
def copied_between_repositories(at: Place):
    target = at.api.create_repo(at.name("target")).repo_id
    at.api.upload_file(path_or_fileobj=b"small", path_in_repo="folder/small.txt", repo_id=at.name("large"))
    at.api.copy_files(f"hf://{at.name('large')}/0.bin", f"hf://{target}/copied.bin")
    at.api.copy_files(f"hf://{at.name('large')}/folder/", f"hf://{target}/folder/")
    got = at.api.hf_hub_download(target, "copied.bin", cache_dir=at.folder / "copied")
    return [Path(got).read_bytes() == BLOB, sorted(at.api.list_repo_files(target))]


if __name__ == "__main__":
    main()
