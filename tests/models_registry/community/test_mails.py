"""Notifications by e-mail, through a real mail server: sent once, to who wants them, and ended by one click."""

import re
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from allauth.account.models import EmailAddress
from django.test import Client
from django.utils import timezone

from accounts.models import Actor, User
from accounts.services import invitations
from accounts.services.standing import suspend
from hub.jobs.models import Job, State
from hub.jobs.tasks import run
from models_registry.community.models import Mail, NoticeKind, Notification, NotificationPreference
from models_registry.community.services import discussions, mails, preferences
from models_registry.community.services.moderation import acts
from models_registry.community.services.notifications import notify
from models_registry.community.services.preferences import Wish
from models_registry.models import Repository
from models_registry.services import gating
from tests import make
from tests.environment import free_port
from tests.models_registry.community.conftest import Work

Kind = NoticeKind
Email = NotificationPreference.Email


class Post:
    """A mail server's memory. `refusal`: what it says instead of taking the next e-mail."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.refusal = ""

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - as aiosmtpd calls it
        if self.refusal:
            refusal, self.refusal = self.refusal, ""
            return refusal
        self.taken.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        return "250 OK"


@pytest.fixture
def post(settings: Any) -> Iterator[Post]:
    memory = Post()
    server = Controller(memory, hostname="127.0.0.1", port=free_port())
    server.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    settings.DIGEST_HOUR = 0
    yield memory
    server.stop()


@pytest.fixture
def bob() -> User:
    return make.user("bob")


@pytest.fixture
def reply(bob: User) -> Any:
    """`reply("text")`: Ada says something in Bob's thread in her model."""
    ada = make.user("ada")
    net = make.repository(ada, "net")
    opened = discussions.open_discussion(actor=Actor(user=bob), repository=net, title="Why <so>?", text="So.")

    def say(text: str) -> None:
        discussions.comment(actor=Actor(user=ada), discussion=opened, text=text)

    return say


def test_who_is_named_gets_an_e_mail_at_once(post: Post, reply: Any, work: Work) -> None:
    reply("@bob look at <b>this</b> & that")
    work("tell", "send_mail")
    (mail,) = post.taken
    assert (mail["To"], mail["Subject"]) == ("bob@example.org", "[ada/net#1] Why <so>?")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Auto-Submitted"] == "auto-generated"
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    html = mail.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert "ada names you · ada/net#1" in text
    assert "http://testserver/ada/net/discussions/1?at=" in text
    assert "<b>this</b> & that" in text
    assert "&lt;b&gt;this&lt;/b&gt; &amp; that" in html
    assert "Why &lt;so&gt;?" in html
    assert Mail.objects.get().state == Mail.State.SENT


@pytest.mark.parametrize(
    ("status", "said"),
    [("accepted", "Your request for access is accepted"), ("rejected", "Your request for access is declined")],
)
def test_the_answer_to_a_request_for_access_says_what_it_is(
    post: Post, work: Work, bob: User, status: str, said: str
) -> None:
    net = make.repository(make.user("ada"), "net", gated="manual")
    gating.ask(actor=Actor(user=bob), repository=net)
    reason = "Not yet" if status == "rejected" else ""
    gating.decide(actor=Actor(user=net.creator), repository=net, status=status, username="bob", reason=reason)
    work("tell", "send_mail")
    (mail,) = post.taken
    assert mail["Subject"] == f"[ada/net] {said}"
    assert reason in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_a_member_who_is_invited_gets_one_e_mail_that_leads_to_the_invitation(
    post: Post, work: Work, bob: User
) -> None:
    lab = make.organization("lab", admin=make.user("ada"))
    invitations.invite(actor=Actor(user=User.objects.get(username="ada")), user=bob, organization=lab)
    work("send_invitation", "tell", "send_mail")
    (mail,) = post.taken
    assert mail["Subject"] == "[lab] ada invites you to join"
    assert "http://testserver/settings/organizations" in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_what_a_moderator_did_is_told_by_one_e_mail(post: Post, work: Work, bob: User) -> None:
    moderator = Actor(user=make.user(is_admin=True))
    acts.warn(acts.Order(actor=moderator, reason="Be kind"), bob)
    work(acts.TELL, "tell", "send_mail")
    (mail,) = post.taken
    assert "/appeal/" in mail.get_content()


def test_what_can_wait_is_in_one_digest_a_day(post: Post, reply: Any, work: Work) -> None:
    reply("first")
    reply("second")
    notify(
        kind=Kind.EVALUATION, key="run:1", users=[User.objects.get(username="bob")], text="Scored 0.98", url="/runs/1"
    )
    work("tell", "send_mail")
    assert not post.taken
    for _hour in range(3):
        mails.request_digests()
        work("send_mail")
    (mail,) = [mail for mail in post.taken if mail["To"] == "bob@example.org"]
    assert mail["Subject"].startswith("2 things for you on Grove")
    assert "Scored 0.98" in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert not Notification.objects.filter(recipient__username="bob", digest=True).exists()


def test_the_next_day_brings_what_is_new_and_nothing_brings_nothing(
    post: Post, reply: Any, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    reply("first")
    work("tell")
    mails.request_digests()
    work("send_mail")
    today = timezone.now()
    for days in (1, 2):
        monkeypatch.setattr(timezone, "now", lambda days=days: today + timedelta(days=days))
        if days == 2:
            reply("on the second day")
            work("tell")
        mails.request_digests()
        work("send_mail")
    sent = [mail.get_body(("plain",)).get_content() for mail in post.taken if mail["To"] == "bob@example.org"]  # type: ignore[union-attr]
    assert len(sent) == 2
    assert "on the second day" in sent[1]


def test_no_digest_leaves_before_its_hour(post: Post, reply: Any, work: Work, settings: Any) -> None:
    settings.DIGEST_HOUR = 24
    reply("first")
    work("tell")
    assert mails.request_digests() == 0
    assert not Mail.objects.exists()


@pytest.mark.parametrize("kind", ["notice", "digest"])
def test_a_worker_that_dies_once_the_server_has_the_mail_sends_no_second(
    post: Post, reply: Any, work: Work, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reply("@bob" if kind == "notice" else "hello")
    work("tell")
    if kind == "digest":
        mails.request_digests()
    (mail,) = Mail.objects.filter(recipient__username="bob")
    job = Job.objects.get(kind="send_mail", key=str(mail.pk))

    class Killed(BaseException):
        pass

    real = mails.EmailMultiAlternatives.send

    def send_and_die(message: Any, *arguments: Any) -> None:
        real(message, *arguments)
        raise Killed

    monkeypatch.setattr(mails.EmailMultiAlternatives, "send", send_and_die)
    Job.objects.filter(pk=job.pk).update(run_after=timezone.now() - timedelta(seconds=1))
    with pytest.raises(Killed):
        run(job.pk)
    monkeypatch.setattr(mails.EmailMultiAlternatives, "send", real)
    Job.objects.filter(pk=job.pk).update(leased_until=timezone.now() - timedelta(seconds=1))
    run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.attempt) == (State.DONE, 2)
    assert len([one for one in post.taken if one["To"] == "bob@example.org"]) == 1


def test_a_server_that_refuses_is_asked_again(post: Post, reply: Any, work: Work) -> None:
    reply("@bob")
    post.refusal = "451 Try again later"
    work("tell", "send_mail")
    assert len(post.taken) == 1
    assert Mail.objects.get().state == Mail.State.SENT


def _left(bob: User) -> None:
    Repository.objects.update(private=True)


def _read(bob: User) -> None:
    Notification.objects.update(read_at=timezone.now())


def _unsubscribed(bob: User) -> None:
    preferences.unsubscribe(user=bob, kind=Kind.MENTION)


def _unconfirmed(bob: User) -> None:
    EmailAddress.objects.update(verified=False)


def _suspended(bob: User) -> None:
    suspend(actor=Actor(user=make.user(is_admin=True)), user=bob, reason="spam")


def _speaker_suspended(bob: User) -> None:
    suspend(actor=Actor(user=make.user(is_admin=True)), user=User.objects.get(username="ada"), reason="spam")


@pytest.mark.parametrize(
    "change", [_left, _read, _unsubscribed, _unconfirmed, _suspended, _speaker_suspended]
)  # fmt: skip
def test_what_has_changed_meanwhile_is_respected_when_it_is_sent(
    post: Post, reply: Any, work: Work, bob: User, change: Any
) -> None:
    reply("@bob a telling sentence")
    work("tell")
    change(bob)
    work("send_mail")
    assert not post.taken
    assert Mail.objects.get().state == Mail.State.DROPPED


def test_a_digest_holds_nothing_of_what_has_become_private(post: Post, reply: Any, work: Work, bob: User) -> None:
    reply("a telling sentence")
    notify(kind=Kind.EVALUATION, key="run:1", users=[bob], text="Scored 0.98", url="/runs/1")
    work("tell")
    Repository.objects.update(private=True)
    mails.request_digests()
    work("send_mail")
    (mail,) = [mail for mail in post.taken if mail["To"] == "bob@example.org"]
    assert "telling" not in mail.as_string()
    assert "Scored 0.98" in mail.as_string()


def _link(mail: EmailMessage) -> str:
    return re.sub(r"^<http://testserver|>$", "", mail["List-Unsubscribe"].replace("\n", "").replace(" ", ""))


def test_one_click_ends_e_mails_of_that_kind_without_a_session(post: Post, reply: Any, work: Work, bob: User) -> None:
    reply("@bob")
    work("tell", "send_mail")
    link = _link(post.taken[0])
    strict = Client(enforce_csrf_checks=True)
    assert strict.get(link).status_code == 200
    assert preferences.of_user(bob)[Kind.MENTION].email == Email.NOW  # a mail program that looks at links ends nothing
    assert strict.post(link, {"List-Unsubscribe": "One-Click"}).status_code == 200
    wishes = preferences.of_user(bob)
    assert (wishes[Kind.MENTION].email, wishes[Kind.MENTION].on_page) == (Email.NEVER, True)
    assert wishes[Kind.REPLY].email == Email.DIGEST
    strict.post(link, {"all": "1"})
    assert {wish.email for wish in preferences.of_user(bob).values()} == {Email.NEVER}


def test_one_click_in_a_digest_ends_the_digest_and_no_e_mail_that_leaves_at_once(
    post: Post, reply: Any, work: Work, bob: User
) -> None:
    reply("a sentence")
    work("tell")
    mails.request_digests()
    work("send_mail")
    (mail,) = [mail for mail in post.taken if mail["To"] == "bob@example.org"]
    assert Client(enforce_csrf_checks=True).post(_link(mail), {"List-Unsubscribe": "One-Click"}).status_code == 200
    wishes = preferences.of_user(bob)
    assert (wishes[Kind.REPLY].email, wishes[Kind.MENTION].email) == (Email.NEVER, Email.NOW)


@pytest.mark.parametrize("kind", [Kind.REPLY, preferences.DAILY, preferences.ALL])
def test_what_waits_for_the_digest_is_not_sent_to_who_has_ended_it_meanwhile(
    post: Post, reply: Any, work: Work, bob: User, kind: str
) -> None:
    reply("a sentence")
    work("tell")
    preferences.unsubscribe(user=bob, kind=kind)
    mails.request_digests()
    work("send_mail")
    assert not [mail for mail in post.taken if mail["To"] == "bob@example.org"]
    assert Notification.objects.filter(recipient=bob, read_at=None).exists()


@pytest.mark.parametrize(
    "change", [lambda link: link[:-1], lambda link: link + "x", lambda _link: "/notifications/unsubscribe/x"]
)
def test_a_link_that_the_hub_has_not_made_ends_nothing(bob: User, client: Client, change: Any) -> None:
    link = change(f"/notifications/unsubscribe/{preferences.token(bob, preferences.ALL)}")
    assert client.post(link).status_code == 404
    assert not NotificationPreference.objects.exists()


def test_the_settings_page_keeps_what_one_wishes(client: Client, bob: User) -> None:
    client.force_login(bob)
    assert client.get("/settings/notifications").status_code == 200
    client.post("/settings/notifications", {"reply-page": "on", "reply-email": "now", "mention-email": "nonsense"})
    wishes = preferences.of_user(bob)
    assert wishes[Kind.REPLY] == Wish(on_page=True, email=Email.NOW)
    assert wishes[Kind.MENTION] == Wish(on_page=False, email=Email.NEVER)


def test_a_crowd_that_wants_e_mail_gets_it_by_jobs(post: Post, work: Work) -> None:
    crowd = [make.user() for _number in range(5)]
    notify(kind=Kind.MODERATION, key="rules", users=crowd, text="New rules", url="/about")
    work("tell")
    assert not post.taken
    assert Job.objects.filter(kind="send_mail").count() == 5
    work("send_mail")
    assert sorted(mail["To"] for mail in post.taken) == sorted(user.email for user in crowd)
