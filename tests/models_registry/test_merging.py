"""Merging two lines of commits, held against what git makes of them."""

import itertools
import os
import random
import subprocess
from pathlib import Path

import pytest

from accounts.models import Actor
from models_registry.errors import MergeConflict, NothingToMerge
from models_registry.formats import git_objects
from models_registry.models import Commit, ObjectKind, Reference, Repository
from models_registry.services import merging, objects, references, trees
from models_registry.services.changes import AddFile, Delete
from models_registry.services.commits import create_commit, write_commit
from models_registry.services.tree_changes import TreeChanges
from tests import make
from tests.services import require

pytestmark = pytest.mark.django_db

Files = dict[str, str]


def line(repository: Repository, name: str, files: Files, parents: list[Commit]) -> Commit:
    """A commit that holds exactly these files, on a branch of that name."""
    batch = objects.next_batch(repository)
    tree = TreeChanges(repository, git_objects.EMPTY_TREE)
    tree.folders[""] = {}
    blobs = {path: objects.blob_of(content.encode()) for path, content in files.items()}
    for path, blob in blobs.items():
        tree.put(path, blob.oid)
    root, made = tree.encode()
    if not files:
        made = [objects.row_of(git_objects.encode_tree({}), ObjectKind.TREE)]
    commit = write_commit(
        actor=Actor(user=repository.creator), repository=repository, tree=root, parents=[one.oid for one in parents],
        title=name, body="", prepared=[*blobs.values(), *made], batch=batch,
    )  # fmt: skip
    Reference.objects.update_or_create(
        repository=repository, name=f"refs/heads/{name}", defaults={"target": commit.oid}
    )
    return commit


def files_of(repository: Repository, merged: merging.Merged) -> Files:
    batch = objects.next_batch(repository)
    objects.insert(repository, merged.prepared, batch=batch)
    commit = Commit(repository=repository, tree=merged.tree, oid="0" * 40)
    entries = trees.files(repository, commit)
    return {entry.path: objects.inflate(trees.content_of(repository, entry)).decode() for entry in entries}


def merge(before: Files, ours: Files, theirs: Files) -> Files | list[str]:
    """What becomes of them, or the conflicts."""
    repository = make.repository()
    fork = line(repository, "fork", before, [])
    base, head = line(repository, "ours", ours, [fork]), line(repository, "theirs", theirs, [fork])
    try:
        return files_of(repository, merging.prepare(repository, base, head))
    except MergeConflict as error:
        return error.paths


LONG = "".join(f"line {number}\n" for number in range(20))
CASES = {
    "each side has changed another file": (
        {"a": "1", "b": "1"}, {"a": "2", "b": "1"}, {"a": "1", "b": "2", "c": "3"}, {"a": "2", "b": "2", "c": "3"},
    ),
    "both have made the same change": ({"a": "1"}, {"a": "2"}, {"a": "2", "b": "1"}, {"a": "2", "b": "1"}),
    "both have changed a file": ({"a": "1"}, {"a": "2"}, {"a": "3"}, ["a"]),
    "one has changed what the other removed": ({"a": "1", "b": "1"}, {"b": "1"}, {"a": "2", "b": "1"}, ["a"]),
    "both have added another file of one name": ({"a": "1"}, {"a": "1", "b": "2"}, {"a": "1", "b": "3"}, ["b"]),
    "a folder is removed here and added to there": (
        {"d/a": "1", "d/b": "1", "x": "1"}, {"x": "1"}, {"d/a": "1", "d/b": "1", "d/c": "1", "x": "1"},
        {"d/c": "1", "x": "1"},
    ),
    "a file here is a folder there": ({"x": "1"}, {"x": "1", "a": "2"}, {"x": "1", "a/b": "2"}, ["a"]),
    "a folder becomes a file": ({"d/a": "1", "x": "1"}, {"d/a": "1", "x": "2"}, {"d": "f", "x": "1"}, {"d": "f", "x": "2"}),
    "both empty a folder, one puts a file there": (
        {"d/a": "1", "x": "1"}, {"x": "1"}, {"d": "f", "x": "1"},
        {"d": "f", "x": "1"},
    ),
    "names that differ in case alone": ({"x": "1"}, {"x": "1", "read.me": "1"}, {"x": "1", "READ.ME": "1"}, ["read.me"]),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_two_sides(case: str):
    before, ours, theirs, expected = CASES[case]
    merged = merge(before, ours, theirs)
    if case == "names that differ in case alone":
        assert [path.lower() for path in merged] == expected
    else:
        assert merged == expected


def test_lines_that_do_not_meet_are_merged():
    require("git")
    ours = LONG.replace("line 2\n", "ours\n")
    theirs = LONG.replace("line 17\n", "theirs\n")
    assert merge({"a": LONG}, {"a": ours}, {"a": theirs}) == {"a": ours.replace("line 17\n", "theirs\n")}
    assert merge({"a": LONG}, {"a": ours}, {"a": LONG.replace("line 2\n", "theirs\n")}) == ["a"]


def test_large_files_are_not_merged_by_the_line():
    def pointer(sha: str) -> str:
        return f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha * 64}\nsize 5\n"

    assert merge({"a": pointer("1")}, {"a": pointer("2")}, {"a": pointer("3")}) == ["a"]
    assert merge({"a": pointer("1")}, {"a": pointer("1"), "b": "1"}, {"a": pointer("3")}) == {
        "a": pointer("3"),
        "b": "1",
    }


def test_bytes_that_are_no_text_are_a_conflict():
    assert merge({"a": "\0" + LONG}, {"a": "\0" + LONG + "x"}, {"a": "y\0" + LONG}) == ["a"]


def test_what_the_base_has_already_is_nothing_to_merge():
    repository = make.repository()
    first = make.commit(repository, {"a": "1"})
    second = make.commit(repository, {"a": "2"})
    with pytest.raises(NothingToMerge):
        merging.prepare(repository, second, first)


def test_conflicts_are_worked_out_once(monkeypatch: pytest.MonkeyPatch):
    repository = make.repository()
    fork = line(repository, "fork", {"a": "1"}, [])
    base, head = line(repository, "ours", {"a": "2"}, [fork]), line(repository, "theirs", {"a": "3"}, [fork])
    assert merging.conflicts(repository, base, head) == ["a"]
    monkeypatch.setattr(merging, "prepare", None)
    assert merging.conflicts(repository, base, head) == ["a"]


def test_the_executable_bit_of_one_side_and_the_content_of_the_other():
    before, ours, theirs = (
        git_objects.Entry(mode, oid * 40) for mode, oid in ((0o100644, "1"), (0o100755, "1"), (0o100644, "2"))
    )
    work = merging._Merge(make.repository())
    assert work._file("a", before, ours, theirs) == git_objects.Entry(0o100755, "2" * 40)
    assert not work.conflicts


# Random trees against git itself: files of one line, so that no two changes of one file can go together.
_NAMES = ["a", "b", "d/a", "d/b", "d/e/a", "f", "f/a"]


def random_files(chance: random.Random, before: Files | None = None) -> Files:
    files = dict(before or {})
    for name in chance.sample(_NAMES, chance.randint(0, 4)):
        if chance.random() < 0.4:
            files.pop(name, None)
        else:
            for other in [path for path in files if path.startswith(f"{name}/") or name.startswith(f"{path}/")]:
                del files[other]
            files[name] = f"{name} {chance.randint(1, 3)}"  # git would follow a file that moves
    return files or {"z": "1"}


def git(folder: Path, *arguments: str, stdin: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    people = {f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    return subprocess.run(
        ["git", *arguments], cwd=folder, input=stdin, capture_output=True, check=False, env=environment | people
    )


def tree_in_git(folder: Path, files: Files) -> str:
    git(folder, "read-tree", "--empty")
    for path, content in files.items():
        oid = git(folder, "hash-object", "-w", "--stdin", stdin=content.encode()).stdout.decode().strip()
        git(folder, "update-index", "--add", "--cacheinfo", f"100644,{oid},{path}")
    return git(folder, "write-tree").stdout.decode().strip()


def test_random_trees_become_what_git_makes_of_them(tmp_path: Path):
    require("git")
    git(tmp_path, "init", "-q", "--bare", ".")
    repository = make.repository()
    chance = random.Random(7)
    seen = {True: 0, False: 0}
    for number in itertools.count():
        if number >= 60:
            break
        before = random_files(chance)
        ours, theirs = random_files(chance, before), random_files(chance, before)
        if ours == before or theirs == before:
            continue
        oids = []
        for files, parent in ((before, None), (ours, 0), (theirs, 0)):
            tree = tree_in_git(tmp_path, files)
            parents = [] if parent is None else ["-p", oids[parent]]
            oids.append(git(tmp_path, "commit-tree", tree, *parents, "-m", "x").stdout.decode().strip())
        made = git(tmp_path, "-c", "merge.renames=false", "merge-tree", "--write-tree", oids[1], oids[2])
        fork = line(repository, f"fork{number}", before, [])
        base = line(repository, f"ours{number}", ours, [fork])
        head = line(repository, f"theirs{number}", theirs, [fork])
        try:
            merged = merging.prepare(repository, base, head).tree
        except MergeConflict:
            merged = ""
        is_clean = made.returncode == 0
        seen[is_clean] += 1
        assert merged == (made.stdout.decode().split()[0] if is_clean else ""), (before, ours, theirs, made.stdout)
    assert min(seen.values()) > 5


def test_a_merge_keeps_what_other_folders_hold_unread(django_assert_max_num_queries):  # type: ignore[no-untyped-def]
    """Only folders that both sides changed are opened."""
    repository = make.repository()
    actor = Actor(user=repository.creator)
    make.commit(repository, {f"d{number}/a": "1" for number in range(40)})
    references.create_branch(actor=actor, repository=repository, name="side")
    create_commit(
        actor=actor, repository=repository, branch="side", parent=None, title="x",
        changes=[AddFile.of("d1/b", b"2"), Delete("d2/a")],
    )  # fmt: skip
    make.commit(repository, {"d3/a": "2", "d1/c": "1"})
    base, head = (references.resolve(repository, name) for name in ("main", "side"))
    with django_assert_max_num_queries(15):
        merged = merging.prepare(repository, base, head)
    files = files_of(repository, merged)
    assert {"d1/a", "d1/b", "d1/c", "d3/a"} <= files.keys()
    assert "d2/a" not in files
