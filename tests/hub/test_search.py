"""Search over everything: what is meant comes first, slips of the pen do no harm, nobody finds what they may not know of."""

import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import Actor, User
from accounts.services import standing
from evaluations.services import suites
from hub import matching
from models_registry.community.models import Event
from models_registry.community.services import collections, discussions
from models_registry.models import Card, Repository
from models_registry.services import tagging
from tests import make


def found(client: Client, query: str, status: int = 200) -> list[str]:
    """The addresses that a page of results leads to, in order."""
    response = client.get(f"/search?{query}")
    assert response.status_code == status
    results = response.content.decode().partition('id="found"')[2].partition("</main>")[0]
    return [
        address
        for address in re.findall(r'<a[^>]* href="(/[^"?]+)"', results)
        if address not in {"/models", "/datasets", "/leaderboards"}
    ]


def suggested(client: Client, text: str) -> list[str]:
    return re.findall(
        r'<a[^>]* href="(/(?!search)[^"?]+)"', client.get("/search/suggestions", {"q": text}).content.decode()
    )


def test_the_very_name_comes_before_its_beginning_and_that_before_a_part_of_it_however_much_they_are_used(
    client: Client,
) -> None:
    ada = make.user("ada")
    part = make.repository(ada, "new-larch", downloads=90_000)
    beginning = make.repository(ada, "larch-large", downloads=50)
    exact = make.repository(ada, "larch")
    summary = make.repository(ada, "pine", summary="Made of larch.", downloads=900_000)
    used = make.repository(ada, "larch-small", downloads=50_000)
    assert found(client, "q=larch&type=models") == [
        one.get_absolute_url() for one in (exact, used, beginning, part, summary)
    ]


def test_each_kind_is_found_in_a_group_of_its_own(client: Client) -> None:
    ada = make.user("ada", full_name="Ada Larchmont")
    lab = make.organization("larch-lab", admin=ada)
    model, dataset = make.repository(ada, "larch"), make.repository(ada, "larch", kind="dataset")
    thread = discussions.open_discussion(actor=Actor(user=ada), repository=model, title="Why larch?", text="So.")
    chosen = collections.create_collection(actor=Actor(user=ada), namespace="ada", title="Larches")
    expected = [model, dataset, lab.namespace, ada, chosen, thread]
    assert found(client, "q=larch") == [one.get_absolute_url() for one in expected]
    assert suggested(client, "larch") == [one.get_absolute_url() for one in expected]
    for key, one in zip(
        ("models", "datasets", "organizations", "people", "collections", "discussions"), expected, strict=True
    ):
        assert found(client, f"q=larch&type={key}") == [one.get_absolute_url()]


def test_suites_are_found_by_what_they_measure(client: Client) -> None:
    suites.synchronize()
    assert found(client, "q=iris&type=suites") == ["/leaderboards/iris-classification"]


@pytest.mark.parametrize("typed", ["digts", "digtis", "digitz-cnn", "DIGITZ"])
def test_a_slip_of_the_pen_finds_what_is_spelt_nearly_so_and_says_what_may_be_meant(client: Client, typed: str) -> None:
    model = make.repository(make.user("ada"), "digits-cnn")
    make.repository(make.user("bob"), "larch")
    assert found(client, f"q={typed}") == [model.get_absolute_url()]
    page = client.get("/search", {"q": typed}).content.decode()
    assert "Did you mean" in page
    assert "digits" in page
    assert suggested(client, typed) == [model.get_absolute_url()]


@pytest.mark.parametrize("text", ["松针", "中文句向量", "Жук"])
def test_words_of_every_script_are_found(client: Client, text: str) -> None:
    ada = make.user("ada")
    model = make.repository(ada, "pine", summary=f"A model, {text.lower()}模型")
    thread = discussions.open_discussion(actor=Actor(user=ada), repository=model, title=f"Of {text}", text="So.")
    assert found(client, f"q={text}") == [model.get_absolute_url(), thread.get_absolute_url()]


def test_what_cards_and_comments_say_is_found_after_names(client: Client) -> None:
    ada = make.user("ada")
    model, named = make.repository(ada, "pine"), make.repository(ada, "cellulose")
    Card.objects.update_or_create(
        repository=model, defaults={"commit": "0" * 40, "text": "It knows all of cellulose by heart."}
    )
    assert found(client, "q=cellulose&type=models") == [named.get_absolute_url(), model.get_absolute_url()]
    thread = discussions.open_discussion(
        actor=Actor(user=ada), repository=model, title="A question", text="Is lignin in?"
    )
    assert found(client, "q=lignin") == [thread.get_absolute_url()]
    Event.objects.filter(discussion=thread).update(hidden_at=thread.created_at)
    assert found(client, "q=lignin") == []


def test_a_long_card_of_many_words_is_kept_and_found_by_its_beginning(client: Client) -> None:
    repository = make.repository(name="wordy")
    words = " ".join(f"w{number}-{number * 7919 % 99991}x" for number in range(30_000))
    Card.objects.create(repository=repository, commit="0" * 40, text=f"stonecrop {words}")
    assert "wordy" in client.get("/search?q=stonecrop").content.decode()


def test_a_tag_is_found_though_no_name_has_it(client: Client) -> None:
    model = make.repository(make.user("ada"), "pine")
    tagging.write(model, ["vision", "license:mit", "Ärger"])
    for text in ("vision", "license:mit", "ärger", "Ärger"):
        assert found(client, f"q={text}&type=models") == [model.get_absolute_url()], text
    assert not found(client, "q=mit&type=models")


@pytest.mark.parametrize("address", ["/models?q={}", "/search?q={}"])
def test_a_colon_between_words_hides_nothing(client: Client, address: str) -> None:
    make.repository(make.user("ada"), "pine", summary="BERT: a model for German")
    page = client.get(address.format("BERT: a model")).content.decode()
    assert "<b>pine</b>" in page
    assert "spelt nearly" not in page


@pytest.fixture
def secrets() -> tuple[User, list[str]]:
    """Things called wombat that only their owner may know of."""
    owner = make.user("owner")
    actor = Actor(user=owner)
    private = make.repository(owner, "wombat", private=True)
    Card.objects.update_or_create(repository=private, defaults={"commit": "0" * 40, "text": "Of wombats."})
    thread = discussions.open_discussion(actor=actor, repository=private, title="Wombat?", text="The wombat.")
    hidden = make.repository(owner, "hidden-wombat", disabled_reason="a claim", disabled_as="hidden")
    chosen = collections.create_collection(actor=actor, namespace="owner", title="Wombats", private=True)
    return owner, [one.get_absolute_url() for one in (private, hidden, chosen, thread)]


@pytest.mark.parametrize("typed", ["wombat", "wombta", "wombats"])
def test_nobody_finds_what_they_may_not_know_of(client: Client, secrets: tuple[User, list[str]], typed: str) -> None:
    make.repository(make.user("ada"), "pine")
    assert found(client, f"q={typed}") == []
    assert suggested(client, typed) == []
    client.force_login(make.user("stranger"))
    page = client.get("/search", {"q": typed}).content.decode()
    assert found(client, f"q={typed}") == []
    assert "Did you mean" not in page


def test_its_owner_finds_it(client: Client, secrets: tuple[User, list[str]]) -> None:
    owner, addresses = secrets
    client.force_login(owner)
    assert set(found(client, "q=wombat")) == set(addresses)


def test_what_a_gated_card_says_is_found_by_those_who_may_read_it(client: Client) -> None:
    owner = make.user("owner")
    gated = make.repository(owner, "herbarium", gated="manual")
    Card.objects.update_or_create(repository=gated, defaults={"commit": "0" * 40, "text": "Where wombats sleep."})
    assert found(client, "q=wombats") == []
    assert found(client, "q=herbarium") == [gated.get_absolute_url()]
    client.force_login(owner)
    assert found(client, "q=wombats") == [gated.get_absolute_url()]


def test_who_is_suspended_or_banned_is_not_found(client: Client) -> None:
    admin, member = make.user("warden", is_admin=True), make.user("wombat")
    assert found(client, "q=wombat") == [member.get_absolute_url()]
    standing.suspend(actor=Actor(user=admin), user=member, reason="spam")
    assert found(client, "q=wombat") == []


@pytest.mark.parametrize(
    "query", ["", "q=", "q=%20", "q=%25", "q=_", "q='", "q=%22", "q=\\", "q=%2Fdigits", "q=%26%21"]
)
def test_odd_questions_get_a_page(client: Client, query: str) -> None:
    make.repository(make.user("ada"), "pine")
    for address in (f"/search?{query}", f"/search/suggestions?{query}", f"/search?{query}&type=models&page=x"):
        assert client.get(address).status_code == 200


def test_nothing_found_says_what_to_try(client: Client) -> None:
    page = client.get("/search?q=nothing-like-this").content.decode()
    assert "Nothing found for “nothing-like-this”" in page
    assert "Try fewer or shorter words" in page


def test_a_kind_comes_in_pages_and_says_how_many_there_are(client: Client) -> None:
    ada = make.user("ada")
    for number in range(7):
        make.repository(ada, f"larch-{number}")
    page = client.get("/search?q=larch").content.decode()
    assert "See all 7" in page
    Repository.objects.filter(key="larch-6").update(private=True)
    assert len(found(client, "q=larch&type=models")) == 6


@pytest.mark.parametrize("address", ["/search?q=larch", "/search/suggestions?q=larch", "/search?q=larch&type=models"])
def test_search_takes_the_same_number_of_queries_however_much_it_finds(
    client: Client, address: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    ada = make.user("ada")
    actor = Actor(user=ada)

    def add(number: int) -> None:
        model = make.repository(ada, f"larch-{number}")
        make.organization(f"larch-lab-{number}")
        make.user(f"larch{number}")
        collections.create_collection(actor=actor, namespace="ada", title=f"Larch {number}")
        discussions.open_discussion(actor=actor, repository=model, title=f"Larch {number}", text="So.")

    for number in range(6):
        add(number)
    client.get(address)
    with django_assert_max_num_queries(34) as few:
        client.get(address)
    for number in range(6, 12):
        add(number)
    with django_assert_max_num_queries(len(few)):
        client.get(address)


@pytest.mark.parametrize(
    ("text", "name", "at_least"),
    [
        ("digits", "digits", 6),
        ("dig", "digits", 5),
        ("ada", "digits", 4),
        ("its", "digits", 3),
        ("ada digits", "digits", 2),
    ],
)
def test_closeness_prefers_what_is_meant(text: str, name: str, at_least: float) -> None:
    assert at_least <= matching.closeness(text, name, "ada") < at_least + 1


def test_words_are_corrected_by_names_that_were_found() -> None:
    assert matching.corrected("digts cnn", ["ada/digits-cnn"]) == "digits cnn"
    assert matching.corrected("digits", ["ada/digits-cnn"]) == ""


def test_the_field_above_every_page_does_not_take_what_a_page_is_filtered_by_for_a_search(client: Client) -> None:
    page = client.get("/models?q=digits").content.decode()
    (field,) = re.findall(r'<input[^>]* id="site-search"[^>]*>', page)
    assert "digits" not in field
