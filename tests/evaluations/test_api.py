"""The API translates: addresses, statuses, names."""

import csv
import io
import json

import pyarrow.parquet as pq
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from evaluations import signing
from evaluations.models import Run, State, SuiteVersion
from tests import make
from tests.evaluations import building

SUITE = "digits-image-classification"


def ask(client: Client, body: dict[str, object], token: str | None = None):
    headers = make.bearer(token) if token else {}
    return client.post("/api/evaluations", json.dumps(body), content_type="application/json", headers=headers)


def test_a_request_is_accepted_and_can_be_followed_and_cancelled(client: Client, digits: SuiteVersion):
    repository = building.model()
    token = make.token(repository.creator)
    body = {"repository": repository.full_name, "revision": "main", "suite": SUITE}
    answer = ask(client, body, token)
    assert answer.status_code == 202
    run = answer.json()
    assert run["state"] == "queued"
    assert (run["attempt"], run["suite"], run["queue_position"], run["failure"]) == (0, SUITE, 1, None)
    assert run["commit"] == repository.references.get(name="refs/heads/main").target
    assert run["url"] == f"http://127.0.0.1:8000/evaluations/{run['id']}"
    assert ask(client, body, token).json()["id"] == run["id"]
    address = f"/api/evaluations/{run['id']}"
    shown = client.get(address).json()
    assert shown == run | {"comparison": None}
    assert client.get("/api/evaluations", {"repository": repository.full_name}).json() == [run]
    assert client.get(f"{address}/result").status_code == 404
    assert client.post(f"{address}/cancel").status_code == 401
    cancelled = client.post(f"{address}/cancel", headers=make.bearer(token))
    assert (cancelled.status_code, cancelled.json()["state"]) == (202, "cancelled")
    assert client.post(f"{address}/cancel", headers=make.bearer(token)).status_code == 409


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({}, 400, "repository: This field is required."),
        ({"repository": "no/such", "suite": SUITE}, 404, "no model 'no/such'"),
        ({"repository": "REPOSITORY", "suite": "nothing"}, 404, "no suite 'nothing'"),
        ({"repository": "REPOSITORY", "suite": SUITE, "revision": "nowhere"}, 404, "nowhere"),
        ({"repository": "REPOSITORY", "suite": SUITE, "hardware": "gpu.h200"}, 422, "no 'gpu.h200' workers"),
        ({"repository": ["list"], "suite": SUITE}, 400, "Not a valid string"),
    ],
)
def test_a_request_that_cannot_be_met_says_why(
    body: dict[str, object], status: int, words: str, client: Client, digits: SuiteVersion
):
    repository = building.model()
    body = {name: repository.full_name if value == "REPOSITORY" else value for name, value in body.items()}
    answer = ask(client, body, make.token(repository.creator))
    assert answer.status_code == status
    assert words in answer.json()["error"]


def test_a_private_models_runs_look_missing_to_strangers(client: Client, digits: SuiteVersion):
    repository = building.model(private=True)
    run = building.scored(repository, digits, building.right(500))
    stranger, owner = make.bearer(make.token(make.user())), make.bearer(make.token(repository.creator))
    for address in (f"/api/evaluations/{run.pk}", f"/api/evaluations/{run.pk}/result"):
        assert client.get(address, headers=stranger).status_code == 404
        assert client.get(address).status_code == 404
        assert client.get(address, headers=owner).status_code == 200
    assert ask(client, {"repository": repository.full_name, "suite": SUITE}, make.token(make.user())).status_code == 404
    listed = client.get("/api/evaluations", {"repository": repository.full_name}, headers=stranger)
    assert listed.status_code == 404


def test_a_failed_run_gives_its_reason(client: Client, digits: SuiteVersion):
    run = building.scored(
        building.model(), digits, building.right(1), state=State.FAILED, failure_kind="model",
        failure_code="unsupported", failure_reason="It is a pickle.",
    )  # fmt: skip
    shown = client.get(f"/api/evaluations/{run.pk}").json()
    assert shown["failure"] == {"kind": "model", "code": "unsupported", "reason": "It is a pickle."}


def test_why_a_gated_model_failed_is_told_to_who_may_read_it(client: Client, digits: SuiteVersion):
    repository = building.model(gated="manual")
    run = building.scored(
        repository, digits, building.right(1), state=State.FAILED, failure_kind="model",
        failure_code="crashed", failure_reason="KeyError: 'secret_layer'", log_tail="loading secret_layer",
    )  # fmt: skip
    addresses = (
        f"/api/evaluations/{run.pk}", f"/api/evaluations?repository={repository.full_name}",
        run.get_absolute_url(), f"{repository.get_absolute_url()}/evaluations",
    )  # fmt: skip
    for reader, is_told in ((None, False), (make.user(), False), (repository.creator, True)):
        client.logout()
        if reader is not None:
            client.force_login(reader)
        for address in addresses:
            answer = client.get(address)
            assert answer.status_code == 200
            assert (b"secret_layer" in answer.content) == is_told, (address, reader)


def test_a_list_takes_as_many_queries_for_many_that_wait(client: Client, digits: SuiteVersion):
    repository, counts = building.model(), []
    for number in range(3):
        Run.objects.create(repository=repository, commit=f"{number:040x}", suite_version=digits)
        with CaptureQueriesContext(connection) as captured:
            listed = client.get("/api/evaluations", {"repository": repository.full_name}).json()
        counts.append(len(captured))
    assert sorted(run["queue_position"] for run in listed) == [1, 2, 3]
    assert len(set(counts)) == 1


@pytest.mark.django_db(transaction=True)
def test_the_result_can_be_checked_without_the_hub(client: Client, digits: SuiteVersion):
    run = building.execute(building.request(building.model(), digits))
    answer = client.get(f"/api/evaluations/{run.pk}/result")
    document = answer.json()
    assert answer["ETag"] == f'"{document["signature"]["sha256"]}"'
    assert signing.is_genuine(document, client.get("/api/evaluations/key").json()["public_key"])
    assert document["metrics"][0]["value"] == 533 / 540
    assert client.get(f"/api/evaluations/{run.pk}").json()["metrics"]["accuracy"]["n"] == 540


def test_suites_are_listed_without_what_is_the_hubs_own(client: Client, digits: SuiteVersion):
    suites = {suite["id"]: suite for suite in client.get("/api/suites").json()}
    suite = suites[SUITE]
    assert (suite["id"], suite["version"], suite["tier"]) == (SUITE, "1.1.0", "sanity")
    assert suite["sha256"] == digits.digest
    assert "label" not in json.dumps({**suite, "data": [{**suite["data"][0], "hidden_labels": None}]}).replace(
        "hidden_labels", ""
    )


def test_a_leaderboard_is_read_without_an_account(client: Client, digits: SuiteVersion):
    repository = building.model(licence="mit")
    run = building.scored(repository, digits, building.right(533))
    board = client.get(f"/api/leaderboards/{SUITE}").json()
    assert (board["suite"], board["version"]) == (SUITE, "1.1.0")
    (row,) = board["rows"]
    value = 533 / 540
    assert row["metrics"] == {"accuracy": {"value": value, "ci95": [value - 0.01, value + 0.01], "n": 540}}
    del row["metrics"]
    assert row == {
        "rank": [1, 1], "repository": repository.full_name, "commit": run.commit, "params": 53002, "license": "mit",
        "architecture": "digits-cnn", "format": "safetensors", "evaluation": str(run.pk), "trust": "verified",
        "split": None,
        "bytes": None, "same_weights": None, "performance": None,
    }  # fmt: skip
    assert client.get(f"/api/leaderboards/{SUITE}", {"license": "gpl-3.0"}).json()["rows"] == []
    assert client.get("/api/leaderboards/nothing").status_code == 404


@pytest.mark.parametrize(
    "query", [{"min_params": "many"}, {"max_params": "-1"}, {"since": "yesterday"}, {"since": "2026-13-40"}]
)
def test_a_filter_that_cannot_be_read_is_refused(query: dict[str, str], client: Client, digits: SuiteVersion):
    assert client.get(f"/api/leaderboards/{SUITE}", query).status_code == 400


def test_a_board_is_exported_as_it_is_filtered_and_sorted(client: Client, digits: SuiteVersion):
    first = building.scored(building.model(licence="mit"), digits, building.right(533))
    second = building.scored(building.model(licence="=1+1"), digits, building.right(300), parameters=None)
    address = f"/api/leaderboards/{SUITE}"
    content = b"".join(client.get(f"{address}.csv", headers={"Accept": "text/csv"})).decode()
    found = list(csv.DictReader(io.StringIO(content)))
    assert [row["evaluation"] for row in found] == [str(first.pk), str(second.pk)]
    assert (found[0]["accuracy"], found[0]["rank_last"], found[0]["f1_macro"]) == (str(533 / 540), "1", "")
    assert (found[1]["license"], found[1]["params"]) == ("'=1+1", "")
    table = pq.read_table(io.BytesIO(b"".join(client.get(f"{address}.parquet", {"license": "mit"}))))
    assert table.column("evaluation").to_pylist() == [str(first.pk)]
    assert table.column("f1_macro").to_pylist() == [None]
    assert table.column("accuracy").to_pylist() == [533 / 540]
    for ending in ("csv", "parquet"):
        assert pq_or_csv_rows(client, f"{address}.{ending}?license=none") == 0
        assert client.get(f"{address}.{ending}?sort=nothing").status_code == 400
        assert client.get(f"/api/leaderboards/nothing.{ending}").status_code == 404


def pq_or_csv_rows(client: Client, address: str) -> int:
    content = b"".join(client.get(address))
    return pq.read_table(io.BytesIO(content)).num_rows if content.startswith(b"PAR1") else len(content.splitlines()) - 1
