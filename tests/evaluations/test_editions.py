"""Editions: signed, kept, never changed, and naming nobody who is not public any more."""

import csv
import hashlib
import io
import json
from datetime import date
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Actor, AuditEntry
from evaluations import signing
from evaluations.errors import EditionExists, NothingToPublish
from evaluations.models import Edition, EditionModel, Run, Suite, SuiteVersion
from evaluations.reproducing import checking
from evaluations.reproducing.__main__ import main as check_command
from evaluations.services import citing, editions, rank_requests, ranking
from hub.errors import Forbidden
from hub.jobs.models import Job
from models_registry import storage
from models_registry.models import Repository
from tests import make
from tests.evaluations import building, rows
from tests.evaluations.building import right

BOARD = "/leaderboards/digits-image-classification"


@pytest.fixture
def repositories(digits: SuiteVersion) -> list[Repository]:
    """Of a board with two models in it."""
    found = [building.model(name=name) for name in ("better", "worse")]
    for repository, correct in zip(found, (533, 300), strict=True):
        building.scored(repository, digits, right(correct))
    Job.objects.all().delete()
    return found


def publish(version: SuiteVersion) -> Edition:
    return editions.publish(actor=Actor(user=building.operator()), board=version)


def test_an_edition_is_the_board_as_it_stood_signed_and_to_be_checked_offline(
    repositories: list[Repository], digits: SuiteVersion, client: Client, tmp_path: Path
):
    published = publish(digits)
    answer = client.get(f"/api{published.get_absolute_url()}").json()
    document = answer["edition"]
    assert signing.is_genuine(document, signing.public_key())
    assert [row["rank"] for row in document["rows"]] == [[1, 1], [2, 2]]
    assert document["rows"][0]["metrics"]["accuracy"]["value"] == 533 / 540
    assert (document["edition"], document["suite"]["version"]) == (str(timezone.localdate()), digits.version)
    run = Run.objects.get(repository=repositories[0])
    model = answer["models"][0]
    assert (model["repository"], model["commit"], model["evaluation"]) == (
        repositories[0].full_name, run.commit, str(run.pk),
    )  # fmt: skip
    assert model["result_sha256"] == run.result.sha256
    assert checking.check_edition(answer) == (signing.public_key(), 2, 0)
    file = tmp_path / "edition.json"
    file.write_text(json.dumps(answer))
    assert check_command(["verify", str(file), "--key", signing.public_key()]) == 0
    content = client.get(f"/api{published.get_absolute_url()}/document").content
    assert hashlib.sha256(content).hexdigest() == published.sha256
    assert AuditEntry.objects.filter(action="edition.published").exists()


@pytest.mark.parametrize("change", ["score", "name", "row", "none"])
def test_a_changed_edition_is_found_out(
    change: str, repositories: list[Repository], digits: SuiteVersion, client: Client
):
    answer = client.get(f"/api{publish(digits).get_absolute_url()}").json()
    if change == "score":
        answer["edition"]["rows"][0]["metrics"]["accuracy"]["value"] = 1.0
    elif change == "name":
        answer["models"][0]["repository"] = "somebody/else"
    elif change == "row":
        answer["models"].reverse()
    else:
        answer = {"edition": answer["edition"]}
    with pytest.raises(checking.NotReproducedError):
        checking.check_edition(answer)


def test_later_runs_do_not_change_an_edition(repositories: list[Repository], digits: SuiteVersion, client: Client):
    published = publish(digits)
    before = client.get(f"/api{published.get_absolute_url()}").content
    building.scored(repositories[1], digits, right(540))
    building.scored(building.model(name="newcomer"), digits, right(539))
    assert client.get(f"/api{published.get_absolute_url()}").content == before
    page = client.get(published.get_absolute_url()).content.decode()
    assert page.index(repositories[0].full_name) < page.index(repositories[1].full_name)
    assert "newcomer" not in page


@pytest.mark.parametrize("how", ["taken down", "private", "deleted"])
def test_who_is_not_public_any_more_is_named_nowhere_and_the_signature_holds(
    how: str, repositories: list[Repository], digits: SuiteVersion, client: Client
):
    published = publish(digits)
    gone = repositories[0]
    name, run = gone.full_name, gone.runs.get()
    if how == "deleted":
        gone.delete()
        assert EditionModel.objects.count() == 1
    else:
        Repository.objects.filter(pk=gone.pk).update(
            **{"private": True} if how == "private" else {"disabled_reason": "Stolen weights"}
        )
    address = published.get_absolute_url()
    answer = client.get(f"/api{address}").json()
    assert answer["models"][0] is None
    assert checking.check_edition(answer) == (signing.public_key(), 1, 1)
    page = client.get(address).content.decode()
    assert "A model that is not public any more" in page
    assert "0.9870" in page
    table = client.get(f"/api{address}/table.csv").getvalue().decode()
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [(row["rank_first"], row["repository"]) for row in rows] == [("1", ""), ("2", repositories[1].full_name)]
    assert float(rows[0]["accuracy"]) == 533 / 540
    shown = page + table + json.dumps(answer) + client.get(f"/api{address}/document").content.decode()
    assert name not in shown
    assert str(run.pk) not in shown
    assert run.commit not in json.dumps(answer["edition"])


def test_what_comes_back_is_named_again_and_what_was_private_never_was(
    repositories: list[Repository], digits: SuiteVersion, client: Client
):
    secret = building.model(name="secret", private=True)
    building.scored(secret, digits, right(540))
    Job.objects.all().delete()
    published = publish(digits)
    Repository.objects.filter(pk=repositories[0].pk).update(private=True)
    Repository.objects.filter(pk=repositories[0].pk).update(private=False)
    Repository.objects.filter(pk=secret.pk).update(private=False)
    names = [model["repository"] for model in client.get(f"/api{published.get_absolute_url()}").json()["models"]]
    assert names == [repository.full_name for repository in repositories]


def test_there_is_one_edition_a_day_and_none_of_nothing(repositories: list[Repository], digits: SuiteVersion):
    publish(digits)
    with pytest.raises(EditionExists, match="tomorrow"):
        publish(digits)
    iris = rows.suite("iris-classification")
    with pytest.raises(NothingToPublish, match="ranked anew"):
        publish(iris)
    ranking.rank(iris)
    with pytest.raises(NothingToPublish, match="Nothing stands"):
        publish(iris)


def test_a_board_that_waits_for_its_ranking_is_not_published(repositories: list[Repository], digits: SuiteVersion):
    rank_requests.ask(digits)
    with pytest.raises(NothingToPublish, match="ranked anew"):
        publish(digits)
    assert not Edition.objects.exists()


def test_an_edition_whose_document_is_not_what_was_signed_is_not_shown(
    repositories: list[Repository], digits: SuiteVersion, client: Client
):
    published = publish(digits)
    storage.put(published.key, storage.get(published.key).replace(b"0.98", b"0.99"))
    for address in (published.get_absolute_url(), f"/api{published.get_absolute_url()}"):
        assert client.get(address).status_code == 503
    storage.delete(published.key)
    assert client.get(published.get_absolute_url()).status_code == 503


def test_staff_publish_from_the_admin_and_the_command_line_and_members_do_not(
    repositories: list[Repository], digits: SuiteVersion, client: Client, capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(Forbidden):
        editions.publish(actor=Actor(user=make.user()), board=digits)
    client.force_login(building.operator())
    address = reverse("admin:evaluations_suite_publish_edition", args=[digits.suite.pk])
    client.post(address, {"_form_submitted": "true"})
    published = Edition.objects.get()
    for page in ("changelist", "change"):
        arguments = [published.pk] if page == "change" else []
        assert client.get(reverse(f"admin:evaluations_edition_{page}", args=arguments)).status_code == 200
    assert client.get(reverse("admin:evaluations_suite_change", args=[digits.suite.pk])).status_code == 200
    with pytest.raises(CommandError, match="already"):
        call_command("publish_edition", digits.suite.name)
    with pytest.raises(CommandError, match="no suite"):
        call_command("publish_edition", "none")
    Edition.objects.update(day=date(2026, 1, 2))
    call_command("publish_edition", digits.suite.name)
    assert f"{BOARD}/editions/{timezone.localdate()} " in capsys.readouterr().out


def test_editions_are_listed_on_the_board_and_cited_from_their_page(
    repositories: list[Repository], digits: SuiteVersion, client: Client
):
    assert "No editions yet" in client.get(f"{BOARD}/editions").content.decode()
    published = publish(digits)
    address = published.get_absolute_url()
    for page in (BOARD, f"{BOARD}/editions"):
        assert f'href="{address}"' in client.get(page).content.decode()
    (listed,) = client.get(f"/api{BOARD}/editions").json()
    assert (listed["edition"], listed["sha256"], listed["models"]) == (published.name, published.sha256, 2)
    page = client.get(address).content.decode()
    assert "@misc{digits-image-classification-" in page
    assert listed["citation"].endswith(f"2 models. http://127.0.0.1:8000{address}. SHA-256 {published.sha256}.")
    for missing in ("2020-01-01", "20260101", "yesterday", "2026-W01-1"):
        assert client.get(f"{BOARD}/editions/{missing}").status_code == 404
        assert client.get(f"/api{BOARD}/editions/{missing}").status_code == 404
    assert client.get("/leaderboards/none/editions").status_code == 404


def test_a_citation_is_text_to_latex():
    suite = Suite(name="some-suite")
    version = SuiteVersion(suite=suite, version="1.0.0", definition={"title": r"50% of {R&D}_\~"})
    published = Edition(suite=suite, suite_version=version, day=date(2026, 11, 22), model_count=1, sha256="ab" * 32)
    text = citing.bibtex(published)
    assert r"title = {50\% of \{R\&D\}\_\textbackslash{}\textasciitilde{}, leaderboard, edition of 2026-11-22}" in text
    assert "month = nov," in text
    assert "1 model," in text


def test_an_editions_page_takes_the_same_queries_whatever_its_length(
    repositories: list[Repository],
    digits: SuiteVersion,
    client: Client,
    django_assert_num_queries: DjangoAssertNumQueries,
):
    address = publish(digits).get_absolute_url()
    with django_assert_num_queries(2):
        assert client.get(address).status_code == 200
    Edition.objects.all().delete()
    for correct in (500, 450, 400):
        building.scored(building.model(), digits, right(correct))
    Job.objects.all().delete()
    publish(digits)
    with django_assert_num_queries(2):
        assert client.get(address).content.count(b'class="rank"') == 5
