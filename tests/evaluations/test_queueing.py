"""Whose turn it is: fair between accounts, and told beforehand."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Actor
from evaluations.models import Mode, Run, State, SuiteVersion, Worker
from evaluations.services import executing, queueing, requesting, waking
from evaluations.services.queueing import Waiting, fair_order
from tests import make
from tests.evaluations import building

START = datetime(2026, 1, 1, tzinfo=UTC)
GB = 10**9


def worker(name: str = "one", **fields) -> Worker:
    now = timezone.now()
    values = {"classes": ["cpu"], "memory": 16 * GB, "started_at": now, "seen_at": now} | fields
    return Worker.objects.create(name=name, **values)


def waiting(owner, count: int, suite: SuiteVersion, **fields) -> list[Run]:
    """Runs of one account, asked for one after the other. Quotas are not what is tested here."""
    runs = []
    for _ in range(count):
        run = building.request(building.model(owner), suite)
        Run.objects.filter(pk=run.pk).update(**fields)
        run.refresh_from_db()
        runs.append(run)
    return runs


account_lists = st.lists(st.tuples(st.integers(0, 4), st.floats(0.1, 100)), max_size=40)


@given(account_lists, st.dictionaries(st.integers(0, 4), st.floats(0, 500)))
def test_everybody_comes_once_and_each_account_keeps_its_own_order(asked, used):
    queue = [
        Waiting(UUID(int=n), account, START + timedelta(seconds=n), cost) for n, (account, cost) in enumerate(asked)
    ]
    ordered = fair_order(queue, used)
    assert sorted(one.run for one in ordered) == [one.run for one in queue]
    for account in {one.account for one in queue}:
        assert [one for one in ordered if one.account == account] == [one for one in queue if one.account == account]


@given(account_lists, st.dictionaries(st.integers(0, 4), st.floats(0, 500)))
def test_whoever_comes_has_used_no_more_than_any_other_that_waits(asked, used):
    queue = [
        Waiting(UUID(int=n), account, START + timedelta(seconds=n), cost) for n, (account, cost) in enumerate(asked)
    ]
    spent = {account: used.get(account, 0.0) for account, _cost in asked}
    left = {account: sum(one.account == account for one in queue) for account in spent}
    for one in fair_order(queue, used):
        assert spent[one.account] == min(spent[account] for account in spent if left[account])
        spent[one.account] += one.seconds
        left[one.account] -= 1


@pytest.mark.django_db
def test_one_with_many_requests_does_not_keep_another_waiting(digits: SuiteVersion):
    eager, patient = building.operator(), building.operator()
    first = waiting(eager, 4, digits)
    (late,) = waiting(patient, 1, digits)
    here = worker()
    assert queueing.next_run(here) == first[0]
    first[0].claim(timezone.now(), waking.LEASE, here.name)
    assert queueing.next_run(here) == late
    places = queueing.turns("cpu")
    assert [places[run.pk].position for run in (late, *first[1:])] == [1, 2, 3, 4]


@pytest.mark.django_db
def test_members_of_an_organization_share_its_part(digits: SuiteVersion):
    one, two, stranger = make.user(), make.user(), make.user()
    lab = make.organization(admin=one, write=two)
    repository = building.model(one, namespace=lab.namespace.name)
    shared = [building.request(repository, digits, Actor(user=member)) for member in (one, two)]
    assert {run.account for run in shared} == {lab.namespace}
    run = building.request(building.model(one), digits, Actor(user=stranger))
    assert run.account == stranger.namespace


@pytest.mark.django_db
def test_the_forecast_begins_when_workers_are_free_and_is_none_without_them(digits: SuiteVersion):
    building.scored(building.model(), digits, building.right(533))  # took three seconds
    Run.objects.update(
        started_at=timezone.now() - timedelta(hours=2), finished_at=timezone.now() - timedelta(hours=2, seconds=-3)
    )
    runs = waiting(building.operator(), 3, digits)
    assert [queueing.turns("cpu")[run.pk].starts_in for run in runs] == [None] * 3
    worker()
    starts = [queueing.turns("cpu")[run.pk].starts_in.total_seconds() for run in runs]
    assert starts == pytest.approx([0, 3, 6], abs=0.01)
    worker("two")
    starts = [queueing.turns("cpu")[run.pk].starts_in.total_seconds() for run in runs]
    assert starts == pytest.approx([0, 0, 3], abs=0.01)
    Worker.objects.update(mode=Mode.PAUSED)
    assert queueing.turns("cpu")[runs[0].pk].starts_in is None


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 6])
def test_a_forecast_and_a_choice_ask_a_fixed_number_of_questions(
    digits: SuiteVersion, count: int, django_assert_max_num_queries
):
    for _ in range(count):
        waiting(building.operator(), 1, digits)
    here = worker()
    with django_assert_max_num_queries(8):
        queueing.turns("cpu")
    with django_assert_max_num_queries(6):
        queueing.next_run(here)


@pytest.mark.django_db
def test_a_worker_takes_only_what_fits_and_what_it_may(digits: SuiteVersion):
    (large,) = waiting(building.operator(), 1, digits, memory_needed=40 * GB)
    (other,) = waiting(building.operator(), 1, digits, hardware_class="gpu.h200")
    small = worker()
    assert queueing.next_run(small) is None
    assert queueing.turns("cpu")[large.pk].starts_in is None
    big = worker("big", memory=80 * GB)
    assert queueing.next_run(big) == large
    assert queueing.turns("cpu")[large.pk].starts_in == timedelta()
    assert queueing.next_run(worker("gpu", classes=["gpu.h200"])) == other
    Worker.objects.filter(pk=big.pk).update(mode=Mode.DRAINING)
    assert queueing.next_run(big) is None


@pytest.mark.django_db
def test_what_a_run_needs_is_told_by_the_sizes_of_its_files(digits: SuiteVersion):
    run = building.request(building.model(), digits)
    size = len(building.reference(building.CNN))
    assert run.memory_needed == int(size * requesting.LOADED_OVER_STORED)
    unfit = building.request(building.model(files={"model.bin": b"x"}), digits)
    assert unfit.memory_needed == 0


@pytest.mark.django_db(transaction=True)
def test_a_message_brings_the_run_whose_turn_it_is(digits: SuiteVersion, settings):
    settings.BASE_URL = "http://127.0.0.1:8000"
    first, second = waiting(building.operator(), 2, digits)
    worker("here")
    executing.take_turn(str(second.pk), "here")
    for run in (first, second):
        run.refresh_from_db()
    assert (first.state, first.worker, second.state) == (State.SCORED, "here", State.QUEUED)


@pytest.mark.django_db(transaction=True)
def test_a_message_that_meets_a_paused_worker_is_sent_again_by_the_sweeper(digits: SuiteVersion):
    (run,) = waiting(building.operator(), 1, digits)
    worker("here", mode=Mode.PAUSED)
    executing.take_turn(str(run.pk), "here")
    run.refresh_from_db()
    assert (run.state, run.woken_at) == (State.QUEUED, None)


@pytest.mark.django_db
def test_the_queue_page_names_no_private_model(client: Client, digits: SuiteVersion, django_assert_max_num_queries):
    owner = make.user()
    private = building.model(owner, private=True)
    building.request(private, digits)
    (public,) = waiting(building.operator(), 1, digits)
    busy = building.request(building.model(), digits)
    busy.claim(timezone.now(), waking.LEASE, "one")
    worker()
    with django_assert_max_num_queries(25):
        page = client.get("/evaluations").content.decode()
    assert private.full_name not in page
    assert "a private model" in page
    assert public.repository.full_name in page
    assert busy.repository.full_name in page
    client.force_login(owner)
    assert private.full_name in client.get("/evaluations").content.decode()


@pytest.mark.django_db
def test_the_page_of_a_live_run_is_rendered_only_when_something_changed(client: Client, digits: SuiteVersion):
    run = building.request(building.model(), digits)
    run.claim(timezone.now(), waking.LEASE, "one")
    asked = {"HX-Request": "true"}
    first = client.get(run.get_absolute_url(), headers=asked)
    again = client.get(run.get_absolute_url(), headers=asked | {"If-None-Match": first["ETag"]})
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    run.hold(timezone.now(), waking.LEASE, done=64, total=540, log="epoch one")
    changed = client.get(run.get_absolute_url(), headers=asked | {"If-None-Match": first["ETag"]})
    assert changed.status_code == 200
    assert b"64 / 540" in changed.content
    assert b"epoch one" in changed.content
    assert "ETag" not in client.get(run.get_absolute_url())


@pytest.mark.django_db
def test_a_run_that_nobody_may_see_has_no_etag_either(client: Client, digits: SuiteVersion):
    run = building.request(building.model(make.user(), private=True), digits)
    for address in (run.get_absolute_url(), f"/evaluations/{uuid4()}"):
        answer = client.get(address, headers={"HX-Request": "true"})
        assert (answer.status_code, "ETag" in answer) == (404, False)
