"""Several suites as one board: what is averaged, who is ranked, and what is said of a suite that is missing."""

import csv
import io
import re
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pytest_django import DjangoAssertNumQueries

from accounts.models import Actor
from evaluations import aggregates, group_files, signing, suite_files
from evaluations.errors import EditionExists
from evaluations.models import Edition, GroupPart, GroupStanding, Suite, SuiteGroup, SuiteVersion
from evaluations.reproducing import checking
from evaluations.services import editions, group_boards, group_ranking, groups, rank_requests, requesting, suites
from evaluations.services.board_filters import Filters
from evaluations.suite_files import InvalidSuiteError
from evaluations.tasks import rank_board, rank_group
from hub.errors import Forbidden
from hub.jobs.models import Job
from models_registry.models import Repository
from tests import make
from tests.evaluations import building

GROUP = "tabular"
SUITES = {"iris": 45, "wine": 54, "breast-cancer": 171, "digits-tabular": 540}
BOARD = "/leaderboards/groups/tabular"

scores = arrays(
    float, st.tuples(st.integers(1, 8), st.integers(1, 4)), elements=st.integers(0, 20).map(lambda n: n / 20)
)


@pytest.fixture
def tabular(digits: SuiteVersion) -> SuiteGroup:
    suites.synchronize()
    (found,) = groups.synchronize()
    return found


def measured(name: str, *, without: str = "", owner: object = None, **wrong: int) -> Repository:
    """A model with a run on each suite of the group, with as many rows wrong; the boards are ranked, the group is not."""
    repository = building.model(owner, name=name)
    for suite, rows in SUITES.items():
        if suite != without:
            version = SuiteVersion.objects.get(suite__name=f"{suite}-classification")
            building.scored(repository, version, building.right(rows - wrong.get(suite.replace("-", "_"), 0), rows))
    return repository


def ranked(group: SuiteGroup, sort: str = "", **filters: object) -> list[tuple[str, tuple[int, int] | None]]:
    group.refresh_from_db()
    group_ranking.rank(group)
    rows = group_boards.standings(group, Filters(**filters), sort)
    return [(row.repository.name, row.first and (row.first, row.last)) for row in rows]


@given(scores)
def test_borda_points_are_shared_out_whole_and_know_only_the_order(found: np.ndarray):
    models, suites = found.shape
    points = aggregates.borda(found)
    assert points.sum() == pytest.approx(suites * models * (models - 1) / 2)
    assert ((points >= 0) & (points <= suites * (models - 1))).all()
    assert aggregates.borda(found**3 + found) == pytest.approx(points)
    assert aggregates.borda(found[::-1]) == pytest.approx(points[::-1])
    assert aggregates.borda(np.concatenate([found, found])) == pytest.approx(np.tile(2 * points + suites / 2, 2))


@given(scores, st.data())
def test_a_better_score_never_lowers_its_models_mean_nor_its_borda_points(found: np.ndarray, data: st.DataObject):
    model, suite = (data.draw(st.integers(0, size - 1)) for size in found.shape)
    better = found.copy()
    better[model, suite] += data.draw(st.floats(0.001, 1))
    chances = np.full(found.shape[1], 0.25)
    before, after = (
        aggregates.means(*[aggregates.normalized(which, chances)] * 3)[0][model] for which in (found, better)
    )
    assert after > before
    assert aggregates.borda(better)[model] >= aggregates.borda(found)[model]
    assert (np.delete(aggregates.borda(better), model) <= np.delete(aggregates.borda(found), model)).all()


@settings(max_examples=30)
@given(scores, st.floats(0, 0.3), st.floats(0, 0.3))
def test_a_means_interval_holds_it_and_is_narrower_than_those_it_joins(found: np.ndarray, below: float, above: float):
    mean, low, high = aggregates.means(found, found - below, found + above)
    suites = found.shape[1]
    assert mean == pytest.approx(found.mean(axis=1))
    assert mean - low == pytest.approx(below / np.sqrt(suites))
    assert high - mean == pytest.approx(above / np.sqrt(suites))


def test_chance_is_nothing_and_no_mistake_is_one():
    assert aggregates.normalized(np.array([0.25, 1.0, 0.0]), np.array([0.25] * 3)).tolist() == pytest.approx(
        [0, 1, -1 / 3]
    )


def test_the_mean_is_of_chance_normalised_scores_in_their_joint_interval(tabular: SuiteGroup):
    measured("model", iris=5, breast_cancer=17)
    ranked(tabular)
    row = GroupStanding.objects.get()
    iris, tumours = (40 / 45 - 0.3333) / (1 - 0.3333), (154 / 171 - 0.6257) / (1 - 0.6257)
    assert row.value == pytest.approx((iris + tumours + 2) / 4)
    assert row.low < row.value < row.high
    assert (row.first, row.last, row.borda, row.measured) == (1, 1, 0, 4)
    parts = dict(row.parts.values_list("suite__name", "normalized"))
    assert parts["iris-classification"] == pytest.approx(iris)
    assert (row.format, row.architecture, row.parameters) == ("safetensors", "digits-cnn", 53002)


def test_who_lacks_a_suite_has_no_mean_and_no_rank_and_comes_last(tabular: SuiteGroup, client: Client):
    measured("flawless-net", without="iris")
    measured("poor-net", iris=30, wine=30, breast_cancer=50, digits_tabular=400)
    assert ranked(tabular) == [("poor-net", (1, 1)), ("flawless-net", None)]
    lacking = GroupStanding.objects.get(repository__name="flawless-net")
    assert (lacking.value, lacking.borda, lacking.first, lacking.measured) == (None, None, None, 3)
    assert (tabular.model_count, tabular.complete_count) == (2, 1)
    page = client.get(BOARD).content.decode()
    assert re.findall(r"<b>(\w+-net)</b>", page) == ["poor-net", "flawless-net"]
    assert "3 of 4" in page
    row = client.get(f"/api{BOARD}").json()["rows"][1]
    assert (row["rank"], row["mean"], row["borda"], len(row["scores"])) == (None, None, None, 3)


def test_ranks_share_an_interval_where_all_samples_together_cannot_separate(tabular: SuiteGroup):
    measured("good", iris=1)
    measured("as-good", wine=1)
    measured("bad", iris=20, wine=20, breast_cancer=40, digits_tabular=200)
    assert ranked(tabular) == [("as-good", (1, 2)), ("good", (1, 2)), ("bad", (3, 3))]


def test_all_may_be_tied_and_one_alone_is_first(tabular: SuiteGroup, client: Client):
    measured("one", iris=3)
    assert ranked(tabular) == [("one", (1, 1))]
    for name in ("two", "three"):
        measured(name, iris=3)
    assert ranked(tabular) == [("one", (1, 3)), ("two", (1, 3)), ("three", (1, 3))]
    assert set(GroupStanding.objects.values_list("borda", flat=True)) == {4.0}
    assert client.get(BOARD).status_code == 200


def test_borda_orders_by_how_many_are_beaten_suite_by_suite(tabular: SuiteGroup):
    measured("even", iris=1, wine=1, breast_cancer=1, digits_tabular=200)
    measured("steady", iris=2, wine=2, breast_cancer=2, digits_tabular=1)
    assert [name for name, _ in ranked(tabular)] == ["steady", "even"]
    assert [name for name, _ in ranked(tabular, "borda")] == ["even", "steady"]


def test_a_board_of_the_suites_asks_for_its_groups_and_the_same_is_not_written_again(tabular: SuiteGroup):
    measured("model")
    Job.objects.all().delete()
    rank_board(str(SuiteVersion.objects.get(suite__name="wine-classification").pk))
    job = Job.objects.get(kind=rank_requests.KIND_OF_GROUPS)
    rank_group(job.key)
    (first,) = GroupPart.objects.filter(suite__name="wine-classification")
    rank_group(job.key)
    assert GroupPart.objects.filter(pk=first.pk).exists()
    rank_group("0")


def test_what_is_shown_no_more_leaves_the_groups_board_at_once(tabular: SuiteGroup):
    hidden, undone = measured("hidden"), measured("undone")
    measured("secret", owner=hidden.creator)
    Repository.objects.filter(name="secret").update(private=True)
    assert [name for name, _ in ranked(tabular)] == ["hidden", "undone"]
    Repository.objects.filter(pk=hidden.pk).update(disabled_reason="spam")
    run = undone.runs.first()
    requesting.invalidate(actor=Actor(user=building.operator()), run=run, reason="Its labels leaked.")
    assert not group_boards.standings(tabular).exists()
    assert ranked(tabular) == [("undone", None)]


def test_a_filter_hides_rows_of_the_groups_board_and_changes_no_rank(tabular: SuiteGroup, client: Client):
    measured("first")
    second = measured("second", iris=20, wine=20, breast_cancer=60, digits_tabular=300)
    Repository.objects.filter(pk=second.pk).update(licence="mit")
    second.runs.filter(suite_version__suite__name="wine-classification").update(format="onnx")
    assert ranked(tabular, licence="mit") == [("second", (2, 2))]
    assert ranked(tabular, format="safetensors") == [("first", (1, 1))]
    assert tabular.choices["license"] == ["mit"]
    rows = list(csv.DictReader(io.StringIO(client.get(f"/api{BOARD}.csv?license=mit").getvalue().decode())))
    assert [(row["repository"], row["rank_first"]) for row in rows] == [(second.full_name, "2")]
    assert float(rows[0]["iris-classification"]) == pytest.approx((25 / 45 - 0.3333) / (1 - 0.3333))
    assert "Nothing matches" in client.get(f"{BOARD}?license=none").content.decode()
    assert client.get(f"{BOARD}?sort=size").status_code == 400


def test_a_groups_pages_take_the_same_queries_whatever_their_length(
    tabular: SuiteGroup, client: Client, django_assert_num_queries: DjangoAssertNumQueries
):
    assert "No scores yet" in client.get(BOARD).content.decode()
    measured("one")
    ranked(tabular)
    with django_assert_num_queries(7):
        client.get(BOARD)
    for name in ("two", "three"):
        measured(name, without="iris" if name == "three" else "")
    ranked(tabular)
    with django_assert_num_queries(7):
        client.get(BOARD)
    with django_assert_num_queries(6):
        page = client.get(f"/api{BOARD}?limit=1")
    assert [row["rank"] for row in page.json()["rows"]] == [[1, 2]]
    following = re.search("<(.+)>", page.headers["Link"])[1].removeprefix("http://testserver")
    assert [row["rank"] for row in client.get(following).json()["rows"]] == [[1, 2]]


def test_groups_are_listed_and_a_missing_one_is_not_found(tabular: SuiteGroup, client: Client):
    (listed,) = client.get("/api/leaderboards/groups").json()
    assert (listed["group"], listed["models"], len(listed["suites"])) == (GROUP, 0, 4)
    assert f'href="{BOARD}"' in client.get("/leaderboards").content.decode()
    for address in ("/leaderboards/groups/none", "/api/leaderboards/groups/none"):
        assert client.get(address).status_code == 404


def group_file(folder: Path, suites: str, name: str = "some") -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(f"id: some\ntitle: Some\nsummary: Some suites.\nsuites: [{suites}]\n")
    return path


@pytest.mark.parametrize(
    ("suites", "fault"),
    [
        ("iris-classification, diabetes-regression", "diabetes-regression is ranked by r2"),
        ("iris-classification, python-topics-bits-per-byte", "no share of rows"),
        ("iris-classification, no-such", "there is no suite 'no-such'"),
    ],
)
def test_what_has_no_common_scale_is_in_no_group(tmp_path: Path, suites: str, fault: str):
    definitions = {file.definition["id"]: file.definition for file in suite_files.read_all()}
    with pytest.raises(InvalidSuiteError, match=fault):
        group_files.read(group_file(tmp_path, suites)).check(definitions)


@pytest.mark.parametrize(
    ("suites", "name", "fault"),
    [
        ("iris-classification", "some", "suites: .* is too short"),
        ("a, a", "some", "non-unique"),
        ("a, b", "other", "the names must agree"),
    ],
)
def test_a_groups_file_that_breaks_the_schema_is_refused(tmp_path: Path, suites: str, name: str, fault: str):
    with pytest.raises(InvalidSuiteError, match=fault):
        group_files.read(group_file(tmp_path, suites, name))


def test_a_group_follows_its_file_and_goes_with_it(tabular: SuiteGroup, tmp_path: Path):
    measured("model")
    ranked(tabular)
    group_file(tmp_path, "iris-classification, wine-classification")
    (other,) = groups.synchronize(tmp_path)
    assert list(SuiteGroup.objects.all()) == [other]
    assert not GroupStanding.objects.exists()
    group_file(tmp_path, "wine-classification, iris-classification")
    assert groups.synchronize(tmp_path) == [other]
    assert [member.suite.name for member in other.members.all()] == ["wine-classification", "iris-classification"]
    assert Suite.objects.count() > 2


def test_a_groups_board_has_editions_as_a_suites_has(
    tabular: SuiteGroup, client: Client, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    better, worse, undone = (
        measured("better"),
        measured("worse", digits_tabular=200),
        measured("undone", without="wine"),
    )
    ranked(tabular)
    with pytest.raises(CommandError, match="ranked anew"):
        call_command("publish_edition", GROUP, group=True)
    Job.objects.all().delete()
    with pytest.raises(Forbidden):
        editions.publish(actor=Actor(user=make.user()), board=tabular)
    call_command("publish_edition", GROUP, group=True)
    published = Edition.objects.get()
    address = published.get_absolute_url()
    assert f"{address} {published.sha256}" in capsys.readouterr().out
    with pytest.raises(EditionExists):
        editions.publish(actor=Actor(), board=tabular, from_console=True)
    answer = client.get(f"/api{address}").json()
    assert checking.check_edition(answer) == (signing.public_key(), 2, 0)
    first, second = answer["edition"]["rows"]
    assert (first["rank"], first["metrics"]["mean"]["value"], first["scores"]["wine-classification"]["value"]) == (
        [1, 1],
        1,
        1,
    )
    assert second["borda"] < first["borda"]
    assert [suite["id"] for suite in answer["edition"]["group"]["suites"]] == [
        f"{name}-classification" for name in SUITES
    ]
    assert [model["repository"] for model in answer["models"]] == [better.full_name, worse.full_name]
    for page in (BOARD, f"{BOARD}/editions"):
        assert f'href="{address}"' in client.get(page).content.decode()
    page = client.get(address).content.decode()
    assert "Group of suites tabular, 2 models." in page
    assert better.full_name in page
    assert undone.name not in page
    Repository.objects.filter(pk=worse.pk).update(private=True)
    assert worse.full_name not in client.get(address).content.decode()
    assert [model and model["repository"] for model in client.get(f"/api{address}").json()["models"]] == [
        better.full_name,
        None,
    ]
    table = list(csv.DictReader(io.StringIO(b"".join(client.get(f"/api{address}/table.csv")).decode())))
    assert [(row["repository"], row["mean"], row["iris-classification"]) for row in table] == [
        (better.full_name, "1.0", "1.0"), ("", table[1]["mean"], "1.0"),
    ]  # fmt: skip
    for missing in (f"{BOARD}/editions/2020-01-01", "/leaderboards/groups/none/editions"):
        assert client.get(missing).status_code == client.get(f"/api{missing}").status_code == 404
    groups.synchronize(tmp_path)  # the file of the group is gone: its board goes, what was published stays
    assert client.get(BOARD).status_code == 404
    assert client.get(address).status_code == client.get(f"{BOARD}/editions").status_code == 200


def test_staff_publish_a_groups_edition_in_the_admin(tabular: SuiteGroup, client: Client) -> None:
    measured("one")
    ranked(tabular)
    Job.objects.all().delete()
    client.force_login(building.operator())
    client.post(reverse("admin:evaluations_suitegroup_publish_edition", args=[tabular.pk]), {"_form_submitted": "true"})
    published = Edition.objects.get(group=tabular)
    assert client.get(reverse("admin:evaluations_edition_change", args=[published.pk])).status_code == 200
    assert client.get(reverse("admin:evaluations_suitegroup_change", args=[tabular.pk])).status_code == 200
