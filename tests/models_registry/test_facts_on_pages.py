"""What indexing, counting and scanning have found, as a visitor's browser shows it."""

import html
import pickle
import re
from typing import Any

import pytest
from django.test import Client

from models_registry.models import FileScan, Repository
from models_registry.services import references, trees
from models_registry.services.random_access import content_id
from tests import make
from tests.models_registry.formats.gguf_bytes import LLAMA
from tests.models_registry.indexing.weights import indexed


def text_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.content[:500]
    return " ".join(html.unescape(answer.content.decode()).split())


def test_a_gguf_model_shows_its_architecture_context_quantisation_and_parameters(client: Client) -> None:
    page = text_of(client, indexed({"m.gguf": LLAMA}).get_absolute_url())
    for fact in ("<dd>llama</dd>", "4,096 tokens", "Q4_K_M", "<dd>352</dd>"):
        assert fact in page


def test_a_page_says_how_much_deduplication_saves(client: Client) -> None:
    repository = make.repository(storage_logical=12_000_000, storage_stored=3_000_000, downloads=1234)
    page = text_of(client, repository.get_absolute_url())
    assert "75 % saved" in page
    assert "1,234" in page
    Repository.objects.update(storage_stored=11_990_000)
    assert "saved" not in text_of(client, repository.get_absolute_url())


def test_lineage_is_shown_both_ways_and_never_names_what_a_reader_may_not_know(client: Client) -> None:
    base = make.repository(make.user("ada"), "base")
    card = "---\nbase_model: ada/base\n---\nTuned."
    tuned = indexed({"README.md": card})
    secret = indexed({"README.md": card}, private=True)
    up, down = text_of(client, tuned.get_absolute_url()), text_of(client, base.get_absolute_url())
    assert '<a class="clip" href="/ada/base">ada/base</a>' in up
    assert re.search(r'href="/models\?tag=base_model%3Afinetune%3Aada/base"[^>]*>\s*Fine-tunes', down)
    found = text_of(client, "/models?tag=base_model%3Afinetune%3Aada/base")
    assert tuned.get_absolute_url() in found
    assert secret.name not in found
    Repository.objects.filter(pk=base.pk).update(private=True)
    hidden = text_of(client, tuned.get_absolute_url())
    assert 'href="/ada/base"' not in hidden
    assert re.search(r'<span class="clip" title="[^"]+">ada/base</span>', hidden)


def test_problems_are_told_to_those_who_can_mend_them(client: Client) -> None:
    repository = indexed({"config.json": "["})
    problem = "config.json: It is not valid JSON."
    assert problem not in text_of(client, repository.get_absolute_url())
    assert repository.creator
    client.force_login(repository.creator)
    assert problem in text_of(client, repository.get_absolute_url())


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("unsafe", "can take over a computer"),
        ("suspicious", "Prefer safetensors"),
        ("error", "could not read all of this file"),
        ("safe", "scanned"),
        (None, "not scanned yet"),
    ],
)
def test_a_files_page_and_its_folder_show_its_scan(client: Client, status: str | None, words: str) -> None:
    repository = make.repository()
    head = make.commit(repository, {"m.pkl": pickle.dumps([1]), "notes.txt": "x"})
    if status:
        entry = trees.file(repository, head, "m.pkl")
        FileScan.objects.create(
            content=content_id(entry), status=status, scanner="x", problem="Why." if status == "error" else "",
            imports=[["os", "system<b>", "dangerous"]],
        )  # fmt: skip
    page = text_of(client, f"{repository.get_absolute_url()}/blob/main/m.pkl")
    assert words in page
    assert ("os.system<b>" in page) is bool(status)
    assert b"system<b>" not in client.get(f"{repository.get_absolute_url()}/blob/main/m.pkl").content
    badge = {
        "unsafe": "unsafe",
        "suspicious": "pickle",
        "error": "not readable",
        "safe": "scanned",
        None: "not scanned yet",
    }
    assert f"</svg>{badge[status]}</span>" in text_of(client, f"{repository.get_absolute_url()}/tree/main")


@pytest.mark.parametrize("sort", ["downloads", "trending"])
def test_lists_can_be_sorted_by_use(client: Client, sort: str) -> None:
    less, more = make.repository(downloads=5, trending_score=1), make.repository(downloads=5000, trending_score=2)
    page = text_of(client, f"/models?sort={sort}")
    assert page.index(more.get_absolute_url()) < page.index(less.get_absolute_url())
    assert "5.0 K" in page


def test_a_page_of_many_scans_costs_as_many_queries_as_one_of_few(
    client: Client, django_assert_max_num_queries: Any
) -> None:
    repository = make.repository()
    make.commit(repository, {"a.pkl": b"first"})
    address = f"{repository.get_absolute_url()}/tree/main"
    with django_assert_max_num_queries(40) as few:
        client.get(address)
    make.commit(repository, {f"{n}.pkl": f"{n}" for n in range(30)})
    for entry in trees.files(repository, references.resolve(repository, "main")):
        FileScan.objects.create(content=content_id(entry), status="safe", scanner="x")
    with django_assert_max_num_queries(len(few)):
        client.get(address)
