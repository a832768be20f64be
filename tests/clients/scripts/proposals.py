"""proposals.py REPOSITORY FOLDER: proposals, copies, references, removals and reads, as every client does them.

Prints as JSON what it saw.
"""

import json
import sys
from pathlib import Path

from huggingface_hub import CommitOperationAdd, CommitOperationCopy, CommitOperationDelete, HfApi, HfFileSystem
from huggingface_hub.utils import EntryNotFoundError, RevisionNotFoundError


def main(repository: str, folder: str) -> dict[str, object]:
    api = HfApi()
    seen: dict[str, object] = {}
    api.create_repo(repository)
    weights = bytes(range(256)) * 400
    first = api.create_commit(
        repository,
        [CommitOperationAdd("a.txt", b"one\n"), CommitOperationAdd("m.safetensors", weights)],
        commit_message="first",
    )
    proposed = api.create_commit(
        repository, [CommitOperationAdd("p.safetensors", weights[::-1])], commit_message="proposal", create_pr=True
    )
    seen["proposal"] = [proposed.pr_num, proposed.pr_revision]
    seen["files of the proposal"] = sorted(api.list_repo_files(repository, revision="refs/pr/1"))
    api.create_commit(
        repository,
        [
            CommitOperationCopy("m.safetensors", "sub/copy.safetensors"),
            CommitOperationCopy("a.txt", "sub/a.txt", src_revision=first.oid),
            CommitOperationDelete("m.safetensors"),
        ],
        commit_message="copies",
    )
    api.create_branch(repository, branch="side", revision=first.oid)
    api.create_tag(repository, tag="v1", tag_message="annotated", revision="refs/pr/1")
    refs = api.list_repo_refs(repository, include_pull_requests=True)
    seen["references"] = sorted(ref.ref for ref in [*refs.branches, *refs.tags, *(refs.pull_requests or [])])
    files = HfFileSystem()
    seen["file system"] = sorted(path.rpartition("/")[2] for path in files.glob(f"{repository}/**/*.safetensors"))
    with files.open(f"{repository}/sub/copy.safetensors", "rb") as file:
        file.seek(1000)
        seen["range"] = file.read(5) == weights[1000:1005]
    gone = [file for file in api.list_lfs_files(repository) if file.filename == "p.safetensors"]
    api.permanently_delete_lfs_files(repository, gone)
    seen["after the removal"] = sorted(api.list_repo_files(repository, revision="v1"))
    api.super_squash_history(repository, branch="main", commit_message="all")
    seen["commits"] = [commit.title for commit in api.list_repo_commits(repository)]
    if hasattr(api, "upload_large_folder"):
        api.upload_large_folder(repository, folder, repo_type="model", print_report=False)
    else:
        api.upload_folder(repo_id=repository, folder_path=folder)
    seen["large folder"] = len(api.list_repo_files(repository))
    for name, refused, error in (
        ("revision", lambda: api.model_info(repository, revision="nowhere"), RevisionNotFoundError),
        ("entry", lambda: api.hf_hub_download(repository, "nowhere"), EntryNotFoundError),
    ):
        try:
            refused()
        except error:
            seen[name] = "missing"
    fetched = Path(api.hf_hub_download(repository, "sub/copy.safetensors", revision="main"))
    seen["content"] = fetched.read_bytes() == weights
    return seen


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(*sys.argv[1:])) + "\n")
