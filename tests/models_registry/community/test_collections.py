"""Collections: whose they are, what is in them for whom, in which order; through the API and on pages."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Actor, Membership, Role, User
from accounts.services.standing import lift_suspension, suspend
from hub.errors import Forbidden, HubError
from models_registry.community.errors import BadCollection, CollectionExists, ItemExists
from models_registry.community.models import Collection, CollectionItem
from models_registry.community.services import collections
from models_registry.models import Repository
from tests import make
from tests.models_registry.hf_api.conftest import Api, api

__all__ = ["api"]


def make_collection(by: User, title: str = "Good ones", *, namespace: str = "", **more: Any) -> Collection:
    return collections.create_collection(
        actor=Actor(user=by), namespace=namespace or by.username, title=title, **more
    )  # fmt: skip


def put(collection: Collection, *repositories: Repository, by: User | None = None) -> None:
    actor = Actor(user=by or collection.namespace.user)
    for repository in repositories:
        collections.add_item(actor=actor, collection=collection, kind=repository.kind, name=repository.full_name)


def names(collection: Collection, reader: User | None) -> list[str]:
    return [str(item.repository or item.child) for item in collections.shown(Actor(user=reader), collection).items]


def test_a_slug_leads_to_it_by_its_id_whatever_it_is_called_now(api: Api) -> None:
    ada = make.user("ada")
    made = make_collection(ada, "Frühe Modelle, 2030!")
    old = made.slug
    assert old == f"ada/frühe-modelle-2030-{made.pk:024x}"
    collections.update_collection(actor=Actor(user=ada), collection=made, title="Others")
    assert api("GET", f"/api/collections/{old}").json()["slug"] == f"ada/others-{made.pk:024x}"
    assert api("GET", f"/api/collections/ada/{made.pk:024x}").status_code == 200
    for wrong in (f"bob/others-{made.pk:024x}", f"ada/others-{made.pk + 1:024x}", "ada/others", "ada/" + "f" * 24):
        assert api("GET", f"/api/collections/{wrong}").status_code == 404, wrong


def test_two_of_one_title_are_refused_with_the_slug_of_the_first(api: Api) -> None:
    ada = make.user("ada")
    made = make_collection(ada)
    answer = api("POST", "/api/collections", {"title": "GOOD ones", "namespace": "ada"}, token=make.token(ada))
    assert (answer.status_code, answer.json()["slug"]) == (409, made.slug)
    make_collection(make.user("bob"))
    other = make_collection(ada, "Others")
    with pytest.raises(CollectionExists):
        collections.update_collection(actor=Actor(user=ada), collection=other, title="good ones")


@pytest.mark.parametrize(
    "what",
    [{"title": " "}, {"title": "x" * 121}, {"title": "x", "description": "x" * 151}],
)  # fmt: skip
def test_what_is_too_long_or_empty_is_refused(what: dict[str, str]) -> None:
    with pytest.raises(BadCollection):
        collections.create_collection(actor=Actor(user=make.user("ada")), namespace="ada", **what)


# Who may see a private collection of an organisation, and who may change it.
ROLES = {
    None: (False, False),
    "read": (True, False),
    "contributor": (True, False),
    "write": (True, True),
    "admin": (True, True),
}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("private", [False, True])
def test_rights_in_an_organisation(api: Api, client: Client, role: str | None, private: bool) -> None:
    ada, bob = make.user("ada"), make.user("bob")
    lab = make.organization("lab", **({role: bob} if role else {}))
    Membership.objects.create(organization=lab, user=ada, role=Role.ADMIN)
    made = make_collection(ada, namespace="lab", private=private)
    sees, writes = ROLES[role]
    sees = sees or not private
    key = make.token(bob)
    refused = 403 if sees else 404
    address = f"/api/collections/{made.slug}"
    net = make.repository(bob)
    assert api("GET", address, token=key).status_code == (200 if sees else 404)
    assert len(api("GET", "/api/collections", token=key).json()) == sees
    changes = [
        ("PATCH", address, {"description": "changed"}),
        ("POST", f"{address}/items", {"item": {"id": net.full_name, "type": "model"}}),
    ]
    for method, path, body in changes:
        assert api(method, path, body, token=key).status_code == (200 if writes else refused), (method, path)
    client.force_login(bob)
    assert client.get(made.get_absolute_url()).status_code == (200 if sees else 404)
    assert client.get(f"{made.get_absolute_url()}/edit").status_code == (200 if writes else refused)
    made_there = api("POST", "/api/collections", {"title": "Another", "namespace": "lab"}, token=key)
    assert made_there.status_code == (200 if writes else 403)
    assert api("DELETE", address, token=key).status_code == (200 if writes else refused)


def test_a_private_collection_looks_like_none_at_every_address(api: Api, client: Client) -> None:
    ada, eve = make.user("ada"), make.user("eve")
    made = make_collection(ada, "Secret plan", private=True)
    put(made, make.repository(ada))
    item = CollectionItem.objects.get().public_id
    key = make.token(eve)
    missing = f"ada/secret-plan-{made.pk + 7:024x}"
    calls = [
        ("GET", "", None), ("PATCH", "", {"title": "x"}), ("DELETE", "", None), ("POST", "/items", {"item": {}}),
        ("PATCH", f"/items/{item}", {"note": "x"}), ("DELETE", f"/items/{item}", None), ("POST", "/upvote", {}),
        ("DELETE", "/upvote", None),
    ]  # fmt: skip
    for token in (None, key):
        for method, below, body in calls:
            answers = [
                api(method, f"/api/collections/{slug}{below}", body, token=token) for slug in (made.slug, missing)
            ]
            assert answers[0].status_code == answers[1].status_code == 404, (method, below)
            assert answers[0].content == answers[1].content
    client.force_login(eve)
    for below in ("", "/edit"):
        assert client.get(f"/collections/{made.slug}{below}").status_code == 404
    for below in ("/delete", "/upvote", "/items", f"/items/{item}"):
        assert client.post(f"/collections/{made.slug}{below}").status_code == 404
    other = make_collection(eve)
    with pytest.raises(HubError):
        collections.add_item(actor=Actor(user=eve), collection=other, kind="collection", name=made.slug)
    for page in ("/collections", "/users/ada/collections", "/ada"):
        assert "Secret plan" not in client.get(page).content.decode()


def test_items_that_the_reader_may_not_see_are_left_out_without_a_gap(api: Api) -> None:
    ada = make.user("ada")
    made = make_collection(ada)
    open_one, secret, last = make.repository(ada), make.repository(ada, private=True), make.repository(ada)
    hidden = make_collection(ada, "Hidden", private=True)
    put(made, secret, open_one)
    collections.add_item(actor=Actor(user=ada), collection=made, kind="collection", name=hidden.slug)
    put(made, last)
    shown = api("GET", f"/api/collections/{made.slug}").json()
    assert [(item["id"], item["position"]) for item in shown["items"]] == [(open_one.full_name, 0), (last.full_name, 1)]
    assert shown["numberItems"] == 2
    assert len(names(made, ada)) == 4
    (listed,) = api("GET", "/api/collections?owner=ada").json()
    assert (len(listed["items"]), listed["numberItems"]) == (2, 2)
    assert api("GET", f"/api/collections?item=models/{secret.full_name}").json() == []
    assert len(api("GET", f"/api/collections?item=models/{secret.full_name}", token=make.token(ada)).json()) == 1


def test_a_suspended_members_collections_are_shown_to_nobody_else(api: Api) -> None:
    ada = make.user("ada")
    made = make_collection(ada)
    outer = make_collection(make.user("bob"), "Outer")
    collections.add_item(actor=Actor(user=outer.namespace.user), collection=outer, kind="collection", name=made.slug)
    suspend(actor=Actor(user=make.user(is_admin=True)), user=ada, reason="spam")
    assert api("GET", f"/api/collections/{made.slug}").status_code == 404
    assert [one["slug"] for one in api("GET", "/api/collections").json()] == [outer.slug]
    assert api("GET", f"/api/collections/{outer.slug}").json()["items"] == []
    lift_suspension(actor=Actor(user=make.user(is_admin=True)), user=ada, reason="a mistake")
    assert api("GET", f"/api/collections/{made.slug}").status_code == 200


def test_a_collection_can_be_reported_from_its_page(client: Client) -> None:
    made = make_collection(make.user("ada"))
    page = client.get(made.get_absolute_url()).content.decode()
    assert f"/report?collection={quote(made.slug, safe='')}" in page
    assert client.get(f"/report?collection={quote(made.slug, safe='')}").status_code == 200


@pytest.mark.parametrize("item", ["papers/2311.12983", "spaces/ada/app", "models/ada/nothing", "collections/ada/x-1"])
def test_what_the_hub_does_not_hold_is_in_no_collection(api: Api, item: str) -> None:
    make_collection(make.user("ada"))
    answer = api("GET", f"/api/collections?item={item}")
    assert (answer.status_code, answer.json()) == (200, [])


def test_a_deleted_repository_is_in_no_collection_any_more() -> None:
    ada = make.user("ada")
    made, net = make_collection(ada), make.repository(ada)
    put(made, net)
    net.delete()
    assert names(made, ada) == []


def test_nothing_is_in_a_collection_twice_nor_in_itself() -> None:
    ada = make.user("ada")
    made, net = make_collection(ada), make.repository(ada)
    put(made, net)
    with pytest.raises(ItemExists):
        put(made, net)
    with pytest.raises(BadCollection):
        collections.add_item(actor=Actor(user=ada), collection=made, kind="collection", name=made.slug)
    with pytest.raises(BadCollection):
        collections.add_item(actor=Actor(user=ada), collection=made, kind="space", name="ada/app")


@pytest.mark.parametrize(
    ("moved", "to", "order"), [(0, 2, "bcad"), (3, 0, "dabc"), (2, 1, "acbd"), (1, 99, "acdb"), (1, 1, "abcd")]
)
def test_items_are_moved_to_a_place(moved: int, to: int, order: str) -> None:
    ada = make.user("ada")
    made = make_collection(ada)
    put(made, *(make.repository(ada, name) for name in "abcd"))
    item = collections.shown(Actor(user=ada), made).items[moved]
    collections.update_item(actor=Actor(user=ada), collection=made, item=item.public_id, position=to)
    assert "".join(name[-1] for name in names(made, ada)) == order


def test_a_place_is_counted_among_what_one_sees() -> None:
    ada, bob = make.user("ada"), make.user("bob")
    make.organization("lab", write=ada, admin=bob)
    made = make_collection(ada, namespace="lab")
    put(made, make.repository(bob, "x", private=True), by=bob)
    put(made, *(make.repository(ada, name) for name in "ab"), by=ada)
    last = collections.shown(Actor(user=ada), made).items[1]
    collections.update_item(actor=Actor(user=ada), collection=made, item=last.public_id, position=0)
    assert [name[-1] for name in names(made, ada)] == ["b", "a"]
    assert [name[-1] for name in names(made, bob)] == ["x", "b", "a"]


def test_an_item_that_one_may_not_see_cannot_be_named() -> None:
    ada, bob = make.user("ada"), make.user("bob")
    make.organization("lab", write=ada, admin=bob)
    made = make_collection(ada, namespace="lab")
    put(made, make.repository(bob, private=True), by=bob)
    item = CollectionItem.objects.get().public_id
    for act in (collections.remove_item, lambda **named: collections.update_item(note="x", **named)):
        with pytest.raises(HubError, match="no such item"):
            act(actor=Actor(user=ada), collection=made, item=item)


def test_a_fine_grained_token_opens_collections_of_its_namespaces_alone(api: Api) -> None:
    ada = make.user("ada")
    made = make_collection(ada, private=True)
    lab = make.organization("lab", admin=ada)
    elsewhere = make.token(ada, "fine-grained", scopes=[{"action": "write", "namespace": lab.namespace.pk}])
    here = make.token(ada, "fine-grained", scopes=[{"action": "write", "namespace": ada.namespace.pk}])
    reading = make.token(ada, "fine-grained", scopes=[{"action": "read", "namespace": ada.namespace.pk}])
    address = f"/api/collections/{made.slug}"
    assert [api("GET", address, token=key).status_code for key in (elsewhere, here, reading)] == [404, 200, 200]
    change = {"description": "x"}
    assert [api("PATCH", address, change, token=key).status_code for key in (elsewhere, here, reading)] == [
        404,
        200,
        403,
    ]
    with pytest.raises(Forbidden):
        collections.create_collection(
            actor=Actor(user=ada, token=make.token_row(elsewhere)), namespace="ada", title="Mine"
        )


def test_upvotes_are_counted_once_each(api: Api) -> None:
    made = make_collection(make.user("ada"))
    keys = [make.token(make.user()) for _number in range(2)]
    for key in (*keys, keys[0]):
        api("POST", f"/api/collections/{made.slug}/upvote", {}, token=key)
    assert api("GET", f"/api/collections/{made.slug}", token=keys[0]).json()["isUpvotedByUser"]
    assert api("DELETE", f"/api/collections/{made.slug}/upvote", token=keys[0]).json() == {
        "upvoted": False,
        "upvotes": 1,
    }
    made.refresh_from_db()
    assert made.upvotes == 1


def test_lists_are_sorted_narrowed_and_paged(api: Api) -> None:
    ada, bob = make.user("ada"), make.user("bob")
    made = [make_collection(ada, f"Number {number}") for number in range(3)]
    make_collection(bob)
    for number, user in ((0, bob), (0, ada), (1, ada)):
        collections.upvote(actor=Actor(user=user), collection=made[number])
    found = api("GET", "/api/collections?owner=ADA&sort=upvotes&limit=2")
    assert [one["title"] for one in found.json()] == ["Number 0", "Number 1"]
    assert all("position" not in one for one in found.json())
    rest = api("GET", found["Link"].partition(">")[0][1:]).json()
    assert [one["title"] for one in rest] == ["Number 2"]
    assert len(api("GET", "/api/collections?owner=ada&owner=bob").json()) == 4
    assert api("GET", "/api/collections?sort=beauty").status_code == 400


def _filled(ada: User, number: int) -> Collection:
    made = make_collection(ada, f"Number {number}")
    put(made, *(make.repository(ada) for _item in range(2)))
    child = make_collection(ada, f"Child {number}")
    collections.add_item(actor=Actor(user=ada), collection=made, kind="collection", name=child.slug)
    return made


@pytest.mark.parametrize("page", ["/api/collections", "/collections", "/users/ada/collections", "/ada/net/collect"])
def test_lists_take_as_many_queries_for_many(client: Client, page: str) -> None:
    ada = make.user("ada")
    make.repository(ada, "net")
    client.force_login(ada)
    counts = []
    for start in (0, 3):
        for number in range(start, start + 3):
            _filled(ada, number)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(page).status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("address", [lambda made: f"/api/collections/{made.slug}", Collection.get_absolute_url])
def test_a_collection_takes_as_many_queries_for_many_items(
    client: Client, address: Callable[[Collection], str]
) -> None:
    ada = make.user("ada")
    made = _filled(ada, 1)
    counts = []
    for number in (2, 3):
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address(made)).status_code == 200
        counts.append(len(captured))
        put(made, *(make.repository(ada) for _item in range(3)))
        child = make_collection(ada, f"More {number}")
        collections.add_item(actor=Actor(user=ada), collection=made, kind="collection", name=child.slug)
    assert counts[0] == counts[1]


def test_a_member_makes_fills_orders_and_deletes_one_on_pages(client: Client) -> None:
    ada = make.user("ada")
    make.repository(ada, "net")
    make.repository(ada, "rows", kind="dataset")
    client.force_login(ada)
    made_at = client.post("/collections/new", {"namespace": "ada", "title": "Mine", "visibility": "private"})[
        "Location"
    ]
    made = Collection.objects.get()
    assert made_at == made.get_absolute_url()
    assert made.private
    client.post("/ada/net/collect", {"collection": made.slug})
    client.post(f"{made_at}/items", {"kind": "dataset", "name": "ada/rows", "note": "The data"})
    assert client.post(f"{made_at}/items", {"kind": "model", "name": "ada/nothing"}).status_code == 400
    shown = client.get(made_at).content.decode()
    assert shown.index("net") < shown.index("The data")
    second = CollectionItem.objects.get(repository__name="rows")
    client.post(f"{made_at}/items/{second.public_id}", {"act": "to-0"})
    client.post(f"{made_at}/items/{second.public_id}", {"act": "note", "note": "<script>"})
    assert "&lt;script&gt;" in client.get(made_at).content.decode()
    assert names(made, ada) == ["ada/rows", "ada/net"]
    client.post(f"{made_at}/items/{second.public_id}", {"act": "remove"})
    client.post("/ada/net/collect", {"collection": made.slug, "to": "off"})
    assert names(made, ada) == []
    client.post(f"{made_at}/edit", {"title": "Ours", "theme": "pink", "visibility": "public"})
    made.refresh_from_db()
    assert (made.title, made.theme, made.private) == ("Ours", "pink", False)
    assert client.get(made_at)["Location"] == made.get_absolute_url()
    client.post(f"{made.get_absolute_url()}/delete", {"confirm": "Mine"})
    assert Collection.objects.exists()
    client.post(f"{made.get_absolute_url()}/delete", {"confirm": "Ours"})
    assert not Collection.objects.exists()
