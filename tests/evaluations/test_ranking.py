from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Actor
from evaluations import suite_files
from evaluations.models import Board, Result, Score, State, SuiteVersion
from evaluations.services import boards, listing, rank_requests, ranking, requesting, suites
from evaluations.services.board_filters import Filters
from evaluations.tasks import rank_board
from hub.jobs.models import Job
from models_registry.models import Repository
from models_registry.services.repositories import change_settings
from tests import make
from tests.evaluations import building, rows
from tests.evaluations.building import right


def board(version: SuiteVersion, **filters: object) -> list[tuple[str, tuple[int, int]]]:
    rows = boards.standings(version, Filters(**filters))
    return [(row.run.repository.name, (row.first, row.last)) for row in rows]


def test_the_best_run_of_each_repository_stands_in_order_with_ties(digits: SuiteVersion):
    good, nearly, bad = (building.model(name=name) for name in ("good", "nearly", "bad"))
    building.scored(nearly, digits, right(531, first=100))
    building.scored(good, digits, right(500))
    building.scored(good, digits, right(533))
    building.scored(bad, digits, right(300))
    assert board(digits) == [("good", (1, 2)), ("nearly", (1, 2)), ("bad", (3, 3))]
    scores = [row.run.scores.all()[0].value for row in boards.standings(digits)]
    assert scores == [533 / 540, 531 / 540, 300 / 540]


def test_only_what_everybody_may_see_and_what_was_verified_stands_there(digits: SuiteVersion):
    building.scored(building.model(name="shown"), digits, right(400))
    building.scored(building.model(name="secret", private=True), digits, right(540))
    hidden = building.model(name="hidden")
    building.scored(hidden, digits, right(540))
    Repository.objects.filter(pk=hidden.pk).update(disabled_reason="spam")
    building.scored(building.model(name="undone"), digits, right(540), state=State.INVALIDATED)
    building.scored(
        building.model(name="failed"), digits, right(540), state=State.FAILED, failure_kind="model", failure_reason="x"
    )
    assert board(digits) == [("shown", (1, 1))]


def test_a_filter_hides_rows_and_changes_no_rank(digits: SuiteVersion):
    now = timezone.now()
    first, second = building.model(name="first", licence="mit"), building.model(name="second", licence="apache-2.0")
    building.scored(first, digits, right(533), format="onnx", parameters=None)
    building.scored(second, digits, right(200), finished_at=now - timedelta(days=2))
    assert board(digits, licence="apache-2.0") == [("second", (2, 2))]
    assert board(digits, format="onnx") == [("first", (1, 1))]
    assert board(digits, min_parameters=10_000) == [("second", (2, 2))]
    assert board(digits, namespace=first.namespace.name.upper()) == [("first", (1, 1))]
    assert board(digits, since=now - timedelta(days=1)) == [("first", (1, 1))]
    assert board(digits, architecture="mlp") == []


def test_a_score_that_another_run_found_too_is_reproduced(digits: SuiteVersion):
    twice, once, differing = (building.model(name=name) for name in ("twice", "once", "differing"))
    for _ in range(2):
        building.scored(twice, digits, right(533))
    building.scored(once, digits, right(520))
    building.scored(differing, digits, right(500))
    building.scored(differing, digits, right(501))
    trust = {row.run.repository.name: row.trust for row in boards.standings(digits)}
    assert trust == {"twice": "reproduced", "once": "verified", "differing": "verified"}


def test_another_version_of_the_suite_is_another_board(digits: SuiteVersion):
    building.scored(building.model(name="old"), digits, right(533))
    digits.current = False
    digits.save()
    newer = digits.suite.versions.create(
        version="2.0.0", digest="11" * 32, definition=digits.definition, labels_key="b"
    )
    building.scored(building.model(name="new"), newer, right(400))
    assert board(newer) == [("new", (1, 1))]
    assert board(digits) == [("old", (1, 1))]
    assert suites.current_version(digits.suite.name) == newer


def test_a_repository_knows_its_ranks(digits: SuiteVersion):
    better, worse = building.model(), building.model()
    building.scored(better, digits, right(533))
    building.scored(worse, digits, right(100))
    (row,) = boards.ranks_of(worse)
    assert (row.suite_version, row.first, row.last) == (digits, 2, 2)
    assert list(boards.ranks_of(building.model())) == []


def test_a_board_takes_the_same_queries_whatever_its_length(
    digits: SuiteVersion, django_assert_num_queries: DjangoAssertNumQueries
):
    for count in range(2):
        building.scored(building.model(), digits, right(500 + count))
    with django_assert_num_queries(2):
        list(boards.standings(digits))
    for count in range(8):
        building.scored(building.model(), digits, right(400 + count))
    with django_assert_num_queries(2):
        assert len(boards.standings(digits)) == 10


def test_ranking_takes_the_same_queries_whatever_the_boards_length(
    digits: SuiteVersion, django_assert_max_num_queries: DjangoAssertNumQueries
):
    building.scored(building.model(), digits, right(500))
    with django_assert_max_num_queries(14) as few:
        ranking.rank(digits)
    for count in range(4):
        building.scored(building.model(), digits, right(400 + count))
    with django_assert_max_num_queries(len(few)):
        ranking.rank(digits)


def test_what_a_repository_shows_no_more_leaves_the_board_at_once_and_the_ranks_follow(digits: SuiteVersion):
    best, other = building.model(name="best"), building.model(name="other")
    building.scored(best, digits, right(533))
    building.scored(other, digits, right(300))
    Job.objects.all().delete()
    change_settings(actor=Actor(user=best.creator), repository=best, private=True)
    assert board(digits) == [("other", (2, 2))]
    assert list(Job.objects.filter(kind=rank_requests.KIND).values_list("key", flat=True)) == [str(digits.pk)]
    rank_board(str(digits.pk))
    assert board(digits) == [("other", (1, 1))]


def test_an_invalidated_score_leaves_the_board_at_once(digits: SuiteVersion):
    run = building.scored(building.model(), digits, right(533))
    requesting.invalidate(actor=Actor(user=building.operator()), run=run, reason="Its labels leaked.")
    assert board(digits) == []
    assert Job.objects.filter(kind=rank_requests.KIND, key=str(digits.pk)).exists()


def test_a_ranking_keeps_what_every_page_of_its_board_would_have_to_count(digits: SuiteVersion):
    building.scored(building.model(licence="mit"), digits, right(533), machine="EPYC")
    building.scored(building.model(licence="apache-2.0"), digits, right(500), format="onnx")
    building.scored(building.model(licence="secret", private=True), digits, right(540))
    board = Board.objects.get(suite_version=digits)
    assert board.model_count == 2
    assert board.choices == {
        "format": ["onnx", "safetensors"],
        "license": ["apache-2.0", "mit"],
        "architecture": ["digits-cnn"],
        "machine": ["EPYC"],
        "hardware": ["cpu"],
    }
    digits.standings.all().delete()
    Score.objects.all().delete()
    ranking.rank(digits)
    board.refresh_from_db()
    assert (board.model_count, board.choices["license"]) == (0, [])


def test_a_run_that_kept_no_rows_is_told_apart_from_nobody(digits: SuiteVersion):
    first, second, third = (building.model(name=name) for name in ("first", "second", "third"))
    building.scored(first, digits, right(533))
    Result.objects.filter(run=building.scored(second, digits, right(300))).update(outcomes=b"")
    building.scored(third, digits, right(100))
    assert [ranks for _, ranks in board(digits)] == [(1, 3)] * 3


def test_models_that_foretell_numbers_are_separated_only_where_the_data_can(digits: SuiteVersion):
    numbers = rows.suite("diabetes-regression")
    generator = np.random.default_rng(0)
    noise = generator.normal(0, 1, 133).astype("<f4") ** 2
    for name, losses in {
        "good": 100 + noise,
        "as-good": 100.01 + noise[::-1],
        "bad": 300 + noise,
    }.items():  # fmt: skip
        run = building.scored(
            building.model(name=name), numbers, right(133, 133), primary="r2", value=1 - losses.mean() / 6000
        )
        Result.objects.filter(run=run).update(outcomes=b"", losses=losses.astype("<f4").tobytes())
    ranking.rank(numbers)
    assert board(numbers) == [("good", (1, 2)), ("as-good", (1, 2)), ("bad", (3, 3))]


def test_a_list_of_runs_takes_the_same_queries_whatever_its_length(
    digits: SuiteVersion, django_assert_num_queries: DjangoAssertNumQueries
):
    repository = building.model()
    for count in range(6):
        building.scored(repository, digits, right(500 + count))
    with django_assert_num_queries(2):
        runs = list(listing.runs_of(Actor(), repository))
        assert [run.scores.all()[0].name for run in runs] == ["accuracy"] * 6
        assert {run.repository.full_name for run in runs} == {repository.full_name}
    with django_assert_num_queries(2):
        assert len(listing.newest_scored(Actor(), 4)) == 4


def test_runs_of_a_private_repository_are_nobody_elses_business(digits: SuiteVersion):
    repository = building.model(private=True)
    building.scored(repository, digits, right(500))
    assert list(listing.runs_of(Actor(user=make.user()), repository)) == []
    assert len(listing.runs_of(Actor(user=repository.creator), repository)) == 1
    Repository.objects.filter(pk=repository.pk).update(private=False)
    assert len(listing.runs_of(Actor(), repository)) == 1


@pytest.mark.parametrize("count", [1, 2, 3])
def test_suites_are_made_known_once_however_often_it_is_asked(digits: SuiteVersion, count: int):
    for _ in range(count):
        assert digits in suites.synchronize()
    assert SuiteVersion.objects.count() == len(list(suite_files.read_all()))
