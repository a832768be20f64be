"""Runs row by row, alone and beside one another."""

import uuid

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries
from scipy.stats import binomtest

from accounts.models import Actor
from evaluations import outcomes, samples
from evaluations.errors import NotComparable, ResultNotReady
from evaluations.measurements import Scored
from evaluations.models import Result, Run, SuiteVersion
from evaluations.services import pairing, sample_reading
from evaluations.services.sample_reading import samples_of
from hub.errors import BadRequest
from models_registry.errors import GatedRepository
from models_registry.models import Repository
from tests import make
from tests.evaluations import rows

NUMBERS = "diabetes-regression"


def classified(wrong: set[int]) -> Run:
    return rows.keep_digits(rows.scored(make.repository(), rows.ROWS - len(wrong)), wrong)


def foretold(losses: np.ndarray) -> Run:
    run = rows.scored(make.repository(), 500, suite_version=rows.suite(NUMBERS))
    return rows.keep(run, Scored((), losses * 2, losses=losses.astype(np.float32)))


@given(st.sets(st.integers(0, 200)))
def test_rows_are_kept_as_bits_and_found_again(chosen: set[int]) -> None:
    bits = np.zeros(201, bool)
    bits[list(chosen)] = True
    packed = np.packbits(bits, bitorder="little").tobytes()
    assert outcomes.rows_of(outcomes.bits(packed)) == sorted(chosen)


def test_a_page_of_rows_reads_their_groups_alone(digits: SuiteVersion, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "ROWS_TOGETHER", 64)
    run = classified({3, 70, 71, 400})
    read: list[int] = []
    really_read = pq.ParquetFile.read_row_group

    def noted(file: pq.ParquetFile, group: int) -> pa.Table:
        read.append(group)
        return really_read(file, group)

    monkeypatch.setattr(pq.ParquetFile, "read_row_group", noted)
    wrong = samples_of(Actor(), run, "wrong")
    assert [(sample.row, sample.correct, sample.predicted) for sample in wrong[1:3]] == [(70, False, 0), (71, False, 1)]
    assert read == [1]
    assert len(wrong) == 4
    assert [sample.row for sample in samples_of(Actor(), run)[530:]] == list(range(530, 540))
    assert read == [1, 8]


def test_the_worst_rows_come_first_where_none_is_simply_wrong(digits: SuiteVersion) -> None:
    run = foretold(np.arange(133.0) % 50)
    worst = samples_of(Actor(), run, "worst")
    assert [(sample.row, sample.loss) for sample in worst[:3]] == [(49, 49.0), (99, 49.0), (48, 48.0)]
    for asked, of in (("wrong", run), ("worst", classified(set())), ("labels", run)):
        with pytest.raises(BadRequest):
            samples_of(Actor(), of, asked)


def test_of_a_hidden_suite_no_row_is_told(client: Client, digits: SuiteVersion) -> None:
    """A model that always says the same digit would be told where it stands."""
    run, other = classified({3}), classified({4})
    SuiteVersion.objects.filter(pk=digits.pk).update(definition=digits.definition | {"tier": "hidden"})
    for address in (f"/api/evaluations/{run.pk}/samples", f"/evaluations/{run.pk}/samples?show=wrong"):
        assert client.get(address).status_code == 403
    compared = client.get(f"/api/evaluations/{run.pk}/compare/{other.pk}").json()
    assert (compared["both_right"], compared["differing"]) == (538, [])
    page = client.get(f"/evaluations/{run.pk}/compare/{other.pk}").content.decode()
    assert "stay with the hub" in page
    assert "On no row" not in page
    assert "stay with the hub" in client.get(run.get_absolute_url()).content.decode()


def test_rows_are_paged_on_pages_and_in_the_api(client: Client, digits: SuiteVersion) -> None:
    run = classified({3, 500})
    address = f"/evaluations/{run.pk}/samples"
    assert client.get(address).content.decode().count('<td class="num quiet">') == 100
    last = client.get(f"{address}?page=6").content.decode()
    assert ">539<" in last
    assert "501–540 of 540" in last
    assert client.get(f"{address}?show=wrong").content.decode().count("wrong</span>") == 2
    assert client.get(f"{address}?show=labels").status_code == 400
    first = client.get(f"/api{address}", {"limit": 300})
    assert first.json()["total"] == 540
    assert [row["row"] for row in client.get(first.headers["Link"][1:].partition(">")[0]).json()["rows"]] == list(
        range(300, 540)
    )
    assert "Link" not in client.get(f"/api{address}", {"show": "wrong"}).headers


def test_the_pages_of_rows_take_few_queries(
    client: Client, digits: SuiteVersion, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    run, other = classified({3}), classified(set(range(200)))
    for address in (f"/evaluations/{run.pk}/samples", f"/evaluations/{run.pk}/compare/{other.pk}"):
        with django_assert_max_num_queries(14):
            assert client.get(address).status_code == 200


def test_two_models_are_compared_on_the_rows_that_one_alone_has_right(client: Client, digits: SuiteVersion) -> None:
    first, second = classified({1, 2, 3}), classified({3, *range(10, 20)})
    found = pairing.pair(Actor(), first, second)
    assert (found.both_right, found.both_wrong, found.first_better, found.second_better) == (527, 1, 10, 2)
    assert found.p_value == pytest.approx(binomtest(2, 12).pvalue)
    assert [one.row for one, _ in found.differing[:]] == [1, 2, *range(10, 20)]
    one, two = pairing.pair(Actor(), first, second, "second").differing[0]
    assert (one.row, one.correct, two.correct) == (1, False, True)
    page = client.get(f"/evaluations/{first.pk}/compare/{second.pk}?show=first").content.decode()
    assert "The data tell them apart:" in page
    assert page.count("right</span>") == 10
    assert "p = 0.039" in page
    answer = client.get(f"/api/evaluations/{second.pk}/compare/{first.pk}", {"limit": 3}).json()
    assert (answer["first_better"], answer["second_better"], len(answer["differing"])) == (2, 10, 3)
    assert answer["p_value"] == pytest.approx(found.p_value)


def test_models_that_foretell_numbers_are_compared_by_their_losses(client: Client, digits: SuiteVersion) -> None:
    losses = np.random.default_rng(0).normal(10, 1, 133)
    first, second = foretold(losses), foretold(losses + np.where(np.arange(133) < 130, 5.0, -1.0))
    found = pairing.pair(Actor(), first, second)
    assert (found.first_better, found.second_better, found.equal, found.both_right) == (130, 3, 0, None)
    assert found.p_value == pytest.approx(1 / 1001, rel=1)
    assert sorted(one.row for one, _ in found.differing[-3:]) == [130, 131, 132]
    assert pairing.pair(Actor(), first, first).p_value == 1.0
    page = client.get(f"/evaluations/{first.pk}/compare/{second.pk}").content.decode()
    assert "paired bootstrap" in page


def test_too_many_rows_are_not_resampled_while_somebody_waits(
    client: Client, digits: SuiteVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pairing, "MOST_RESAMPLED", 100)
    first, second = foretold(np.ones(133)), foretold(np.zeros(133))
    assert pairing.pair(Actor(), first, second).p_value is None
    assert "too many rows" in client.get(f"/evaluations/{first.pk}/compare/{second.pk}").content.decode()


def test_only_runs_on_the_same_rows_are_compared(client: Client, digits: SuiteVersion) -> None:
    first, second = classified({1}), foretold(np.ones(133))
    with pytest.raises(NotComparable):
        pairing.pair(Actor(), first, second)
    for address in (f"/evaluations/{first.pk}/compare/{second.pk}", f"/api/evaluations/{first.pk}/compare/{second.pk}"):
        assert client.get(address).status_code == 409
        assert client.get(address.replace(str(second.pk), str(uuid.uuid4()))).status_code == 404
    assert client.get(f"/evaluations/{first.pk}/compare/{classified({2}).pk}?show=both").status_code == 400


def test_rows_are_for_who_may_read_the_model(client: Client, digits: SuiteVersion) -> None:
    run, other = classified({1}), classified({2})
    Repository.objects.filter(pk=run.repository_id).update(gated="manual")
    addresses = (f"{run.pk}/samples", f"{other.pk}/compare/{run.pk}")
    for door in ("/evaluations", "/api/evaluations"):
        assert [client.get(f"{door}/{address}").status_code for address in addresses] == [401, 401]
    with pytest.raises(GatedRepository):
        samples_of(Actor(), Run.objects.for_lists().get(pk=run.pk))
    client.force_login(make.user())
    assert [client.get(f"/evaluations/{address}").status_code for address in addresses] == [403, 403]
    client.force_login(run.repository.creator)
    assert [client.get(f"/evaluations/{address}").status_code for address in addresses] == [200, 200]
    client.logout()
    Repository.objects.filter(pk=run.repository_id).update(gated="", private=True)
    for door in ("/evaluations", "/api/evaluations"):
        assert [client.get(f"{door}/{address}").status_code for address in addresses] == [404, 404]


def test_a_run_without_rows_says_so(client: Client, digits: SuiteVersion) -> None:
    waiting, kept_none = rows.run(make.repository()), rows.scored(make.repository())
    Result.objects.filter(run=kept_none).update(outcomes=b"")
    for run in (waiting, kept_none):
        with pytest.raises(ResultNotReady):
            sample_reading.result_of(Actor(), run)
        assert client.get(f"/evaluations/{run.pk}/samples").status_code == 404


def test_a_run_leads_to_its_rows_and_to_whom_it_stands_beside(client: Client, digits: SuiteVersion) -> None:
    best, middle, worst = (classified(set(range(count))) for count in (1, 50, 300))
    page = client.get(middle.get_absolute_url()).content.decode()
    assert f"/evaluations/{middle.pk}/samples" in page
    for rival in (best, worst):
        assert f"/evaluations/{middle.pk}/compare/{rival.pk}" in page
