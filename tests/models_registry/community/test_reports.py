"""Anybody can report; what several say of one thing is one report; the gravest comes first."""

import pytest

from accounts.models import Actor, User
from accounts.services.staff_roles import set_roles
from hub.errors import Invalid, NotFound, Unauthenticated
from models_registry.community.models import Category, Discussion, Event, Notice, Report, ReportState, Severity
from models_registry.community.services.moderation import reports, subjects
from models_registry.models import Repository
from tests import make

SPAM, MALWARE, LEGAL = Category.SPAM, Category.MALWARE, Category.LEGAL


def comment_in(repository: Repository, text: str = "Buy now") -> Event:
    thread = Discussion.objects.create(repository=repository, number=1, title="Hi", author=repository.creator)
    return Event.objects.create(discussion=thread, author=repository.creator, kind=Event.Kind.COMMENT, text=text)


def opened(subject: subjects.Subject, category: Category = SPAM, **fields) -> Report:
    return reports.open_report(subject=subject, category=category, text=fields.pop("text", "Look"), **fields)


def test_what_several_say_of_one_thing_is_one_report_as_grave_as_the_gravest() -> None:
    subject = subjects.of_repository(make.repository())
    first = opened(subject, actor=Actor(user=make.user()))
    assert first.severity == Severity.NORMAL
    second = opened(subject, MALWARE, actor=Actor(user=make.user()))
    assert (second.pk, second.category, second.severity) == (first.pk, MALWARE, Severity.URGENT)
    assert (second.complaint_count, second.complaints.count()) == (2, 2)


def test_a_member_says_a_thing_once_and_may_say_it_better() -> None:
    subject, actor = subjects.of_repository(make.repository()), Actor(user=make.user())
    opened(subject, actor=actor, text="Hm")
    report = opened(subject, actor=actor, text="It copies mine")
    assert [complaint.text for complaint in report.complaints.all()] == ["It copies mine"]
    assert report.complaint_count == 1


def test_three_complaints_make_a_report_a_step_graver() -> None:
    subject = subjects.of_repository(make.repository())
    for _ in range(4):
        report = opened(subject, actor=Actor(user=make.user()))
    assert report.severity == Severity.HIGH


def test_without_an_account_only_what_breaks_the_law_can_be_reported_and_with_an_address() -> None:
    subject = subjects.of_repository(make.repository())
    with pytest.raises(Unauthenticated):
        opened(subject, SPAM, name="Eve", email="eve@example.org")
    with pytest.raises(Invalid):
        opened(subject, LEGAL)
    report = opened(subject, LEGAL, name="Eve", email="eve@example.org")
    assert report.complaints.get().said_by == "Eve <eve@example.org>"


def test_a_settled_report_is_history_and_the_next_one_is_new() -> None:
    staff, subject = make.user(is_admin=True), subjects.of_repository(make.repository())
    first = opened(subject, by_hub=True)
    reports.dismiss(actor=Actor(user=staff), report=first, reason="Fine")
    with pytest.raises(reports.Settled):
        reports.take(actor=Actor(user=staff), report=first)
    assert opened(subject, by_hub=True).pk != first.pk
    first.refresh_from_db()
    assert (first.state, first.settled_by, first.settled_reason) == (ReportState.DISMISSED, staff, "Fine")


def test_moderators_are_told_of_what_is_urgent_once() -> None:
    staff, owner = make.user(), make.user()
    set_roles(actor=Actor(user=make.user(is_admin=True)), user=staff, roles=["moderator"])
    User.objects.filter(pk=make.user().pk).update(is_staff=True)  # without the role
    subject = subjects.of_repository(make.repository(owner, private=True))
    report = opened(subject, SPAM, actor=Actor(user=owner))
    assert not Notice.objects.filter(key=f"urgent:{report.pk}").exists()
    for _ in range(2):
        opened(subject, MALWARE, actor=Actor(user=make.user()))
    notice = Notice.objects.get(key=f"urgent:{report.pk}")
    assert set(notice.users) == {staff.pk, *User.objects.filter(is_superuser=True).values_list("pk", flat=True)}
    assert notice.url == f"/admin/community/report/{report.pk}/change/"


def test_the_gravest_come_first_and_of_equals_the_oldest() -> None:
    spam, old, new = (subjects.of_repository(make.repository()) for _ in range(3))
    wanted = [opened(spam, by_hub=True), opened(old, MALWARE, by_hub=True), opened(new, MALWARE, by_hub=True)]
    assert list(Report.objects.unsettled().in_order()) == [wanted[1], wanted[2], wanted[0]]


@pytest.mark.parametrize("kind", ["repository", "discussion", "comment"])
def test_what_one_may_not_see_is_reported_like_what_is_missing(kind: str) -> None:
    owner = make.user("ada")
    comment = comment_in(make.repository(owner, "secret", private=True))
    name = {"repository": "ada/secret", "discussion": "ada/secret#1", "comment": comment.public_id}[kind]
    missing = {"repository": "ada/no", "discussion": "ada/secret#9", "comment": f"{10**9:024x}"}[kind]
    said = []
    for asked in (name, missing, "nonsense\0", "", "ff" * 200):
        with pytest.raises(NotFound) as caught:
            subjects.seen_by(Actor(user=make.user()), kind, asked)
        said.append(str(caught.value))
    assert len(set(said)) == 1
    assert subjects.seen_by(Actor(user=owner), kind, name)


def test_a_report_outlives_what_it_is_about_and_keeps_what_it_said() -> None:
    comment = comment_in(make.repository(), "Buy <b>now</b>")
    report = opened(subjects.of_comment(comment), by_hub=True)
    comment.discussion.repository.delete()
    report.refresh_from_db()
    assert report.excerpt == "Buy <b>now</b>"
    assert subjects.find(report.subject_kind, report.subject_id) is None
