"""The feed: what happened at whom and what one follows, and never of what one may not see."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Actor, User
from accounts.services.standing import suspend
from models_registry.community.models import Activity, Notice
from models_registry.community.services import activities, collections, discussions, feed, follows, likes
from models_registry.models import Repository
from models_registry.services import gating, references
from models_registry.services.repositories import change_settings
from tests import make

Verb = Activity.Verb


def verbs(user: User) -> list[str]:
    found, _older = feed.of_followed(Actor(user=user))
    return [activity.verb for activity in found]


@pytest.fixture
def reader() -> User:
    return make.user("reader")


def test_whoever_follows_a_person_sees_what_they_do(reader: User) -> None:
    ada, actor = make.user("ada"), Actor(user=reader)
    follows.follow(actor=actor, namespace=ada.namespace)
    theirs = make.repository(make.user())
    mine = make.repository(ada)
    make.commit(mine)
    references.create_tag(actor=Actor(user=ada), repository=mine, name="v1", revision="main")
    likes.like(actor=Actor(user=ada), repository=theirs)
    discussions.open_discussion(actor=Actor(user=ada), repository=theirs, title="Why?", text="So.")
    collections.create_collection(actor=Actor(user=ada), namespace="ada", title="Good ones")
    assert verbs(reader) == [
        Verb.COLLECTED, Verb.DISCUSSED, Verb.LIKED, Verb.RELEASED, Verb.COMMITTED, Verb.CREATED,
    ]  # fmt: skip


def test_whoever_follows_a_repository_sees_its_versions_and_not_who_likes_it(reader: User) -> None:
    net = make.repository()
    follows.follow(actor=Actor(user=reader), repository=net)
    likes.like(actor=Actor(user=make.user()), repository=net)
    make.commit(net)
    assert verbs(reader) == [Verb.COMMITTED, Verb.CREATED]


def test_whoever_follows_an_organisation_sees_what_happens_in_it(reader: User) -> None:
    ada = make.user()
    lab = make.organization("lab", write=ada)
    follows.follow(actor=Actor(user=reader), namespace=lab.namespace)
    make.repository(ada, namespace="lab")
    assert verbs(reader) == [Verb.CREATED]


def test_commits_of_the_same_hours_are_one_line_at_the_top() -> None:
    net = make.repository()
    make.commit(net)
    likes.like(actor=Actor(user=make.user()), repository=net)
    make.commit(net, title="the last one")
    newest = Activity.objects.latest("pk")
    assert (newest.verb, newest.data["count"], newest.data["title"]) == (Verb.COMMITTED, 2, "the last one")
    Activity.objects.update(created_at=timezone.now() - timedelta(hours=7))
    make.commit(net)
    assert Activity.objects.filter(verb=Verb.COMMITTED).count() == 2


def test_commits_on_other_branches_are_no_news() -> None:
    net = make.repository()
    references.create_branch(actor=Actor(user=net.creator), repository=net, name="side")
    make.commit(net, branch="side")
    assert not Activity.objects.filter(verb=Verb.COMMITTED).exists()


def test_a_like_that_is_taken_back_was_never_told() -> None:
    net, bob = make.repository(), Actor(user=make.user())
    likes.like(actor=bob, repository=net)
    likes.unlike(actor=bob, repository=net)
    assert not Activity.objects.filter(verb=Verb.LIKED).exists()


@pytest.mark.parametrize("hidden", ["private", "disabled", "deleted", "suspended"])
def test_what_may_not_be_seen_any_more_is_gone_from_every_feed(reader: User, client: Client, hidden: str) -> None:
    ada = make.user("ada")
    net = make.repository(ada, "unmistakable")
    make.commit(net, title="a telling title")
    follows.follow(actor=Actor(user=reader), namespace=ada.namespace)
    follows.follow(actor=Actor(user=reader), repository=net)
    assert len(verbs(reader)) == 2
    if hidden == "private":
        change_settings(actor=Actor(user=ada), repository=net, private=True)
    elif hidden == "disabled":
        Repository.objects.update(disabled_reason="reported")
    elif hidden == "deleted":
        net.delete()
    else:
        suspend(actor=Actor(user=make.user(is_admin=True)), user=ada, reason="spam")
    assert verbs(reader) == []
    client.force_login(reader)
    for page in ("/", "/feed", "/ada", "/users/ada/activity"):
        assert "telling title" not in client.get(page).content.decode(), page


def test_a_private_collection_is_no_news_for_others(reader: User) -> None:
    ada = make.user("ada")
    follows.follow(actor=Actor(user=reader), namespace=ada.namespace)
    made = collections.create_collection(actor=Actor(user=ada), namespace="ada", title="Mine", private=True)
    assert verbs(reader) == []
    collections.update_collection(actor=Actor(user=ada), collection=made, private=False)
    assert verbs(reader) == [Verb.COLLECTED]


def test_ones_own_acts_are_not_in_ones_feed(reader: User) -> None:
    net = make.repository(reader)
    follows.follow(actor=Actor(user=reader), repository=net)
    assert verbs(reader) == []


def test_pages_neither_skip_nor_repeat(reader: User) -> None:
    ada = make.user("ada")
    follows.follow(actor=Actor(user=reader), namespace=ada.namespace)
    for _number in range(7):
        follows.follow(actor=Actor(user=reader), repository=make.repository(ada))
    seen: list[int] = []
    before = 0
    while True:
        found, before = feed.of_followed(Actor(user=reader), before=before, size=3)
        seen += [activity.pk for activity in found]
        if not before:
            break
    assert seen == sorted(Activity.objects.values_list("pk", flat=True), reverse=True)


def test_old_news_are_removed() -> None:
    make.repository()
    Activity.objects.update(created_at=timezone.now() - activities.KEPT - timedelta(days=1))
    make.repository()
    activities.prune()
    assert Activity.objects.count() == 1


@pytest.mark.parametrize("page", ["/", "/feed", "/users/ada/activity", "/ada"])
def test_a_feed_takes_as_many_queries_for_many_lines(reader: User, client: Client, page: str) -> None:
    ada = make.user("ada")
    follows.follow(actor=Actor(user=reader), namespace=ada.namespace)
    client.force_login(reader)
    counts, sizes = [], []
    for start in (0, 3):
        for number in range(start, start + 3):
            net = make.repository(ada)
            make.commit(net)
            discussions.open_discussion(actor=Actor(user=ada), repository=net, title="Why?", text="So.")
            collections.create_collection(actor=Actor(user=ada), namespace="ada", title=f"Number {number}")
        with CaptureQueriesContext(connection) as captured:
            shown = client.get(page)
        counts.append(len(captured))
        sizes.append(len(shown.content))
    assert counts[0] == counts[1]
    assert sizes[0] < sizes[1]


def test_what_a_gated_repositorys_commits_say_is_for_who_may_read_it(reader: User, client: Client) -> None:
    ada, granted = make.user("ada"), make.user()
    net = make.repository(ada, "net")
    for user in (reader, granted):
        follows.follow(actor=Actor(user=user), repository=net)
    Repository.objects.filter(pk=net.pk).update(gated="manual")
    make.commit(net, title="Add the unreleased weights")
    references.create_tag(actor=Actor(user=ada), repository=net, name="v-unreleased", revision="main")
    net.refresh_from_db()
    gating.grant(actor=Actor(user=ada), repository=net, username=granted.username)
    client.force_login(reader)
    pages = [client.get(page).content.decode() for page in ("/", "/ada", "/activity")]
    assert "adds a version" in pages[0]
    assert not [page for page in pages if "unreleased weights" in page]
    client.force_login(granted)
    assert "unreleased weights" in client.get("/").content.decode()


def test_a_new_version_of_a_gated_repository_is_told_without_its_words() -> None:
    follower, net = make.user(), make.repository()
    follows.follow(actor=Actor(user=follower), repository=net)
    Repository.objects.filter(pk=net.pk).update(gated="manual")
    make.commit(Repository.objects.get(pk=net.pk), title="Add the unreleased weights")
    assert not Notice.objects.filter(text__contains="unreleased").exists()
    assert Notice.objects.filter(kind="version").count() == 1
