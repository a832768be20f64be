"""History without certain files: the same commits, in the same order, each without them; and nothing of the old ones."""

import hashlib
import os
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Actor, AuditEntry
from hub.errors import Conflict
from models_registry.errors import RevisionNotFound
from models_registry.formats import git_objects
from models_registry.models import (
    Commit,
    FolderHistory,
    GitObject,
    LfsObject,
    ObjectKind,
    Reference,
    Repository,
    RepositoryLfsObject,
)
from models_registry.services import garbage, history, lfs_files, objects, references, rewriting, squashing, trees
from models_registry.services.changes import AddFile, AddLfsFile, Change, Delete
from models_registry.services.commits import create_commit
from tests import make


def content(repository: Repository, name: str) -> str:
    """A large content that the repository possesses, by its SHA-256. Its bytes are never read here."""
    sha256 = hashlib.sha256(name.encode()).hexdigest()
    stored, _ = LfsObject.objects.get_or_create(sha256=sha256, defaults={"size": 100, "plain_key": f"lfs/{sha256}"})
    RepositoryLfsObject.objects.get_or_create(repository=repository, lfs_object=stored)
    return sha256


def commit(repository: Repository, *changes: Change, branch: str = "main", title: str = "change") -> Commit:
    return create_commit(
        actor=Actor(user=repository.creator), repository=repository, branch=branch, parent=None, changes=changes,
        title=title,
    )  # fmt: skip


def files(repository: Repository, revision: str) -> dict[str, str]:
    return {entry.path: entry.oid for entry in trees.files(repository, references.resolve(repository, revision))}


def remove(repository: Repository, *hashes: str, rewrite_history: bool = True) -> None:
    lfs_files.remove(
        actor=Actor(user=repository.creator), repository=repository, hashes=hashes, rewrite_history=rewrite_history
    )


def assert_sound(repository: Repository) -> None:
    """Every object that a reference leads to is there, under the id of its bytes, and has its history."""
    for reference in Reference.objects.filter(repository=repository):
        start = references.resolve(repository, reference.name)
        for row in history.commits_from(repository, start, 1000):
            raw = objects.inflate(GitObject.objects.get(repository=repository, oid=row.oid, kind=ObjectKind.COMMIT))
            assert hashlib.sha1(b"commit %d\0" % len(raw) + raw).hexdigest() == row.oid
            assert raw.startswith(f"tree {row.tree}\n".encode())
            entries = trees.listing(repository, row, recursive=True)[0]
            oids = {entry.oid for entry in entries} | {row.tree}
            assert GitObject.objects.filter(repository=repository, oid__in=oids).count() == len(oids)
            folders = {entry.path for entry in entries if entry.is_folder} | {""}
            maps = history.last_changes(repository, row.oid, folders)
            for entry in entries:
                folder, _, name = entry.path.rpartition("/")
                assert Commit.objects.filter(repository=repository, oid=maps[folder][name]).exists()


names = st.sampled_from(["a", "b", "d/a", "d/e/a", "d/e/b", "f/a"])
steps = st.lists(
    st.tuples(st.sampled_from(["main", "side"]), names, st.sampled_from(["x", "y", "text", ""])), max_size=12
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps)
def test_every_commit_is_left_without_the_files_and_with_all_others(steps: list[tuple[str, str, str]]) -> None:
    repository = make.repository()
    contents = {name: content(repository, name) for name in ("x", "y")}
    references.create_branch(actor=Actor(user=repository.creator), repository=repository, name="side")
    for number, (branch, path, what) in enumerate(steps):
        change: Change = AddFile.of(path, b"text")
        if what in contents:
            change = AddLfsFile(path, contents[what])
        elif not what:
            if path not in files(repository, branch):
                continue
            change = Delete(path)
        commit(repository, change, branch=branch, title=f"{number}")
    pointer = git_objects.blob_oid(git_objects.encode_pointer(git_objects.Pointer(contents["x"], 100)))
    expected, titles = {}, {}
    for branch in ("main", "side"):
        line = history.commits_from(repository, references.resolve(repository, branch), 100)
        titles[branch] = [row.title for row in line]
        expected[branch] = [
            {path: oid for path, oid in files(repository, row.oid).items() if oid != pointer} for row in line
        ]
    remove(repository, contents["x"])
    for branch in ("main", "side"):
        line = history.commits_from(repository, references.resolve(repository, branch), 100)
        assert [row.title for row in line] == titles[branch]
        assert [files(repository, row.oid) for row in line] == expected[branch]
    assert_sound(repository)
    assert not GitObject.objects.filter(repository=repository, oid=pointer).exists()
    oids = set(Commit.objects.filter(repository=repository).values_list("oid", flat=True))
    assert (
        set(GitObject.objects.filter(repository=repository, kind=ObjectKind.COMMIT).values_list("oid", flat=True))
        == oids
    )
    assert set(FolderHistory.objects.filter(repository=repository).values_list("commit", flat=True)) <= oids


@pytest.fixture
def repository() -> Repository:
    return make.repository(make.user("ada"), "net")


def test_commits_before_the_file_stay_as_they_are_and_later_ones_are_others(repository: Repository) -> None:
    before = make.commit(repository, {"a": "1"})
    with_file = commit(repository, AddLfsFile("m.bin", content(repository, "x")))
    epoch = repository.epoch
    remove(repository, content(repository, "x"))
    repository.refresh_from_db()
    assert repository.epoch > epoch
    line = history.commits_from(repository, references.resolve(repository, "main"), 10)
    assert line[1] == before
    assert line[0].tree == before.tree
    with pytest.raises(RevisionNotFound):
        references.resolve(repository, with_file.oid)
    assert AuditEntry.objects.filter(action="repository.large_files_removed").count() == 1


def test_tags_annotated_or_not_and_hidden_references_move_along(repository: Repository) -> None:
    made = commit(repository, AddLfsFile("m.bin", content(repository, "x")), title="with file")
    actor = Actor(user=repository.creator)
    references.create_tag(actor=actor, repository=repository, name="v1", revision="main", message="the first")
    references.create_tag(actor=actor, repository=repository, name="v2", revision="main")
    Reference.objects.create(repository=repository, name="refs/scores/1", target=made.oid)
    old = Reference.objects.get(repository=repository, name="refs/tags/v1").target
    remove(repository, content(repository, "x"))
    head = references.resolve(repository, "main")
    assert head.title == "with file"
    assert references.resolve(repository, "v1") == references.resolve(repository, "v2") == head
    assert Reference.objects.get(repository=repository, name="refs/scores/1").target == head.oid
    tag = GitObject.objects.get(repository=repository, oid=Reference.objects.get(name="refs/tags/v1").target)
    assert b"the first" in objects.inflate(tag)
    assert not GitObject.objects.filter(repository=repository, oid=old).exists()


def test_another_repository_keeps_the_content(repository: Repository) -> None:
    sha256 = content(repository, "x")
    other = make.repository()
    for one in (repository, other):
        content(one, "x")
        commit(one, AddLfsFile("m.bin", sha256))
    remove(repository, sha256)
    assert "m.bin" in files(other, "main")
    assert LfsObject.objects.filter(sha256=sha256, possessions__repository=other).exists()


def test_what_is_written_meanwhile_is_made_again_too(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(repository, AddLfsFile("m.bin", content(repository, "x")), title="first")
    prepare = rewriting._Rewriting.prepare
    late = [lambda: commit(repository, AddFile.of("late", b"1"), title="late")]

    def interrupted(self: Any) -> None:
        prepare(self)
        if late:
            late.pop()()

    monkeypatch.setattr(rewriting._Rewriting, "prepare", interrupted)
    remove(repository, content(repository, "x"))
    line = history.commits_from(repository, references.resolve(repository, "main"), 10)
    assert [row.title for row in line] == ["late", "first", "initial commit"]
    assert set(files(repository, "main")) == {".gitattributes", "late"}
    assert_sound(repository)


def test_what_garbage_collection_takes_meanwhile_is_made_again(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until the references move, nothing leads to the new commits."""
    sha256 = content(repository, "big")
    commit(repository, AddLfsFile("big.bin", sha256), AddFile.of("small", b"small"))
    finish, rounds = rewriting._Rewriting.finish, []

    def collected_before(self: Any) -> bool:
        rounds.append(1)
        if len(rounds) == 1:
            garbage.collect(garbage.Plan(timedelta()), repository=repository)
        return finish(self)

    monkeypatch.setattr(rewriting._Rewriting, "finish", collected_before)
    remove(repository, sha256)
    assert files(repository, "main").keys() == {".gitattributes", "small"}
    assert_sound(repository)


def test_a_repository_that_is_never_still_is_told(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(repository, AddLfsFile("m.bin", content(repository, "x")))
    monkeypatch.setattr(rewriting._Rewriting, "finish", lambda self: False)
    with pytest.raises(Conflict):
        remove(repository, content(repository, "x"))
    assert "m.bin" in files(repository, "main")


def test_many_commits_and_folders_are_made_again_in_parts(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rewriting, "_COMMITS", 2)
    monkeypatch.setattr(rewriting, "_ROWS", 3)
    monkeypatch.setattr(objects, "TREE_BYTES", 50)
    sha256 = content(repository, "x")
    for number in range(7):
        commit(repository, AddLfsFile(f"d{number}/e/m.bin", sha256), AddFile.of(f"d{number}/text", b"1"))
    remove(repository, sha256)
    assert set(files(repository, "main")) == {".gitattributes", *(f"d{number}/text" for number in range(7))}
    assert_sound(repository)


def test_a_content_alone_is_taken_away_from_every_door(client: Client, repository: Repository) -> None:
    sha256 = content(repository, "x")
    head = commit(repository, AddLfsFile("m.bin", sha256))
    assert client.head("/ada/net/resolve/main/m.bin").status_code == 200
    remove(repository, sha256, rewrite_history=False)
    for method in (client.head, client.get):
        answer = method("/ada/net/resolve/main/m.bin")
        assert (answer.status_code, answer["X-Error-Code"]) == (404, "EntryNotFound")
        assert answer["X-Repo-Commit"] == head.oid
    assert client.get("/api/models/ada/net/tree/main").status_code == 200
    assert client.get("/ada/net/blob/main/m.bin").status_code == 200
    content(repository, "x")
    assert client.head("/ada/net/resolve/main/m.bin").status_code == 200


def test_files_that_no_commit_of_the_api_put_there_are_found_in_the_trees(repository: Repository) -> None:
    commit(repository, AddLfsFile("deep/er/m.bin", content(repository, "x")))
    RepositoryLfsObject.objects.update(path="", reference="")
    content(repository, "never committed")
    ((found,), more) = lfs_files.listing(repository, after=0, limit=10)
    assert (found.path, found.reference, more) == ("deep/er/m.bin", "refs/heads/main", False)


def test_the_list_of_large_files_has_pages(client: Client, repository: Repository) -> None:
    hashes = [content(repository, f"{number}") for number in range(5)]
    commit(repository, *(AddLfsFile(f"{number}.bin", sha256) for number, sha256 in enumerate(hashes)))
    address, seen = "/api/models/ada/net/lfs-files?limit=2", []
    while address:
        answer = client.get(address)
        seen += [item["oid"] for item in answer.json()]
        address = answer.get("Link", "").partition("<http://testserver")[2].partition(">")[0]
    assert seen == hashes


@pytest.mark.parametrize(
    "body",
    [
        {}, {"deletions": []}, {"deletions": {"sha": "x"}}, {"deletions": {"sha": ["x"]}}, {"deletions": {"sha": [1]}},
        {"deletions": {"sha": ["a" * 64] * 1001}}, {"deletions": {"sha": [], "rewriteHistory": "yes"}},
    ],
)  # fmt: skip
def test_a_removal_that_makes_no_sense_is_refused(client: Client, repository: Repository, body: Any) -> None:
    headers = make.bearer(make.token(repository.creator))
    answer = client.post("/api/models/ada/net/lfs-files/batch", body, content_type="application/json", headers=headers)
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        {}, {"target": {"type": "model", "name": "ada/net"}}, {"target": "ada/net", "files": []},
        {"target": {"type": "model", "name": "ada/net"}, "files": [{}]},
        {"target": {"type": "model", "name": "ada/net"}, "files": [{"sha256": "a" * 64}] * 501},
    ],
)  # fmt: skip
def test_a_copy_that_makes_no_sense_is_refused(client: Client, repository: Repository, body: Any) -> None:
    headers = make.bearer(make.token(repository.creator))
    answer = client.post(
        "/api/models/ada/net/lfs-files/duplicate", body, content_type="application/json", headers=headers
    )
    assert answer.status_code == 400


def test_a_squash_keeps_the_files_and_tells_one_history(repository: Repository) -> None:
    make.commit(repository, {"a/b/c": "1", "d": os.urandom(10).hex()})
    before = files(repository, "main")
    made = squashing.squash(
        actor=Actor(user=repository.creator), repository=repository, branch="main", message="All\n\nof it"
    )
    assert (made.title, made.body, made.parents) == ("All", "of it", [])
    assert files(repository, "main") == before
    assert_sound(repository)
    assert set(history.last_changes(repository, made.oid, ["a/b"])["a/b"].values()) == {made.oid}
