"""The rules of a challenge: who enters, how often, until when, and who wins."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import numpy as np
import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import Actor, AuditEntry
from evaluations import splits
from evaluations.errors import (
    AlreadyEntered,
    AlreadySubmitted,
    ChallengeClosed,
    EntryNotFound,
    QuotaExhausted,
    RunIsFinal,
    SuiteSealed,
    TeamIsFull,
)
from evaluations.models import (
    BoardKind,
    ChallengeState,
    Comparison,
    Entrant,
    Entry,
    FailureKind,
    Place,
    Result,
    Run,
    Score,
    SealedResult,
    State,
    Submission,
    SuiteVersion,
)
from evaluations.services import (
    boards,
    challenges,
    comparing,
    comparison_requests,
    entering,
    judging,
    requesting,
    sealing,
    submitting,
)  # fmt: skip
from evaluations.services import competing as reading
from hub.errors import Conflict, Forbidden, Invalid
from hub.jobs.models import Job
from models_registry.community.models import Notice
from models_registry.errors import GatedRepository
from models_registry.services.repositories import delete_repository
from tests import make
from tests.evaluations import building, competing, rows
from tests.evaluations.building import right
from tests.evaluations.competing import AFTER, DURING, END, START

DAY = timedelta(days=1)


# How the rows are divided


@pytest.mark.parametrize("percent", [5, 30, 50, 95])
def test_rows_are_divided_the_same_every_time_and_each_class_in_its_share(percent: int) -> None:
    labels = np.repeat(np.arange(10), 54)
    first, again, other = (splits.public_rows(540, percent, seed, labels) for seed in (7, 7, 8))
    assert (first == again).all()
    assert (first != other).any()
    assert abs(first.sum() - 540 * percent / 100) <= 1
    assert all(abs(first[labels == label].sum() - 54 * percent / 100) <= 1 for label in range(10))
    assert (splits.unpack(splits.pack(first), 540) == first).all()


@pytest.mark.parametrize("labels", [None, np.random.default_rng(0).normal(size=133), np.zeros((133, 2))])
def test_rows_without_classes_are_divided_too(labels: np.ndarray | None) -> None:
    assert abs(splits.public_rows(133, 30, 1, labels).sum() - 40) <= 1


def test_a_score_on_a_part_has_its_interval() -> None:
    score = splits.accuracy(np.arange(540) < 533)
    assert (round(score.value, 4), round(score.low, 4), round(score.high, 4)) == (0.9870, 0.9735, 0.9937)
    loss = splits.mean_loss(np.random.default_rng(0).normal(3, 1, 400).astype("<f4"))
    assert loss.low < 3 < loss.high
    assert 0.04 < loss.stderr < 0.06


# Dates


def test_it_is_upcoming_open_closed_and_then_has_results(digits: SuiteVersion) -> None:
    challenge = competing.challenge(digits)
    states = [challenge.state_at(moment) for moment in (START - DAY, START, END - timedelta(seconds=1), END)]
    assert states == [ChallengeState.UPCOMING, ChallengeState.OPEN, ChallengeState.OPEN, ChallengeState.CLOSED]
    judging.judge(challenge.pk, now=END - DAY)
    challenge.refresh_from_db()
    assert challenge.results_at is None
    judging.judge(challenge.pk, now=AFTER)
    challenge.refresh_from_db()
    assert challenge.state_at(AFTER) == ChallengeState.PUBLISHED
    assert Notice.objects.filter(key=f"challenge:{challenge.pk}").exists()


@pytest.mark.parametrize(
    ("moment", "words"),
    [(START - DAY, "from 2030-01-01 00:00 UTC on"), (END, "until 2030-01-11 00:00 UTC"), (AFTER, "which is over")],
)
def test_nothing_is_submitted_while_no_phase_is_open(digits: SuiteVersion, moment, words: str) -> None:
    entry = competing.entry(competing.challenge(digits))
    with pytest.raises(ChallengeClosed, match=words):
        competing.submit(entry, now=moment)
    assert not Run.objects.exists()
    competing.submit(entry, now=START)


def test_between_phases_it_says_when_the_next_begins_and_the_first_may_not_count(digits: SuiteVersion) -> None:
    challenge = competing.challenge(digits, published=False)
    challenge.phases.update(counts=False, name="Warm-up")
    with pytest.raises(Invalid, match="None of its phases counts"):
        challenges.publish(actor=competing.staff(), challenge=challenge, now=START - DAY)
    challenge.phases.create(name="Final phase", starts_at=END + DAY, ends_at=END + 2 * DAY)
    challenges.publish(actor=competing.staff(), challenge=challenge, now=START - DAY)
    entry = competing.entry(challenge)
    competing.measured(competing.submit(entry), right(540))
    with pytest.raises(ChallengeClosed, match="from 2030-01-12 00:00 UTC on"):
        competing.submit(entry, now=AFTER)
    later = competing.measured(competing.submit(entry, now=END + DAY), right(500))
    judging.judge(challenge.pk, now=END + 2 * DAY)
    assert Place.objects.get(board=BoardKind.FINAL).submission == later


# Entries


def test_a_member_is_in_one_entry_of_a_challenge(digits: SuiteVersion) -> None:
    challenge = competing.challenge(digits)
    ada, ben = make.user(), make.user()
    first = competing.entry(challenge, ada, "Readers")
    with pytest.raises(AlreadyEntered):
        competing.entry(challenge, ada, "Another")
    with pytest.raises(Conflict, match="choose another name"):
        competing.entry(challenge, ben, "READERS")
    other = Entry.objects.create(challenge=challenge, name="third")
    with pytest.raises(IntegrityError), transaction.atomic():
        Entrant.objects.create(entry=other, challenge=challenge, user=ada, state="member")
    assert reading.team(other) == []
    assert [entrant.user for entrant in reading.team(first)] == [ada]


@pytest.mark.parametrize("name", ["x" * 61, "two\nlines", "right\u202eleft"])
def test_an_entrys_name_is_one_line_that_can_be_read(digits: SuiteVersion, name: str) -> None:
    with pytest.raises(Invalid):
        competing.entry(competing.challenge(digits), name=name)


def test_a_team_is_made_by_invitation_and_acceptance(digits: SuiteVersion) -> None:
    challenge = competing.challenge(digits, most_members=2)
    ada, ben, eve = make.user("ada"), make.user("ben"), make.user("eve")
    entry = competing.entry(challenge, ada)
    by_ada, by_ben = Actor(user=ada), Actor(user=ben)
    invitation = entering.invite(actor=by_ada, entry=entry, username="Ben", now=DURING)
    other = entering.invite(actor=by_ada, entry=entry, username="eve", now=DURING)
    assert list(entering.invitations_of(by_ben, challenge)) == [invitation]
    with pytest.raises(Conflict):
        entering.invite(actor=by_ada, entry=entry, username="ben", now=DURING)
    with pytest.raises(EntryNotFound):  # not invited, so not theirs to take
        entering.accept(actor=Actor(user=eve), challenge=challenge, invitation_id=invitation.pk, now=DURING)
    with pytest.raises(EntryNotFound):
        competing.submit(entry, user=ben)
    entering.accept(actor=by_ben, challenge=challenge, invitation_id=invitation.pk, now=DURING)
    assert competing.submit(entry, user=ben).submitted_by == ben
    with pytest.raises(TeamIsFull):
        entering.accept(actor=Actor(user=eve), challenge=challenge, invitation_id=other.pk, now=DURING)
    entering.take_back(actor=by_ben, entry=entry, invitation_id=other.pk)
    assert [entrant.user for entrant in reading.team(entry)] == [ada, ben]


def test_who_has_an_entry_joins_no_other(digits: SuiteVersion) -> None:
    challenge = competing.challenge(digits)
    ada, ben = make.user(), make.user()
    entry, own = competing.entry(challenge, ada), competing.entry(challenge, ben)
    invitation = entering.invite(actor=Actor(user=ada), entry=entry, username=ben.username, now=DURING)
    with pytest.raises(AlreadyEntered):
        entering.accept(actor=Actor(user=ben), challenge=challenge, invitation_id=invitation.pk, now=DURING)
    entering.leave(actor=Actor(user=ben), entry=own)
    assert not Entry.objects.filter(pk=own.pk).exists()
    entering.accept(actor=Actor(user=ben), challenge=challenge, invitation_id=invitation.pk, now=DURING)


def test_who_leaves_what_has_submitted_does_not_begin_anew(digits: SuiteVersion) -> None:
    challenge = competing.challenge(digits)
    ada = make.user()
    entry = competing.entry(challenge, ada)
    competing.submit(entry)
    entering.leave(actor=Actor(user=ada), entry=entry)
    with pytest.raises(AlreadyEntered, match="cannot enter this challenge again"):
        competing.entry(challenge, ada)
    with pytest.raises(EntryNotFound):
        competing.submit(entry, user=ada)


def test_nobody_enters_or_joins_what_is_over_or_not_published(digits: SuiteVersion) -> None:
    challenge = competing.challenge(digits, published=False)
    with pytest.raises(ChallengeClosed, match="not published"):
        competing.entry(challenge)
    challenges.publish(actor=competing.staff(), challenge=challenge, now=DURING)
    with pytest.raises(ChallengeClosed, match="over"):
        competing.entry(challenge, now=END)


# Submissions


def test_an_entry_submits_so_often_a_day_and_in_total(digits: SuiteVersion) -> None:
    entry = competing.entry(competing.challenge(digits, per_day=2, in_total=3))
    competing.submit(entry)
    competing.submit(entry, now=DURING + timedelta(hours=1))
    with pytest.raises(QuotaExhausted, match="after 2030-01-03 00:00 UTC"):
        competing.submit(entry, now=DURING + timedelta(hours=2))
    assert submitting.remaining(entry.challenge, entry, DURING + timedelta(hours=2)) == {"today": 0, "total": 1}
    competing.submit(entry, now=DURING + DAY)
    with pytest.raises(QuotaExhausted, match="all its 3 submissions"):
        competing.submit(entry, now=DURING + 5 * DAY)


def test_faults_of_the_hub_cost_nothing_and_those_of_the_model_do(digits: SuiteVersion) -> None:
    entry = competing.entry(competing.challenge(digits, in_total=1))
    submission = competing.submit(entry)
    failed = {"state": State.FAILED, "failure_reason": "x"}
    Run.objects.filter(pk=submission.run_id).update(**failed, failure_kind=FailureKind.INFRASTRUCTURE)
    again = competing.submit(entry, submission.repository)
    assert again.run_id != submission.run_id
    Run.objects.filter(pk=again.run_id).update(**failed, failure_kind=FailureKind.MODEL)
    with pytest.raises(AlreadySubmitted):
        competing.submit(entry, submission.repository)
    with pytest.raises(QuotaExhausted):
        competing.submit(entry)


def test_a_deleted_repository_gives_no_submission_back(digits: SuiteVersion) -> None:
    entry = competing.entry(competing.challenge(digits, in_total=1))
    submission = competing.submit(entry)
    delete_repository(actor=Actor(user=competing.member(entry)), repository=submission.repository)
    submission.refresh_from_db()
    assert submission.run is None
    with pytest.raises(QuotaExhausted):
        competing.submit(entry)


@pytest.mark.django_db(transaction=True)
def test_two_submissions_at_once_take_the_last_one_once(digits: SuiteVersion) -> None:
    entry = competing.entry(competing.challenge(digits, in_total=1))
    repositories = [building.model(competing.member(entry), files={"model.onnx": b"x"}) for _ in range(3)]

    def one(repository) -> str:
        try:
            competing.submit(entry, repository)
        except QuotaExhausted:
            return "refused"
        finally:
            connection.close()
        return "taken"

    with ThreadPoolExecutor(3) as pool:
        found = sorted(pool.map(one, repositories))
    assert found == ["refused", "refused", "taken"]
    assert Submission.objects.count() == 1


def test_a_private_model_is_submitted_by_who_reads_it_and_a_gated_one_by_nobody_kept_out(digits: SuiteVersion) -> None:
    challenge = competing.challenge(digits)
    entry = competing.entry(challenge)
    reader = competing.member(entry)
    owner = make.user()
    organization = make.organization(write=owner, read=reader)
    private = building.model(owner, {"model.onnx": b"x"}, namespace=organization.namespace.name, private=True)
    assert competing.submit(entry, private).run.requested_by == reader
    with pytest.raises(GatedRepository):
        competing.submit(entry, building.model(files={"model.onnx": b"x"}, gated="manual"))


def test_two_entries_may_put_the_same_commit_forward(digits: SuiteVersion) -> None:
    challenge = competing.challenge(digits)
    first, second = competing.entry(challenge), competing.entry(challenge)
    model = building.model(files={"model.onnx": b"x"})
    one, other = competing.submit(first, model), competing.submit(second, model)
    assert one.run == other.run
    submitting.withdraw(
        actor=Actor(user=competing.member(first)), challenge=challenge, submission_id=one.pk, now=DURING
    )
    other.run.refresh_from_db()
    assert other.run.state == State.QUEUED
    competing.measured(other, right(500))
    assert [place.entry for place in reading.places(challenge)] == [second]


def test_what_is_withdrawn_before_it_is_measured_costs_nothing_and_stands_nowhere(digits: SuiteVersion) -> None:
    challenge = competing.challenge(digits, in_total=2)
    entry = competing.entry(challenge)
    actor = Actor(user=competing.member(entry))
    waiting, done = competing.submit(entry), competing.submit(entry)
    submitting.withdraw(actor=actor, challenge=challenge, submission_id=waiting.pk, now=DURING)
    competing.measured(done, right(400))
    assert len(reading.places(challenge)) == 1
    submitting.withdraw(actor=actor, challenge=challenge, submission_id=done.pk, now=DURING)
    judging.judge(challenge.pk, now=DURING)
    assert list(reading.places(challenge)) == []
    assert submitting.remaining(challenge, entry, DURING) == {"today": 1, "total": 1}
    stranger = competing.entry(challenge)
    with pytest.raises(EntryNotFound):
        submitting.withdraw(
            actor=Actor(user=competing.member(stranger)), challenge=challenge, submission_id=done.pk, now=DURING
        )
    with pytest.raises(ChallengeClosed):
        submitting.withdraw(actor=actor, challenge=challenge, submission_id=done.pk, now=END)


# Winning


def on_part(challenge, wrong_public: int, wrong_hidden: int) -> np.ndarray:
    """Right but for so many rows of each part."""
    challenge.refresh_from_db()
    public = splits.unpack(bytes(challenge.public_rows), 540)
    correct = np.ones(540, bool)
    correct[np.flatnonzero(public)[:wrong_public]] = False
    correct[np.flatnonzero(~public)[:wrong_hidden]] = False
    return correct


@pytest.mark.parametrize(("final_by", "value"), [("selected", 288 / 378), ("best", 378 / 378)])
def test_the_final_board_takes_what_was_selected_or_the_best_on_the_hidden_rows(
    digits: SuiteVersion, final_by: str, value: float
) -> None:
    challenge = competing.challenge(digits, final_by=final_by)
    judging.judge(challenge.pk, now=DURING)
    entry = competing.entry(challenge)
    actor = Actor(user=competing.member(entry))
    submissions = [
        competing.measured(competing.submit(entry), on_part(challenge, public, hidden))
        for public, hidden in ((0, 200), (50, 0), (60, 90), (70, 100))
    ]
    assert submissions[1].public_value == 112 / 162
    assert all(submission.hidden is None for submission in submissions)
    if final_by == "selected":
        for submission in submissions[2:]:
            submitting.select(actor=actor, challenge=challenge, submission_id=submission.pk, selected=True, now=DURING)
        with pytest.raises(Conflict, match="At most 2"):
            submitting.select(
                actor=actor, challenge=challenge, submission_id=submissions[0].pk, selected=True, now=DURING
            )
    judging.judge(challenge.pk, now=AFTER)
    place = Place.objects.select_related("submission").get(board=BoardKind.FINAL)
    assert place.reached.value == value
    assert place.reached.low < value <= place.reached.high


def test_who_selected_nothing_stands_by_the_best_on_the_public_rows_and_a_wide_gap_is_flagged(
    digits: SuiteVersion,
) -> None:
    challenge = competing.challenge(digits)
    judging.judge(challenge.pk, now=DURING)
    entry = competing.entry(challenge)
    fitted = competing.measured(competing.submit(entry), on_part(challenge, 0, 200))
    fair = competing.measured(competing.submit(entry), on_part(challenge, 16, 38))
    judging.judge(challenge.pk, now=AFTER)
    assert Place.objects.get(board=BoardKind.FINAL).submission == fitted
    fitted.refresh_from_db()
    fair.refresh_from_db()
    assert (fitted.has_wide_gap, fair.has_wide_gap) == (True, False)


def test_ranks_are_shared_where_the_hidden_rows_cannot_tell_entries_apart(digits: SuiteVersion) -> None:
    challenge = competing.challenge(digits)
    judging.judge(challenge.pk, now=DURING)
    for name, wrong in (("good", 10), ("nearly", 11), ("bad", 200)):
        entry = competing.entry(challenge, name=name)
        competing.measured(competing.submit(entry), on_part(challenge, wrong // 2, wrong))
    judging.judge(challenge.pk, now=AFTER)
    challenge.refresh_from_db()
    found = [(place.entry.name, place.first, place.last) for place in reading.places(challenge)]
    assert found == [("good", 1, 2), ("nearly", 1, 2), ("bad", 3, 3)]


def test_of_numbers_the_smaller_mean_loss_wins(digits: SuiteVersion) -> None:
    numbers = rows.suite("diabetes-regression")
    challenge = competing.challenge(numbers)
    noise = np.random.default_rng(0).normal(0, 1, 133) ** 2
    for name, level in (("far", 300), ("near", 100)):
        submission = competing.submit(competing.entry(challenge, name=name))
        Run.objects.filter(pk=submission.run_id).update(state=State.SCORED)
        losses = (level + noise).astype("<f4").tobytes()
        result = Result(
            run=submission.run, document="{}", sha256="00" * 32, public_key="00" * 32, signature="00" * 64,
            outcomes=b"", losses=losses, samples_key="x",
        )  # fmt: skip
        sealing.keep(submission.run, [result])
    judging.judge(challenge.pk, now=AFTER)
    challenge.refresh_from_db()
    assert [(place.entry.name, place.last) for place in reading.places(challenge)] == [("near", 1), ("far", 2)]
    assert not challenge.higher_is_better


def test_results_wait_for_the_last_run(digits: SuiteVersion) -> None:
    challenge = competing.challenge(digits)
    submission = competing.submit(competing.entry(challenge), now=END - timedelta(seconds=1))
    judging.judge(challenge.pk, now=AFTER)
    challenge.refresh_from_db()
    assert challenge.results_at is None
    sealing.ask_for_results(AFTER)
    assert Job.objects.filter(kind=sealing.JUDGE, key=str(challenge.pk)).exists()
    competing.end(submission.run, right(500))
    judging.judge(challenge.pk, now=AFTER)
    challenge.refresh_from_db()
    assert challenge.results_at == AFTER


# What is sealed


def test_with_the_results_scores_and_documents_are_published_as_they_were(digits: SuiteVersion) -> None:
    challenge = competing.challenge(digits)
    submission = competing.measured(competing.submit(competing.entry(challenge)), right(500))
    assert SealedResult.objects.get().run == submission.run
    assert not Score.objects.exists()
    assert not Result.objects.exists()
    judging.judge(challenge.pk, now=AFTER)
    score, result = Score.objects.get(), Result.objects.get()
    assert (score.run, score.value, result.run) == (submission.run, 500 / 540, submission.run)
    assert splits.unpack(bytes(result.outcomes), 540).sum() == 500
    assert not SealedResult.objects.exists()
    assert Job.objects.filter(kind="rank_board", key=str(digits.pk)).exists()
    judging.judge(challenge.pk, now=AFTER)
    assert Place.objects.filter(board=BoardKind.FINAL).count() == 1


@pytest.mark.parametrize("suite", ["digits-image-classification", "digits-tabular-classification"])
def test_nothing_else_is_measured_on_the_labels_of_a_challenge(digits: SuiteVersion, suite: str) -> None:
    rows.suite(suite)
    challenge = competing.challenge(digits)
    model = building.model(files={"model.onnx": b"x"})

    def ask() -> Run:
        return requesting.request_evaluation(
            actor=Actor(user=model.creator), repository=model, revision="main", suite=suite
        )

    with pytest.raises(SuiteSealed, match="Digits Cup"):
        ask()
    judging.judge(challenge.pk, now=AFTER)
    assert ask().challenge is None


def test_what_was_under_way_before_and_what_staff_queue_again_is_sealed_too(digits: SuiteVersion) -> None:
    early, failed = (building.request(building.model(files={"model.onnx": b"x"}), digits) for _ in range(2))
    Run.objects.filter(pk=failed.pk).update(
        state=State.FAILED, failure_kind=FailureKind.INFRASTRUCTURE, failure_reason="x"
    )
    failed.refresh_from_db()
    challenge = competing.challenge(digits)
    again = requesting.queue_again(actor=competing.staff(), run=failed)
    for run in (early, again):
        competing.end(run, right(300))
        run.refresh_from_db()
        assert run.is_withheld
    assert not Score.objects.exists()
    assert not boards.standings(digits)
    judging.judge(challenge.pk, now=AFTER)
    assert Score.objects.count() == 2


@pytest.mark.parametrize("suite", ["digits-image-classification", "digits-tabular-classification"])
def test_no_challenge_is_held_on_labels_that_rows_of_scored_runs_tell(digits: SuiteVersion, suite: str) -> None:
    building.scored(building.model(files={"model.onnx": b"x"}), rows.suite(suite), right(400))
    with pytest.raises(Conflict, match="on which nothing was measured"):
        competing.challenge(digits)


def test_a_failed_run_that_staff_queue_again_is_the_submissions(digits: SuiteVersion) -> None:
    submission = competing.submit(competing.entry(competing.challenge(digits)))
    with pytest.raises(RunIsFinal):
        requesting.queue_again(actor=competing.staff(), run=submission.run)
    Run.objects.filter(pk=submission.run_id).update(
        state=State.FAILED, failure_kind=FailureKind.INFRASTRUCTURE, failure_reason="x"
    )
    submission.run.refresh_from_db()
    again = requesting.queue_again(actor=competing.staff(), run=submission.run)
    submission.refresh_from_db()
    assert submission.run == again


@pytest.mark.django_db(transaction=True)
def test_a_worker_seals_what_it_finds_and_the_judge_scores_it(digits: SuiteVersion) -> None:
    user = building.operator()
    challenge = competing.challenge(rows.hosted(digits))
    submission = competing.submit(competing.entry(challenge, user), building.model(user))
    run = building.execute(submission.run)
    assert run.state == State.SCORED
    assert not Score.objects.exists()
    assert not Result.objects.exists()
    judging.judge(challenge.pk, now=DURING)
    submission.refresh_from_db()
    assert 0.93 < submission.public_value <= 1
    judging.judge(challenge.pk, now=AFTER)
    submission.refresh_from_db()
    challenge.refresh_from_db()
    public = splits.unpack(bytes(challenge.public_rows), 540)
    together = submission.public_value * public.sum() + submission.hidden_value * (~public).sum()
    assert round(together) == 533
    assert run.scores.get(name="accuracy").value == 533 / 540


# What staff do


def test_only_staff_with_the_permission_run_a_challenge_and_it_is_written_down(digits: SuiteVersion) -> None:
    challenge = competing.challenge(digits, published=False)
    entry = Entry.objects.create(challenge=challenge, name="x")
    member, token = Actor(user=make.user()), make.token_row(make.token(make.user(is_admin=True)))
    for actor in (member, Actor(user=token.user, token=token)):
        with pytest.raises(Forbidden):
            challenges.publish(actor=actor, challenge=challenge, now=START)
        with pytest.raises(Forbidden):
            challenges.extend(actor=actor, phase=challenge.phases.get(), until=AFTER, now=START)
        with pytest.raises(Forbidden):
            challenges.end_early(actor=actor, challenge=challenge, reason="x", now=DURING)
        with pytest.raises(Forbidden):
            challenges.disqualify(actor=actor, entry=entry, reason="x")
    staff = competing.staff()
    challenges.publish(actor=staff, challenge=challenge, now=START)
    challenges.extend(actor=staff, phase=challenge.phases.get(), until=AFTER, now=START)
    challenges.end_early(actor=staff, challenge=challenge, reason="Enough.", now=DURING)
    challenges.disqualify(actor=staff, entry=entry, reason="Two accounts.")
    actions = list(AuditEntry.objects.filter(user=staff.user).order_by("pk").values_list("action", flat=True))
    assert actions == ["challenge.published", "challenge.extended", "challenge.ended", "challenge.entry_disqualified"]


def test_a_challenge_needs_hidden_labels_phases_in_order_and_labels_of_its_own(digits: SuiteVersion) -> None:
    staff = competing.staff()
    public = rows.suite("python-topics-bits-per-byte")
    with pytest.raises(Invalid, match="are public"):
        competing.challenge(public, slug="public")
    draft = competing.challenge(digits, published=False)
    draft.phases.create(name="Second", starts_at=DURING, ends_at=AFTER)
    with pytest.raises(Invalid, match="overlap"):
        challenges.publish(actor=staff, challenge=draft, now=START)
    draft.phases.filter(name="Second").delete()
    with pytest.raises(Invalid, match="is over"):
        challenges.publish(actor=staff, challenge=draft, now=END)
    challenges.publish(actor=staff, challenge=draft, now=START)
    with pytest.raises(Conflict, match="same labels"):
        competing.challenge(rows.suite("digits-tabular-classification"), slug="other")


def test_an_extended_phase_takes_submissions_for_longer_and_an_ended_one_no_more(digits: SuiteVersion) -> None:
    staff, challenge = competing.staff(), competing.challenge(digits)
    entry = competing.entry(challenge)
    phase = challenge.phases.get()
    with pytest.raises(Invalid):
        challenges.extend(actor=staff, phase=phase, until=END - DAY, now=DURING)
    challenges.extend(actor=staff, phase=phase, until=END + DAY, now=DURING)
    challenge.refresh_from_db()
    competing.submit(Entry.objects.get(pk=entry.pk), now=AFTER)
    challenges.end_early(actor=staff, challenge=challenge, reason="Enough.", now=AFTER)
    with pytest.raises(ChallengeClosed):
        competing.submit(Entry.objects.get(pk=entry.pk), now=AFTER)
    Run.objects.update(state=State.CANCELLED)
    judging.judge(challenge.pk, now=AFTER)
    with pytest.raises(ChallengeClosed, match="results are published"):
        challenges.extend(actor=staff, phase=challenge.phases.get(), until=END + 9 * DAY, now=AFTER)


@pytest.mark.parametrize("moment", [DURING, AFTER])
def test_a_disqualified_entry_leaves_the_boards_and_the_others_move_up(digits: SuiteVersion, moment) -> None:
    challenge = competing.challenge(digits)
    cheat, honest = competing.entry(challenge, name="cheat"), competing.entry(challenge, name="honest")
    competing.measured(competing.submit(cheat), right(540))
    competing.measured(competing.submit(honest), right(300))
    judging.judge(challenge.pk, now=moment)
    challenges.disqualify(actor=competing.staff(), entry=cheat, reason="Labels by hand.")
    judging.judge(challenge.pk, now=moment)
    challenge.refresh_from_db()
    assert [(place.entry.name, place.first) for place in reading.places(challenge)] == [("honest", 1)]
    assert [entry.disqualified_reason for entry in reading.disqualified(challenge)] == ["Labels by hand."]
    with pytest.raises(Forbidden, match="Labels by hand"):
        competing.submit(cheat)


def test_a_board_takes_the_same_queries_whatever_its_length(digits: SuiteVersion, django_assert_num_queries) -> None:
    challenge = competing.challenge(digits)
    for wrong in range(1, 4):
        competing.measured(competing.submit(competing.entry(challenge)), right(540 - wrong))
    for _ in range(2):
        with django_assert_num_queries(2):
            found = [
                [entrant.user.username for entrant in place.entry.team_members] for place in reading.places(challenge)
            ]
        for wrong in range(4, 8):
            competing.measured(competing.submit(competing.entry(challenge)), right(540 - wrong))
    assert len(found) == 7


def test_a_sealed_score_is_compared_and_told_of_only_when_it_is_published(digits: SuiteVersion) -> None:
    entry = competing.entry(competing.challenge(digits))
    submission = competing.measured(competing.submit(entry), right(533))
    run = submission.run
    assert run is not None
    comparing.compare(str(run.pk))
    assert not Comparison.objects.exists()
    assert not Notice.objects.filter(url=run.get_absolute_url()).exists()
    judging.judge(submission.entry.challenge_id, now=AFTER)
    assert Job.objects.filter(kind=comparison_requests.KIND, key=str(run.pk)).exists()
    comparing.compare(str(run.pk))
    assert Notice.objects.filter(url=run.get_absolute_url()).exists()
