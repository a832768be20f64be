"""Files: sent in every way, read back, listed, deleted."""

import hashlib
import io
from pathlib import Path

from huggingface_hub import CommitOperationAdd, CommitOperationCopy, CommitOperationDelete, snapshot_download
from steps import HIDDEN, NO_ENTRY, NO_REPOSITORY, Place, main, refusal, step

LARGE = hashlib.shake_128(b"large").digest(3_000_000)
WEIGHTS = hashlib.shake_128(b"weights").digest(200_000)
ESCAPED = "名前 100% #1?.txt"


def back(at: Place, path: str, **options) -> bytes:
    return Path(at.api.hf_hub_download(at.name("model"), path, cache_dir=at.folder / "back", **options)).read_bytes()


@step(["hello\n", "", "escaped", True, True, True])
def one_file(at: Place):
    name = at.api.create_repo(at.name("model")).repo_id
    send = at.api.upload_file
    send(path_or_fileobj=b"hello\n", path_in_repo="hello.txt", repo_id=name)
    send(path_or_fileobj=b"", path_in_repo="empty.txt", repo_id=name)
    send(path_or_fileobj=b"escaped", path_in_repo=f"deep/er/{ESCAPED}", repo_id=name)
    send(path_or_fileobj=WEIGHTS, path_in_repo="model.safetensors", repo_id=name)
    send(path_or_fileobj=at.file("large.bin", LARGE), path_in_repo="large.bin", repo_id=name)
    send(path_or_fileobj=io.BytesIO(WEIGHTS[::-1]), path_in_repo="open.bin", repo_id=name)
    return [
        back(at, "hello.txt").decode(),
        back(at, "empty.txt").decode(),
        back(at, f"deep/er/{ESCAPED}").decode(),
        back(at, "model.safetensors") == WEIGHTS,
        back(at, "large.bin") == LARGE,
        back(at, "open.bin") == WEIGHTS[::-1],
    ]


@step(
    [
        ["deep", "hello.txt", "large.bin"],
        [6, "ce013625030ba8dba906f756967f9e9ca394464a", None],
        [3000000, 3000000, True, 132],
    ]
)
def what_is_said_of_them(at: Place):
    paths = ["hello.txt", "large.bin", "deep", "nowhere.txt"]
    found = {info.path: info for info in at.api.get_paths_info(at.name("model"), paths)}
    large = found["large.bin"]
    return [
        sorted(found),
        [found["hello.txt"].size, found["hello.txt"].blob_id, found["hello.txt"].lfs],
        [large.size, large.lfs.size, large.lfs.sha256 == hashlib.sha256(LARGE).hexdigest(), large.lfs.pointer_size],
    ]


@step("Upload hello.txt with huggingface_hub")
def expanded(at: Place):
    (info,) = at.api.get_paths_info(at.name("model"), ["hello.txt"], expand=True)
    return info.last_commit.title


@step(
    [
        [".gitattributes", "deep", "empty.txt", "hello.txt", "large.bin", "model.safetensors", "open.bin"],
        [f"deep/er/{ESCAPED}"],
        True,
        True,
        False,
        NO_ENTRY,
    ]
)
def listed(at: Place):
    name = at.name("model")
    return [
        sorted(item.path for item in at.api.list_repo_tree(name)),
        [item.path for item in at.api.list_repo_tree(name, "deep/er")],
        sorted(item.path for item in at.api.list_repo_tree(name, recursive=True))
        == sorted([*at.api.list_repo_files(name), "deep", "deep/er"]),
        at.api.file_exists(name, "hello.txt"),
        at.api.file_exists(name, "nowhere.txt"),
        refusal(lambda: at.api.list_repo_tree(name, "nowhere")),
    ]


@step([31, True])
def a_folder(at: Place):
    for number in range(30):
        at.file(f"folder/texts/{number:02}.txt", f"text {number}".encode())
    at.file("folder/pictures/a.png", bytes(range(256)) * 10)
    at.file("folder/ignored.log", b"not sent")
    at.api.upload_folder(
        repo_id=at.name("model"), folder_path=at.folder / "folder", path_in_repo="sent", ignore_patterns="*.log"
    )
    got = Path(snapshot_download(at.name("model"), allow_patterns="sent/*", cache_dir=at.folder / "snapshot"))
    files = sorted(path.relative_to(got / "sent") for path in (got / "sent").rglob("*") if path.is_file())
    return [
        len(files),
        all((got / "sent" / path).read_bytes() == (at.folder / "folder" / path).read_bytes() for path in files),
    ]


@step(
    [
        1,
        ["all at once", "with a body", True],
        True,
        [
            ".gitattributes",
            "added.bin",
            "added.txt",
            "copies/large.bin",
            f"deep/er/{ESCAPED}",
            "empty.txt",
            "large.bin",
            "model.safetensors",
            "open.bin",
            "sent/pictures/a.png",
        ],
        True,
    ]
)
def many_operations_in_one_commit(at: Place):
    before = len(at.api.list_repo_commits(at.name("model")))
    made = at.api.create_commit(
        at.name("model"),
        [
            CommitOperationAdd("added.txt", b"added"),
            CommitOperationAdd("added.bin", WEIGHTS[:50_000]),
            CommitOperationDelete("hello.txt"),
            CommitOperationDelete("sent/texts/", is_folder=True),
            CommitOperationCopy("large.bin", "copies/large.bin"),
        ],
        commit_message="all at once",
        commit_description="with a body",
    )
    commits = at.api.list_repo_commits(at.name("model"))
    return [
        len(commits) - before,
        [commits[0].title, commits[0].message, commits[0].commit_id == made.oid],
        made.commit_url.endswith(f"/{at.name('model')}/commit/{made.oid}"),
        sorted(at.api.list_repo_files(at.name("model"))),
        back(at, "copies/large.bin") == LARGE,
    ]


@step(True)
def sent_ahead_of_the_commit(at: Place):
    addition = CommitOperationAdd("ahead.bin", WEIGHTS[:70_000])
    at.api.preupload_lfs_files(at.name("model"), [addition])
    at.api.create_commit(at.name("model"), [addition], commit_message="ahead")
    return back(at, "ahead.bin") == WEIGHTS[:70_000]


@step(True)
def unchanged_makes_no_commit(at: Place):
    head = at.api.model_info(at.name("model")).sha
    at.api.upload_file(path_or_fileobj=b"added", path_in_repo="added.txt", repo_id=at.name("model"))
    at.api.upload_file(path_or_fileobj=LARGE, path_in_repo="large.bin", repo_id=at.name("model"))
    return at.api.model_info(at.name("model")).sha == head


@step("HfHubHTTPError 412")
def a_stale_parent(at: Place):
    stale = at.api.list_repo_commits(at.name("model"))[1].commit_id
    return refusal(
        lambda: at.api.upload_file(
            path_or_fileobj=b"late", path_in_repo="late.txt", repo_id=at.name("model"), parent_commit=stale
        )
    )


@step(["hello\n", "hello\n", [".gitattributes", "hello.txt"]])
def an_older_revision(at: Place):
    first = at.api.list_repo_commits(at.name("model"))[-2].commit_id
    return [
        back(at, "hello.txt", revision=first).decode(),
        back(at, "hello.txt", revision=first[:8]).decode(),
        sorted(at.api.list_repo_files(at.name("model"), revision=first)),
    ]


@step(
    [
        [".gitattributes", f"deep/er/{ESCAPED}", "empty.txt", "model.safetensors", "sent/pictures/a.png"],
        NO_ENTRY,
    ]
)
def deleted(at: Place):
    name = at.name("model")
    at.api.delete_file("added.txt", name)
    at.api.delete_folder("copies", name)
    at.api.delete_files(name, ["*.bin"])
    return [
        sorted(at.api.list_repo_files(name)),
        refusal(lambda: at.api.delete_file("added.txt", name)),
    ]


@step([True, 3000000])
def a_dataset(at: Place):
    name = at.api.create_repo(at.name("data"), repo_type="dataset").repo_id
    at.api.upload_file(path_or_fileobj=LARGE, path_in_repo="train.parquet", repo_id=name, repo_type="dataset")
    got = at.nobody.hf_hub_download(name, "train.parquet", repo_type="dataset", cache_dir=at.folder / "data")
    return [Path(got).read_bytes() == LARGE, at.api.dataset_info(name, files_metadata=True).siblings[-1].size]


@step(
    [
        "secret",
        NO_REPOSITORY,
        HIDDEN,
        HIDDEN,
        NO_REPOSITORY,
    ]
)
def a_private_file(at: Place):
    name = at.api.create_repo(at.name("private"), private=True).repo_id
    at.api.upload_file(path_or_fileobj=b"secret", path_in_repo="secret.txt", repo_id=name)
    folder = at.folder / "secret"
    return [
        Path(at.api.hf_hub_download(name, "secret.txt", cache_dir=folder / "1")).read_text(),
        refusal(lambda: at.stranger.hf_hub_download(name, "secret.txt", cache_dir=folder / "2")),
        refusal(lambda: at.nobody.hf_hub_download(name, "secret.txt", cache_dir=folder / "3")),
        refusal(lambda: at.nobody.snapshot_download(name, cache_dir=folder / "4")),
        refusal(lambda: at.stranger.upload_file(path_or_fileobj=b"", path_in_repo="mine.txt", repo_id=name)),
    ]


if __name__ == "__main__":
    main()
