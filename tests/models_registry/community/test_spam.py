"""What looks like spam is held back until a moderator looks, or refused; members of some standing are not bothered."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Actor, User
from accounts.services.profiles import change_profile
from models_registry.community.errors import WrongState
from models_registry.community.models import Category, Discussion, Event, Report
from models_registry.community.services import discussions
from models_registry.community.services.collections import create_collection
from models_registry.community.services.moderation import acts, spam
from models_registry.community.services.moderation.acts import Order
from models_registry.community.services.moderation.spam import Judgement, Place, Verdict
from models_registry.models import Card
from tests import make


def member(days: int = 0) -> User:
    user = make.user()
    User.objects.filter(pk=user.pk).update(date_joined=timezone.now() - timedelta(days=days))
    user.refresh_from_db()
    return user


def links(count: int) -> str:
    return " ".join(f"see https://shop{number}.example/pills" for number in range(count))


@pytest.mark.parametrize(
    ("days", "text", "verdict"),
    [
        (0, "A question about the licence", Verdict.OK),
        (0, links(3), Verdict.OK),
        (0, links(4), Verdict.HOLD),
        (0, links(12), Verdict.REFUSE),
        (0, "www.one.example www.two.example www.three.example www.four.example", Verdict.HOLD),
        (0, "Look at https://bit.ly/3xyz", Verdict.HOLD),
        (0, f"{settings.BASE_URL}/ada/net " * 9, Verdict.OK),
        (0, "http://[ https://]" * 9, Verdict.OK),
        (8, links(12), Verdict.OK),
        (8, "https://bit.ly/3xyz", Verdict.OK),
    ],
)
def test_the_simple_check(days: int, text: str, verdict: Verdict) -> None:
    assert spam.simple(member(days), text, Place.COMMENT).verdict == verdict


def test_the_same_text_again_and_again_is_held_and_then_refused() -> None:
    author, repository = member(), make.repository()
    text = "My model is the best of all models, and everybody ought to use it at once."
    hidden = []
    for _ in range(6):
        thread = discussions.open_discussion(actor=Actor(user=author), repository=repository, title="Hi", text=text)
        hidden.append(thread.events.comments().get().is_hidden)
    assert hidden == [False, False, True, True, True, True]
    with pytest.raises(spam.SpamRefused):
        discussions.open_discussion(actor=Actor(user=author), repository=repository, title="Hi", text=text)


def test_what_is_held_back_waits_for_a_moderator_who_shows_it() -> None:
    author = member()
    repository = make.repository(author)
    thread = discussions.open_discussion(actor=Actor(user=author), repository=repository, title="Hi", text="Hello")
    comment = discussions.comment(actor=Actor(user=author), discussion=thread, text=links(5))
    assert (comment.is_hidden, comment.hidden_reason) == (True, spam.HELD)
    report = Report.objects.get()
    assert (report.category, report.opened_by_hub, report.subject_id) == (Category.SPAM, True, comment.pk)
    with pytest.raises(WrongState):
        discussions.show(actor=Actor(user=author), event=comment)
    staff = Actor(user=make.user(is_admin=True))
    acts.show_comment(Order(actor=staff, reason="Fine", report=report), comment)
    comment.refresh_from_db()
    report.refresh_from_db()
    assert (comment.is_hidden, report.is_settled) == (False, True)


def test_a_comment_that_is_edited_into_spam_is_held_back() -> None:
    author = member()
    repository = make.repository()
    thread = discussions.open_discussion(actor=Actor(user=author), repository=repository, title="Hi", text="Hello")
    comment = thread.events.comments().get()
    discussions.edit(actor=Actor(user=author), event=comment, text=links(5))
    assert Event.objects.get(pk=comment.pk).is_hidden


def test_a_check_of_the_operators_own_is_asked_and_staff_is_believed(settings: Any) -> None:
    settings.SPAM_CHECK = f"{__name__}.suspicious"
    assert spam.judge(actor=Actor(user=member(400)), text="x", place=Place.COMMENT)
    assert not spam.judge(actor=Actor(user=make.user(is_admin=True)), text="x", place=Place.COMMENT)
    settings.SPAM_CHECK = ""
    assert not spam.judge(actor=Actor(user=member()), text=links(9), place=Place.COMMENT)


def suspicious(author: User, text: str, place: Place) -> Judgement:
    return Judgement(Verdict.HOLD, "everything is")


def test_a_card_of_little_but_links_is_reported_by_the_hub_and_one_that_cites_papers_is_not() -> None:
    for text, count in ((links(9), 1), (f"{links(9)} {'word ' * 200}", 0)):
        repository = make.repository(member())
        Card.objects.update_or_create(
            repository=repository, defaults={"commit": "a" * 40, "text": text, "front_matter": {}}
        )
        assert Report.objects.filter(subject_id=repository.pk).count() == count


def test_a_profile_and_a_collection_full_of_links_are_reported_by_the_hub() -> None:
    author, other = member(), member(days=30)
    for user in (author, other):
        change_profile(actor=Actor(user=user), namespace=user.namespace, about=links(5))
        create_collection(
            actor=Actor(user=user), namespace=user.username, title="Pills", description="https://bit.ly/3xyz and more"
        )
    assert {(report.subject_kind, report.author, report.opened_by_hub) for report in Report.objects.all()} == {
        ("namespace", author, True), ("collection", author, True),
    }  # fmt: skip
    change_profile(actor=Actor(user=author), namespace=author.namespace, about=links(6))
    assert Report.objects.count() == 2  # one report while it waits


def test_the_check_is_cheap() -> None:
    author = member()
    with CaptureQueriesContext(connection) as asked:
        spam.simple(author, "A long enough question about the licence of this model, I think", Place.COMMENT)
        spam.simple(author, links(5), Place.COMMENT)
    assert len(asked) == 1


def test_a_title_is_shown_at_once_so_it_is_refused_where_a_comment_would_be_held() -> None:
    author, repository = Actor(user=member()), make.repository()
    with pytest.raises(spam.SpamRefused):
        discussions.open_discussion(actor=author, repository=repository, title="Cheap: https://bit.ly/3xyz", text="Hi")
    thread = discussions.open_discussion(actor=author, repository=repository, title="Hi", text="Hello")
    with pytest.raises(spam.SpamRefused):
        discussions.retitle(actor=author, discussion=thread, title="Cheap: https://bit.ly/3xyz")
    assert [row.title for row in Discussion.objects.all()] == ["Hi"]
