"""Two at once, for real: threads with connections of their own."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from accounts.models import Actor
from hub.errors import HubError
from models_registry.models import Commit, Repository
from models_registry.services import references, trees
from models_registry.services.commits import AddFile, create_commit
from models_registry.services.repositories import create_repository
from tests import make

pytestmark = pytest.mark.django_db(transaction=True)

WRITERS = 6


def at_once(work: list) -> list[object]:
    """Run all at the same moment; each result, or the refusal raised."""
    barrier = Barrier(len(work))

    def run(one) -> object:
        try:
            barrier.wait()
            return one()
        except HubError as error:
            return type(error).__name__
        finally:
            connection.close()

    with ThreadPoolExecutor(len(work)) as pool:
        return list(pool.map(run, work))


def _commit(repository: Repository, number: int, parent: str | None):
    return lambda: create_commit(
        actor=Actor(user=repository.creator), repository=repository, branch="main", parent=parent,
        changes=[AddFile.of(f"file{number}", b"%d" % number)], title=f"commit {number}",
    )  # fmt: skip


def test_of_several_commits_on_one_parent_one_wins_and_the_others_are_told() -> None:
    repository = make.repository()
    head = references.resolve(repository, "main").oid
    results = at_once([_commit(repository, number, head) for number in range(WRITERS)])
    won = [result for result in results if isinstance(result, Commit)]
    assert len(won) == 1
    assert Counter(result for result in results if result not in won) == {"BranchMoved": WRITERS - 1}
    assert references.resolve(repository, "main") == won[0]
    assert repository.commits.count() == 2


def test_commits_without_a_parent_queue_up_and_none_is_lost() -> None:
    repository = make.repository()
    results = at_once([_commit(repository, number, None) for number in range(WRITERS)])
    assert all(isinstance(result, Commit) for result in results), results
    paths = {file.path for file in trees.files(repository, references.resolve(repository, "main"))}
    assert paths == {".gitattributes", *(f"file{number}" for number in range(WRITERS))}


def test_a_name_is_given_once() -> None:
    user = make.user("ada")
    results = at_once(
        [lambda: create_repository(actor=Actor(user=user), namespace="ada", name="net") for _ in range(WRITERS)]
    )
    assert Counter(type(result).__name__ if isinstance(result, Repository) else result for result in results) == {
        "Repository": 1,
        "RepositoryExists": WRITERS - 1,
    }
