"""Notifications: who is told of what, once, and never of what they may not see."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Actor, Membership, Organization, Role, User
from accounts.services.standing import suspend
from hub.jobs.models import Job
from models_registry.community.models import (
    Discussion,
    Notice,
    NoticeKind,
    Notification,
    NotificationPreference,
    Subscription,
)
from models_registry.community.services import discussions, follows, notifications, preferences, wording
from models_registry.community.services.notifications import notify
from models_registry.community.services.preferences import Wish
from models_registry.models import Repository
from models_registry.services import gating, licences
from models_registry.services.indexing import index_commit
from models_registry.services.repositories import change_settings
from tests import make
from tests.models_registry.community.conftest import Work

Kind = NoticeKind
Email = NotificationPreference.Email


def told(user: User) -> list[tuple[str, int]]:
    """Kind and count of what waits for a member."""
    rows = notifications.of_actor(Actor(user=user)).unread()
    return [(row.kind, row.count) for row in rows]


def thread(repository: Repository, by: User, text: str = "So.") -> Discussion:
    return discussions.open_discussion(actor=Actor(user=by), repository=repository, title="Why?", text=text)


def say(discussion: Discussion, by: User, text: str = "Indeed.") -> None:
    discussions.comment(actor=Actor(user=by), discussion=discussion, text=text)


def test_an_owner_is_told_of_a_new_thread_and_who_takes_part_of_replies(work: Work) -> None:
    ada, bob, eve = make.user("ada"), make.user("bob"), make.user("eve")
    opened = thread(make.repository(ada), bob)
    work("tell")
    assert (told(ada), told(bob), told(eve)) == ([(Kind.OPENED, 1)], [], [])
    say(opened, eve)
    work("tell")
    assert (told(bob), told(eve)) == ([(Kind.REPLY, 1)], [])


def test_what_happens_in_a_thread_is_one_notification_until_it_is_read(client: Client, work: Work) -> None:
    ada, bob = make.user("ada"), make.user("bob")
    opened = thread(make.repository(ada), bob)
    for _number in range(3):
        say(opened, ada)
    work("tell")
    assert told(bob) == [(Kind.REPLY, 3)]
    client.force_login(bob)
    client.get(opened.get_absolute_url())
    assert told(bob) == []
    discussions.set_status(actor=Actor(user=ada), discussion=opened, status="closed")
    work("tell")
    assert told(bob) == [(Kind.STATUS, 1)]
    assert Notification.objects.filter(recipient=bob).count() == 1


def test_who_is_named_is_told_of_that_and_once(work: Work) -> None:
    ada, bob, eve = make.user("ada"), make.user("bob"), make.user("eve")
    opened = thread(make.repository(ada), bob, "@eve @ada look")
    work("tell")
    assert (told(eve), told(ada)) == ([(Kind.MENTION, 1)], [(Kind.MENTION, 1)])
    say(opened, bob, "and more")
    work("tell")
    assert told(eve) == [(Kind.MENTION, 2)]  # still: somebody waits for them


def test_a_muted_thread_tells_nothing_not_even_that_one_is_named(work: Work) -> None:
    ada, bob = make.user("ada"), make.user("bob")
    opened = thread(make.repository(ada), bob)
    discussions.subscribe(actor=Actor(user=bob), discussion=opened, to=False)
    say(opened, ada, "@bob hello?")
    work("tell")
    assert told(bob) == []


def test_five_thousand_listeners_do_not_slow_a_comment(work: Work) -> None:
    ada, bob = make.user("ada"), make.user("bob")
    opened = thread(make.repository(ada), bob)
    work("tell")
    with CaptureQueriesContext(connection) as alone:
        say(opened, ada)
    crowd = User.objects.bulk_create(
        User(username=f"crowd{number}", email=f"{number}@example.org") for number in range(5000)
    )
    Subscription.objects.bulk_create(Subscription(discussion=opened, user=user) for user in crowd)
    with CaptureQueriesContext(connection) as crowded:
        say(opened, ada)
    assert len(crowded) == len(alone)
    with CaptureQueriesContext(connection) as telling:
        work("tell")
    assert len(telling) < 400  # not one for each; SQLite takes a hundred rows at a time
    assert Notification.objects.filter(recipient__in=crowd).count() == 5000


def test_telling_twice_is_telling_once(work: Work) -> None:
    ada, bob = make.user("ada"), make.user("bob")
    opened = thread(make.repository(ada), bob)
    say(opened, ada)
    for notice in Notice.objects.order_by("pk"):
        notifications.tell(notice.pk)
        notifications.tell(notice.pk)
    assert told(bob) == [(Kind.REPLY, 1)]
    for notice in Notice.objects.order_by("-pk"):  # a late worker
        notifications.tell(notice.pk)
    assert told(bob) == [(Kind.REPLY, 1)]


def test_what_is_told_while_a_worker_dies_is_told_by_the_next(monkeypatch: pytest.MonkeyPatch, work: Work) -> None:
    monkeypatch.setattr(notifications, "_AT_ONCE", 2)
    users = [make.user() for _number in range(5)]
    notice = notify(kind=Kind.MODERATION, key="hello", users=users, text="Be kind.")
    whole = notifications._tell_some
    parts: list[int] = []

    def die_at_the_second(*arguments: object) -> None:
        parts.append(1)
        if len(parts) == 2:
            raise SystemExit
        whole(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(notifications, "_tell_some", die_at_the_second)
    with pytest.raises(SystemExit):
        notifications.tell(notice.pk)
    monkeypatch.setattr(notifications, "_tell_some", whole)
    notifications.tell(notice.pk)
    assert [told(user) for user in users] == [[(Kind.MODERATION, 1)]] * 5


def _made_private(ada: User, repository: Repository) -> None:
    change_settings(actor=Actor(user=ada), repository=repository, private=True)


def _hidden(ada: User, repository: Repository) -> None:
    Repository.objects.filter(pk=repository.pk).update(disabled_reason="reported")


def _deleted(ada: User, repository: Repository) -> None:
    repository.delete()


def _suspended(ada: User, repository: Repository) -> None:
    suspend(actor=Actor(user=make.user(is_admin=True)), user=ada, reason="spam")


@pytest.mark.parametrize("change", [_made_private, _hidden, _deleted, _suspended])
@pytest.mark.parametrize("when", ["before", "after"])
def test_nothing_is_told_of_what_one_may_not_see_any_more(
    client: Client, work: Work, change: Callable[[User, Repository], None], when: str
) -> None:
    ada, bob = make.user("ada"), make.user("bob")
    repository = make.repository(ada)
    opened = thread(repository, bob)
    say(opened, ada, "a telling sentence @bob")
    if when == "after":
        work("tell")
        assert told(bob) == [(Kind.MENTION, 1)]
    change(ada, repository)
    work("tell")
    assert told(bob) == []
    client.force_login(bob)
    for page in ("/notifications?show=all", "/api/notifications", "/"):
        shown = client.get(page).content.decode()
        assert "telling sentence" not in shown
        assert "Why?" not in shown or page == "/"  # a public thread is news for everybody
        assert "1 unread" not in shown


def test_who_leaves_an_organisation_hears_no_more_of_its_secrets(work: Work) -> None:
    ada, bob = make.user("ada"), make.user("bob")
    lab = make.organization("lab", write=ada, read=bob)
    opened = thread(make.repository(ada, namespace="lab", private=True), bob)
    say(opened, ada)
    work("tell")
    assert told(bob) == [(Kind.REPLY, 1)]
    Membership.objects.filter(organization=lab, user=bob).delete()
    say(opened, ada)
    work("tell")
    assert told(bob) == []
    assert Notification.objects.get(recipient=bob).count == 1


@pytest.mark.parametrize("role", [None, "read", "contributor", "write", "admin"])
@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize("disabled", ["", "reported"])
def test_who_is_told_may_see_it_and_the_other_way_round(
    work: Work, role: str | None, private: bool, disabled: str
) -> None:
    ada, bob = make.user("ada"), make.user("bob")
    lab = make.organization("lab", admin=ada)
    if role:
        Membership.objects.create(organization=lab, user=bob, role=Role.named(role))
    repository = make.repository(ada, namespace="lab", private=private, disabled_reason=disabled)
    notify(kind=Kind.EVALUATION, key="run:1", users=[bob], repository=repository)
    work("tell")
    seen = Repository.objects.visible_to(Actor(user=bob)).filter(pk=repository.pk).exists()
    assert Notification.objects.filter(recipient=bob).exists() == seen == bool(told(bob))


def test_a_hidden_comment_is_not_quoted_and_not_told_any_more(work: Work) -> None:
    ada, bob = make.user("ada"), make.user("bob")
    opened = thread(make.repository(ada), bob)
    said = discussions.comment(actor=Actor(user=ada), discussion=opened, text="an insult")
    work("tell")
    late = discussions.comment(actor=Actor(user=ada), discussion=opened, text="another insult")
    for event in (said, late):
        discussions.hide(actor=Actor(user=ada), event=event)
    work("tell")
    (row,) = notifications.of_actor(Actor(user=bob))
    assert (row.count, wording.of(row).excerpt) == (1, "")


def test_a_deleted_author_is_told_of_as_deleted_user(work: Work) -> None:
    ada, bob = make.user("ada"), make.user("bob")
    opened = thread(make.repository(ada), bob)
    eve = make.user("eve")
    say(opened, eve)
    work("tell")
    eve.namespace.delete()
    User.objects.filter(pk=eve.pk).delete()
    (row,) = notifications.of_actor(Actor(user=bob))
    assert "deleted user" in wording.of(row).what


def test_followers_of_a_repository_hear_of_a_new_version_but_for_who_made_it(work: Work) -> None:
    net, bob = make.repository(), make.user()
    for user in (bob, net.creator):
        follows.follow(actor=Actor(user=user), repository=net)
    make.commit(net, title="Retrained")
    make.commit(net, title="Again")
    work("tell")
    assert (told(bob), told(net.creator)) == ([(Kind.VERSION, 2)], [])


def test_asking_for_access_is_told_and_the_answer_too(work: Work) -> None:
    ada, bob = make.user("ada"), make.user("bob")
    net = make.repository(ada, gated="manual")
    gating.ask(actor=Actor(user=bob), repository=net)
    work("tell")
    assert told(ada) == [(Kind.ACCESS_ASKED, 1)]
    gating.decide(actor=Actor(user=ada), repository=net, status="accepted", username="bob")
    work("tell")
    assert told(bob) == [(Kind.ACCESS_DECIDED, 1)]


def test_whoever_wants_nothing_of_a_kind_gets_nothing_of_it(work: Work) -> None:
    ada, bob = make.user("ada"), make.user("bob")
    preferences.choose(user=bob, wishes={Kind.REPLY: Wish(on_page=False, email=Email.NEVER)})
    opened = thread(make.repository(ada), bob)
    say(opened, ada)
    work("tell")
    assert not Notification.objects.filter(recipient=bob).exists()
    say(opened, ada, "@bob")
    work("tell")
    assert told(bob) == [(Kind.MENTION, 1)]


def test_the_page_marks_puts_away_and_leads_on(client: Client, work: Work) -> None:
    ada, bob = make.user("ada"), make.user("bob")
    opened = thread(make.repository(ada, "net"), bob)
    say(opened, ada)
    work("tell")
    (row,) = notifications.of_actor(Actor(user=bob))
    client.force_login(bob)
    assert "1 unread" in client.get("/models").content.decode()
    assert "Why?" in client.get("/notifications?kind=reply&repository=ADA/net").content.decode()
    assert "Why?" not in client.get("/notifications?kind=mention").content.decode()
    assert client.get(f"/notifications/{row.pk}")["Location"].startswith("/ada/net/discussions/1?at=")
    assert told(bob) == []
    client.post("/notifications/mark", {"unread": row.pk})
    assert told(bob) == [(Kind.REPLY, 1)]
    assert (
        client.post("/notifications/mark", {"done": row.pk, "back": "/notifications?show=all"})["Location"]
        == "/notifications?show=all"
    )
    assert "Why?" not in client.get("/notifications?show=all").content.decode()
    say(opened, ada)
    work("tell")
    assert told(bob) == [(Kind.REPLY, 1)]
    client.post("/notifications/mark", {"read": "all", "back": "https://evil.example/"})
    assert told(bob) == []


def test_nobody_marks_or_opens_what_is_anothers(client: Client, work: Work) -> None:
    bob = make.user("bob")
    notify(kind=Kind.MODERATION, key="x", users=[bob], text="Be kind.")
    work("tell")
    row = Notification.objects.get()
    client.force_login(make.user("eve"))
    assert client.get(f"/notifications/{row.pk}").status_code == 404
    for act in ("read", "done"):
        client.post("/notifications/mark", {act: row.pk})
    client.post("/notifications/mark", {"read": "all"})
    assert told(bob) == [(Kind.MODERATION, 1)]


def test_the_list_and_the_bell_take_as_many_queries_for_many(client: Client, work: Work) -> None:
    ada, bob = make.user("ada"), make.user("bob")
    make.organization("lab")
    client.force_login(bob)
    pages = ["/notifications", "/api/notifications", "/models"]
    counts: list[list[int]] = []
    for _round in (1, 2):
        for number in range(4):
            say(thread(make.repository(ada), bob), make.user())
            notify(
                kind=Kind.INVITED, key=f"org:{number}", users=[bob], organization=Organization.objects.get(), actor=ada
            )
        work("tell")
        counts.append([])
        for page in pages:
            with CaptureQueriesContext(connection) as captured:
                client.get(page)
            counts[-1].append(len(captured))
    # The list of models grows with what is in it by nothing either; the bell is one query of each page.
    assert counts[0] == counts[1]


def test_the_bell_asks_once_and_for_nobody_not_at_all(client: Client) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get("/models")
        return sum("community_notification" in query["sql"] for query in captured)

    assert asked() == 0
    client.force_login(make.user())
    assert asked() == 1


def test_programs_read_and_mark_their_own(client: Client, work: Work) -> None:
    bob = make.user("bob")
    for number in range(3):
        notify(kind=Kind.EVALUATION, key=f"run:{number}", users=[bob], text=f"Run {number}", url=f"/runs/{number}")
    work("tell")
    headers = make.bearer(make.token(bob))
    first = client.get("/api/notifications?limit=2", headers=headers)
    assert [row["title"] for row in first.json()] == ["Run 2", "Run 1"]
    assert first.json()[0]["url"] == "http://testserver/runs/2"
    rest = client.get(first["Link"].partition(">")[0][1:], headers=headers).json()
    assert [row["title"] for row in rest] == ["Run 0"]
    body = {"ids": [rest[0]["id"]]}
    answer = client.post("/api/notifications/read", body, content_type="application/json", headers=headers)
    assert answer.json() == {"changed": 1}
    assert len(client.get("/api/notifications?unread=true", headers=headers).json()) == 2
    reading = make.bearer(make.token(bob, "read"))
    assert client.post("/api/notifications/read", {"all": True}, "application/json", headers=reading).status_code == 403
    assert client.get("/api/notifications").status_code == 401


def test_old_ones_go_and_unread_ones_stay(work: Work) -> None:
    bob = make.user("bob")
    for key in ("read", "unread"):
        notify(kind=Kind.MODERATION, key=key, users=[bob], text="Be kind.")
    work("tell")
    long_ago = timezone.now() - notifications.KEPT - timedelta(days=1)
    Notification.objects.update(updated_at=long_ago)
    Notification.objects.filter(key="read").update(read_at=long_ago)
    Notice.objects.update(created_at=long_ago)
    notifications.prune()
    assert [row.key for row in Notification.objects.all()] == ["unread"]
    assert [row.key for row in Notice.objects.all()] == ["unread"]
    assert Job.objects.exists()


def test_who_answers_for_a_model_is_told_that_its_licence_contradicts_its_base(work: Work) -> None:
    ada, bob, eve = make.user("ada"), make.user("bob"), make.user("eve")
    make.organization("lab", admin=bob, write=eve)
    licensed(make.repository(ada, "base"), "license: cc-by-nc-4.0")
    child = make.repository(bob, "child", namespace="lab")
    licensed(child, "license: mit\nbase_model: ada/base")
    for _ in range(2):
        licences.check(child.pk)
        work("tell")
    assert (told(ada), told(bob), told(eve)) == ([], [(Kind.LICENCE, 1)], [])
    line = wording.of(notifications.of_actor(Actor(user=bob)).get())
    assert (line.title, line.url) == ("lab/child", "/lab/child")


def licensed(repository: Repository, matter: str) -> None:
    commit = make.commit(repository, {"README.md": f"---\n{matter}\n---\n"})
    index_commit(repository.pk, commit.oid)


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("POST", "/read")])
def test_a_token_for_some_repositories_opens_no_notifications(client: Client, method: str, path: str) -> None:
    member = make.user()
    own = [{"action": "write", "repository": make.repository(member).pk}]
    headers = make.bearer(make.token(member, "fine-grained", scopes=own))
    answer = client.generic(
        method, f"/api/notifications{path}", '{"all": true}', content_type="application/json", headers=headers
    )
    assert answer.status_code == 403
