"""GET /api/models and /api/datasets: what is found, in which order, page after page."""

import re
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Actor
from accounts.services import renaming
from models_registry.models import Card, Repository, RepositoryFacts, RepositoryTag
from tests import make
from tests.models_registry.hf_api.conftest import Api


def names(api: Api, path: str, token: str | None = None) -> list[str]:
    answer = api("GET", path, token=token)
    assert answer.status_code == 200, answer.content
    return [item["id"] for item in answer.json()]


def tag(repository: Repository, *tags: str) -> None:
    RepositoryTag.objects.bulk_create(RepositoryTag(repository=repository, tag=word) for word in tags)


@pytest.fixture
def shelf() -> dict[str, Repository]:
    ada, lab = make.user("ada"), make.user("lab")
    rows = {
        "digits": make.repository(
            ada, "Digits-CNN", downloads=30, likes=1, task="image-classification", library="onnx"
        ),
        "llama": make.repository(ada, "llama-7b", downloads=20, likes=3, parameter_count=7 * 10**9, gated="manual"),
        "tiny": make.repository(lab, "tiny-llama", downloads=10, likes=2, parameter_count=15 * 10**6),
        "rows": make.repository(lab, "rows", kind="dataset", downloads=5),
    }
    tag(rows["digits"], "onnx", "image-classification", "license:mit", "dataset:lab/rows")
    tag(rows["llama"], "en", "language:en", "license:mit", "gguf")
    tag(rows["tiny"], "language:en", "safetensors")
    tag(rows["rows"], "task_categories:text-classification", "size_categories:n<1K")
    return rows


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["digits", "llama", "tiny"]),
        ({"search": "llama"}, ["llama", "tiny"]),
        ({"search": "LLAMA 7"}, ["llama"]),
        ({"search": ["llama", "tiny"]}, ["tiny"]),
        ({"search": "ada/"}, ["digits", "llama"]),
        ({"search": "nothing"}, []),
        ({"author": "ADA"}, ["digits", "llama"]),
        ({"author": "nobody"}, []),
        ({"filter": "license:mit"}, ["digits", "llama"]),
        ({"filter": ["license:mit", "language:en"]}, ["llama"]),
        ({"filter": "dataset:lab/rows"}, ["digits"]),
        ({"filter": "library:onnx"}, ["digits"]),
        ({"filter": "onnx"}, ["digits"]),
        ({"filter": ["onnx", "image-classification"]}, ["digits"]),
        ({"pipeline_tag": "image-classification"}, ["digits"]),
        ({"gated": "True"}, ["llama"]),
        ({"gated": "false"}, ["digits", "tiny"]),
        ({"apps": "ollama"}, ["llama"]),
        ({"inference": "warm"}, []),
        ({"inference_provider": "all"}, []),
        ({"num_parameters": "min:6B,max:128B"}, ["llama"]),
        ({"num_parameters": "max:1.5B"}, ["tiny"]),
        ({"num_parameters": "min:10M"}, ["llama", "tiny"]),
    ],
)
def test_every_condition_must_hold(
    api: Api, shelf: dict[str, Repository], query: dict[str, Any], found: list[str]
) -> None:
    asked = urlencode({"sort": "downloads", **query}, doseq=True)
    assert names(api, f"/api/models?{asked}") == [shelf[name].full_name for name in found]


@pytest.mark.parametrize(
    ("query", "count"),
    [("filter=task_categories:text-classification", 1), ("filter=size_categories:n%3C1K", 1), ("search=rows&search=lab", 1),
     ("filter=language:fr", 0)],
)  # fmt: skip
def test_datasets_have_a_list_of_their_own(api: Api, shelf: dict[str, Repository], query: str, count: int) -> None:
    assert names(api, f"/api/datasets?{query}") == ["lab/rows"] * count


@pytest.mark.parametrize(
    ("sort", "first"),
    [("downloads", "digits"), ("likes", "llama"), ("createdAt", "tiny"), ("created_at", "tiny"), ("lastModified", "tiny"),
     ("last_modified", "tiny"), ("downloads&direction=-1", "digits"), ("downloads&direction=1", "tiny")],
)  # fmt: skip
def test_lists_are_sorted_from_the_top(api: Api, shelf: dict[str, Repository], sort: str, first: str) -> None:
    assert names(api, f"/api/models?sort={sort}")[0] == shelf[first].full_name


@pytest.mark.parametrize(
    "query",
    ["sort=size", "limit=0", "limit=x", "cursor=x", "cursor=WzEsMl0x", "cursor=WyJ4IiwgMV0", "cursor=W251bGwsIDFd",
     "sort=createdAt&cursor=WyIwMDAxLTAxLTAxVDAwOjAwOjAwKzIzOjU5IiwgMV0", "cursor=W0luZmluaXR5LCAxXQ", "cursor=W1tbW1tb",
     "expand=nosuch", "num_parameters=6B", "num_parameters=min:many", "gated=perhaps", "&".join(["filter=a"] * 21)],
)  # fmt: skip
def test_a_question_that_means_nothing_is_refused(api: Api, query: str) -> None:
    answer = api("GET", f"/api/models?{query}")
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_private_ones_are_listed_for_those_who_may_see_them(api: Api) -> None:
    owner = make.user("ada")
    make.repository(owner, "open")
    hidden = make.repository(owner, "secret", private=True)
    assert names(api, "/api/models") == ["ada/open"]
    assert names(api, "/api/models", make.token(make.user())) == ["ada/open"]
    assert sorted(names(api, "/api/models", make.token(owner))) == ["ada/open", "ada/secret"]
    scoped = make.token(owner, "fine-grained", scopes=[{"action": "read", "repository": hidden.pk}])
    assert sorted(names(api, "/api/models?author=ada", scoped)) == ["ada/open", "ada/secret"]


def pages(api: Api, path: str) -> list[list[str]]:
    found = []
    while path:
        answer = api("GET", path)
        found.append([item["id"] for item in answer.json()])
        link = re.fullmatch(r'<http://testserver(.*)>; rel="next"', answer.headers.get("Link", "")) or [None, ""]
        path = link[1] or ""
    return found


@pytest.mark.parametrize(
    "sort", ["downloads", "likes", "trendingScore", "lastModified", "createdAt", "likes&direction=1"]
)
def test_pages_hold_each_row_once(api: Api, sort: str) -> None:
    owner = make.user("ada")
    for index in range(7):
        make.repository(owner, f"net-{index}", downloads=index // 3, trending_score=index / 3)
    found = pages(api, f"/api/models?author=ada&sort={sort}&limit=3")
    assert [len(page) for page in found] == [3, 3, 1]
    assert len({name for page in found for name in page}) == 7


def test_a_page_goes_on_where_the_last_one_ended_though_rows_come_and_go(api: Api) -> None:
    owner = make.user("ada")
    for index in range(6):
        make.repository(owner, f"net-{index}", downloads=100 - index)
    first = api("GET", "/api/models?sort=downloads&limit=3")
    Repository.objects.get(name="net-1").delete()
    make.repository(owner, "newcomer", downloads=1000)
    second = first.headers["Link"].partition(">")[0].removeprefix("<http://testserver")
    assert names(api, second) == ["ada/net-3", "ada/net-4", "ada/net-5"]


@pytest.mark.parametrize(
    "query",
    ["", "full=true&cardData=true&config=true", "search=net&filter=onnx", "expand=siblings&expand=childrenModelCount"],
)
def test_a_list_costs_as_many_queries_whatever_its_length(api: Api, query: str) -> None:
    owner = make.user("ada")
    counts = []
    for length in (2, 9):
        for index in range(length):
            made = make.repository(owner, f"net-{length}-{index}")
            make.commit(made, {"config.json": "{}", f"onnx/model-{index}.txt": "x"})
            tag(made, "onnx", "license:mit")
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert len(names(api, f"/api/models?{query}")) >= length
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_items_say_more_when_more_is_asked(api: Api) -> None:
    made = make.repository(make.user("ada"), "net")
    Card.objects.create(repository=made, commit="0" * 40, front_matter={"license": "mit"})
    RepositoryFacts.objects.create(repository=made, config={"model_type": "bert"})
    (plain,) = api("GET", "/api/models").json()
    (full,) = api("GET", "/api/models?full=true&cardData=true&config=true").json()
    assert plain.keys() >= {"_id", "id", "modelId", "private", "gated", "likes", "downloads", "tags", "createdAt"}
    assert plain.keys().isdisjoint({"siblings", "sha", "cardData", "config"})
    assert full["siblings"] == [{"rfilename": ".gitattributes"}]
    assert full["sha"] == api("GET", "/api/models/ada/net").json()["sha"]
    assert (full["cardData"], full["config"]) == ({"license": "mit"}, {"model_type": "bert"})


def test_a_page_with_very_many_files_ends_early_and_goes_on(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models_registry.hf_api.lists._MOST_FILES", 8)
    for index in range(5):
        make.commit(make.repository(make.user(), f"net-{index}"), {f"{number}.txt": "x" for number in range(4)})
    found = pages(api, "/api/models?full=true&sort=createdAt")
    assert sorted(name for page in found for name in page) == sorted(row.full_name for row in Repository.objects.all())
    assert len(found) > 1


MODEL_PROPERTIES = """
    author baseModels cardData childrenModelCount config createdAt disabled downloads downloadsAllTime evalResults gated gguf
    inference inferenceProviderMapping lastModified library_name likes mask_token model-index pipeline_tag private
    resourceGroup safetensors sha siblings spaces tags transformersInfo trendingScore usedStorage widgetData xetEnabled
""".split()
DATASET_PROPERTIES = """
    author cardData citation createdAt description disabled downloads downloadsAllTime gated lastModified likes mainSize
    paperswithcode_id private resourceGroup sha siblings tags trendingScore usedStorage xetEnabled
""".split()


@pytest.mark.parametrize(("kind", "properties"), [("model", MODEL_PROPERTIES), ("dataset", DATASET_PROPERTIES)])
def test_whatever_clients_may_expand_is_answered_alone(api: Api, kind: str, properties: list[str]) -> None:
    make.repository(make.user("ada"), "net", kind=kind)
    for name in properties:
        (item,) = api("GET", f"/api/{kind}s?expand={name}").json()
        assert item.keys() == {"_id", "id", name}
        assert api("GET", f"/api/{kind}s/ada/net?expand={name}").json().keys() == {"_id", "id", name}
    everything = api("GET", f"/api/{kind}s?{urlencode({'expand': properties}, doseq=True)}").json()
    assert everything[0].keys() == {"_id", "id", *properties}


def test_tags_by_type_name_what_there_is_to_filter_by(api: Api, shelf: dict[str, Repository]) -> None:
    tag(make.repository(make.user(), "secret", private=True), "license:secret")
    cache.clear()
    answer = api("GET", "/api/models-tags-by-type").json()
    assert answer["license"] == [{"type": "license", "id": "license:mit", "label": "mit"}]
    assert answer["library"] == [{"type": "library", "id": "onnx", "label": "onnx"}]
    assert answer["pipeline_tag"][0]["id"] == "image-classification"
    assert {entry["id"] for entry in answer["other"]} == {"en", "gguf", "safetensors"}
    datasets = api("GET", "/api/datasets-tags-by-type").json()
    assert datasets["task_categories"][0]["id"] == "task_categories:text-classification"


def test_who_was_renamed_is_found_by_the_old_name_as_well(api: Api) -> None:
    ada = make.user("ada")
    make.repository(ada, "net")
    renaming.rename(actor=Actor(user=ada), namespace=ada.namespace, name="lovelace")
    for name in ("ada", "Lovelace"):
        assert [model["id"] for model in api("GET", f"/api/models?author={name}").json()] == ["lovelace/net"]
