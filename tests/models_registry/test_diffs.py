"""What differs between two commits, and which commits changed a path."""

import pytest
from pytest_django.fixtures import DjangoAssertNumQueries

from accounts.models import Actor
from models_registry.errors import EntryNotFound
from models_registry.models import Commit, FolderHistory, Repository
from models_registry.services import ancestry, diffs, objects, path_history, references
from models_registry.services.changes import Change, Delete
from models_registry.services.commits import create_commit, write_commit
from tests import make


def remove(repository: Repository, *paths: str, branch: str = "main") -> Commit:
    changes: list[Change] = [Delete(path) for path in paths]
    return create_commit(
        actor=Actor(user=repository.creator), repository=repository, branch=branch, parent=None, changes=changes,
        title=f"remove {', '.join(paths)}",
    )  # fmt: skip


def told(comparison: diffs.Comparison) -> dict[str, str]:
    return {change.path: str(change.kind) for change in comparison.changes}


def test_files_are_added_removed_modified_renamed_and_the_rest_is_not_told() -> None:
    repository = make.repository()
    old = make.commit(
        repository, {"same/x": "1", "d/moved": "content", "d/gone": "2", "changed": "a\nb\n", "a": "file"}
    )
    make.commit(repository, {"e/moved": "content", "changed": "a\nc\n", "new": "3"})
    new = remove(repository, "d")
    comparison = diffs.between(repository, old, new)
    assert told(comparison) == {"changed": "modified", "d/gone": "removed", "e/moved": "renamed", "new": "added"}
    by_path = {change.path: change for change in comparison.changes}
    former = by_path["e/moved"].old
    assert former is not None
    assert former.path == "d/moved"
    (hunk,) = by_path["changed"].hunks or []
    assert [line.sign + line.text for line in hunk.lines] == [" a", "-b", "+c"]
    assert told(diffs.between(repository, new, new)) == {}


def test_a_file_in_place_of_a_folder_is_both_told() -> None:
    repository = make.repository()
    old = make.commit(repository, {"d/x": "1"})
    remove(repository, "d")
    new = make.commit(repository, {"d": "2"})
    assert told(diffs.between(repository, old, new)) == {"d": "added", "d/x": "removed"}


def test_the_first_commit_is_compared_with_nothing() -> None:
    repository = make.repository()
    assert told(diffs.between(repository, None, references.resolve(repository, "main"))) == {".gitattributes": "added"}


def test_pages_follow_the_paths_and_each_costs_the_same(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    repository = make.repository()
    old = references.resolve(repository, "main")
    new = make.commit(repository, {f"folder-{number:02}/file": f"{number}" for number in range(30)})
    with django_assert_num_queries(6):  # two levels, sizes and trees; the files' sizes; their texts
        first = diffs.between(repository, old, new, limit=10)
    assert (len(first.changes), first.total, first.more) == (10, 30, True)
    rest = diffs.between(repository, old, new, after=first.changes[-1].path, limit=100)
    assert [change.path for change in rest.changes] == [f"folder-{number:02}/file" for number in range(10, 30)]
    assert not rest.more


@pytest.mark.parametrize("content", [b"\0binary", "é".encode("latin-1"), b"x" * 200_000])
def test_lines_are_compared_of_short_texts_alone(content: bytes) -> None:
    repository = make.repository()
    old = make.commit(repository, {"file": "text"})
    (change,) = diffs.between(repository, old, make.commit(repository, {"file": content})).changes
    assert change.hunks is None


def test_what_differs_too_much_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diffs, "MOST_SIDES", 5)
    repository = make.repository()
    old = references.resolve(repository, "main")
    new = make.commit(repository, {f"file-{number}": "x" for number in range(9)})
    comparison = diffs.between(repository, old, new)
    assert (comparison.is_cut, comparison.total) == (True, 5)


def test_the_fork_is_where_the_lines_meet() -> None:
    repository = make.repository()
    fork = make.commit(repository)
    references.create_branch(actor=Actor(user=repository.creator), repository=repository, name="side")
    here, there = make.commit(repository), make.commit(repository, branch="side")
    assert ancestry.fork_of(repository, here, there) == fork
    assert ancestry.fork_of(repository, here, fork) == fork
    merge = write_commit(
        actor=Actor(user=repository.creator), repository=repository, tree=there.tree, parents=[there.oid, here.oid],
        title="merge", body="", prepared=[], batch=objects.next_batch(repository),
    )  # fmt: skip
    later = make.commit(repository)
    assert ancestry.fork_of(repository, later, merge) == here
    strange = write_commit(
        actor=Actor(user=repository.creator), repository=repository, tree=there.tree, parents=[], title="alone", body="",
        prepared=[], batch=objects.next_batch(repository),
    )  # fmt: skip
    assert ancestry.fork_of(repository, later, strange) is None


def test_a_path_pushed_a_moment_ago_has_no_history_yet() -> None:
    repository = make.repository()
    start = make.commit(repository, {"a": "1"})
    FolderHistory.objects.all().delete()
    assert path_history.of_path(repository, start, "a", limit=5).commits == []


def history_of(repository: Repository, path: str, limit: int = 50) -> list[str]:
    """Titles, all pages together."""
    page = path_history.of_path(repository, references.resolve(repository, "main"), path, limit=limit)
    titles = [commit.title for commit in page.commits]
    while page.next:
        start = Commit.objects.get(repository=repository, oid=page.next)
        page = path_history.of_path(repository, start, path, limit=limit, begins_here=True)
        titles += [commit.title for commit in page.commits]
    return titles


@pytest.mark.parametrize("limit", [1, 2, 50])
@pytest.mark.parametrize("most_maps", [2, 3, 256])
def test_the_history_of_a_path_is_that_of_its_changes(
    limit: int, most_maps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(path_history, "_MOST_MAPS", most_maps)
    repository = make.repository()
    make.commit(repository, {"d/a": "1", "d/b": "1"}, title="first a and b")
    make.commit(repository, {"d/b": "2"}, title="second b")
    make.commit(repository, {"other": "x"}, title="elsewhere")
    make.commit(repository, {"d/a": "2"}, title="second a")
    remove(repository, "d/b")
    make.commit(repository, {"d/b": "3"}, title="b again")
    assert history_of(repository, "d/a", limit) == ["second a", "first a and b"]
    assert history_of(repository, "d/b", limit) == ["b again", "remove d/b", "second b", "first a and b"]
    assert history_of(repository, "d", limit) == ["b again", "remove d/b", "second a", "second b", "first a and b"]
    assert history_of(repository, "other", limit) == ["elsewhere"]


def test_a_path_that_is_not_there_has_no_history() -> None:
    repository = make.repository()
    make.commit(repository, {"a": "1"})
    remove(repository, "a")
    with pytest.raises(EntryNotFound):
        history_of(repository, "a")


@pytest.mark.parametrize("count", [2, 40])
def test_the_history_of_a_path_costs_the_same_however_long(
    count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    repository = make.repository()
    for number in range(count):
        make.commit(repository, {"d/a": f"{number}", "d/b": "same"})
    start = references.resolve(repository, "main")
    with django_assert_num_queries(7 if count < 20 else 5):  # at its end it looks whether an older one follows
        page = path_history.of_path(repository, start, "d/a", limit=20)
    assert len(page.commits) == min(count, 20)
