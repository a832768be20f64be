"""Who follows whom: once, exactly counted, and of what is private nothing is told."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Actor, Namespace
from accounts.services.standing import suspend
from hub.errors import BadRequest, Unauthenticated
from models_registry.community.models import Follow
from models_registry.community.services import follows
from models_registry.models import Repository
from tests import make


def test_following_twice_is_once_and_can_be_ended() -> None:
    ada, bob = make.user("ada"), make.user("bob")
    actor = Actor(user=ada)
    assert follows.follow(actor=actor, namespace=bob.namespace)
    assert not follows.follow(actor=actor, namespace=bob.namespace)
    assert [row.user for row in follows.followers(namespace=bob.namespace)] == [ada]
    assert [row.namespace for row in follows.following(ada)] == [bob.namespace]
    assert follows.unfollow(actor=actor, namespace=bob.namespace)
    assert not follows.unfollow(actor=actor, namespace=bob.namespace)
    assert not Follow.objects.exists()


def test_nobody_follows_themselves_and_nobody_is_no_follower() -> None:
    ada = make.user()
    with pytest.raises(BadRequest):
        follows.follow(actor=Actor(user=ada), namespace=ada.namespace)
    with pytest.raises(Unauthenticated):
        follows.follow(actor=Actor(), namespace=ada.namespace)


@pytest.mark.parametrize("targets", [0, 2])
def test_a_follow_has_exactly_one_target(targets: int) -> None:
    repository = make.repository()
    both = {"namespace": repository.namespace, "repository": repository} if targets else {}
    with pytest.raises(IntegrityError), transaction.atomic():
        Follow.objects.create(user=make.user(), **both)


def test_a_suspended_follower_is_not_counted() -> None:
    ada, bob = make.user(), make.user()
    follows.follow(actor=Actor(user=ada), namespace=bob.namespace)
    suspend(actor=Actor(user=make.user(is_admin=True)), user=ada, reason="spam")
    assert not follows.followers(namespace=bob.namespace).exists()


def test_what_a_member_follows_shows_no_private_repository_to_others() -> None:
    ada, bob = make.user(), make.user()
    secret = make.repository(bob, private=True)
    follows.follow(actor=Actor(user=bob), repository=secret)
    assert not follows.followed_repositories(bob, seen_by=Actor(user=ada)).exists()
    assert follows.followed_repositories(bob, seen_by=Actor(user=bob)).count() == 1


@pytest.mark.parametrize("address", ["/users/bob/follow", "/ada/net/follow", "/ada/net/like"])
def test_the_buttons_work_without_script_and_with_it(client: Client, address: str) -> None:
    make.repository(make.user("ada"), "net")
    make.user("bob")
    page = address.rpartition("/")[0].replace("/users", "")
    assert client.post(address)["Location"].startswith("/accounts/login/")
    client.force_login(make.user("eve"))
    assert client.post(address)["Location"] == page
    drawn = client.post(address, {"to": "off"}, headers={"HX-Request": "true"}).content.decode()
    assert 'value="on"' in drawn
    assert "<html" not in drawn
    assert not Follow.objects.exists()
    assert Repository.objects.get().likes == 0


def test_a_repository_page_says_what_the_reader_likes_and_follows(client: Client) -> None:
    make.repository(make.user("ada"), "net")
    client.force_login(make.user("eve"))
    for address in ("/ada/net/like", "/ada/net/follow"):
        client.post(address)
    shown = client.get("/ada/net").content.decode()
    assert 'aria-pressed="true"' in shown
    assert "Stop following ada/net" in shown
    assert "eve" in client.get("/ada/net/likers").content.decode()
    assert "ada/" in client.get("/users/eve/likes").content.decode()


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("page", ["like", "likers", "follow", "collect"])
def test_pages_of_a_private_repository_are_not_there_for_others(client: Client, method: str, page: str) -> None:
    make.repository(make.user("ada"), "net", private=True)
    client.force_login(make.user("eve"))
    answers = [getattr(client, method)(f"/ada/{name}/{page}").status_code for name in ("net", "nothing")]
    assert answers[0] == answers[1]
    assert answers[0] in {404, 405}


@pytest.mark.parametrize(
    "page", ["/users/ada/followers", "/users/ada/following", "/ada/net/likers", "/users/ada/likes", "/ada"]
)
def test_lists_of_people_take_as_many_queries_for_many(client: Client, page: str) -> None:
    ada = make.user("ada")
    net = make.repository(ada, "net")
    counts = []
    for _round in (1, 2):
        for _number in range(4):
            other = make.user()
            follows.follow(actor=Actor(user=other), namespace=ada.namespace)
            follows.follow(actor=Actor(user=ada), namespace=make.organization().namespace)
            client.force_login(other)
            client.post("/ada/net/like")
            client.force_login(ada)
            client.post(f"{make.repository(other).get_absolute_url()}/like")
        client.logout()
        with CaptureQueriesContext(connection) as captured:
            assert client.get(page).status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1]
    assert Repository.objects.get(pk=net.pk).likes == 8
    assert Namespace.objects.count() > 8
