"""Listing files page by page: the same order as a sort of everything, read folder by folder."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django.fixtures import DjangoAssertNumQueries

from accounts.models import Actor
from models_registry.formats import git_objects
from models_registry.formats.git_objects import FILE_MODE, FOLDER_MODE, Entry
from models_registry.models import Commit, ObjectKind, Repository
from models_registry.services import objects, trees
from models_registry.services.commits import write_commit
from tests import make

names = st.text("a-.0b", min_size=1, max_size=3).filter(lambda name: name not in {".", ".."})
folders = st.recursive(st.none(), lambda below: st.dictionaries(names, below, min_size=1, max_size=4), max_leaves=25)


def commit_of(repository: Repository, root: dict) -> Commit:
    """A commit of nested dictionaries; None is a file."""
    prepared = [objects.blob_of(b"x")]

    def encode(folder: dict) -> str:
        entries = {
            name: Entry(FILE_MODE, prepared[0].oid) if below is None else Entry(FOLDER_MODE, encode(below))
            for name, below in folder.items()
        }
        encoded = git_objects.encode_tree(entries)
        prepared.append(objects.row_of(encoded, ObjectKind.TREE))
        return encoded.oid

    return write_commit(
        actor=Actor(user=repository.creator), repository=repository, tree=encode(root), parents=[], title="files", body="",
        prepared=prepared, batch=objects.next_batch(repository),
    )  # fmt: skip


def all_paths(root: dict, above: str = "") -> list[str]:
    paths = []
    for name, below in root.items():
        paths.append(above + name)
        paths += all_paths(below, f"{above}{name}/") if below is not None else []
    return sorted(paths)


def flat(pages: list[list[str]]) -> list[str]:
    return [path for page in pages for path in page]


def by_pages(repository: Repository, commit: Commit, limit: int, path: str = "") -> list[list[str]]:
    pages, after, more = [], "", True
    while more:
        entries, more = trees.listing(repository, commit, path, recursive=True, after=after, limit=limit)
        pages.append([entry.path for entry in entries])
        after = pages[-1][-1] if pages[-1] else after
    return pages


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(root=st.dictionaries(names, folders, min_size=1, max_size=5), limit=st.integers(1, 5))
def test_pages_in_a_row_are_the_whole_list_in_order(root: dict, limit: int) -> None:
    repository = make.repository()
    pages = by_pages(repository, commit_of(repository, root), limit)
    assert flat(pages) == all_paths(root)
    assert {len(page) for page in pages[:-1]} <= {limit}


def test_a_folders_list_holds_its_own_entries_alone() -> None:
    repository = make.repository()
    commit = commit_of(repository, {"a": {"x": None, "b": {"y": None}}, "a-b": {"z": None}, "a.txt": None})
    assert flat(by_pages(repository, commit, 1, "a")) == ["a/b", "a/b/y", "a/x"]
    entries, more = trees.listing(repository, commit, limit=2)
    assert ([entry.path for entry in entries], more) == (["a", "a-b"], True)


@pytest.mark.parametrize("count", [3, 300])
def test_a_page_reads_as_many_levels_as_it_shows_and_not_every_folder(
    count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    repository = make.repository()
    root = {f"folder-{number:03}": {"deep": {"file": None}} for number in range(count)}
    commit = commit_of(repository, root)
    with django_assert_num_queries(3 * 2 + 1):  # three levels, their sizes first; then the files' sizes
        entries, _more = trees.listing(repository, commit, recursive=True, after="folder-000", limit=5)
    assert [entry.path for entry in entries][:3] == ["folder-000/deep", "folder-000/deep/file", "folder-001"]


def test_only_what_fits_into_memory_is_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "TREE_BYTES", 100)
    repository = make.repository()
    root = {f"folder-{number}": {f"file-{index}": None for index in range(9)} for number in range(9)}
    assert flat(by_pages(repository, commit_of(repository, root), 40)) == all_paths(root)
