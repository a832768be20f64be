"""A score beside that of the commit before: whether the data can show a difference, and who is told."""

from typing import Any

import numpy as np
import pytest
from django.test import Client

from accounts.models import Actor
from evaluations.models import Comparison, Result, Run, State
from evaluations.services import comparing, requesting
from evaluations.services.comparison_requests import KIND
from hub.jobs.models import Job
from models_registry.community.models import Activity, Notice, NoticeKind, Notification
from models_registry.community.services import follows, notifications
from models_registry.models import Repository
from tests import make
from tests.evaluations import building, rows


@pytest.fixture
def net() -> Repository:
    return make.repository(make.user("ada"), "net")


def scored(repository: Repository, correct: int, **fields: Any) -> Run:
    """Of a new commit, compared."""
    make.commit(repository)
    run = rows.scored(repository, correct, **fields)
    comparing.compare(str(run.pk))
    return run


def shown(run: Run) -> dict[str, Any]:
    found: dict[str, Any] = Client().get(f"/api/evaluations/{run.pk}").json()["comparison"]
    return found


def notices(kind: NoticeKind) -> dict[str, list[str]]:
    """{text: who is told}"""
    found = {}
    for notice in Notice.objects.filter(kind=kind):
        notifications.tell(notice.pk)
        found[notice.text] = sorted(row.recipient.username for row in Notification.objects.filter(notice=notice))
    return found


@pytest.mark.parametrize(
    ("before", "after", "verdict", "words"),
    [
        (500, 533, "better", "better"),
        (533, 500, "worse", "worse"),
        (533, 531, "same", "no difference that the data can show"),
        (533, 533, "same", "no difference that the data can show"),
    ],
)
def test_a_score_is_held_against_that_of_the_commit_before(
    net: Repository, before: int, after: int, verdict: str, words: str
) -> None:
    first, second = scored(net, before), scored(net, after)
    assert shown(first) is None
    found = shown(second)
    assert (found["evaluation"], found["commit"]) == (str(first.pk), first.commit)
    assert (found["verdict"], found["words"], found["test"]) == (verdict, words, "mcnemar")
    assert found["metrics"]["accuracy"] == {
        "previous": before / 540,
        "difference": pytest.approx((after - before) / 540),
    }
    assert (found["p_value"] < 0.05) is (verdict != "same")


def test_numbers_are_compared_by_a_paired_bootstrap_in_the_metrics_direction(net: Repository) -> None:
    first, second = scored(net, 500), scored(net, 500)
    noise = np.random.default_rng(0).random(540)
    for run, more in ((first, 1.0), (second, 0.0)):
        run.scores.filter(primary=True).update(value=2 + more, higher_is_better=False)
        Result.objects.filter(run=run).update(outcomes=b"", losses=(noise + more).astype("<f4").tobytes())
    comparing.compare(str(second.pk))
    assert (shown(second)["verdict"], shown(second)["test"]) == ("better", "bootstrap")
    Result.objects.filter(run=first).update(losses=b"")
    comparing.compare(str(second.pk))
    assert (shown(second)["verdict"], shown(second)["p_value"]) == ("untested", None)


def test_what_it_is_held_against_is_another_commit_whose_score_counts(net: Repository) -> None:
    first, second = scored(net, 500), scored(net, 510)
    again = rows.scored(net, 511)
    comparing.compare(str(again.pk))
    assert shown(again)["evaluation"] == str(first.pk)
    third = scored(net, 533)
    Job.objects.all().delete()
    requesting.invalidate(actor=Actor(user=building.operator()), run=again, reason="It was trained on the test rows.")
    assert shown(third) is None
    (job,) = Job.objects.filter(kind=KIND)
    comparing.compare(job.key)
    assert shown(third)["evaluation"] == str(second.pk)
    assert Comparison.objects.filter(run=again).exists()
    assert shown(Run.objects.get(pk=again.pk)) is None


def test_a_run_that_is_not_scored_is_compared_to_nothing(net: Repository) -> None:
    run = rows.run(net, state=State.RUNNING)
    comparing.compare(str(run.pk))
    comparing.compare("00000000-0000-0000-0000-000000000000")
    assert not Comparison.objects.exists()


def test_who_asked_who_follows_and_whose_it_is_hear_the_score_and_what_it_is_worth(net: Repository) -> None:
    fan, asker = make.user("fan"), make.user("asker")
    follows.follow(actor=Actor(user=fan), repository=net)
    first = scored(net, 500)
    Run.objects.filter(pk=first.pk).update(requested_by=asker)
    second = scored(net, 533)
    short = first.commit[:12]
    text = f"ada/net: accuracy 0.9870 on Handwritten digits, 8×8, up 0.0611 from {short}: better"
    assert notices(NoticeKind.SCORED)[text] == ["fan"]
    assert notices(NoticeKind.EVALUATION)[text] == ["ada"]
    third = scored(net, 531)
    text = (
        f"ada/net: accuracy 0.9833 on Handwritten digits, 8×8, down 0.0037 from {second.commit[:12]}: "
        "no difference that the data can show"
    )
    assert text in notices(NoticeKind.SCORED)
    for run in (second, third):  # done again, nobody is told again
        comparing.compare(str(run.pk))
    assert Notice.objects.filter(kind=NoticeKind.SCORED).count() == 3
    assert "ada/net: accuracy 0.9259 on Handwritten digits, 8×8" in notices(NoticeKind.SCORED)


def test_a_repetition_is_news_to_who_asked_for_it_alone(net: Repository) -> None:
    scored(net, 500)
    again = rows.scored(net, 500)
    comparing.compare(str(again.pk))
    assert Notice.objects.filter(kind=NoticeKind.SCORED).count() == 1
    assert Notice.objects.filter(kind=NoticeKind.EVALUATION).count() == 2
    assert Activity.objects.filter(verb=Activity.Verb.SCORED).count() == 1


def test_a_score_stands_in_the_feed_until_it_is_invalidated(net: Repository) -> None:
    first, second = scored(net, 500), scored(net, 533)
    page = Client().get("/ada").content.decode()
    assert "accuracy 0.9259 on Handwritten digits, 8×8<" in page
    assert f"accuracy 0.9870 on Handwritten digits, 8×8, +0.0611 from {first.commit[:12]}" in page
    requesting.invalidate(actor=Actor(user=building.operator()), run=second, reason="It was trained on the test rows.")
    page = Client().get("/ada").content.decode()
    assert "0.9870" not in page
    assert "accuracy 0.9259" in page


def test_the_page_of_a_run_shows_the_difference_and_what_it_is_worth(net: Repository) -> None:
    first, second = scored(net, 500), scored(net, 533)
    assert "Beside the commit before" not in Client().get(first.get_absolute_url()).content.decode()
    page = Client().get(second.get_absolute_url()).content.decode()
    assert "Beside the commit before" in page
    for words in (first.get_absolute_url(), "+0.0611", "Better", "exact McNemar"):
        assert words in page
    third = scored(net, 531)
    page = Client().get(third.get_absolute_url()).content.decode()
    assert "No difference that the data can show" in page
    assert "−0.0037" in page
