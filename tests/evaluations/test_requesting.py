"""Who may ask for what, how often, and what one gets."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.errors import ReadOnlyToken, Suspended
from accounts.models import Actor, AuditEntry
from evaluations import access
from evaluations.errors import NothingToEvaluate, QuotaExhausted, RunIsFinal, RunNotFound, SuiteNotFound
from evaluations.models import FailureKind, Run, State, SuiteVersion
from evaluations.services import requesting
from hub.errors import Forbidden, Invalid, Unauthenticated
from models_registry.access import keep
from models_registry.errors import GatedRepository, RevisionNotFound
from tests import make
from tests.evaluations import building


def ask(repository, actor, **changes):
    wanted = {"revision": "main", "suite": "digits-image-classification"} | changes
    return requesting.request_evaluation(actor=actor, repository=repository, **wanted)


def test_any_member_may_ask_for_a_public_model_and_nobody_anonymous(digits: SuiteVersion):
    repository = building.model()
    stranger = make.user()
    run = ask(repository, Actor(user=stranger))
    assert (run.state, run.requested_by, run.attempt) == (State.QUEUED, stranger, 0)
    with pytest.raises(Unauthenticated):
        ask(repository, Actor())


def test_a_private_model_is_evaluated_for_those_who_may_write_it(digits: SuiteVersion):
    owner, stranger, reader = make.user(), make.user(), make.user()
    organization = make.organization(write=owner, read=reader)
    repository = building.model(owner, namespace=organization.namespace.name, private=True)
    for other in (stranger, reader):
        with pytest.raises(Forbidden):
            ask(repository, Actor(user=other))
    run = ask(repository, Actor(user=owner))
    assert access.run_for(Actor(user=reader), run.pk) == run
    for unknown in (Actor(), Actor(user=stranger)):
        with pytest.raises(RunNotFound):
            access.run_for(unknown, run.pk)


def test_a_credential_that_only_reads_cannot_spend_the_hubs_time(digits: SuiteVersion):
    owner = make.user()
    repository = building.model(owner)
    token = make.token_row(make.token(owner, role="read"))
    with pytest.raises(ReadOnlyToken):
        ask(repository, Actor(user=owner, token=token))
    owner.suspended_reason = "spam"
    owner.save()
    with pytest.raises(Suspended):
        ask(repository, Actor(user=owner))


def test_a_gated_model_is_evaluated_for_those_who_may_read_it(digits: SuiteVersion):
    repository = building.model(gated="manual")
    with pytest.raises(GatedRepository):
        ask(repository, Actor(user=make.user()))


def test_what_is_not_there_cannot_be_evaluated(digits: SuiteVersion):
    repository = building.model()
    actor = Actor(user=repository.creator)
    with pytest.raises(SuiteNotFound):
        ask(repository, actor, suite="no-such-suite")
    with pytest.raises(RevisionNotFound):
        ask(repository, actor, revision="no-such-branch")
    with pytest.raises(Invalid, match="no 'gpu' workers"):
        ask(repository, actor, hardware_class="gpu")
    with pytest.raises(NothingToEvaluate):
        ask(make.repository(repository.creator, kind="dataset"), actor)


def test_asking_again_while_it_is_under_way_is_the_same_run(digits: SuiteVersion):
    repository = building.model()
    first = ask(repository, Actor(user=repository.creator))
    assert ask(repository, Actor(user=make.user())) == first
    make.commit(repository)
    assert ask(repository, Actor(user=repository.creator)) != first


def test_asking_again_once_it_is_scored_is_a_run_that_names_the_first(digits: SuiteVersion):
    repository = building.model()
    first = building.scored(repository, digits, building.right(533))
    again = ask(repository, Actor(user=repository.creator))
    assert again != first
    assert again.rerun_of == first


@pytest.mark.django_db(transaction=True)
def test_two_requests_at_once_are_one_run(digits: SuiteVersion):
    repository = building.model()

    def one(_: int) -> object:
        try:
            return ask(repository, Actor(user=repository.creator)).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        runs = set(pool.map(one, range(4)))
    assert len(runs) == 1
    assert Run.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_what_is_written_about_repository_and_member_meanwhile_is_no_deadlock(digits: SuiteVersion):
    """Whoever holds the repository ends with a look at the member's row, which the request holds while it waits."""
    repository = building.model()
    actor = Actor(user=repository.creator)
    held = Barrier(2)

    def write() -> None:
        try:
            with transaction.atomic():
                keep(repository)
                AuditEntry.objects.record(actor, "repository.licence", repository.full_name)
                held.wait()
                time.sleep(0.3)  # the request has come as far as it can
        finally:
            connection.close()

    def one() -> State:
        try:
            held.wait()
            return ask(repository, actor).state
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        written, asked = pool.submit(write), pool.submit(one)
    assert (written.result(), asked.result()) == (None, State.QUEUED)


def test_a_quota_counts_what_the_member_brought_about_and_not_the_hubs_faults(digits: SuiteVersion):
    digits.definition["quota"] = {"per_user_day": 2, "per_repository_day": 100}
    digits.save()
    user = make.user()
    for state in (
        {"state": State.FAILED, "failure_kind": FailureKind.INFRASTRUCTURE, "failure_reason": "x"},
        {"state": State.CANCELLED},
        {"state": State.FAILED, "failure_kind": FailureKind.MODEL, "failure_reason": "x"},
        {"state": State.SCORED},
    ):
        building.scored(building.model(user), digits, building.right(500), **state)
    with pytest.raises(QuotaExhausted, match="You have had 2 evaluations"):
        ask(building.model(user), Actor(user=user))
    Run.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert ask(building.model(user), Actor(user=user)).state == State.QUEUED


def test_a_waiting_run_is_cancelled_at_once_by_who_asked_or_who_may_write(digits: SuiteVersion):
    repository = building.model()
    asker, stranger = make.user(), make.user()
    run = ask(repository, Actor(user=asker))
    with pytest.raises(Forbidden):
        requesting.cancel(actor=Actor(user=stranger), run=run)
    assert requesting.cancel(actor=Actor(user=asker), run=run).state == State.CANCELLED
    with pytest.raises(RunIsFinal):
        requesting.cancel(actor=Actor(user=asker), run=run)
    other = ask(repository, Actor(user=asker))
    assert other != run
    assert requesting.cancel(actor=Actor(user=repository.creator), run=other).state == State.CANCELLED
    assert AuditEntry.objects.filter(action="evaluation.cancelled").count() == 2


def test_a_run_that_ended_meanwhile_is_not_noted_as_cancelled(digits: SuiteVersion):
    run = ask(building.model(), Actor(user=make.user()))
    seen = Run.objects.get(pk=run.pk)
    seen.state = State.RUNNING
    Run.objects.filter(pk=run.pk).update(state=State.SCORED)
    with pytest.raises(RunIsFinal):
        requesting.cancel(actor=Actor(user=run.requested_by), run=seen)
    assert not AuditEntry.objects.filter(action="evaluation.cancelled").exists()


def test_staff_queue_again_and_invalidate_and_nobody_else(digits: SuiteVersion):
    repository = building.model()
    run = building.scored(repository, digits, building.right(533))
    member, staff = Actor(user=make.user()), Actor(user=building.operator())
    with pytest.raises(Forbidden):
        requesting.queue_again(actor=member, run=run)
    with pytest.raises(Forbidden):
        requesting.invalidate(actor=member, run=run, reason="no")
    again = requesting.queue_again(actor=staff, run=run)
    assert (again.state, again.rerun_of, again.commit) == (State.QUEUED, run, run.commit)
    assert requesting.queue_again(actor=staff, run=run) == again
    requesting.invalidate(actor=staff, run=run, reason="It was trained on the test rows.")
    run.refresh_from_db()
    assert (run.state, run.invalidated_reason) == (State.INVALIDATED, "It was trained on the test rows.")
    with pytest.raises(RunIsFinal):
        requesting.invalidate(actor=staff, run=run, reason="again")
