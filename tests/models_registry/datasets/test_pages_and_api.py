"""Rows of datasets as pages and the API show them."""

import gzip
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from models_registry.models import DatasetTable, Quarantine, Repository
from models_registry.services import quarantine, trees
from models_registry.services.references import resolve
from tests import make
from tests.models_registry.datasets.test_tables import dataset

ROWS = "word,count\n" + "".join(f"w{number},{number}\n" for number in range(60))
HOSTILE = "html,formula\n<script>alert(1)</script>,=HYPERLINK('x')\n<img src=x onerror=y>," + "z" * 600 + "\n"


@pytest.fixture
def words() -> Repository:
    return dataset({"train.csv": ROWS, "test.csv": HOSTILE, "README.md": "# Words\n"}, name="words")


def page(repository: Repository, path: str = "", client: Client | None = None) -> str:
    answer = (client or Client()).get(repository.get_absolute_url() + path)
    assert answer.status_code == 200
    return answer.content.decode()


def api(repository: Repository, path: str, client: Client | None = None) -> Any:
    return (client or Client()).get(f"/api/datasets/{repository.full_name}/{path}")


def test_the_page_of_a_dataset_shows_its_first_rows(words: Repository) -> None:
    shown = page(words)
    assert ">w4<" in shown
    assert ">w5<" not in shown
    assert f'href="{words.get_absolute_url()}/data?config=default&amp;split=train"' in shown


def test_the_tab_shows_rows_by_pages_and_statistics(words: Repository) -> None:
    first, third = page(words, "/data"), page(words, "/data?split=train&page=3")
    assert ">w0<" in first
    assert ">w59<" in third
    assert "<rect" in first
    assert "60 rows" in first


def test_html_stays_text_and_long_cells_are_cut(words: Repository) -> None:
    shown = page(words, "/data?split=test")
    assert "<script>alert" not in shown
    assert "&lt;script&gt;alert(1)" in shown
    assert "z" * 501 not in shown
    body = api(words, "rows?split=test").json()
    assert body["rows"][1]["truncated_cells"] == ["formula"]
    assert body["rows"][0]["row"]["formula"] == "=HYPERLINK('x')"


def test_a_file_that_is_a_split_shows_its_rows(words: Repository) -> None:
    shown = page(words, "/blob/main/train.csv")
    assert "First rows" in shown
    assert shown.count("<tr>") == 1 + 20
    assert "First rows" not in page(words, "/blob/main/README.md")


def test_pictures_are_shown_by_their_own_address() -> None:
    repository = dataset({"train/cat/1.png": b"a", "train/dog/2.png": b"b"})
    head = resolve(repository, "main").oid
    assert f'src="{repository.get_absolute_url()}/resolve/{head}/train/cat/1.png"' in page(repository, "/data")


def test_a_dataset_without_rows_says_what_would_be_shown() -> None:
    assert "No rows to show" in page(make.repository(kind="dataset"), "/data")


def test_the_api_gives_splits_rows_and_statistics(words: Repository) -> None:
    splits = api(words, "splits").json()["splits"]
    assert [(split["split"], split["num_rows"]) for split in splits] == [("train", 60), ("test", 2)]
    rows = api(words, "rows?split=train&offset=58&limit=5").json()
    assert [row["row_idx"] for row in rows["rows"]] == [58, 59]
    assert rows["features"] == [{"name": "word", "type": "string"}, {"name": "count", "type": "int"}]
    count = api(words, "statistics?split=train").json()["columns"][1]
    assert (count["min"], count["max"], count["mean"]) == (0, 59, 29.5)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("rows?split=none", 404),
        ("statistics?config=none", 404),
        ("rows?offset=-1", 400),
        ("rows?limit=0", 400),
        ("rows?offset=x", 400),
    ],
)
def test_what_makes_no_sense_is_refused(words: Repository, path: str, status: int) -> None:
    assert api(words, path).status_code == status


def test_a_private_dataset_and_a_missing_one_look_alike(words: Repository) -> None:
    Repository.objects.filter(pk=words.pk).update(private=True)
    hidden, missing = api(words, "rows"), Client().get("/api/datasets/nobody/nothing/rows")
    assert (hidden.status_code, missing.status_code) == (401, 401)
    assert api(words, "rows", Client(headers=make.bearer(make.token(words.creator)))).status_code == 200


def test_what_comes_into_quarantine_is_withheld_from_pages_and_api(words: Repository) -> None:
    entry = trees.file(words, resolve(words, "main"), "train.csv")
    Quarantine.objects.create(content=entry.oid, reason="a test")
    quarantine.forget()
    quarantine.holds("")
    assert ">w4<" not in page(words)
    assert ">w4<" not in page(words, "/data")
    assert api(words, "rows").json()["rows"] == []
    assert api(words, "statistics").json()["columns"] == []


def test_a_gate_hides_the_rows_on_the_open_page(words: Repository) -> None:
    Repository.objects.filter(pk=words.pk).update(gated="manual")
    assert ">w4<" not in page(words)


def test_the_page_costs_the_same_queries_whatever_the_number_of_splits(
    words: Repository, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = Client()
    page(words, "/data", client)
    with django_assert_max_num_queries(60) as few:
        page(words, "/data", client)
    first = DatasetTable.objects.filter(repository=words).first()
    assert first is not None
    for number in range(20):
        first.pk, first.split, first.position = None, f"more{number}", number + 2
        first.save(force_insert=True)
    with django_assert_max_num_queries(len(few)):
        page(words, "/data", client)


def test_packed_text_is_read_through() -> None:
    repository = dataset({"data/validation.jsonl.gz": gzip.compress(b'{"a": {"b": [1, 2]}}\n')})
    body = api(repository, "rows").json()
    assert (body["split"], body["rows"][0]["row"]) == ("validation", {"a": {"b": [1, 2]}})
