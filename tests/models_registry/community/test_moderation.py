"""Acts of moderators: each with a reason and on record; done once; taken back; appealed against."""

import html
import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.core import mail
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import Actor, AuditEntry, Immutable, User
from accounts.services.profiles import change_profile
from accounts.services.staff_roles import set_roles
from hub.errors import Conflict, Forbidden, Invalid
from hub.jobs.models import Job
from hub.jobs.tasks import run
from models_registry.community.models import (
    Act,
    Appeal,
    Category,
    Collection,
    ModerationAction,
    Notice,
    Picture,
    ReportState,
)
from models_registry.community.services import discussions, pictures
from models_registry.community.services.collections import create_collection
from models_registry.community.services.moderation import acts, appeals, reports, subjects, telling
from models_registry.community.services.moderation.acts import Order
from models_registry.models import Repository, Standing
from tests import make
from tests.models_registry.community.test_reports import comment_in

NOTICE = "Closed on request of the Ministry of Silly Walks."


def moderator(role: str = "moderator") -> Actor:
    user = make.user()
    set_roles(actor=Actor(user=make.user(is_admin=True)), user=user, roles=[role])
    return Actor(user=User.objects.get(pk=user.pk))


def order(reason: str = "Stolen weights", **fields: Any) -> Order:
    return Order(actor=fields.pop("actor", None) or moderator(), reason=reason, **fields)


def taken_down(repository: Repository, **fields: Any) -> ModerationAction:
    return acts.close_repository(
        order(**fields), repository, standing=Standing.TAKEN_DOWN, notice=NOTICE, legal_basis="§ 1"
    )


def collection(of: User | None = None) -> Collection:
    owner = of or make.user()
    return create_collection(actor=Actor(user=owner), namespace=owner.username, title="Buy now")


def picture() -> Picture:
    return pictures.take(actor=Actor(user=make.user()), content=b"GIF89a and so on")


# What each act does, and how it is taken back. (name, do, is it done?)
def _cases() -> list[Any]:
    def repository(standing: Standing) -> tuple[Callable[..., Any], Callable[..., bool]]:
        def act(given: Order, thing: Any) -> ModerationAction:
            notice = NOTICE if standing == Standing.TAKEN_DOWN else ""
            return acts.close_repository(given, thing, standing=standing, notice=notice)

        return act, lambda thing: thing.standing == standing

    cases = [
        (standing.value, make.repository, *repository(standing))
        for standing in (Standing.HIDDEN, Standing.QUARANTINED, Standing.TAKEN_DOWN)
    ]
    cases += [
        ("comment", lambda: comment_in(make.repository()), acts.hide_comment, lambda thing: thing.is_hidden),
        (
            "lock",
            lambda: comment_in(make.repository()).discussion,
            lambda given, thing: acts.set_lock(given, thing, is_locked=True),
            lambda thing: thing.is_locked,
        ),
        ("collection", collection, acts.hide_collection, lambda thing: bool(thing.hidden_reason)),
        ("picture", picture, acts.hide_picture, lambda thing: bool(thing.hidden_reason)),
        ("suspend", make.user, acts.suspend, lambda thing: thing.is_suspended),
        ("ban", make.user, acts.ban, lambda thing: not thing.is_active),
    ]
    return [pytest.param(*case[1:], id=case[0]) for case in cases]


@pytest.mark.parametrize(("made", "act", "is_done"), _cases())
def test_an_act_is_recorded_is_done_once_and_is_taken_back_once(made: Any, act: Any, is_done: Any) -> None:
    thing, staff = made(), moderator()
    done = act(order(actor=staff), thing)
    thing.refresh_from_db()
    assert is_done(thing)
    assert (done.moderator, done.reason) == (staff.user, "Stolen weights")
    assert AuditEntry.objects.filter(user=staff.user).exclude(action__startswith="staff.").count() == 1
    if done.kind != Act.SUSPEND:  # a suspension may be made longer
        with pytest.raises(Conflict):
            act(order(), thing)
    undone = acts.undo(order("A mistake"), done)
    thing.refresh_from_db()
    assert not is_done(thing)
    assert undone.reverses == done
    with pytest.raises(acts.DoneAlready):
        acts.undo(order("Once more"), done)


@pytest.mark.parametrize(("made", "act", "is_done"), _cases())
@pytest.mark.parametrize("who", ["member", "evaluator", "operator", "token"])
def test_without_the_role_nothing_is_done(who: str, made: Any, act: Any, is_done: Any) -> None:
    thing = made()
    if who == "token":
        staff = moderator().user
        assert staff is not None
        actor = Actor(user=staff, token=make.token_row(make.token(staff)))
    else:
        actor = Actor(user=make.user()) if who == "member" else moderator(who)
    with pytest.raises(Forbidden):
        act(order(actor=actor), thing)
    thing.refresh_from_db()
    assert not is_done(thing)
    assert not ModerationAction.objects.exists()


def test_nobody_moderates_themselves_nor_staff() -> None:
    staff = moderator()
    for victim in (staff.user, moderator().user, make.user(is_admin=True)):
        assert victim is not None
        with pytest.raises(Forbidden):
            acts.ban(order(actor=staff), victim)


def test_an_act_needs_a_reason_and_a_take_down_a_notice() -> None:
    repository = make.repository()
    with pytest.raises(Invalid):
        acts.close_repository(order("  "), repository, standing=Standing.HIDDEN)
    with pytest.raises(Invalid):
        acts.close_repository(order(), repository, standing=Standing.TAKEN_DOWN)
    repository.refresh_from_db()
    assert repository.standing == Standing.GOOD


def test_an_act_settles_its_report_and_the_slower_moderator_is_told() -> None:
    repository = make.repository()
    report = reports.open_report(
        subject=subjects.of_repository(repository), category=Category.MALWARE, text="x", by_hub=True
    )
    done = acts.close_repository(order(report=report), repository, standing=Standing.QUARANTINED)
    report.refresh_from_db()
    assert (report.state, list(report.acts.all())) == (ReportState.RESOLVED, [done])
    assert repository.creator is not None
    with pytest.raises(reports.Settled):
        acts.warn(order(report=report), repository.creator)
    repository.creator.refresh_from_db()
    assert not repository.creator.warning


def test_a_suspension_ends_by_itself(client: Client) -> None:
    user = make.user()
    token = make.token(user)
    acts.suspend(order(), user, until=timezone.now() + timedelta(days=1))
    headers = make.bearer(token)
    refused = client.post("/api/repos/create", {"name": "net"}, content_type="application/json", headers=headers)
    assert refused.status_code == 403
    assert "suspended until" in refused.json()["error"]
    assert "Stolen weights" in refused.json()["error"]
    assert client.get("/api/whoami-v2", headers=headers).status_code == 200
    User.objects.filter(pk=user.pk).update(suspended_until=timezone.now() - timedelta(seconds=1))
    made = client.post("/api/repos/create", {"name": "net"}, content_type="application/json", headers=headers)
    assert made.status_code == 200


def test_a_suspended_or_warned_member_reads_why_on_every_page(client: Client) -> None:
    user = make.user()
    acts.suspend(order("Much spam"), user)
    acts.warn(order("Be <b>kind</b>"), user)
    client.force_login(User.objects.get(pk=user.pk))
    for address in ("/", "/models", "/settings/moderation", "/no/such/page"):
        page = client.get(address).content.decode()
        assert "Much spam" in page, address
        assert "Be &lt;b&gt;kind&lt;/b&gt;" in page, address
    client.post("/settings/moderation/read")
    assert "Be &lt;b&gt;" not in client.get("/").content.decode()
    assert AuditEntry.objects.filter(action="user.warning_read").exists()


def test_a_ban_closes_session_and_tokens_and_lifting_it_opens_them(client: Client) -> None:
    user = make.user()
    headers, comment = make.bearer(make.token(user)), comment_in(make.repository(user))
    client.force_login(user)
    acts.ban(order(), user, with_content=True)
    assert client.get("/settings/tokens").status_code == 302
    assert Client().get("/api/whoami-v2", headers=headers).status_code == 401
    comment.refresh_from_db()
    assert comment.is_hidden
    assert Repository.objects.get().standing == Standing.HIDDEN
    acts.lift_ban(order("A mistake"), user)
    comment.refresh_from_db()
    assert not comment.is_hidden
    assert Repository.objects.get().standing == Standing.GOOD
    assert Client().get("/api/whoami-v2", headers=headers).status_code == 200


def test_records_are_neither_changed_nor_deleted() -> None:
    done = taken_down(make.repository())
    done.reason = "Another"
    for row, column in ((done, "reason"), (AuditEntry.objects.get(action="repository.taken_down"), "target")):
        rows = type(row).objects.all()
        setattr(row, column, "Another")
        for change in (row.save, row.delete, partial(rows.update, **{column: "Another"}), rows.delete):
            with pytest.raises(Immutable):
                change()
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_auditentry SET action = 'forged'")


def test_a_member_who_leaves_stays_in_the_log_by_name() -> None:
    staff = moderator()
    done = acts.hide_comment(order(actor=staff), comment_in(make.repository()))
    assert staff.user is not None
    name = staff.user.username
    staff.user.delete()
    done.refresh_from_db()
    assert (done.moderator, done.moderator_name) == (None, name)
    assert AuditEntry.objects.get(action="comment.hidden").actor_name == name


def test_who_is_concerned_appeals_once_and_is_heard() -> None:
    owner = make.user()
    done = taken_down(make.repository(owner))
    with pytest.raises(appeals.NoSuchAct):
        appeals.act_for(Actor(user=make.user()), done.pk)
    appeal = appeals.make(user=owner, action=appeals.act_for(Actor(user=owner), done.pk), text="It is mine")
    with pytest.raises(appeals.AppealedAlready):
        appeals.make(user=owner, action=done, text="Again")
    appeals.decide(actor=moderator(), appeal=appeal, reverse=True, reason="So it is")
    appeal.refresh_from_db()
    assert (appeal.state, Repository.objects.get().standing) == (Appeal.State.REVERSED, Standing.GOOD)
    with pytest.raises(acts.DoneAlready):
        appeals.decide(actor=moderator(), appeal=appeal, reverse=False, reason="No")


@pytest.mark.parametrize(("reverse", "told"), [(True, "granted"), (False, "refused")])
def test_who_appealed_hears_what_was_decided_also_when_they_sign_in_no_more(reverse: bool, told: str) -> None:
    user = make.user()
    appeal = appeals.make(user=user, action=acts.ban(order(), user), text="I am no robot")
    appeals.decide(actor=moderator(), appeal=appeal, reverse=reverse, reason="We looked again")
    run(Job.objects.get(kind="tell_of_decision").pk)
    (letter,) = mail.outbox
    assert letter.to == [user.email]
    assert f"{told} your appeal" in letter.body
    assert "We looked again" in letter.body
    notice = Notice.objects.get(key=f"appeal:{appeal.pk}")
    assert (notice.users, told in notice.text) == ([user.pk], True)


def test_a_banned_members_page_says_nothing_in_their_words(client: Client) -> None:
    user = make.user("mallory", full_name="BUY PILLS")
    change_profile(actor=Actor(user=user), namespace=user.namespace, about="pills", website="https://pills.example")
    addresses = ("/mallory", "/api/users/mallory/overview")
    for address in addresses:
        assert "pills" in client.get(address).content.decode()
    done = acts.ban(order(), user)
    for address in addresses:
        said = client.get(address).content.decode()
        assert "pills" not in said.lower(), address
    assert "closed this account" in client.get("/mallory").content.decode()
    acts.undo(order("A mistake"), done)
    assert "BUY PILLS" in client.get("/mallory").content.decode()


def test_a_squatted_name_is_taken_away_and_given_back_on_appeal() -> None:
    squatter = make.user("famous-lab")
    done = acts.rename(order("Not theirs"), squatter.namespace, name="squatter-1")
    squatter.refresh_from_db()
    assert squatter.username == squatter.namespace.name == "squatter-1"
    assert make.organization("famous-lab").namespace.name == "famous-lab"
    appeal = appeals.make(user=squatter, action=done, text="It is my name")
    with pytest.raises(Conflict):
        appeals.decide(actor=moderator(), appeal=appeal, reverse=True, reason="Theirs")
    other = make.user("other-lab")
    back = acts.undo(order("A mistake"), acts.rename(order(), other.namespace, name="other-1"))
    other.refresh_from_db()
    assert (other.username, back.kind) == ("other-lab", Act.RENAME)


def test_who_reported_hears_what_became_of_it() -> None:
    reporter, repository = make.user(), make.repository()
    subject = subjects.of_repository(repository)
    report = reports.open_report(subject=subject, category=Category.SPAM, text="x", actor=Actor(user=reporter))
    reports.dismiss(actor=moderator(), report=report, reason="Fine")
    assert Notice.objects.get(key=f"report:{report.pk}").users == [reporter.pk]


@pytest.mark.parametrize(
    ("settle", "told"),
    [(reports.resolve, "has acted on what you reported: ada/net"), (reports.dismiss, "saw no reason")],
)
def test_who_reported_without_an_account_is_answered_by_letter(settle: Any, told: str) -> None:
    subject = subjects.of_repository(make.repository(make.user("ada"), "net"))
    for text in ("Mine", "Mine, I say"):
        reports.open_report(
            subject=subject, category=Category.LEGAL, text=text, name="Buy now", email="eve@example.org"
        )
    report = reports.open_report(subject=subject, category=Category.SPAM, text="x", actor=Actor(user=make.user()))
    settle(actor=moderator(), report=report, reason="It is so")
    run(Job.objects.get(kind="answer_complaints").pk)
    (letter,) = mail.outbox
    assert letter.to == ["eve@example.org"]
    assert told in letter.body
    assert "Buy now" not in letter.body


def test_a_suspended_moderator_moderates_nothing() -> None:
    staff = moderator()
    assert staff.user is not None
    acts.suspend(order(actor=Actor(user=make.user(is_admin=True))), staff.user)
    with pytest.raises(Forbidden):
        acts.warn(order(actor=Actor(user=User.objects.get(pk=staff.user.pk))), make.user())


def test_the_banned_appeal_by_the_link_in_their_e_mail(client: Client) -> None:
    user = make.user()
    done = acts.ban(order("<Spam>"), user)
    telling.tell(done.pk)
    letter = str(mail.outbox[0].body)
    assert "<Spam>" in letter
    link = next(line for line in letter.splitlines() if "/appeal/" in line)
    address = link[link.index("/appeal/") :]
    assert client.get(address).status_code == 200
    assert "will read your appeal" in client.post(address, {"text": "I am no robot"}).content.decode()
    assert Appeal.objects.get().user == user
    assert client.get(address + "x").status_code == 404
    assert client.get("/settings/moderation").status_code == 302


def test_a_member_reads_what_was_done_and_appeals_from_there(client: Client) -> None:
    owner = make.user()
    done = taken_down(make.repository(owner))
    client.force_login(owner)
    assert f"/settings/moderation/{done.pk}/appeal" in client.get("/settings/moderation").content.decode()
    assert client.post(f"/settings/moderation/{done.pk}/appeal", {"text": "Mine"}).status_code == 302
    assert "waits for a moderator" in client.get("/settings/moderation").content.decode()
    client.force_login(make.user())
    assert client.get(f"/settings/moderation/{done.pk}/appeal").status_code == 404


def test_reporting_a_page_and_its_thanks(client: Client) -> None:
    make.repository(make.user("ada"), "net")
    assert "/report?repository=ada%2Fnet" in client.get("/ada/net").content.decode()
    assert "/report?name=ada" in client.get("/ada").content.decode()
    form = {"category": "legal", "text": "Mine", "name": "Eve", "email": "eve@example.org"}
    address = "/report?repository=ada/net"
    assert client.post(address, form | {"category": "spam"}).status_code == 400
    assert client.post(address, form | {"website": "x"}).status_code == 302
    assert not reports.Report.objects.exists()
    assert client.post(address, form, follow=True).request["PATH_INFO"] == "/report/thanks"
    assert reports.Report.objects.get().subject_name == "ada/net"
    client.force_login(make.user())
    assert client.post(address, {"category": "spam"}).status_code == 302
    for missing in ("/report", "/report?repository=ada/no", "/report?comment=zz", "/report?name=nobody"):
        assert client.get(missing).status_code == 404


def test_a_hidden_collection_is_seen_by_its_owners_alone_and_changed_by_nobody(client: Client) -> None:
    found = collection()
    page, api = found.get_absolute_url(), f"/api/collections/{found.slug}"
    acts.hide_collection(order("Advertising"), found)
    for address in (page, api):
        assert client.get(address).status_code == 404
    assert "Buy now" not in client.get("/collections").content.decode()
    client.force_login(found.namespace.user)
    shown = client.get(page).content.decode()
    assert "Advertising" in shown
    assert client.post(f"{page}/edit", {"title": "Innocent", "visibility": "public"}).status_code == 403
    client.post(f"{page}/delete", {"confirm": found.title})
    assert Collection.objects.filter(pk=found.pk, title="Buy now").exists()


def test_a_hidden_picture_is_shown_to_moderators_alone(client: Client) -> None:
    found = picture()
    address, staff = found.get_absolute_url(), moderator()
    assert client.get(address).status_code == 302
    acts.hide_picture(order(actor=staff), found)
    assert client.get(address).status_code == 404
    assert staff.user is not None
    client.force_login(staff.user)
    assert client.get(address).status_code == 302


def test_a_hidden_comments_pictures_are_hidden_with_it(client: Client) -> None:
    found, comment = picture(), comment_in(make.repository())
    found.shown_in.add(comment)
    done = acts.hide_comment(order(), comment)
    assert client.get(found.get_absolute_url()).status_code == 404
    other = comment_in(make.repository())
    found.shown_in.add(other)  # somebody else shows it, too
    assert client.get(found.get_absolute_url()).status_code == 302
    found.shown_in.remove(other)
    acts.undo(order("A mistake"), done)
    assert client.get(found.get_absolute_url()).status_code == 302


def test_a_ban_hides_collections_and_lifting_it_shows_them(client: Client) -> None:
    spammer = make.user()
    found, earlier = (
        collection(spammer),
        create_collection(actor=Actor(user=spammer), namespace=spammer.username, title="Another"),
    )
    acts.hide_collection(order("Before"), earlier)
    done = acts.ban(order(), spammer, with_content=True)
    assert client.get(found.get_absolute_url()).status_code == 404
    acts.undo(order("A mistake"), done)
    assert client.get(found.get_absolute_url()).status_code == 200
    assert client.get(earlier.get_absolute_url()).status_code == 404


@pytest.mark.parametrize("who", ["somebody", "nobody"])
def test_everything_is_reported_from_its_page(client: Client, who: str) -> None:
    reporter = make.user()
    if who == "somebody":
        client.force_login(reporter)
    thread = comment_in(make.repository(make.user("ada"), "rows", kind="dataset")).discussion
    for page, kind in (
        (thread.get_absolute_url(), "discussion"), (thread.get_absolute_url(), "comment"), ("/datasets/ada/rows", "repository"),
        ("/ada", "name"), (collection().get_absolute_url(), "collection"),
    ):  # fmt: skip
        link = re.search(rf'href="(/report\?{kind}=[^"]+)"', client.get(page).content.decode())
        assert link, (page, kind)
        assert client.get(html.unescape(link[1])).status_code == 200


def test_what_an_owner_has_hidden_a_moderator_hides_for_good() -> None:
    repository = make.repository()
    owner = Actor(user=repository.creator)
    thread = discussions.open_discussion(actor=owner, repository=repository, title="x", text="Buy weights")
    comment = thread.events.comments().get()
    discussions.hide(actor=owner, event=comment)
    acts.hide_comment(order(), comment)
    with pytest.raises(Conflict):
        discussions.show(actor=owner, event=comment)
    comment.refresh_from_db()
    assert comment.is_hidden
    with pytest.raises(acts.DoneAlready):
        acts.hide_comment(order(), comment)


def test_what_a_moderator_has_hidden_stays_so_whatever_becomes_of_the_moderator() -> None:
    repository = make.repository()
    owner, staff = Actor(user=repository.creator), moderator()
    hidden = []
    for _ in range(2):
        thread = discussions.open_discussion(actor=owner, repository=repository, title="x", text="Buy weights")
        comment = thread.events.comments().get()
        acts.hide_comment(order(actor=staff), comment)
        hidden.append(comment)
    assert staff.user
    set_roles(actor=Actor(user=make.user(is_admin=True)), user=staff.user, roles=[])
    with pytest.raises(Conflict):
        discussions.show(actor=owner, event=hidden[0])
    staff.user.delete()
    with pytest.raises(Conflict):
        discussions.show(actor=owner, event=hidden[1])


def test_what_a_moderator_has_locked_its_owner_does_not_unlock() -> None:
    repository = make.repository()
    owner, staff = Actor(user=repository.creator), moderator()
    thread = discussions.open_discussion(actor=owner, repository=repository, title="x", text="y")
    locked = acts.set_lock(order(actor=staff), thread, is_locked=True)
    with pytest.raises(Conflict):
        discussions.lock(actor=owner, discussion=thread, to=False)
    thread.refresh_from_db()
    assert thread.is_locked
    acts.undo(order(), locked)
    discussions.lock(actor=owner, discussion=thread)
    discussions.lock(actor=owner, discussion=thread, to=False)
    thread.refresh_from_db()
    assert not thread.is_locked
