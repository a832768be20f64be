"""Who is told of what: webhooks watch namespaces and repositories, and get what their owners may know of."""

import hashlib
import hmac
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from huggingface_hub import WebhookPayload

from accounts.models import Actor, Membership
from hub.errors import Conflict, Forbidden, HubError, Invalid
from models_registry.community.events import comment_changed, event_added
from models_registry.community.models import (
    Delivery,
    DeliveryAttempt,
    Discussion,
    Event,
    Notice,
    NoticeKind,
    Webhook,
    WebhookEvent,
)
from models_registry.community.services import discussions
from models_registry.community.services.webhooks import announcing, delivering, keeping
from models_registry.community.services.webhooks.keeping import Watched
from models_registry.models import Gate, Repository
from models_registry.services import moving, references, repositories
from models_registry.services.changes import AddFile
from models_registry.services.pull_requests import propose
from tests import make
from tests.models_registry.community.webhooks import receivers
from tests.models_registry.community.webhooks.conftest import Hook
from tests.models_registry.community.webhooks.receivers import Receiver, receiver

Send = Callable[[], None]
State = Delivery.State


def told(there: Receiver) -> list[tuple[str, str]]:
    """(scope, action) of what arrived."""
    return [(item.json["event"]["scope"], item.json["event"]["action"]) for item in there.received]


def comment(repository: Repository, text: str = "Hello", *, discussion: Discussion | None = None) -> Event:
    actor = Actor(user=repository.creator)
    if discussion is not None:
        return discussions.comment(actor=actor, discussion=discussion, text=text)
    return discussions.open_discussion(actor=actor, repository=repository, title="A thread", text=text).events.get()


def test_a_repositorys_life_is_told_in_the_shape_that_the_clients_receiver_validates(
    hook: Hook, send: Send, there: Receiver
) -> None:
    ada = make.user("ada")
    webhook = hook(ada, "user:ada")
    actor = Actor(user=ada)
    net = make.repository(ada, "net")
    head = make.commit(net, {"a.txt": "a"})
    references.create_tag(actor=actor, repository=net, name="v1", revision="main")
    references.delete_tag(actor=actor, repository=net, name="v1")
    first = comment(net)
    first.discussion.title = "Another name"
    first.discussion.save()
    comment(net, "And more", discussion=first.discussion)
    title = Event.objects.create(discussion=first.discussion, author=ada, kind=Event.Kind.TITLE, data={"to": "x"})
    event_added.send(sender=Event, event=title, actor=actor)
    comment_changed.send(sender=Event, event=first, actor=actor)
    propose(
        actor=actor, repository=net, base="main", parent=None, title="A proposal", changes=[AddFile.of("b.txt", b"b")]
    )
    repositories.change_settings(actor=actor, repository=net, private=True, gated=Gate.AUTO)
    net = moving.move_repository(actor=actor, repository=net, namespace="ada", name="network")
    repositories.delete_repository(actor=actor, repository=net)
    send()
    assert told(there) == [
        ("repo", "create"), ("repo.content", "update"), ("repo.content", "update"), ("repo.content", "update"),
        ("discussion", "create"), ("discussion.comment", "create"), ("discussion", "update"),
        ("discussion.comment", "update"), ("discussion", "create"), ("repo.content", "update"),
        ("repo.config", "update"), ("repo", "move"), ("repo", "delete"),
    ]  # fmt: skip
    payloads = [WebhookPayload.model_validate(item.json) for item in there.received]
    assert {payload.webhook.id for payload in payloads} == {webhook.public_id}
    content = payloads[1]
    assert content.updatedRefs is not None
    assert (content.repo.name, content.repo.head_sha, content.repo.type) == ("ada/net", head.oid, "model")
    assert (content.updatedRefs[0].ref, content.updatedRefs[0].newSha) == ("refs/heads/main", head.oid)
    assert content.updatedRefs[0].oldSha == head.first_parent
    assert payloads[3].updatedRefs[0].newSha is None  # type: ignore[index]
    assert payloads[4].comment is not None
    assert (payloads[4].comment.content, payloads[4].comment.author.id) == ("Hello", ada.namespace.public_id)
    assert payloads[4].discussion is not None
    assert payloads[4].discussion.url.web == "http://testserver/ada/net/discussions/1"
    assert payloads[9].updatedRefs[0].ref.startswith("refs/pr/")  # type: ignore[index]
    assert there.received[10].json["updatedConfig"] == {"private": True, "gated": "auto"}
    assert payloads[11].movedTo is not None
    assert (payloads[11].repo.name, payloads[11].movedTo.name) == ("ada/net", "ada/network")
    assert payloads[11].repo.url.web == "http://testserver/ada/net"
    assert payloads[12].repo.name == "ada/network"


def test_the_secret_and_a_signature_go_along_and_are_not_kept(hook: Hook, send: Send, there: Receiver) -> None:
    ada = make.user("ada")
    hook(ada, "user:ada", secret="open sesame")
    make.repository(ada)
    send()
    headers = there.received[0].headers
    assert headers["x-webhook-secret"] == "open sesame"
    signed = f"{headers['x-grove-timestamp']}.".encode() + there.received[0].body
    expected = hmac.new(b"open sesame", signed, hashlib.sha256).hexdigest()
    assert headers["x-grove-signature"] == f"sha256={expected}"
    delivery = Delivery.objects.get()
    assert headers["x-grove-delivery"] == str(delivery.pk)
    assert "open sesame" not in str(delivery.attempts.get().request_headers)


def test_without_a_secret_nothing_is_signed(hook: Hook, send: Send, there: Receiver) -> None:
    ada = make.user("ada")
    hook(ada, "user:ada")
    make.repository(ada)
    send()
    assert not {"x-webhook-secret", "x-grove-signature"} & set(there.received[0].headers)


@pytest.mark.parametrize(
    ("watched", "domains", "expected"),
    [
        (["user:ada"], ["repo"], [("repo.content", "update")]),
        (["user:ada"], ["discussion"], [("discussion", "create")]),
        (["model:ada/net"], ["repo", "discussion"], [("repo.content", "update"), ("discussion", "create")]),
        (["user:ada", "model:ada/net"], ["repo"], [("repo.content", "update")]),  # once
        (["model:ada/other", "user:bob", "org:lab"], ["repo", "discussion"], []),
    ],
)
def test_a_webhook_gets_what_it_watches(
    hook: Hook, send: Send, there: Receiver, watched: list[str], domains: list[str], expected: list[tuple[str, str]]
) -> None:
    ada, bob = make.user("ada"), make.user("bob")
    make.organization("lab", admin=bob)
    net = make.repository(ada, "net")
    make.repository(ada, "other")
    hook(bob, *watched, domains=domains)
    make.commit(net)
    comment(net)
    send()
    assert told(there) == expected


PEOPLE = ["owner", "member", "stranger", "suspended", "suspended once", "gone", "organization", "another organization"]


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize("disabled", [False, True])
@pytest.mark.parametrize("who", PEOPLE)
def test_who_is_told_is_who_may_know_of_it(
    hook: Hook, send: Send, there: Receiver, who: str, private: bool, disabled: bool
) -> None:
    admin, member, stranger = make.user("chief"), make.user("member"), make.user("stranger")
    lab = make.organization("lab", admin=admin, read=member)
    other = make.organization("other", admin=admin)
    net = make.repository(admin, "net", namespace="lab")
    owner = {"member": member, "stranger": stranger}.get(who, admin)
    spaces = {"organization": lab.namespace, "another organization": other.namespace}
    webhook = hook(owner, "org:lab", owner=spaces.get(who, owner.namespace))
    Repository.objects.filter(pk=net.pk).update(private=private, disabled_reason="Spam" if disabled else "")
    net.refresh_from_db()
    if who == "suspended":
        type(admin).objects.filter(pk=admin.pk).update(suspended_reason="Spam")
    if who == "suspended once":
        ended = timezone.now() - timedelta(days=1)
        type(admin).objects.filter(pk=admin.pk).update(suspended_reason="Spam", suspended_until=ended)
    if who == "gone":
        type(admin).objects.filter(pk=admin.pk).update(is_active=False)
    at_work = who not in {"suspended", "gone"}
    if who in spaces:
        may_know = net.is_public or who == "organization"
    else:
        may_know = at_work and Repository.objects.visible_to(Actor(user=owner)).filter(pk=net.pk).exists()
    assert Webhook.objects.told_of(net).filter(pk=webhook.pk).exists() == may_know
    event = WebhookEvent.objects.create(
        repository=net, namespace=net.namespace, was_public=net.is_public, scope="repo", action="update", payload={}
    )
    announcing.queue(event, [webhook.pk])
    send()
    assert bool(there.received) == may_know
    assert Delivery.objects.get().state == (State.DELIVERED if may_know else State.DROPPED)


def test_who_lost_access_before_it_is_sent_is_not_told(hook: Hook, send: Send, there: Receiver) -> None:
    admin, member = make.user("chief"), make.user("member")
    lab = make.organization("lab", admin=admin, read=member)
    net = make.repository(admin, "net", namespace="lab", private=True)
    hook(member, "model:lab/net")
    make.commit(net)
    Membership.objects.filter(organization=lab, user=member).delete()
    send()
    assert not there.received
    make.commit(net)
    assert Delivery.objects.count() == 1  # of the later one nothing is even written


def test_the_end_of_a_private_repository_is_told_to_its_members_alone(hook: Hook, send: Send, there: Receiver) -> None:
    admin, member, stranger = make.user("chief"), make.user("member"), make.user("stranger")
    make.organization("lab", admin=admin, read=member)
    net = make.repository(admin, "net", namespace="lab", private=True)
    webhook = hook(member, "org:lab")
    hook(stranger, "org:lab")
    repositories.delete_repository(actor=Actor(user=admin), repository=net)
    send()
    assert told(there) == [("repo", "delete")]
    assert there.received[0].json["webhook"]["id"] == webhook.public_id


def test_a_transfer_is_told_to_those_who_watch_either_side(hook: Hook, send: Send, there: Receiver) -> None:
    ada, bob = make.user("ada"), make.user("bob")
    make.organization("lab", admin=ada)
    net = make.repository(ada, "net")
    hook(bob, "user:ada")
    hook(bob, "org:lab")
    moving.move_repository(actor=Actor(user=ada), repository=net, namespace="lab", name="net")
    send()
    assert told(there) == [("repo", "move")] * 2


def test_what_a_hidden_comment_said_is_not_told(hook: Hook, send: Send, there: Receiver) -> None:
    ada = make.user("ada")
    net = make.repository(ada)
    hook(ada, "user:ada")
    event = comment(net, "Something rude")
    event.hidden_at = timezone.now()
    event.save()
    comment_changed.send(sender=Event, event=event, actor=Actor(user=ada))
    send()
    assert there.received[1].json["comment"]["hidden"] is True
    assert "rude" not in there.received[1].body.decode()


def test_a_fact_costs_as_many_queries_for_many_watchers_as_for_few(hook: Hook) -> None:
    ada = make.user("ada")
    net = make.repository(ada, "net")
    make.commit(net)  # what is written at the first commit alone
    counts = []
    for _ in range(3):
        for _more in range(4):
            hook(make.user(), "model:ada/net")
        with CaptureQueriesContext(connection) as captured:
            make.commit(net)
        counts.append(len(captured))
    assert len(set(counts)) == 1


def test_what_is_rolled_back_is_not_told(hook: Hook) -> None:
    ada = make.user("ada")
    net = make.repository(ada, "net")
    hook(ada, "user:ada")
    with pytest.raises(HubError):
        moving.move_repository(actor=Actor(user=ada), repository=net, namespace="ada", name="no/name")
    assert not Delivery.objects.exists()


@pytest.mark.parametrize("status", [500, 502, 503, 408, 429])
def test_what_may_pass_is_tried_again_later_and_later(
    hook: Hook, send: Send, later: Callable[..., None], status: int
) -> None:
    ada = make.user("ada")
    with receiver(answer=f"HTTP/1.1 {status} Not now\r\nContent-Length: 4\r\n\r\nwait".encode()) as failing:
        hook(ada, "user:ada", url=failing.url)
        make.repository(ada)
        send()
        delivery = Delivery.objects.get()
        for number, delay in enumerate(delivering.DELAYS, start=1):
            delivery.refresh_from_db()
            assert (delivery.state, delivery.attempts.count()) == (State.QUEUED, number)
            left = delivery.due_at - timezone.now()
            assert delay - timedelta(minutes=1) < left <= delay
            later(seconds=delay.total_seconds() - 40)
            send()
            assert delivery.attempts.count() == number  # not yet
            later(seconds=3600)
            send()
        delivery.refresh_from_db()
        assert (delivery.state, len(failing.received)) == (State.FAILED, 6)
        later(days=1)
        send()
        assert len(failing.received) == 6
        attempt = delivery.attempts.last()
        assert attempt is not None
        assert (attempt.answer_status, attempt.answer_body) == (status, "wait")


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 413, 422])
def test_any_other_refusal_is_final(hook: Hook, send: Send, later: Callable[..., None], status: int) -> None:
    ada = make.user("ada")
    with receiver(answer=f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n".encode()) as refusing:
        hook(ada, "user:ada", url=refusing.url)
        make.repository(ada)
        send()
        later(days=1)
        send()
    assert (Delivery.objects.get().state, len(refusing.received)) == (State.FAILED, 1)


def test_an_address_that_is_gone_disables_its_webhook(hook: Hook, send: Send) -> None:
    ada = make.user("ada")
    with receiver(answer=b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n") as gone:
        webhook = hook(ada, "user:ada", url=gone.url)
        make.repository(ada)
        send()
    webhook.refresh_from_db()
    assert webhook.is_disabled
    assert "410" in webhook.disabled_reason
    notice = Notice.objects.get(kind=NoticeKind.WEBHOOK)
    assert (notice.users, notice.url) == ([ada.pk], webhook.get_absolute_url())
    assert notice.text == f"{gone.url}: {webhook.disabled_reason}"


def test_a_webhook_that_fails_for_days_is_disabled_and_what_waits_dropped(
    hook: Hook, send: Send, later: Callable[..., None]
) -> None:
    ada = make.user("ada")
    with receiver(receivers.hangs_up) as broken:
        webhook = hook(ada, "user:ada", url=broken.url)
        make.repository(ada)
        make.repository(ada)
        send()
        later(days=2)
        send()
        webhook.refresh_from_db()
        assert not webhook.is_disabled
        later(days=2)
        send()
    webhook.refresh_from_db()
    assert "3 days" in webhook.disabled_reason
    assert set(Delivery.objects.values_list("state", flat=True)) == {State.DROPPED}
    make.repository(ada)
    assert Delivery.objects.count() == 2


def test_one_success_forgives_all_failures(hook: Hook, send: Send, there: Receiver) -> None:
    ada = make.user("ada")
    webhook = hook(ada, "user:ada")
    long_ago = timezone.now() - timedelta(days=20)
    Webhook.objects.filter(pk=webhook.pk).update(failing_since=long_ago, failures=9)
    make.repository(ada)
    send()
    webhook.refresh_from_db()
    assert (webhook.failing_since, webhook.failures, webhook.is_disabled) == (None, 0, False)


def test_a_webhook_that_failed_is_left_alone_while_others_are_served(
    hook: Hook, send: Send, there: Receiver, later: Callable[..., None]
) -> None:
    ada = make.user("ada")
    with receiver(answer=b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n") as failing:
        hook(ada, "user:ada", url=failing.url)
        hook(ada, "user:ada")
        for _ in range(5):
            make.repository(ada)
        send()
        assert (len(failing.received), len(there.received)) == (1, 5)
        later(seconds=25)
        send()
        assert len(failing.received) == 1
        later(seconds=10)
        send()
        assert len(failing.received) == 2


def test_webhooks_that_failed_wait_behind_all_others_however_long_they_have_waited(
    hook: Hook, send: Send, there: Receiver, later: Callable[..., None]
) -> None:
    ada, bob = make.user("ada"), make.user("bob")
    with receiver(receivers.hangs_up) as broken:
        for _ in range(3):
            hook(ada, "user:ada", url=broken.url)
        make.repository(ada)
        send()
        later(hours=1)
        healthy = hook(bob, "user:bob")
        make.repository(bob)
        send()
    attempts = DeliveryAttempt.objects.order_by("pk").values_list("delivery__webhook", flat=True)
    assert list(attempts).index(healthy.pk) == 3
    assert len(attempts) == 7


def test_one_worker_sends_with_one_thread_however_much_there_is_to_send(
    hook: Hook, send: Send, there: Receiver
) -> None:
    ada = make.user("ada")
    hook(ada, "user:ada")
    make.repository(ada)
    assert delivering._senders.acquire(blocking=False)
    try:
        send()
        assert not there.received
    finally:
        delivering._senders.release()
    delivering.sweep()
    send()
    assert len(there.received) == 1


def test_a_webhook_that_a_worker_sends_to_is_no_other_workers(hook: Hook, send: Send, there: Receiver) -> None:
    ada = make.user("ada")
    webhook = hook(ada, "user:ada")
    make.repository(ada)
    Webhook.objects.filter(pk=webhook.pk).update(sending_until=timezone.now() + timedelta(seconds=30))
    send()
    assert not there.received
    Webhook.objects.filter(pk=webhook.pk).update(sending_until=timezone.now() - timedelta(seconds=1))  # it died
    delivering.sweep()
    send()
    assert len(there.received) == 1


def test_a_delivery_is_sent_again_by_hand(hook: Hook, send: Send, there: Receiver) -> None:
    ada = make.user("ada")
    webhook = hook(ada, "user:ada")
    make.repository(ada)
    send()
    delivery = Delivery.objects.get()
    keeping.send_again(actor=Actor(user=ada), delivery=delivery)
    send()
    assert (len(there.received), delivery.attempts.count()) == (2, 2)
    assert there.received[0].body == there.received[1].body
    keeping.disable(actor=Actor(user=ada), webhook=webhook)
    with pytest.raises(Conflict):
        keeping.send_again(actor=Actor(user=ada), delivery=delivery)
    with pytest.raises(Forbidden):
        keeping.send_again(actor=Actor(user=make.user()), delivery=delivery)


def test_a_test_is_sent_and_says_that_it_is_one(hook: Hook, send: Send, there: Receiver) -> None:
    ada = make.user("ada")
    webhook = hook(ada, "user:ada")
    keeping.send_test(actor=Actor(user=ada), webhook=webhook)
    send()
    assert there.received[0].json["test"] is True
    WebhookPayload.model_validate(there.received[0].json)


def test_old_deliveries_are_forgotten(hook: Hook, send: Send) -> None:
    ada = make.user("ada")
    hook(ada, "user:ada")
    make.repository(ada)
    make.repository(ada)
    send()
    first = WebhookEvent.objects.earliest("pk")
    WebhookEvent.objects.filter(pk=first.pk).update(created_at=timezone.now() - timedelta(days=31))
    delivering.prune()
    assert Delivery.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"url": "http://169.254.169.254/"}, Invalid), ({"domains": []}, Invalid), ({"domains": ["repo", "moon"]}, Invalid),
        ({"secret": "line\nbreak"}, Invalid), ({"secret": "x" * 201}, Invalid), ({"watched": []}, Invalid),
        ({"watched": [Watched("model", "ada/secret")]}, HubError), ({"watched": [Watched("org", "ada")]}, HubError),
        ({"watched": [Watched("user", "nobody-here")]}, HubError), ({"watched": [Watched("space", "ada/app")]}, HubError),
        ({"watched": [Watched("moon", "ada")]}, HubError),
    ],
)  # fmt: skip
def test_what_no_webhook_can_be_is_refused(changes: dict[str, Any], error: type[HubError], settings: Any) -> None:
    settings.WEBHOOK_PRIVATE_ADDRESSES = "refuse"
    ada, bob = make.user("ada"), make.user("bob")
    make.repository(ada, "secret", private=True)
    asked: dict[str, Any] = {"url": "https://example.org/", "watched": [Watched("user", "ada")], **changes}
    with pytest.raises(error):
        keeping.create(actor=Actor(user=bob), owner=bob.namespace, **asked)
    assert not Webhook.objects.exists()


def test_an_organisations_webhooks_are_its_admins() -> None:
    admin, writer = make.user(), make.user()
    lab = make.organization("lab", admin=admin, write=writer)
    watched = [Watched("org", "lab")]
    made = keeping.create(actor=Actor(user=admin), owner=lab.namespace, url="https://example.org/", watched=watched)
    with pytest.raises(Forbidden):
        keeping.create(actor=Actor(user=writer), owner=lab.namespace, url="https://example.org/", watched=watched)
    assert not Webhook.objects.managed_by(Actor(user=writer)).exists()
    assert Webhook.objects.managed_by(Actor(user=admin)).get() == made


def test_a_namespace_has_so_many_webhooks_and_no_more(monkeypatch: pytest.MonkeyPatch, hook: Hook) -> None:
    monkeypatch.setattr(keeping, "MOST", 2)
    ada = make.user("ada")
    hook(ada, "user:ada")
    hook(ada, "user:ada")
    with pytest.raises(Conflict):
        hook(ada, "user:ada")
