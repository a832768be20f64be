"""Lists of models and datasets: each filter says how many it leaves, whether the list is counted as it is or by its index."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import Actor
from evaluations.services import ranking
from models_registry.models import FacetIndex, Kind, Repository
from models_registry.services import browsing, facet_index, indexing, tagging
from models_registry.services.changes import AddFile, Change, Delete
from models_registry.services.commits import create_commit
from tests import make
from tests.evaluations import rows


@pytest.fixture(params=["as it is", "by its index"])
def counted(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    facet_index.forget()
    monkeypatch.setattr(facet_index, "WORTHWHILE", 10_000 if request.param == "as it is" else 0)
    monkeypatch.setattr(facet_index, "LOOK_AGAIN", 0)
    return str(request.param)


@pytest.fixture
def forest() -> dict[str, Repository]:
    ada = make.user("ada")

    def model(name: str, *tags: str, **facts: object) -> Repository:
        made = make.repository(ada, name, **facts)
        tagging.write(made, tags)
        return made

    return {
        "ash": model("ash", "language:en", "gguf", "wood", task="fill-mask", licence="mit", parameter_count=900),
        "elm": model("elm", "language:en", "wood", task="fill-mask", licence="apache-2.0", parameter_count=3_000_000),
        "fir": model("fir", "language:de", "onnx", task="translation", licence="mit", parameter_count=2_999_999),
        "oak": model("oak", "old", task="translation", licence="mit", parameter_count=7 * 10**12, holds_pickles=True),
        "yew": model("yew", task="fill-mask", licence="mit", gated="manual"),
    }


def look(client: Client, query: str) -> tuple[set[str], dict[str, dict[str, int]]]:
    """The names that are listed, and {facet: {value: count}}."""
    facet_index.renew()
    response = client.get(f"/models?{query}")
    assert response.status_code == 200
    page = response.content.decode()
    names = set(re.findall(r"/</span><b>([\w-]+)</b>", page))
    facets: dict[str, dict[str, int]] = {}
    box = r'<label><input type="checkbox" id="[^"]*" name="([\w-]+)" value="([^"]*)".*?<span class="num">([\d,]+)</span></label>'
    for key, value, count in re.findall(box, page):
        facets.setdefault(key, {})[unescape(value)] = int(count.replace(",", ""))
    return names, facets


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", "ash elm fir oak yew"),
        ("task=fill-mask", "ash elm yew"),
        ("task=fill-mask&task=translation&licence=mit", "ash fir oak yew"),
        ("language=de", "fir"),
        ("format=gguf&format=onnx", "ash fir"),
        ("tag=wood", "ash elm"),
        ("tag=unheard-of", ""),
        ("pickle=no", "ash elm fir yew"),
        ("gate=open&pickle=no", "ash elm fir"),
        ("params_min=13", "elm oak"),
        ("params_max=13", "ash fir"),
        ("params_min=12&params_max=13", "fir"),
        ("params_min=13&params_max=13", "elm"),
        ("params_min=24&params_max=24", "oak"),
        ("params_min=6&params_max=24", "ash elm fir oak yew"),
        ("params_min=-1&params_max=x", "ash elm fir oak yew"),
        ("q=ada/el", "elm"),
        ("q=wood&licence=mit", "ash"),
    ],
)
def test_filters_leave_what_has_one_of_the_values_of_each(
    client: Client, counted: str, forest: dict[str, Repository], query: str, names: str
) -> None:
    assert look(client, query)[0] == set(names.split())


def test_each_value_says_how_many_it_would_leave_under_the_other_filters(
    client: Client, counted: str, forest: dict[str, Repository]
) -> None:
    _names, facets = look(client, "task=fill-mask&licence=mit")
    assert facets["task"] == {"fill-mask": 2, "translation": 2}
    assert facets["licence"] == {"mit": 2, "apache-2.0": 1}
    assert facets["language"] == {"en": 1}
    assert facets["format"] == {"gguf": 1}
    assert facets["pickle"] == {"no": 2}
    assert facets["gate"] == {"open": 1}
    assert facets["tag"]["wood"] == 1
    assert "old" not in facets["tag"]


def test_what_is_private_counts_for_its_members_alone(
    client: Client, counted: str, forest: dict[str, Repository]
) -> None:
    Repository.objects.filter(key__in=["ash", "elm"]).update(private=True)
    names, facets = look(client, "licence=mit")
    assert names == {"fir", "oak", "yew"}
    assert facets["task"] == {"translation": 2, "fill-mask": 1}
    client.force_login(forest["ash"].creator)
    names, facets = look(client, "licence=mit")
    assert names == {"ash", "fir", "oak", "yew"}
    assert facets["task"] == {"translation": 2, "fill-mask": 2}


def test_of_very_many_private_ones_each_is_shown_to_its_owner(
    client: Client, counted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browsing, "FEW", 1)
    ada = make.user("ada")
    make.repository(ada, "otter-public")
    for number in range(4):
        make.repository(ada, f"otter-{number}", private=True)
    if counted == "by its index":
        facet_index.make(Kind.MODEL)
    client.force_login(ada)
    page = client.get("/models?q=otter").content.decode()
    assert len(set(re.findall(r"<b>(otter-\w+)</b>", page))) == 5


def test_an_index_that_is_a_minute_old_shows_nobody_what_was_made_private_since(
    client: Client, counted: str, forest: dict[str, Repository]
) -> None:
    look(client, "")
    Repository.objects.filter(key="ash").update(private=True)
    Repository.objects.filter(key="elm").update(disabled_reason="a claim")
    assert look(client, "task=fill-mask")[0] == {"yew"}


def test_the_values_of_a_facet_are_searched_within_it(
    client: Client, counted: str, forest: dict[str, Repository]
) -> None:
    _names, facets = look(client, "in-tag=oo")
    assert facets["tag"] == {"wood": 2}


def test_words_spelt_nearly_so_find_what_may_be_meant(client: Client, counted: str) -> None:
    make.repository(make.user("ada"), "digits-cnn", task="fill-mask")
    names, facets = look(client, "q=digts")
    assert names == {"digits-cnn"}
    assert facets["task"] == {"fill-mask": 1}
    assert "These are spelt nearly so" in client.get("/models?q=digts").content.decode()


def test_what_is_chosen_is_taken_away_one_by_one(client: Client, forest: dict[str, Repository]) -> None:
    page = client.get("/models?q=a&task=fill-mask&params_min=8&params_max=12&sort=likes").content.decode()
    links = {unescape(link) for link in re.findall(r'<a class="tag" href="(\?[^"]*)" aria-label="Remove', page)}
    assert links == {
        "?task=fill-mask&params_min=8&params_max=12&sort=likes",
        "?q=a&params_min=8&params_max=12&sort=likes",
        "?q=a&task=fill-mask&params_max=12&sort=likes",
        "?q=a&task=fill-mask&params_min=8&sort=likes",
    }


def test_models_are_narrowed_to_a_suite_sorted_by_its_score_and_show_their_best_rank(
    client: Client, counted: str
) -> None:
    ada = make.user("ada")
    better, worse = make.repository(ada, "better"), make.repository(ada, "worse")
    make.repository(ada, "never-measured", downloads=1000)
    for model, right in ((worse, 300), (better, 530)):
        rows.scored(model, right)
    ranking.rank(rows.suite())
    name = rows.suite().suite.name
    names, facets = look(client, f"suite={name}")
    assert names == {"better", "worse"}
    assert facets["suite"] == {name: 2}
    page = client.get(f"/models?sort=score:{name}").content.decode()
    assert re.findall(r"/</span><b>([\w-]+)</b>", page) == ["better", "worse"]
    assert re.findall(
        r'<span class="rank" title="Best rank: on [^"]+"><span class="visually-hidden">Best rank </span>(\d)', page
    ) == ["1", "2"]
    assert look(client, "sort=score:no-such-suite")[0] == {"better", "worse", "never-measured"}


def test_a_file_that_is_named_as_a_pickle_is_remembered_with_the_commit() -> None:
    repository = make.repository()
    changes: list[tuple[Change, bool]] = [
        (AddFile.of("model.safetensors", b"x"), False), (AddFile.of("model.pkl", b"x"), True),
        (AddFile.of("README.md", b"x"), True), (Delete("model.pkl"), False),
    ]  # fmt: skip
    for change, expected in changes:
        commit = create_commit(
            actor=Actor(user=repository.creator), repository=repository, branch="main", parent=None,
            changes=[change], title="So.",
        )  # fmt: skip
        indexing.index_commit(repository.pk, commit.oid)
        repository.refresh_from_db()
        assert repository.holds_pickles is expected


def test_an_index_is_made_for_long_lists_alone_and_goes_with_them(
    counted: str, forest: dict[str, Repository], monkeypatch: pytest.MonkeyPatch
) -> None:
    facet_index.renew()
    there = FacetIndex.objects.filter(kind=Kind.MODEL)
    assert there.exists() is (counted == "by its index")
    monkeypatch.setattr(facet_index, "WORTHWHILE", 10_000)
    monkeypatch.setattr(facet_index, "_AT_LEAST", timedelta(0))
    there.update(seconds=0)
    facet_index.renew()
    assert not there.exists()
    assert facet_index.current(Kind.MODEL) is None


@pytest.mark.parametrize("query", ["", "task=a&licence=mit", "q=repository"])
def test_a_list_costs_as_many_queries_when_it_is_long(
    client: Client, counted: str, query: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(3):
        make.repository(task="a", licence="mit")
    look(client, query)
    with django_assert_max_num_queries(22 if counted == "as it is" else 12) as few:
        client.get(f"/models?{query}")
    for _ in range(9):
        make.repository(task="a", licence="mit")
    with django_assert_max_num_queries(len(few)):
        client.get(f"/models?{query}")
