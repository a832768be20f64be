"""History of what was pushed: last changes by a walk that comes later, never wrong before it."""

from datetime import datetime

import pytest

from accounts.models import Actor
from hub.jobs.models import Job
from models_registry.models import Commit, FolderHistory, Repository
from models_registry.services import history, history_maps, references
from models_registry.services.changes import AddFile, Delete
from models_registry.services.commits import create_commit
from tests import make
from tests.models_registry.git_http.sending import Objects, Pusher

FILE, FOLDER = "100644", "40000"


class Line:
    """Commits made by hand: `files` is {path: content} of two levels at most."""

    def __init__(self) -> None:
        self.objects = Objects()
        self._seen: set[str] = set()
        self._number = 0

    def _once(self, oid: str) -> str:
        if oid in self._seen:
            self.objects.entries.pop()
        self._seen.add(oid)
        return oid

    def commit(self, files: dict[str, str], *parents: str, at: int | None = None) -> str:
        self._number += 1
        folders: dict[str, list[tuple[str, bytes, str]]] = {"": []}
        for path, content in sorted(files.items()):
            folder, _, name = path.rpartition("/")
            entry = (FILE, name.encode(), self._once(self.objects.blob(content.encode())))
            folders.setdefault(folder, []).append(entry)
        for folder in sorted(set(folders) - {""}):
            folders[""].append((FOLDER, folder.encode(), self._once(self.objects.tree(*folders[folder]))))
        root = sorted(folders[""], key=lambda entry: entry[1] + (b"/" if entry[0] == FOLDER else b""))
        when = at if at is not None else 1_000_000 + self._number
        return self.objects.commit(
            self._once(self.objects.tree(*root)), *parents, message=f"commit {self._number}",
            author=f"A <a@example.org> {when} +0000",
        )  # fmt: skip

    def push(self, repository: Repository, head: str, name: str = "refs/heads/pushed") -> None:
        assert Pusher(repository).push(name, head, self.objects).results == {name: ""}


@pytest.fixture
def repository() -> Repository:
    return make.repository()


def last(repository: Repository, head: str) -> dict[str, str]:
    folders = {"": "", "a": "a/", "b": "b/"}
    maps = history.last_changes(repository, head, folders)
    return {f"{folders[folder]}{name}": oid for folder, names in maps.items() for name, oid in names.items()}


def test_before_the_walk_nothing_is_said_and_after_it_the_truth(repository: Repository):
    line = Line()
    first = line.commit({"a/x": "1", "a/y": "1", "top": "1"})
    second = line.commit({"a/x": "2", "a/y": "1", "top": "1"}, first)
    side = line.commit({"a/x": "1", "a/y": "side", "top": "1"}, first)
    merge = line.commit({"a/x": "2", "a/y": "side", "top": "1"}, second, side)
    moved = line.commit({"b/x": "2", "b/y": "side", "top": "1"}, merge)
    line.push(repository, moved)
    assert last(repository, moved) == {}
    history_maps.write_missing(repository.pk)
    assert last(repository, merge) == {"a": merge, "top": first, "a/x": second, "a/y": side}
    assert last(repository, moved) == {"b": moved, "top": first, "b/x": moved, "b/y": moved}
    before = FolderHistory.objects.filter(repository=repository).count()
    history_maps.write_missing(repository.pk)
    assert FolderHistory.objects.filter(repository=repository).count() == before


def test_a_merge_takes_what_its_first_parent_says_where_both_have_the_same(repository: Repository):
    line = Line()
    first = line.commit({"a/x": "1"})
    one = line.commit({"a/x": "2"}, first)
    other = line.commit({"a/x": "2", "a/y": "1"}, first)
    merge = line.commit({"a/x": "2", "a/y": "1"}, one, other)
    line.push(repository, merge)
    history_maps.write_missing(repository.pk)
    assert last(repository, merge) == {"a": other, "a/x": other, "a/y": other}


def test_a_commit_by_the_api_on_a_pushed_head_waits_for_the_walk_too(repository: Repository):
    line = Line()
    first = line.commit({"a/x": "1", "top": "1"})
    line.push(repository, first)
    Job.objects.filter(kind="map_history").update(state="done")
    made = create_commit(
        actor=Actor(user=repository.creator), repository=repository, branch="pushed", parent=first,
        changes=[AddFile.of("a/y", b"new"), Delete("top")], title="by the API",
    )  # fmt: skip
    assert last(repository, made.oid) == {}
    assert Job.objects.get(kind="map_history").state == "queued"
    history_maps.write_missing(repository.pk)
    assert last(repository, made.oid) == {"a": made.oid, "a/x": first, "a/y": made.oid}
    following = make.commit(repository, {"b/z": "z"}, branch="pushed")
    assert last(repository, following.oid) == last(repository, made.oid) | {"b": following.oid, "b/z": following.oid}


def test_commits_are_listed_children_first_even_where_clocks_are_wrong(repository: Repository):
    line = Line()
    first = line.commit({"f": "1"}, at=5_000_000)
    second = line.commit({"f": "2"}, first, at=1_000)
    side = line.commit({"f": "3"}, first, at=3_000_000)
    merge = line.commit({"f": "4"}, second, side, at=2_000)
    other = line.commit({"f": "5"}, first, at=9_000_000)
    line.push(repository, merge)
    line.push(repository, other, "refs/heads/other")
    start = Commit.objects.get(repository=repository, oid=merge)
    listed = [commit.oid for commit in history.commits_from(repository, start, 10)]
    assert sorted(listed) == sorted([merge, second, side, first])
    assert (listed[0], listed[-1]) == (merge, first)
    pages = []
    after = None
    while True:
        found = history.commits_from(repository, start, 2, after=after)
        pages += [commit.oid for commit in found[:1]]
        if len(found) < 2:
            break
        after = found[1]
    assert pages == listed


def test_a_page_of_commits_costs_the_same_queries_however_long_it_is(repository: Repository, django_assert_num_queries):
    line = Line()
    head = line.commit({"f": "0"})
    for number in range(1, 30):
        head = line.commit({"f": str(number)}, head)
    line.push(repository, head)
    start = Commit.objects.get(repository=repository, oid=head)
    for count in (2, 30):
        with django_assert_num_queries(2):
            assert len(history.commits_from(repository, start, count)) == count


def test_pushed_commits_are_rows_like_those_of_the_api(repository: Repository):
    owner = repository.creator
    assert owner is not None
    ours = f"Ada <{owner.username}@users.noreply.testserver>"
    objects = Objects()
    tree = objects.tree((FILE, b"f", objects.blob()))
    made = objects.commit(
        tree,
        message="A title\nof two lines\n\nAnd a body.\n",
        author=f"{ours} 1700000000 +0100",
    )
    unknown = objects.commit(tree, made, message="second", author="Nobody <somebody@example.net> 1700000001 +0000")
    assert Pusher(repository).push("refs/heads/pushed", unknown, objects).results == {"refs/heads/pushed": ""}
    first, second = (references.resolve(repository, oid) for oid in (made, unknown))
    assert (first.title, first.body, first.author, first.parents) == ("A title of two lines", "And a body.", owner, [])
    assert first.committed_at == datetime.fromisoformat("2023-11-14T22:13:20+00:00")
    assert (second.author, second.author_name, second.first_parent) == (None, "Nobody", made)


def test_a_push_to_the_default_branch_is_indexed(repository: Repository):
    head = references.resolve(repository, "main").oid
    objects = Objects()
    commit = objects.commit(objects.tree((FILE, b"README.md", objects.blob(b"# Pushed\n\nA sentence."))), head)
    Pusher(repository).push("refs/heads/main", commit, objects, old=head)
    assert Job.objects.filter(kind="index_commit", key__startswith=f"{repository.pk}:{commit}").exists()
