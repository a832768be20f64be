"""What those get who do not read a page itself: search engines, and sites that show a link to it."""

import copy
import io
import json
import re
from typing import Any

import mlcroissant
import pytest
from defusedxml import ElementTree
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image

from hub.previews import Preview, draw
from models_registry.models import DatasetTable, Repository
from models_registry.services.indexing import index_commit
from models_registry.services.references import resolve
from tests import make
from tests.evaluations import rows
from tests.models_registry.datasets.test_tables import dataset, parquet

CARD = "---\nlicense: mit\npretty_name: Words\ntags: [words]\n---\nText & </script><b>bold\n"


def page(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def told(text: str) -> dict[str, Any]:
    """The facts of a page for search engines."""
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', text, re.DOTALL)
    assert found
    facts: dict[str, Any] = json.loads(found[1])
    return facts


def words() -> Repository:
    odd = parquet({"count": [1, 2], "a/b": [1.5, None], "tags": [["x"], []]})
    made = dataset({"train.parquet": odd, "test.parquet": odd, "README.md": CARD})
    index_commit(made.pk, resolve(made, "main").oid)
    made.refresh_from_db()
    return made


@pytest.mark.parametrize(
    ("asked", "one"),
    [
        ("/models?sort=likes&q=x", "/models"),
        ("/models?page=3&sort=likes", "/models?page=3"),
        ("/models?page=x", "/models"),
    ],
)
def test_a_page_says_its_one_address(client: Client, asked: str, one: str) -> None:
    assert f'<link rel="canonical" href="{settings.BASE_URL}{one}">' in page(client, asked)


def test_a_model_is_told_in_schema_org_and_with_a_picture(client: Client) -> None:
    repository = make.repository()
    text = page(client, repository.get_absolute_url())
    facts = told(text)
    assert (facts["@type"], facts["name"]) == ("SoftwareSourceCode", repository.full_name)
    address = re.search(r'<meta property="og:image" content="([^"]+)">', text)
    assert address
    assert address[1].startswith(settings.BASE_URL)
    answer = client.get(address[1].removeprefix(settings.BASE_URL))
    assert answer["Content-Type"] == "image/png"
    assert Image.open(io.BytesIO(answer.content)).size == (1200, 630)
    again = client.get(answer.request["PATH_INFO"], headers={"If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_picture_of_a_board_names_who_stands_first(client: Client) -> None:
    run = rows.scored(make.repository())
    suite = run.suite_version.suite
    assert client.get(f"/previews/leaderboards/{suite.name}.png")["Content-Type"] == "image/png"
    assert f"/previews/leaderboards/{suite.name}.png" in page(client, suite.get_absolute_url())
    assert client.get("/previews/leaderboards/none.png").status_code == 404


def test_of_what_is_private_nothing_is_told_even_to_its_owner(client: Client) -> None:
    repository = make.repository(private=True)
    client.force_login(repository.creator)
    text = page(client, repository.get_absolute_url())
    assert "ld+json" not in text
    assert "og:image" not in text
    for kind in ("models", "datasets"):
        missing = client.get(f"/previews/{kind}/nobody/nothing.png")
        assert client.get(f"/previews/{kind}/{repository.full_name}.png").status_code == missing.status_code


@pytest.mark.parametrize(
    "text", ["", "word " * 200, "W" * 500, "本模型用于识别手写数字" * 30, "\U0001f980 \u202e odd \x07", "א"]
)
def test_any_words_can_be_drawn(text: str) -> None:
    drawn = draw(Preview(text, text or "x", text, [(text, text)] * 6))
    assert Image.open(io.BytesIO(drawn)).size == (1200, 630)


def test_a_dataset_is_described_in_croissant_as_its_own_library_reads_it(client: Client) -> None:
    repository = words()
    described = client.get(f"{repository.api_path}/croissant").json()
    read = mlcroissant.Dataset(jsonld=copy.deepcopy(described))
    assert {found.name for found in read.metadata.record_sets} == {"default/train", "default/test"}
    fields = {field.id: field for records in read.metadata.record_sets for field in records.fields}
    types = {name: str(field.data_types[0]).rpartition("/")[2] for name, field in fields.items()}
    assert types["default/train/count"] == "Integer"
    assert types["default/test/a%2Fb"] == "Float"
    assert types["default/test/tags"] == "Text"
    assert described["license"] == "https://spdx.org/licenses/MIT.html"
    assert described["alternateName"] == [repository.full_name, "Words"]
    assert told(page(client, repository.get_absolute_url())) == described


def test_a_page_tells_search_engines_a_part_and_loads_no_rows_for_it(client: Client) -> None:
    repository = dataset({"train.csv": ",".join(f"c{place}" for place in range(60)) + "\n1\n"})
    split = DatasetTable.objects.get(repository=repository)
    for number in range(1, 8):
        split.pk, split.split, split.position = None, f"more{number}", number
        split.save(force_insert=True)
    with CaptureQueriesContext(connection) as queries:
        facts = told(page(client, repository.get_absolute_url()))
    assert [len(records["field"]) for records in facts["recordSet"]] == [50] * 5
    assert sum('"models_registry_datasettable"."rows"' in query["sql"] for query in queries) == 1  # the rows it shows
    assert len(client.get(f"{repository.api_path}/croissant").json()["recordSet"]) == 8


def test_a_gate_keeps_columns_out_of_what_search_engines_read(client: Client) -> None:
    repository = words()
    Repository.objects.filter(pk=repository.pk).update(gated="manual")
    assert client.get(f"{repository.api_path}/croissant").status_code == 401
    facts = told(page(client, repository.get_absolute_url()))
    assert "recordSet" not in facts
    assert facts["conditionsOfAccess"]


def test_a_model_has_no_croissant(client: Client) -> None:
    assert client.get(f"{make.repository().api_path}/croissant").status_code == 404


def test_the_sitemap_lists_what_everybody_may_see(client: Client) -> None:
    public, private, data = make.repository(), make.repository(private=True), make.repository(kind="dataset")
    run = rows.scored(public)
    listed = set()
    for section in ElementTree.fromstring(client.get("/sitemap.xml").content):
        address = section[0].text
        inner = client.get("/" + address.split("/", 3)[3])
        assert inner.status_code == 200
        listed |= {entry[0].text for entry in ElementTree.fromstring(inner.content)}
    shared = (public, data, run.suite_version.suite)
    assert {settings.BASE_URL + one.get_absolute_url() for one in shared} <= listed
    assert f"{settings.BASE_URL}/{public.namespace.name}" in listed
    assert not any(private.name in address or private.namespace.name in address for address in listed)
    assert client.get("/sitemaps/nothing.xml").status_code == 404


def test_the_list_of_sitemaps_reads_no_repository(client: Client) -> None:
    make.repository()
    with CaptureQueriesContext(connection) as asked:
        assert client.get("/sitemap.xml").status_code == 200
    assert not [query["sql"] for query in asked if '"summary"' in query["sql"]]


def test_robots_are_told_where_the_sitemap_is(client: Client) -> None:
    text = page(client, "/robots.txt")
    assert f"Sitemap: {settings.BASE_URL}/sitemap.xml" in text
    assert "Disallow: /settings" in text
