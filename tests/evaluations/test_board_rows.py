"""What a board says of its rows besides their scores: removed ones, the same weights twice, scores of an older version."""

import re

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Actor
from evaluations.models import Run, SuiteVersion
from evaluations.services import boards, ranking
from evaluations.services.identical_weights import twins_of
from models_registry.models import Repository, Standing
from models_registry.services.standing import close
from tests import make
from tests.evaluations import rows

BOARD = f"/leaderboards/{rows.SUITE}"
WEIGHTS = "ab" * 32


def take_down(repository: Repository, standing: Standing = Standing.TAKEN_DOWN) -> None:
    close(
        actor=Actor(user=make.user(is_admin=True)), repository=repository, standing=standing, reason="a claim",
        notice="Taken down.",
    )  # fmt: skip


def page_of(client: Client, address: str = BOARD) -> str:
    return client.get(address).content.decode()


@pytest.mark.parametrize("is_ranked_since", [False, True])
@pytest.mark.parametrize(
    ("standing", "words"), [(Standing.TAKEN_DOWN, "Taken down on"), (Standing.QUARANTINED, "In quarantine since")]
)
def test_a_row_that_moderators_removed_leaves_its_date_and_no_name(
    client: Client, digits: SuiteVersion, standing: Standing, words: str, is_ranked_since: bool
) -> None:
    stays, goes = make.repository(name="stays-net"), make.repository(name="gone-net")
    for repository in (stays, goes):
        rows.scored(repository)
    take_down(goes, standing)
    if is_ranked_since:
        ranking.rank(digits)
    page = page_of(client)
    assert "gone-net" not in page
    assert goes.namespace.name not in page
    assert words in page
    assert "Moderators have removed one model from this board." in page
    answer = client.get(f"/api/leaderboards/{rows.SUITE}").json()
    assert [row["repository"] for row in answer["rows"]] == [stays.full_name]
    assert answer["removed"] == [{"standing": standing.value, "date": timezone.now().date().isoformat()}]


def test_a_filter_does_not_tell_what_a_removed_model_was(client: Client) -> None:
    for repository in (make.repository(), goes := make.repository(licence="mit")):
        rows.scored(repository)
    take_down(goes)
    for query in ("?license=mit", "?license=gpl-3.0", "?max_params=1"):
        assert "Taken down on" not in page_of(client, BOARD + query)


def test_what_is_private_hidden_or_deleted_vanishes_without_a_word(client: Client, digits: SuiteVersion) -> None:
    private, hidden, deleted, closed_and_private = (make.repository() for _ in range(4))
    for repository in (private, hidden, deleted, closed_and_private):
        rows.scored(repository)
    Repository.objects.filter(pk__in=[private.pk, closed_and_private.pk]).update(private=True)
    take_down(hidden, Standing.HIDDEN)
    take_down(Repository.objects.get(pk=closed_and_private.pk))
    deleted.delete()
    assert boards.removed(digits) == []
    assert "removed" not in page_of(client).lower().split("<main")[1]


def test_a_board_whose_only_model_was_removed_says_so(client: Client) -> None:
    repository = make.repository()
    rows.scored(repository)
    take_down(repository)
    assert "Moderators have removed one model" in page_of(client)


def test_the_same_weights_under_another_name_are_said_to_who_may_see_them(client: Client) -> None:
    first, second, third, secret = (make.repository(private=private) for private in (False, False, False, True))
    runs = [rows.scored(repository, tensor_digest=WEIGHTS) for repository in (first, second, third, secret)]
    other = rows.scored(make.repository(), tensor_digest="cd" * 32)
    shown = twins_of(Actor(), [*runs[:3], other])
    assert {run: (twin.repository, twin.more) for run, twin in shown.items()} == {
        runs[0].pk: (third, 1), runs[1].pk: (first, 1), runs[2].pk: (first, 1),
    }  # fmt: skip
    assert twins_of(Actor(user=secret.creator), runs)[runs[1].pk].more == 2
    page = page_of(client)
    assert page.count("Same weights as") == 3
    assert secret.name not in page
    assert f'Same weights as <a href="{first.get_absolute_url()}"' in page_of(client, runs[1].get_absolute_url())
    found = {row["evaluation"]: row for row in client.get(f"/api/leaderboards/{rows.SUITE}").json()["rows"]}
    assert found[str(runs[1].pk)]["same_weights"] == {"repository": first.full_name, "more": 1}
    assert found[str(other.pk)]["same_weights"] is None


def test_twins_are_found_in_two_queries(
    digits: SuiteVersion, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    runs = [rows.scored(make.repository(), tensor_digest=f"{number // 2:064x}") for number in range(6)]
    with django_assert_num_queries(2):
        assert len([twin.repository.full_name for twin in twins_of(Actor(), runs).values()]) == 6
    with django_assert_num_queries(0):
        assert twins_of(Actor(), []) == {}


@pytest.fixture
def replaced(digits: SuiteVersion) -> tuple[Run, SuiteVersion]:
    """A scored run, and the version of its suite that came after."""
    run = rows.scored(make.repository(), 500)
    SuiteVersion.objects.filter(pk=digits.pk).update(current=False)
    newer = digits.suite.versions.create(
        version="2.0.0", digest="11" * 32, definition=digits.definition, labels_key="b"
    )
    return run, newer


def test_a_score_of_an_older_version_is_shown_as_stale(client: Client, replaced: tuple[Run, SuiteVersion]) -> None:
    run, newer = replaced
    best = rows.scored(run.repository, 520, suite_version=run.suite_version)
    model = page_of(client, run.repository.get_absolute_url())
    assert "sign-stale" in model
    assert best.get_absolute_url() in model
    assert run.get_absolute_url() not in model
    for address in (run.get_absolute_url(), f"{run.repository.get_absolute_url()}/evaluations"):
        assert "sign-stale" in page_of(client, address)
    assert client.get(f"/api/evaluations/{run.pk}").json()["trust"] == "stale"
    again = rows.scored(run.repository, 400, suite_version=newer)
    assert "sign-stale" not in page_of(client, run.repository.get_absolute_url())
    assert client.get(f"/api/evaluations/{again.pk}").json()["trust"] == "verified"
    assert boards.older_scores_of(run.repository) == []


def test_of_older_versions_the_last_counts_and_of_private_models_none(replaced: tuple[Run, SuiteVersion]) -> None:
    run, newer = replaced
    later = rows.scored(run.repository, 300, suite_version=newer)
    SuiteVersion.objects.filter(pk=newer.pk).update(current=False)
    assert [score.run for score in boards.older_scores_of(run.repository)] == [later]
    Repository.objects.filter(pk=run.repository_id).update(private=True)
    assert boards.older_scores_of(run.repository) == []


@pytest.mark.parametrize(("fields", "trust"), [({}, "verified"), ({"state": "invalidated"}, None)])
def test_a_run_says_how_far_it_can_be_trusted(client: Client, fields: dict[str, str], trust: str | None) -> None:
    run = rows.scored(make.repository(), **fields)
    assert client.get(f"/api/evaluations/{run.pk}").json()["trust"] == trust
    if trust:
        rows.scored(run.repository)
        assert {row["trust"] for row in client.get(f"/api/leaderboards/{rows.SUITE}").json()["rows"]} == {"reproduced"}
        assert len(re.findall("sign-reproduced", page_of(client, BOARD))) == 1


def test_of_a_long_board_pages_are_remembered_but_nothing_that_has_left(
    client: Client, digits: SuiteVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boards, "LONG", 1)
    runs = [rows.scored(make.repository(name=name), right) for name, right in (("best-net", 500), ("next-net", 400))]
    address = f"{BOARD}?sort=f1_macro"
    assert re.findall(r"<b>([\w-]+)</b>", page_of(client, address).split("<tbody>")[1]) == ["best-net", "next-net"]
    Repository.objects.filter(pk=runs[0].repository_id).update(private=True)
    shown = page_of(client, address)
    assert "best-net" not in shown
    assert "next-net" in shown
    rows.scored(make.repository(name="newest-net"), 450)
    assert "newest-net" in page_of(client, address)
