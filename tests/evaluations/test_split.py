"""A suite with public and hidden rows: a score on each, side by side, and of no hidden row a word."""

import csv
import io
import json

import pyarrow.parquet as pq
import pytest
import yaml
from django.test import Client

from accounts.models import Actor
from evaluations import suite_files
from evaluations.models import Result, SplitScore, SuiteVersion
from evaluations.services import editions
from tests import make
from tests.evaluations import building, rows

PUBLIC = 200
BOARD = f"/leaderboards/{rows.SUITE}"
FLAG = "over 3 standard errors"


@pytest.fixture
def split(digits: SuiteVersion) -> SuiteVersion:
    """The digits, hidden, but for their first 200 rows."""
    (data,) = digits.definition["data"]
    digits.definition |= {"tier": "hidden", "data": [{**data, "public_rows": PUBLIC}]}
    digits.save()
    return digits


def reached(version: SuiteVersion, public: float, hidden: float) -> SplitScore:
    run = rows.scored(make.repository(), suite_version=version)
    return SplitScore.objects.create(
        run=run, public_value=public, public_low=public - 0.03, public_high=public + 0.02, public_stderr=0.01, public_n=PUBLIC,
        hidden_value=hidden, hidden_low=hidden - 0.03, hidden_high=hidden + 0.02, hidden_stderr=0.01, hidden_n=340,
    )  # fmt: skip


def test_a_run_is_scored_on_each_part_and_its_document_says_so(split: SuiteVersion, client: Client) -> None:
    run = building.execute(building.request(building.model(), split))
    found, score = run.split_score, run.scores.get(primary=True)
    assert (found.public_n, found.hidden_n, score.n) == (PUBLIC, 340, 540)
    right = found.public_value * PUBLIC + found.hidden_value * 340
    assert round(right) == round(score.value * 540) == 533
    assert not found.has_wide_gap
    document = json.loads(Result.objects.get(run=run).document)
    assert document["split"]["hidden"]["value"] == found.hidden_value
    answer = client.get(f"/api/evaluations/{run.pk}").json()
    assert answer["split"]["public"] == {
        "value": found.public_value, "ci95": [found.public_low, found.public_high], "n": PUBLIC,
    }  # fmt: skip
    for hidden in (f"/api/evaluations/{run.pk}/samples", f"/evaluations/{run.pk}/samples"):
        assert client.get(hidden).status_code == 403


def test_a_suite_without_parts_has_no_such_scores(digits: SuiteVersion, client: Client) -> None:
    run = rows.scored(make.repository())
    assert "Hidden rows" not in client.get(BOARD).content.decode()
    assert "Hidden rows" not in client.get(run.get_absolute_url()).content.decode()
    assert client.get(f"/api{BOARD}").json()["rows"][0]["split"] is None
    assert "wide_gap" not in b"".join(client.get(f"/api{BOARD}.csv")).decode()


@pytest.mark.parametrize(("hidden", "is_flagged"), [(0.955, False), (0.9, True), (1.0, True)])
def test_a_gap_over_three_standard_errors_is_flagged_on_every_door(
    split: SuiteVersion, client: Client, hidden: float, is_flagged: bool
) -> None:
    run = reached(split, 0.95, hidden).run
    for page in (client.get(address).content.decode() for address in (BOARD, run.get_absolute_url())):
        assert "Public rows" in page
        assert f"{hidden:.4f}" in page
        assert (FLAG in page) is is_flagged
    (row,) = client.get(f"/api{BOARD}").json()["rows"]
    assert row["split"]["wide_gap"] is is_flagged
    assert row["split"]["gap"] == pytest.approx(0.95 - hidden)
    (line,) = csv.DictReader(io.StringIO(b"".join(client.get(f"/api{BOARD}.csv")).decode()))
    assert (line["public"], line["hidden"], line["wide_gap"]) == ("0.95", str(hidden), str(is_flagged))
    table = pq.read_table(io.BytesIO(b"".join(client.get(f"/api{BOARD}.parquet"))))
    assert table.column("wide_gap").to_pylist() == [is_flagged]


def test_an_edition_keeps_both_scores(split: SuiteVersion, client: Client) -> None:
    reached(split, 0.95, 0.9)
    published = editions.publish(actor=Actor(), board=split, from_console=True)
    (row,) = client.get(f"/api{published.get_absolute_url()}").json()["edition"]["rows"]
    assert (row["split"]["hidden"], row["split"]["wide_gap"]) == (0.9, True)
    (line,) = csv.DictReader(
        io.StringIO(b"".join(client.get(f"/api{published.get_absolute_url()}/table.csv")).decode())
    )
    assert line["wide_gap"] == "True"


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"public_rows": 200}, None),
        ({"public_rows": 29}, "must leave"),
        ({"public_rows": 520}, "must leave"),
        ({"public_rows": 540}, "must leave"),
        ({"public_rows": 0}, "less than the minimum"),
        ({"public_rows": 200, "tier": "sanity"}, "only a suite of the tier hidden"),
        ({"public_rows": 200, "task": "sentence-similarity"}, "no part of the rows"),
    ],
)
def test_a_part_is_large_enough_to_tell_of_no_row(changes: dict[str, object], fault: str | None) -> None:
    definition = {**suite_files.read(suite_files.FOLDER / f"{rows.SUITE}.yaml").definition, "tier": "hidden"}
    (data,) = definition["data"]
    definition["data"] = [{**data, "public_rows": changes["public_rows"]}]
    definition |= {name: value for name, value in changes.items() if name != "public_rows"}
    faults, _ = suite_files.checked(yaml.safe_dump(definition))
    assert (faults == []) if fault is None else (fault in faults[0])
