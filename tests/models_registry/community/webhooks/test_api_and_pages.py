"""Webhooks as programs and browsers manage them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Actor, AuditEntry, Membership, Role, User
from accounts.services import memberships
from models_registry.community.models import Delivery, Webhook
from models_registry.community.services import discussions
from models_registry.models import Repository
from tests import make
from tests.models_registry.community.webhooks.conftest import Hook
from tests.models_registry.community.webhooks.receivers import Receiver
from tests.models_registry.hf_api.conftest import Api

LIST = "/api/settings/webhooks"


@pytest.fixture
def api(client: Client) -> Api:
    return Api(client)


def new(**changes: Any) -> dict[str, Any]:
    return {
        "url": "https://example.org/hook",
        "watched": [{"type": "user", "name": "ada"}],
        "domains": ["repo"],
    } | changes


def test_a_webhook_is_made_read_changed_disabled_enabled_and_deleted(api: Api) -> None:
    ada = make.user("ada")
    token = make.token(ada)
    made = api("POST", LIST, new(secret="s3cret"), token).json()["webhook"]
    one = f"{LIST}/{made['id']}"
    assert made == {
        "id": f"{Webhook.objects.get().pk:024x}", "url": "https://example.org/hook", "domains": ["repo"],
        "watched": [{"type": "user", "name": "ada"}], "disabled": False, "secret": "s3cret",
    }  # fmt: skip
    assert api("GET", one, token=token).json() == {"webhook": made}
    assert api("GET", LIST, token=token).json() == [made]
    changed = api("POST", one, {"watched": [], "domains": ["discussion"]}, token).json()["webhook"]
    assert changed == made | {"domains": ["discussion"]}
    assert api("POST", f"{one}/disable", token=token).json()["webhook"]["disabled"] is True
    assert api("POST", f"{one}/enable", token=token).json()["webhook"]["disabled"] is False
    assert api("DELETE", one, token=token).status_code == 200
    assert api("GET", one, token=token).status_code == 404
    acts = AuditEntry.objects.filter(action__startswith="webhook.").order_by("pk").values_list("action", flat=True)
    assert list(acts) == [
        "webhook.created", "webhook.changed", "webhook.disabled", "webhook.enabled", "webhook.deleted"
    ]  # fmt: skip
    assert "s3cret" not in str(list(AuditEntry.objects.values()))


@pytest.mark.parametrize("role", ["read", "fine-grained"])
def test_a_token_that_may_not_write_changes_nothing_and_sees_no_secret(api: Api, role: str) -> None:
    ada = make.user("ada")
    made = api("POST", LIST, new(secret="s3cret"), make.token(ada)).json()["webhook"]
    token = make.token(ada, role)
    assert "s3cret" not in api("GET", LIST, token=token).content.decode()
    for method, path in [("POST", LIST), ("POST", f"{LIST}/{made['id']}"), ("DELETE", f"{LIST}/{made['id']}")]:
        assert api(method, path, new(), token).status_code in {403, 404}
    assert Webhook.objects.count() == 1


@pytest.mark.parametrize("webhook_id", ["1", "zz", "f" * 24, "0" * 25, "-1", "%00"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_anothers_webhook_and_none_look_alike(api: Api, method: str, webhook_id: str) -> None:
    api("POST", LIST, new(), make.token(make.user("ada")))
    known = f"{Webhook.objects.get().pk:024x}" if webhook_id == "1" else webhook_id
    answer = api(method, f"{LIST}/{known}", new(), make.token(make.user("bob")))
    assert answer.status_code in {400, 404}  # 400: a control character
    assert api(method, f"{LIST}/{known}", new()).status_code in {400, 401}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (new(url="http://127.0.0.1/"), 422), (new(url=None), 400), (new(url=5), 400), (new(watched="ada"), 400),
        (new(watched=["ada"]), 400), (new(watched=[{"type": "user"}]), 400), (new(watched=[]), 422),
        (new(watched=[{"type": "user", "name": "nobody"}]), 404), (new(watched=[{"type": "space", "name": "a/b"}]), 501),
        (new(watched=[{"type": "model", "name": "ada/none"}]), 404), (new(domains="repo"), 400), (new(domains=["x"]), 422),
        (new(secret=["x"]), 400), ({"jobSourceId": "1", "watched": []}, 400), (new(namespace="lab"), 403),
        (new(namespace="nobody"), 404), ([], 400),
    ],
)  # fmt: skip
def test_what_cannot_be_understood_is_refused(api: Api, body: Any, status: int, settings: Any) -> None:
    settings.WEBHOOK_PRIVATE_ADDRESSES = "refuse"
    make.organization("lab")
    assert api("POST", LIST, body, make.token(make.user("ada"))).status_code == status


def test_an_organisations_webhooks_are_made_by_its_admins(api: Api) -> None:
    ada, bob = make.user("ada"), make.user("bob")
    make.organization("lab", admin=ada, write=bob)
    assert api("POST", LIST, new(namespace="lab"), make.token(ada)).status_code == 200
    assert len(api("GET", f"{LIST}?namespace=lab", token=make.token(ada)).json()) == 1
    assert api("GET", LIST, token=make.token(ada)).json() == []
    assert api("GET", f"{LIST}?namespace=lab", token=make.token(bob)).status_code == 403


@pytest.fixture
def ada(client: Client) -> User:
    user = make.user("ada")
    client.force_login(user)
    return user


def read(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_in_the_browser_a_webhook_is_made_tested_sent_again_and_deleted(
    client: Client, ada: User, there: Receiver, send: Callable[[], None]
) -> None:
    make.organization("lab", admin=ada)
    make.repository(ada, "net")
    make.repository(ada, "rows", kind="dataset")
    form = {
        "url": there.url,
        "watched": "ada\nlab ada/net\ndatasets/ada/rows",
        "domains": ["repo"],
        "secret": "open sesame",
    }
    answer = client.post("/settings/webhooks/new", form)
    webhook = Webhook.objects.get()
    assert answer["Location"] == webhook.get_absolute_url()
    shown = read(client, webhook.get_absolute_url())
    assert "ada\nlab\nada/net\ndatasets/ada/rows" in shown.replace("\r", "")
    assert there.url in read(client, "/settings/webhooks")
    answer = client.post(f"{webhook.get_absolute_url()}/test")
    send()
    delivery = Delivery.objects.get()
    assert answer["Location"] == delivery.get_absolute_url()
    shown = read(client, delivery.get_absolute_url())
    assert "Answered with <b>200</b>" in shown
    assert "sesame" not in shown
    client.post(f"{delivery.get_absolute_url()}/again")
    send()
    assert len(there.received) == 2
    client.post(f"{webhook.get_absolute_url()}/disable")
    assert "nothing is sent to it" in read(client, webhook.get_absolute_url())
    client.post(f"{webhook.get_absolute_url()}/delete")
    assert not Webhook.objects.exists()


def test_what_is_wrong_with_a_form_stands_in_it(client: Client, ada: User, settings: Any) -> None:
    settings.WEBHOOK_PRIVATE_ADDRESSES = "refuse"
    form = {"url": "http://10.0.0.1/", "watched": "ada", "domains": ["repo"]}
    assert "private network" in client.post("/settings/webhooks/new", form).content.decode()
    form = {"url": "https://example.org/", "watched": "nobody-here", "domains": ["repo"]}
    assert "no user or organisation" in client.post("/settings/webhooks/new", form).content.decode()


def test_pages_of_anothers_webhook_are_missing(client: Client, ada: User, hook: Hook) -> None:
    bob = make.user("bob")
    webhook = hook(bob, "user:bob")
    make.repository(bob)
    delivery = Delivery.objects.get()
    for address in (webhook.get_absolute_url(), delivery.get_absolute_url(), "/settings/webhooks?namespace=bob"):
        assert client.get(address).status_code == 404
    for action in ("enable", "disable", "test", "delete", "nonsense"):
        assert client.post(f"{webhook.get_absolute_url()}/{action}").status_code == 404
    assert client.post(f"{delivery.get_absolute_url()}/again").status_code == 404
    assert Webhook.objects.get().is_disabled is False


def test_an_answer_is_shown_as_text(client: Client, ada: User, hook: Hook, send: Callable[[], None]) -> None:
    from tests.models_registry.community.webhooks.receivers import receiver

    answer = b"HTTP/1.1 200 OK\r\nX-Bad: <img src=x>\r\nContent-Length: 25\r\n\r\n<script>alert(1)</script>"
    with receiver(answer=answer) as there:
        hook(ada, "user:ada", url=there.url)
        make.repository(ada)
        send()
    shown = read(client, Delivery.objects.get().get_absolute_url())
    assert "<script>alert" not in shown
    assert "<img src=x" not in shown
    assert "&lt;script&gt;alert(1)" in shown


@pytest.mark.parametrize("address", ["/settings/webhooks", "one"])
def test_the_pages_take_as_many_queries_for_many_as_for_few(
    client: Client, ada: User, hook: Hook, send: Callable[[], None], address: str
) -> None:
    first = hook(ada, "user:ada")
    if address == "one":
        address = first.get_absolute_url()
    counts = []
    for _ in range(2):
        for _more in range(3):
            hook(ada, "user:ada")
            make.repository(ada)
        send()
        client.get(address)
        with CaptureQueriesContext(connection) as captured:
            client.get(address)
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_a_watched_repository_that_became_private_is_named_no_more(api: Api, client: Client) -> None:
    ada, bob = make.user("ada"), make.user("bob")
    net, token = make.repository(bob, "net"), make.token(ada)
    watched = [{"type": "model", "name": "bob/net"}, {"type": "user", "name": "ada"}]
    one = f"{LIST}/{api('POST', LIST, new(watched=watched), token).json()['webhook']['id']}"
    assert len(api("GET", one, token=token).json()["webhook"]["watched"]) == 2
    Repository.objects.filter(pk=net.pk).update(private=True, name="takeover-of-acme", full_key="bob/takeover-of-acme")
    client.force_login(ada)
    shown = [api("GET", one, token=token).content, api("GET", LIST, token=token).content]
    shown += [client.get(page).content for page in ("/settings/webhooks", Webhook.objects.get().get_absolute_url())]
    shown.append(api("POST", one, {"watched": []}, token).content)
    assert not [answer for answer in shown if b"takeover" in answer]
    assert api("GET", one, token=token).json()["webhook"]["watched"] == [{"type": "user", "name": "ada"}]
    assert Webhook.objects.get().watched.count() == 2


def test_what_was_to_be_told_of_a_private_repository_is_shown_to_no_former_member(
    client: Client, hook: Hook, ada: User
) -> None:
    bob = make.user("bob")
    lab = make.organization("lab", admin=bob)
    Membership.objects.create(organization=lab, user=ada, role=Role.READ)
    secret = make.repository(bob, "secret", namespace="lab", private=True)
    made = hook(ada, "org:lab")
    discussions.open_discussion(actor=Actor(user=bob), repository=secret, title="The takeover", text="of Acme")
    delivery = Delivery.objects.get(webhook=made)
    client.force_login(ada)
    assert "takeover" in client.get(delivery.get_absolute_url()).content.decode()
    memberships.leave(actor=Actor(user=ada), organization=lab)
    page = client.get(delivery.get_absolute_url())
    assert (page.status_code, "takeover" in page.content.decode()) == (200, False)


def test_an_organisations_settings_lead_to_its_webhooks(client: Client) -> None:
    ada = make.user("ada")
    make.organization("lab", admin=ada)
    client.force_login(ada)
    address = "/settings/webhooks?namespace=lab"
    assert f'href="{address}"' in client.get("/organizations/lab/settings").content.decode()
    assert client.get(address).status_code == 200
