"""Merging while others merge, write, close and delete: threads with connections of their own."""

from collections import Counter
from collections.abc import Callable

import pytest

from accounts.models import Actor
from models_registry.community.models import Discussion, Event
from models_registry.community.services import discussions, pull_requests
from models_registry.models import Commit, PullRequest, Repository
from models_registry.services import history, references, trees
from models_registry.services.changes import AddFile
from models_registry.services.commits import create_commit
from models_registry.services.pull_requests import propose
from models_registry.services.repositories import delete_repository
from tests import make
from tests.faults.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)

MERGERS = 4


def proposed(repository: Repository, path: str) -> Discussion:
    made, _commit = propose(
        actor=Actor(user=repository.creator), repository=repository, base="main", parent=None,
        changes=[AddFile.of(path, b"1")], title=f"Add {path}",
    )  # fmt: skip
    return Discussion.objects.for_lists().get(repository=repository, number=made.number)


def merging(thread: Discussion) -> Callable[[], Event]:
    found = Discussion.objects.for_lists().get(pk=thread.pk)  # each with an object of its own
    return lambda: pull_requests.merge(actor=Actor(user=found.repository.creator), discussion=found)


def paths(repository: Repository) -> set[str]:
    return {file.path for file in trees.files(repository, references.resolve(repository, "main"))}


def test_of_two_people_merging_at_once_one_merges_and_the_other_is_told() -> None:
    repository = make.repository()
    thread = proposed(repository, "a")
    results = at_once([merging(thread) for _ in range(MERGERS)])
    assert Counter(result for result in results if isinstance(result, str)) == {"WrongState": MERGERS - 1}
    assert repository.commits.count() == 3
    assert Event.objects.filter(discussion=thread, kind=Event.Kind.MERGE).count() == 1


def test_pull_requests_merged_at_once_are_all_in_their_base() -> None:
    repository = make.repository()
    threads = [proposed(repository, f"file{number}") for number in range(3)]
    results = at_once([merging(thread) for thread in threads])
    assert all(isinstance(result, Event) for result in results), results
    assert paths(repository) == {".gitattributes", "file0", "file1", "file2"}
    line = history.commits_from(repository, references.resolve(repository, "main"), 100)
    assert len(line) == 7


def test_a_merge_while_its_base_moves_holds_both() -> None:
    repository = make.repository()
    actor = Actor(user=repository.creator)
    thread = proposed(repository, "a")

    def write(number: int) -> Commit:
        return create_commit(
            actor=actor, repository=repository, branch="main", parent=None, title="x",
            changes=[AddFile.of(f"file{number}", b"2")],
        )  # fmt: skip

    results = at_once([merging(thread), *(lambda number=number: write(number) for number in range(2))])
    assert isinstance(results[0], Event), results
    assert paths(repository) == {".gitattributes", "a", "file0", "file1"}


def test_a_merge_against_its_closing_is_one_or_the_other() -> None:
    for _ in range(3):
        repository = make.repository()
        thread = proposed(repository, "a")
        closing = Discussion.objects.for_lists().get(pk=thread.pk)
        results = at_once(
            [
                merging(thread),
                lambda closing=closing, repository=repository: discussions.set_status(
                    actor=Actor(user=repository.creator), discussion=closing, status="closed"
                ),
            ]
        )
        assert sorted(isinstance(result, Event) for result in results) == [False, True], results
        thread.refresh_from_db()
        found = PullRequest.objects.get(repository=repository)
        assert (thread.status == "merged") == (found.merge_commit is not None)
        assert not found.is_open


def test_a_repository_deleted_during_a_merge_leaves_nothing() -> None:
    for _ in range(3):
        repository = make.repository()
        thread = proposed(repository, "a")
        results = at_once(
            [
                merging(thread),
                lambda repository=repository: delete_repository(
                    actor=Actor(user=repository.creator), repository=repository
                ),
            ]
        )
        assert isinstance(results[0], Event) or results[0] in {"RepositoryNotFound", "DiscussionNotFound"}, results
        assert not Repository.objects.filter(pk=thread.repository_id).exists()
        assert not Event.objects.exists()


def test_comments_at_once_are_all_counted_and_number_no_thread_twice() -> None:
    repository = make.repository()
    actor = Actor(user=repository.creator)
    thread = discussions.open_discussion(actor=actor, repository=repository, title="x", text="y")
    results = at_once(
        [lambda: discussions.comment(actor=actor, discussion=thread, text="z")] * 4
        + [lambda: discussions.open_discussion(actor=actor, repository=repository, title="x")] * 4
    )
    assert not [result for result in results if isinstance(result, str)]
    thread.refresh_from_db()
    assert thread.comment_count == thread.events.count() == 5
    numbers = repository.discussions.order_by("number").values_list("number", flat=True)
    assert list(numbers) == [1, 2, 3, 4, 5]
