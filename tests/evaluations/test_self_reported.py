"""Scores out of models' cards: read after a commit, shown apart, ranked with nothing."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from evaluations.models import SelfReportedScore, SuiteVersion
from evaluations.services import boards, self_reported
from evaluations.tasks import read_self_reported_scores
from hub.jobs.models import Job
from models_registry.models import Repository
from models_registry.services.indexing import index_commit
from tests import make
from tests.evaluations import rows

BOARD = f"/leaderboards/{rows.SUITE}?tab=self-reported"


def card(
    value: object = 0.99, metric: str = "accuracy", task: str = "image-classification", data: str = "mnist"
) -> str:
    return f"""---
model-index:
- name: a-net
  results:
  - task: {{type: {task}}}
    dataset: {{type: {data}, name: The {data} set}}
    metrics: [{{type: {metric}, value: {value}}}]
    source: {{name: a log, url: "https://example.org/log"}}
---
"""


def reporting(*cards: str, files: dict[str, str] | None = None, **fields: object) -> Repository:
    """A model whose commits were indexed and read as workers do it."""
    repository = make.repository(**fields)
    for text in cards or ("",):
        index(repository, {"README.md": text} | (files or {}))
    return repository


def index(repository: Repository, files: dict[str, str]) -> None:
    commit = make.commit(repository, files)
    index_commit(repository.pk, commit.oid)
    for job in Job.objects.filter(kind=self_reported.KIND, key=str(repository.pk)):
        read_self_reported_scores(job.key)


def reported(version: SuiteVersion) -> list[tuple[str, float]]:
    return [(row.repository.name, row.value) for row in self_reported.reported_for(version)]


def test_a_card_and_its_files_are_read_after_each_commit(digits: SuiteVersion) -> None:
    files = {
        ".eval_results/digits.yaml": "- dataset: {id: Digits, task_id: default}\n  value: 98.5\n",
        ".eval_results/broken.yaml": "- {",
        ".eval_results/deeper/no.yaml": "- dataset: {id: digits, task_id: x}\n  value: 1\n",
    }
    repository = reporting(card(0.98), card(0.99), files=files, name="a-net")
    assert reported(digits) == [("a-net", 98.5), ("a-net", 0.99)]
    assert {row.path for row in self_reported.reported_by(repository)} == {"README.md", ".eval_results/digits.yaml"}
    index(repository, {"README.md": "Nothing.\n", ".eval_results/digits.yaml": "[]\n"})
    assert not SelfReportedScore.objects.exists()


def test_a_model_that_reports_nothing_costs_no_job() -> None:
    reporting("# A card\n")
    reporting(card(), kind="dataset")
    assert not Job.objects.filter(kind=self_reported.KIND).exists()


@pytest.mark.parametrize(
    ("written", "is_shown"),
    [
        ({}, True),
        ({"metric": "Acc"}, True),
        ({"metric": "macro F1"}, True),
        ({"task": "Image Classification"}, True),
        ({"metric": "bleu"}, False),
        ({"task": "text-generation"}, False),
        ({"task": "text-generation", "data": "digits"}, True),
        ({"task": "text-generation", "data": "digits", "metric": "bleu"}, False),
        ({"value": ".nan"}, False),
        ({"value": "1e300"}, False),
        ({"value": "'0.99'"}, False),
    ],
)
def test_a_board_shows_what_its_suite_could_have_measured(
    digits: SuiteVersion, written: dict[str, str], is_shown: bool
) -> None:
    reporting(card(**written))
    assert bool(reported(digits)) is is_shown


def test_self_reported_scores_stand_on_a_tab_of_their_own_and_are_ranked_with_nothing(
    client: Client, digits: SuiteVersion
) -> None:
    measured = rows.scored(make.repository(name="measured-net"), 300)
    for name, value, data in (("b-net", 0.2, "mnist"), ("a-net", 0.1, "mnist"), ("c-net", 0.9999, "digits")):
        reporting(card(value, data=data), name=name)
    page = client.get(BOARD).content.decode()
    first, *others = [page.index(f"{name}-net</a>") for name in ("c", "a", "b")]
    assert first < min(others)
    assert page.count("names this suite’s data") == 1
    assert "Nobody has measured these here" in page
    assert 'rel="nofollow noopener ugc"' in page
    assert "measured-net" not in page.split("<main")[1]
    board = client.get(f"/leaderboards/{rows.SUITE}").content.decode()
    assert "c-net" not in board
    assert [row.run for row in boards.standings(digits)] == [measured]
    assert len(client.get(f"/api/leaderboards/{rows.SUITE}").json()["rows"]) == 1
    answer = client.get(f"/api/leaderboards/{rows.SUITE}/self-reported", {"limit": 2})
    assert [row["value"] for row in answer.json()] == [0.2, 0.1]
    assert answer.json()[0]["source_url"] == "https://example.org/log"
    assert 'rel="next"' in answer.headers["Link"]


def test_a_models_page_says_what_its_card_claims(client: Client) -> None:
    repository = reporting(card(0.99))
    page = client.get(repository.get_absolute_url()).content.decode()
    assert "Self-reported" in page
    assert "nobody has measured it here" in page
    assert "Self-reported" not in client.get(make.repository().get_absolute_url()).content.decode()


def test_what_a_private_or_closed_model_claims_is_on_no_board(client: Client, digits: SuiteVersion) -> None:
    private, hidden = reporting(card(), private=True), reporting(card())
    Repository.objects.filter(pk=hidden.pk).update(disabled_reason="spam")
    assert reported(digits) == []
    assert private.name not in client.get(BOARD).content.decode()
    assert client.get(f"/api/leaderboards/{rows.SUITE}/self-reported").json() == []
    assert "Nobody reports a score" in client.get(BOARD).content.decode()


def test_words_that_grow_when_they_are_small_are_kept_short(digits: SuiteVersion) -> None:
    repository = reporting(card(metric="İ" * 200, data="İ" * 200))
    assert len(self_reported.reported_by(repository)[0].metric_key) == 200


def test_the_tab_takes_the_same_queries_whatever_its_length(
    client: Client, digits: SuiteVersion, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    reporting(card())
    client.get(BOARD)
    with django_assert_max_num_queries(9) as few:
        client.get(BOARD)
    for _ in range(3):
        reporting(card())
    with django_assert_max_num_queries(len(few)):
        assert client.get(BOARD).content.decode().count("mnist") >= 4


def test_a_job_for_what_was_deleted_does_nothing() -> None:
    repository = reporting(card())
    key = str(repository.pk)
    repository.delete()
    read_self_reported_scores(key)
    assert not SelfReportedScore.objects.exists()
