"""The queue in the administration: quick however much waits, safe whatever it holds, in step between moderators."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Actor, AuditEntry
from models_registry.community.models import Category, CommentEdit, Report, ReportState
from models_registry.community.services.moderation import acts, appeals, reports, subjects
from models_registry.community.services.moderation.acts import Order
from models_registry.models import Repository, Standing
from tests import make
from tests.models_registry.community.test_moderation import moderator
from tests.models_registry.community.test_reports import comment_in

NASTY = "<script>alert(1)</script><img src=x onerror=alert(2)>"


@pytest.fixture
def staff(client: Client) -> Actor:
    actor = moderator()
    assert actor.user is not None
    client.force_login(actor.user)
    return actor


def fill(count: int) -> None:
    boss = Actor(user=make.user(is_admin=True))
    for number in range(count):
        comment = comment_in(make.repository())
        report = reports.open_report(
            subject=subjects.of_comment(comment), category=Category.SPAM, text="x", actor=Actor(user=make.user())
        )
        reports.take(actor=boss, report=report)
        repository = make.repository(comment.author)
        act = acts.close_repository(Order(actor=boss, reason="x"), repository, standing=Standing.QUARANTINED)
        appeals.make(user=repository.creator, action=act, text=f"No {number}")


@pytest.mark.parametrize(
    "address",
    [
        "", "community/report/", "community/appeal/", "community/moderationaction/", "community/event/",
        "community/discussion/", "accounts/auditentry/", "accounts/user/", "models_registry/repository/",
    ],
)  # fmt: skip
def test_no_list_asks_more_the_longer_it_is(client: Client, staff: Actor, address: str) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert client.get(f"/admin/{address}").status_code == 200
        return len(asked)

    fill(1)
    queries()
    few = queries()
    fill(3)
    assert queries() <= few


def test_a_reports_page_asks_no_more_for_a_long_history(client: Client, staff: Actor) -> None:
    comment = comment_in(make.repository())
    subject = subjects.of_comment(comment)
    report = reports.open_report(subject=subject, category=Category.SPAM, text="x", by_hub=True)

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert client.get(f"/admin/community/report/{report.pk}/change/").status_code == 200
        return len(asked)

    queries()
    few = queries()
    for _ in range(4):
        reports.open_report(subject=subject, category=Category.SPAM, text="y", actor=Actor(user=make.user()))
        acts.warn(Order(actor=staff, reason="z"), comment.author)
        CommentEdit.objects.create(event=comment, editor=comment.author, text="before")
    assert queries() <= few


def test_what_is_reported_is_shown_as_text(client: Client, staff: Actor) -> None:
    comment = comment_in(make.repository(), NASTY)
    CommentEdit.objects.create(event=comment, editor=comment.author, text=f"before {NASTY}")
    report = reports.open_report(
        subject=subjects.of_comment(comment), category=Category.ABUSE, text=NASTY, actor=Actor(user=make.user())
    )
    acts.warn(Order(actor=staff, reason=NASTY), comment.author)
    for address in (f"community/report/{report.pk}/change/", "community/report/", "", "community/moderationaction/"):
        page = client.get(f"/admin/{address}").content.decode()
        assert NASTY not in page, address
    shown = client.get(f"/admin/community/report/{report.pk}/change/").content.decode()
    assert shown.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 3


def test_colours_are_the_same_in_every_language(client: Client, staff: Actor) -> None:
    client.cookies["django_language"] = "zh-hans"
    repository = make.repository()
    report = reports.open_report(
        subject=subjects.of_repository(repository), category=Category.MALWARE, text="x", by_hub=True
    )
    for address in (f"community/report/{report.pk}/change/", ""):
        assert "mod-badge mod-urgent" in client.get(f"/admin/{address}").content.decode()
    assert "bg-red-100" in client.get("/admin/community/report/").content.decode()
    act = acts.close_repository(Order(actor=staff, reason="x"), repository, standing=Standing.HIDDEN)
    acts.undo(Order(actor=staff, reason="y"), act)
    assert "bg-green-100" in client.get("/admin/community/moderationaction/").content.decode()
    assert "(&#x27;" not in client.get(f"/admin/community/moderationaction/{act.pk}/change/").content.decode()


def act_on(client: Client, report: Report, act: str, **form: str) -> Any:
    address = f"/admin/community/report/{report.pk}/{act}/"
    return client.post(address, {"_form_submitted": "true", "reason": "Stolen weights", **form}, follow=True)


def test_the_slower_of_two_moderators_is_told_and_nothing_is_done_twice(client: Client, staff: Actor) -> None:
    repository = make.repository()
    report = reports.open_report(
        subject=subjects.of_repository(repository), category=Category.MALWARE, text="x", by_hub=True
    )
    assert act_on(client, report, "quarantine_repository").status_code == 200
    other = moderator()
    with pytest.raises(reports.Settled) as told:
        reports.dismiss(actor=other, report=Report.objects.get(pk=report.pk), reason="Fine")
    assert str(staff) in str(told.value)
    assert act_on(client, report, "dismiss").status_code == 403  # the act is offered no more
    repository.refresh_from_db()
    assert repository.standing == Standing.QUARANTINED
    assert AuditEntry.objects.filter(action="repository.quarantined").count() == 1


def test_ready_words_make_a_reason_and_none_at_all_makes_no_act(client: Client, staff: Actor) -> None:
    repository = make.repository()
    report = reports.open_report(
        subject=subjects.of_repository(repository), category=Category.LEGAL, text="x", by_hub=True
    )
    act_on(client, report, "take_down_repository", reason="", notice="Closed.")
    act_on(client, report, "take_down_repository", notice=" ")
    repository.refresh_from_db()
    assert repository.standing == Standing.GOOD
    words = "This infringes the rights of others."
    act_on(
        client, report, "take_down_repository", reason="See 12/34.", ready=words, notice="Closed.", legal_basis="§ 1"
    )
    repository.refresh_from_db()
    assert (repository.standing, repository.disabled_reason) == (Standing.TAKEN_DOWN, f"{words} See 12/34.")
    assert (repository.public_notice, repository.legal_basis) == ("Closed.", "§ 1")


def test_a_report_is_taken_put_back_and_the_next_one_opened(client: Client, staff: Actor) -> None:
    first, second = (
        reports.open_report(
            subject=subjects.of_repository(make.repository()), category=Category.SPAM, text="x", by_hub=True
        )
        for _ in range(2)
    )
    act_on(client, first, "take")
    first.refresh_from_db()
    assert (first.assigned_to, first.state) == (staff.user, ReportState.IN_WORK)
    assert (
        client.get(f"/admin/community/report/{first.pk}/next_report/")
        .headers["Location"]
        .endswith(f"/{second.pk}/change/")
    )
    act_on(client, first, "put_back")
    first.refresh_from_db()
    assert first.state == ReportState.OPEN


def test_many_are_dealt_with_for_one_reason(client: Client, staff: Actor) -> None:
    repositories = [make.repository() for _ in range(3)]
    page = "/admin/models_registry/repository/"
    form = {"action": "hide_each", "_selected_action": [repository.pk for repository in repositories[:2]]}
    asked = client.post(page, form).content.decode()
    assert "Give the reason" in asked
    assert not Repository.objects.exclude(disabled_reason="").exists()
    client.post(page, form | {"reason": "A raid of robots", "ready": ""})
    hidden = Repository.objects.filter(disabled_reason="A raid of robots")
    assert set(hidden) == set(repositories[:2])


def test_the_audit_log_is_searched_and_taken_along(client: Client, staff: Actor) -> None:
    acts.warn(Order(actor=staff, reason="=cmd|' /C calc'!A0"), make.user("mallory"))
    acts.warn(Order(actor=staff, reason="Another"), make.user("trent"))
    find: Callable[[str], str] = lambda query: client.get(f"/admin/accounts/auditentry/?q={query}").content.decode()  # noqa: E731
    assert "mallory" in find("calc")
    assert "trent" not in find("calc")
    assert "trent" in find(f"{staff}+user.warned+Another")
    answer = client.get("/admin/accounts/auditentry/as-csv/?q=mallory")
    lines = b"".join(answer.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert "user.warned,mallory" in lines[1]
    assert AuditEntry.objects.filter(action="audit.exported").exists()
    assert client.get("/admin/accounts/auditentry/as-csv/?kind=user").status_code == 200
