"""Atom feeds: what feed readers get, and what they never get."""

import pytest
from defusedxml import ElementTree
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import Actor
from models_registry.community.services import discussions
from models_registry.models import Repository
from tests import make
from tests.evaluations import rows

ATOM = "{http://www.w3.org/2005/Atom}"


def titles_of(client: Client, address: str) -> list[str]:
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("application/atom+xml")
    feed = ElementTree.fromstring(answer.content)
    links = [entry.find(f"{ATOM}link").get("href") for entry in feed.iter(f"{ATOM}entry")]
    assert all(link.startswith("http") for link in links)
    ids = [entry.findtext(f"{ATOM}id") for entry in feed.iter(f"{ATOM}entry")]
    assert len(set(ids)) == len(ids)
    return [entry.findtext(f"{ATOM}title") for entry in feed.iter(f"{ATOM}entry")]


@pytest.mark.parametrize("kind", ["model", "dataset"])
def test_what_is_new_comes_first_and_what_is_private_never(client: Client, kind: str) -> None:
    first, second = (make.repository(kind=kind) for _ in range(2))
    make.repository(first.creator, kind=kind, private=True)
    make.repository(kind="dataset" if kind == "model" else "model")
    client.force_login(first.creator)  # feeds know nobody: whoever reads one may show it to others
    assert titles_of(client, f"/feeds/{kind}s.atom") == [second.full_name, first.full_name]


def test_words_that_xml_cannot_hold_spoil_no_feed(client: Client) -> None:
    repository = make.repository()
    Repository.objects.filter(pk=repository.pk).update(summary="bell\x07 & <b>\x1f\ufffe", task="a\x01b")
    assert titles_of(client, "/feeds/models.atom") == [repository.full_name]


def test_a_reader_that_has_it_already_gets_no_body(client: Client) -> None:
    make.repository()
    etag = client.get("/feeds/models.atom")["ETag"]
    assert client.get("/feeds/models.atom", headers={"If-None-Match": etag}).status_code == 304
    make.repository()
    assert client.get("/feeds/models.atom", headers={"If-None-Match": etag}).status_code == 200


def test_what_is_kept_for_everybody_speaks_no_readers_language(client: Client) -> None:
    repository = make.repository()
    for address in ("/feeds/models.atom", f"/previews/models/{repository.full_name}.png", "/sitemap.xml"):
        said = []
        for language in ("en", "zh-hans"):
            client.cookies["django_language"] = language
            said.append(client.get(address))
        assert "public" in said[0]["Cache-Control"]
        assert said[0].content == said[1].content
        assert said[1]["Content-Language"] == "en"


def test_scores_are_told_of_the_hub_and_of_each_suite(client: Client) -> None:
    run = rows.scored(make.repository())
    rows.scored(make.repository(private=True))
    expected = [f"{run.repository.full_name}: 0.9870 on {run.suite_version.suite.title}"]
    assert titles_of(client, "/feeds/scores.atom") == expected
    assert titles_of(client, f"/feeds/leaderboards/{run.suite_version.suite.name}.atom") == expected
    assert client.get("/feeds/leaderboards/no-such-suite.atom").status_code == 404


def test_an_organisation_tells_what_happens_there(client: Client) -> None:
    member = make.user("ada")
    make.organization("lab", admin=member)
    repository = make.repository(member, "net", namespace="lab")
    make.repository(member, "secret", namespace="lab", private=True)
    make.commit(repository, {"a.txt": "a"}, title="One\x0b more")
    discussions.open_discussion(actor=Actor(user=member), repository=repository, title="Why?", text="?")
    titles = titles_of(client, "/feeds/of/lab.atom")
    assert "ada opens a discussion in lab/net" in titles
    assert "ada shares a new model: lab/net" in titles
    assert not any("secret" in title for title in titles)
    assert client.get("/feeds/of/nobody.atom").status_code == 404


@pytest.mark.parametrize("address", ["/feeds/models.atom", "/feeds/scores.atom", "/feeds/of/ada.atom"])
def test_a_longer_feed_needs_no_more_queries(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries, address: str
) -> None:
    ada = make.user("ada")
    for _ in range(8):
        rows.scored(make.repository(ada))
    with django_assert_max_num_queries(6):
        client.get(address)
