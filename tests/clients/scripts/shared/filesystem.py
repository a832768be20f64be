"""HfFileSystem: a repository as a file system."""

import hashlib

from huggingface_hub import HfFileSystem
from steps import NO_ENTRY, Place, main, refusal, step

LARGE = hashlib.shake_128(b"large").digest(2_000_000)
fs = HfFileSystem()


def inside(at: Place, path: str = "") -> str:
    return f"{at.name('model')}/{path}".rstrip("/")


def names(at: Place, found: list[str]) -> list[str]:
    return sorted(path.removeprefix(f"{at.name('model')}").strip("/") for path in found)


@step([[".gitattributes", "folder", "put.txt"], [".gitattributes", "folder/a.txt", "folder/large.bin", "put.txt"]])
def written(at: Place):
    at.api.create_repo(at.name("model"))
    with fs.open(inside(at, "folder/a.txt"), "w") as file:
        file.write("line one\nline two\n")
    fs.pipe_file(inside(at, "folder/large.bin"), LARGE)
    fs.put_file(at.file("put.txt", b"put"), inside(at, "put.txt"))
    fs.invalidate_cache()
    return [names(at, fs.ls(inside(at), detail=False)), names(at, fs.find(inside(at)))]


@step([["line one", "line two"], True, True, True, "one"])
def read(at: Place):
    with fs.open(inside(at, "folder/a.txt")) as file:
        lines = file.read().decode().splitlines()
    with fs.open(inside(at, "folder/large.bin"), block_size=2**16) as file:
        file.seek(1_500_000)
        middle = file.read(1000)
        file.seek(-10, 2)
        end = file.read()
    return [
        lines,
        middle == LARGE[1_500_000:1_501_000],
        end == LARGE[-10:],
        fs.cat_file(inside(at, "folder/large.bin"), start=5, end=50) == LARGE[5:50],
        fs.cat_file(inside(at, "folder/a.txt"), start=5, end=8).decode(),
    ]


@step(
    [
        ["folder/a.txt", "put.txt"],
        [".gitattributes", "folder", "put.txt"],
        [True, True, False],
        2000000,
        2000018,
        [".gitattributes", "folder", "put.txt"],
    ]
)
def looked_at(at: Place):
    return [
        names(at, fs.glob(inside(at, "**/*.txt"))),
        names(at, fs.glob(inside(at, "*"))),
        [fs.isfile(inside(at, "put.txt")), fs.isdir(inside(at, "folder")), fs.exists(inside(at, "nowhere"))],
        fs.info(inside(at, "folder/large.bin"))["size"],
        fs.du(inside(at, "folder")),
        sorted(
            entry["name"].rpartition("/")[2] for entry in fs.ls(inside(at), expand_info=True) if entry["last_commit"]
        ),
    ]


@step([True, False, "there"])
def at_a_revision(at: Place):
    at.api.create_branch(at.name("model"), branch="a/branch")
    fs.pipe_file(f"{at.name('model')}@a%2Fbranch/only-there.txt", b"there")
    fs.invalidate_cache()
    return [
        fs.exists(f"{at.name('model')}@a%2Fbranch/only-there.txt"),
        fs.exists(inside(at, "only-there.txt")),
        fs.cat_file(inside(at, "only-there.txt"), revision="a/branch").decode(),
    ]


@step(["put", True])
def copied(at: Place):
    fs.cp_file(inside(at, "put.txt"), inside(at, "copy.txt"))
    fs.cp_file(inside(at, "folder/large.bin"), inside(at, "copies/large.bin"))
    fs.invalidate_cache()
    return [fs.cat_file(inside(at, "copy.txt")).decode(), fs.cat_file(inside(at, "copies/large.bin")) == LARGE]


@step([[".gitattributes", "copies/large.bin", "copy.txt"], NO_ENTRY])
def removed(at: Place):
    fs.rm(inside(at, "folder"), recursive=True)
    fs.rm_file(inside(at, "put.txt"))
    fs.invalidate_cache()
    return [names(at, fs.find(inside(at))), refusal(lambda: fs.rm_file(inside(at, "put.txt")))]


@step("x,y\n1,2\n")
def in_a_dataset(at: Place):
    at.api.create_repo(at.name("data"), repo_type="dataset")
    path = f"datasets/{at.name('data')}/train.csv"
    with fs.open(path, "w") as file:
        file.write("x,y\n1,2\n")
    with fs.open(f"hf://{path}") as file:
        return file.read().decode()


if __name__ == "__main__":
    main()
