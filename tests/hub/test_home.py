"""The home page: what a visitor meets, and what awaits a member."""

import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import Actor, User
from evaluations.models import State
from models_registry.community.services import discussions, follows
from tests import make
from tests.evaluations import rows


def home(client: Client) -> str:
    answer = client.get("/")
    assert answer.status_code == 200
    return answer.content.decode()


def section(page: str, name: str) -> str:
    """The part of the page that is called so; "" where there is none."""
    found = re.search(rf'<section aria-labelledby="{name}">(.*?)</section>', page, re.DOTALL)
    return found[1] if found else ""


def named(part: str) -> list[str]:
    return re.findall(r"<b>([\w-]+-net)</b>", part)


def test_a_visitor_finds_both_ways_in_what_is_trending_and_who_leads(client: Client) -> None:
    make.repository(name="quiet-net")
    gated = make.repository(name="gated-net", trending_score=9, gated="manual")
    popular = make.repository(name="popular-net", trending_score=5, downloads=1234)
    rows.scored(popular)
    page = home(client)
    assert named(section(page, "trending")) == [gated.name, popular.name, "quiet-net"]
    assert "1.2\xa0K" in section(page, "trending")
    assert f"hf download {popular.full_name}" in page  # not the one that asks for a grant first
    assert "hf upload your-name/my-model" in page
    assert popular.full_name in section(page, "boards")
    assert "leads" in section(page, "scores")
    assert not section(page, "own")


def test_who_shares_the_first_place_does_not_lead(client: Client) -> None:
    for _ in range(2):
        rows.scored(make.repository())
    assert section(home(client), "scores").count("shares the first place on") == 2


def test_a_member_finds_what_they_may_change_what_they_wait_for_and_what_they_follow(client: Client) -> None:
    member, other = make.user(), make.user()
    make.organization("lab", write=member)
    private = make.repository(member, "private-net", private=True)
    make.repository(make.user("colleague"), "foreign-net")
    make.organization("elsewhere", read=member, write=other)
    make.repository(other, "read-net", namespace="elsewhere")
    lab = Actor(user=member)
    shared = make.repository(member, "shared-net", namespace="lab")
    follows.follow(actor=lab, repository=make.repository(other, "followed-net"))
    make.commit(other.created_repositories.get(name="followed-net"))
    rows.run(private, state=State.RUNNING, attempt=1, progress_done=3, progress_total=9)
    rows.run(shared, state=State.CANCELLED)
    client.force_login(member)
    page = home(client)
    assert named(section(page, "own")) == ["shared-net", "private-net"]
    assert "followed-net" in section(page, "your-feed")
    waiting = section(page, "under-way")
    assert "private-net" in waiting
    assert 'value="3"' in waiting
    assert "shared-net" not in waiting
    client.force_login(other)
    assert "private-net" not in home(client)


def test_a_member_who_has_nothing_yet_is_told_how_to_begin(client: Client) -> None:
    member = make.user("newcomer")
    client.force_login(member)
    assert "hf upload newcomer/my-model" in section(home(client), "own")
    User.objects.filter(pk=member.pk).update(suspended_reason="spam")
    assert not section(home(client), "own")


@pytest.mark.parametrize("is_member", [False, True])
def test_it_takes_the_same_number_of_queries_however_much_there_is(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries, is_member: bool
) -> None:
    member = make.user()

    def more() -> None:
        repository = make.repository(member, trending_score=1, task="text-classification")
        make.repository(member, kind="dataset")
        rows.scored(repository)
        rows.run(repository)
        discussions.open_discussion(actor=Actor(user=make.user()), repository=repository, title="Why?", text="?")
        follows.follow(actor=Actor(user=member), repository=make.repository())

    more()
    if is_member:
        client.force_login(member)
    home(client)
    with django_assert_max_num_queries(30) as few:
        home(client)
    for _ in range(3):
        more()
    with django_assert_max_num_queries(len(few)):
        home(client)
