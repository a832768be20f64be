"""Models side by side: their facts, their scores, and what follows of both."""

import csv
import io
import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from evaluations.services import ranking
from models_registry.models import Repository
from tests import make
from tests.evaluations import rows


@pytest.fixture
def models() -> list[Repository]:
    """Two on a board, the second far behind; one on none; one private."""
    owner = make.user("ada")
    fields = [
        {"licence": "mit", "parameter_count": 1000},
        {"licence": "apache-2.0", "parameter_count": 2000},
        {"licence": "mit"},
        {"private": True},
    ]
    made = [make.repository(owner, f"net{number}", **chosen) for number, chosen in enumerate(fields)]
    for repository, correct in zip(made, (533, 300), strict=False):
        run = rows.keep_digits(rows.scored(repository, correct), set(range(correct, rows.ROWS)))
    ranking.rank(run.suite_version)
    return made


def page(query: str, client: Client | None = None) -> str:
    answer = (client or Client()).get(f"/compare{query}")
    assert answer.status_code == 200, answer
    return answer.content.decode()


def test_facts_and_scores_stand_side_by_side_and_differences_are_marked(models: list[Repository]) -> None:
    shown = page("?models=ada/net0,ada/net1,ada/net2")
    assert "<b>0.9870</b>" in shown
    assert ">0.5556<" in shown
    assert shown.count("best of these") == 1
    licence = shown[shown.index("Licence<") :]
    assert licence.index("(differs)") < licence.index("</th>")
    library = shown[shown.index("Library<") :]
    assert "(differs)" not in library[: library.index("</th>")]


def test_boxes_that_were_ticked_become_one_short_address(models: list[Repository]) -> None:
    answer = Client().get("/compare?models=ada/net0&models=ada/net1&models=ADA/net0")
    assert (answer.status_code, answer["Location"]) == (302, "/compare?models=ada/net0,ada/net1")


@pytest.mark.parametrize(
    ("address", "is_offered"),
    [("/models", True), ("/search?q=net&type=models", True), ("/search?q=net", False), ("/datasets", False)],
)
def test_models_are_ticked_in_lists_of_models(models: list[Repository], address: str, is_offered: bool) -> None:
    make.repository(models[0].creator, "net", kind="dataset")
    shown = Client().get(address).content.decode()
    assert ('id="compare" method="get" action="/compare"' in shown) == is_offered
    boxes = re.findall(r'<input type="checkbox" form="compare" name="models"[^>]*>', shown)
    assert bool(boxes) == (address != "/datasets")
    assert all(re.search(r' value="(ada/net\d)" aria-label="Compare \1"', box) for box in boxes)


def test_a_model_is_added_by_its_name_or_out_of_what_was_found(models: list[Repository]) -> None:
    answer = Client().get("/compare?models=ada/net0&add=ada/net1")
    assert answer["Location"] == "/compare?models=ada/net0,ada/net1"
    assert 'href="/compare?models=ada/net0,ada/net2"' in page("?models=ada/net0&add=net2")
    assert "No model matches" in page("?add=nothing-like-it")


def test_what_is_missing_or_too_much_is_told(models: list[Repository]) -> None:
    shown = page("?models=ada/net0,ada/net3,no/such,rubbish,<b>")
    for name in ("ada/net3", "no/such", "rubbish", "&lt;b&gt;"):
        assert f"<b>{name}</b>" in shown
    assert "these are the first" in page("?models=" + ",".join(f"a/{number}" for number in range(7)))
    assert "Nothing to compare yet" in page("")


def test_a_private_model_is_compared_by_who_may_see_it_alone(models: list[Repository]) -> None:
    member = Client()
    member.force_login(models[3].creator)
    assert "no such models" in page("?models=ada/net3")
    assert "None of them is on a leaderboard" in page("?models=ada/net3", member)
    assert "net3" not in Client().get("/compare/facts.csv?models=ada/net3").getvalue().decode()


def test_the_comparison_can_be_had_as_csv(models: list[Repository]) -> None:
    text = Client().get("/compare/facts.csv?models=ada/net0,ada/net1").getvalue().decode().removeprefix("\ufeff")
    table = {row[0]: row[1:] for row in csv.reader(io.StringIO(text))}
    assert table[""] == ["ada/net0", "ada/net1"]
    assert table["Licence"] == ["mit", "apache-2.0"]
    assert table["digits-image-classification first rank"] == ["1", "2"]


def test_six_models_cost_no_more_queries_than_two(
    models: list[Repository], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(8):
        page("?models=ada/net0,ada/net1,ada/net2")


def test_the_board_and_its_progress_can_be_had_as_csv(models: list[Repository]) -> None:
    board = Client().get("/leaderboards/digits-image-classification").content.decode()
    assert 'href="/api/leaderboards/digits-image-classification.csv?' in board
    assert 'data-png="digits-image-classification-quality-cost"' in board
    over_time = Client().get("/leaderboards/digits-image-classification?tab=progress").content.decode()
    assert "/api/leaderboards/digits-image-classification/progress.csv" in over_time
    rows_of_file = Client().get("/api/leaderboards/digits-image-classification/progress.csv").getvalue().decode()
    assert rows_of_file.splitlines()[0] == "measured_at,model,run,value,low,high"
    assert "ada/net0" in rows_of_file
