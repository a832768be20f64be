import os
import subprocess
from pathlib import Path

import pytest

from accounts.models import Actor
from models_registry.errors import BadPath, BranchMoved, ContentMissing, EntryNotFound
from models_registry.formats import git_objects
from models_registry.models import Commit, GitObject, Reference, Repository
from models_registry.services import history, objects, trees
from models_registry.services.changes import AddFile, AddLfsFile, Change, Delete
from models_registry.services.commits import create_commit
from tests import make, services


def commit(repository: Repository, *changes: Change, **arguments: object) -> Commit:
    return create_commit(
        actor=Actor(user=repository.creator), repository=repository, branch="main",
        parent=arguments.pop("parent", None), changes=changes, title="change", **arguments,
    )  # fmt: skip


def test_ids_are_those_of_git(tmp_path: Path) -> None:
    services.require("git")
    repository = make.repository()
    made = make.commit(repository, {"README.md": "# hello\n", "a/b/c.txt": "deep", "a.txt": "x", "a-b": "y"})

    def git(*arguments: str, data: bytes = b"", when: Commit = made) -> str:
        date = f"{int(when.committed_at.timestamp())} +0000"
        user = repository.creator
        environment = {
            **os.environ, "GIT_DIR": str(tmp_path / "git"), "GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date,
            "GIT_AUTHOR_NAME": user.username, "GIT_COMMITTER_NAME": user.username,
            "GIT_AUTHOR_EMAIL": objects.public_email(user), "GIT_COMMITTER_EMAIL": objects.public_email(user),
        }  # fmt: skip
        result = subprocess.run(["git", *arguments], input=data, env=environment, capture_output=True, check=True)
        return result.stdout.decode().strip()

    git("init", "--bare", str(tmp_path / "git"))

    def tree(files: dict[str, bytes | dict]) -> str:
        lines = ""
        for name, content in files.items():
            if isinstance(content, dict):
                lines += f"040000 tree {tree(content)}\t{name}\n"
            else:
                lines += f"100644 blob {git('hash-object', '-w', '--stdin', data=content)}\t{name}\n"
        return git("mktree", data=lines.encode())

    attributes = trees.file(repository, made, ".gitattributes")
    rules = objects.inflate(trees.content_of(repository, attributes))
    root = tree(
        {
            ".gitattributes": rules, "README.md": b"# hello\n", "a": {"b": {"c.txt": b"deep"}}, "a.txt": b"x",
            "a-b": b"y",
        }
    )  # fmt: skip
    assert made.tree == root
    first = Commit.objects.get(repository=repository, title="initial commit")
    first_tree = tree({".gitattributes": rules})
    assert first.oid == git("commit-tree", first_tree, data=b"initial commit", when=first)
    assert made.oid == git("commit-tree", root, "-p", first.oid, data=b"a commit")


def test_a_stale_parent_is_refused_and_nothing_is_written() -> None:
    repository = make.repository()
    first, _ = make.commit(repository), make.commit(repository)
    count = GitObject.objects.count()
    with pytest.raises(BranchMoved):
        make.commit(repository, parent=first.oid)
    assert (repository.commits.count(), GitObject.objects.count()) == (3, count)


def test_a_commit_without_effect_is_the_head() -> None:
    repository = make.repository()
    first = make.commit(repository, {"a": "1"})
    assert make.commit(repository, {"a": "1"}) == first


def test_changes_apply_in_order_and_empty_folders_vanish() -> None:
    repository = make.repository()
    made = commit(repository, AddFile.of("d/e/f", b"1"), AddFile.of("d/g", b"2"), AddFile.of("top", b"3"))
    made = commit(repository, Delete("d/e/f"), AddFile.of("d/e/again", b"4"), Delete("d/g"), Delete("d/e/again"))
    assert [file.path for file in trees.files(repository, made)] == [".gitattributes", "top"]
    made = commit(repository, AddFile.of("d/x/y", b"1"), Delete("d"))
    assert "d" not in trees.find(repository, made, ["d"])


@pytest.mark.parametrize(
    "path",
    [
        "../up",
        "/abs",
        "a//b",
        ".git/config",
        "a/.GIT/x",
        "git~1/x",
        "a\\b",
        "a\0b",
        "x" * 300,
        "d/",
        "",
        "a/./b",
        ".git. /x",
    ],
)
def test_a_dangerous_path_is_refused(path: str) -> None:
    with pytest.raises(BadPath):
        AddFile.of(path, b"")


def test_a_file_cannot_take_a_folders_place_nor_hold_files() -> None:
    repository = make.repository()
    commit(repository, AddFile.of("a/b", b""))
    with pytest.raises(BadPath):
        commit(repository, AddFile.of("a", b""))
    with pytest.raises(BadPath):
        commit(repository, AddFile.of("a/b/c", b""))
    with pytest.raises(BadPath, match="case"):
        commit(repository, AddFile.of("A/b", b""))
    with pytest.raises(EntryNotFound):
        commit(repository, Delete("nothing"))


def test_content_that_was_never_uploaded_cannot_be_committed() -> None:
    repository = make.repository()
    with pytest.raises(ContentMissing, match=r"model\.bin"):
        commit(repository, AddLfsFile("model.bin", "ab" * 32, 10))
    pointer = git_objects.encode_pointer(git_objects.Pointer("cd" * 32, 5))
    with pytest.raises(ContentMissing):
        commit(repository, AddFile.of("typed.bin", pointer))


def test_a_large_regular_file_lies_in_storage_and_reads_back() -> None:
    repository = make.repository()
    content = os.urandom(2 * 1024 * 1024)
    made = make.commit(repository, {"big.dat": content})
    row = trees.content_of(repository, trees.file(repository, made, "big.dat"))
    assert row.data is None
    assert objects.inflate(row) == content


def test_each_entry_knows_the_commit_that_last_changed_it() -> None:
    repository = make.repository()
    first = make.commit(repository, {"a/one": "1", "a/b/two": "2", "top": "3"})
    second = make.commit(repository, {"a/b/two": "changed"})
    third = make.commit(repository, {"other": "4"})
    maps = history.last_changes(repository, third.oid, ["", "a", "a/b"])
    assert maps[""]["top"] == first.oid
    assert maps[""]["a"] == second.oid
    assert maps[""]["other"] == third.oid
    assert maps["a"] == {"one": first.oid, "b": second.oid}
    assert maps["a/b"] == {"two": second.oid}


def test_the_head_moves_with_each_commit() -> None:
    repository = make.repository()
    made = make.commit(repository)
    assert Reference.objects.get(repository=repository, name="refs/heads/main").target == made.oid


def test_folders_of_the_same_content_change_each_by_itself():
    repository = make.repository()
    make.commit(repository, {"a/f": "1", "b/f": "1", "c/f": "1"})
    commit = make.commit(repository, {"a/f": "2", "b/g": "3"})
    found = {entry.path for entry in trees.files(repository, commit)}
    assert {"a/f", "b/f", "b/g", "c/f"} <= found
    assert not {"a/g", "c/g"} & found
    assert trees.file(repository, commit, "b/f").oid == trees.file(repository, commit, "c/f").oid
