"""What is kept in English of files that cannot be read is told on each page in the reader's language."""

from html import unescape

import pytest
from django.test import Client
from django.utils import timezone

from models_registry.community.models import Delivery, DeliveryAttempt, Webhook, WebhookEvent
from models_registry.models import DatasetTable, FileScan, Repository, TrainingFile
from models_registry.services import trees
from models_registry.services.indexing import index_commit
from models_registry.services.random_access import content_id
from tests import make
from tests.kept import MARK, marking

PROBLEM = "It is not valid JSON."


def told(address: str, reader: Client | None = None) -> str:
    with marking():
        answer = (reader or Client()).get(address)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.ipynb", b"[1]", "It is no JSON object."),
        ("a.zip", b"PK\x03\x04" + b"\xff" * 200, "It is damaged, and cannot be listed."),
        ("a.parquet", b"x", "It is no Parquet file"),
        ("a.safetensors", b"\xff" * 64, "The header claims 18446744073709551615 bytes"),
    ],
)
def test_on_a_files_page(name: str, content: bytes, problem: str) -> None:
    repository = make.repository()
    make.commit(repository, {name: content})
    assert MARK + problem in told(f"{repository.get_absolute_url()}/blob/main/{name}")


def test_of_a_scan() -> None:
    repository = make.repository()
    commit = make.commit(repository, {"a.pkl": b"x"})
    (entry,) = (entry for entry in trees.files(repository, commit) if entry.path == "a.pkl")
    FileScan.objects.create(
        content=content_id(entry), status="error", scanner="x", problem="A pickle in it breaks off."
    )
    assert f"{MARK}A pickle in it breaks off." in told(f"{repository.get_absolute_url()}/blob/main/a.pkl")


def test_on_a_models_page_and_in_the_settings_of_its_gate(client: Client) -> None:
    card = "---\nextra_gated_license_file: NOTICE\n---\n"
    repository = make.repository(gated="manual")
    commit = make.commit(repository, {"README.md": card, "config.json": "[", "a.safetensors": b"\xff" * 64})
    index_commit(repository.pk, commit.oid)
    assert repository.creator
    client.force_login(repository.creator)
    page = told(repository.get_absolute_url(), client)
    assert f"config.json: {MARK}{PROBLEM}" in page
    assert f'title="{MARK}The header claims' in page
    settings = told(f"{repository.get_absolute_url()}/settings/access", client)
    assert f"{MARK}The terms to accept should be in NOTICE" in settings


def test_of_a_dataset() -> None:
    repository = make.repository(kind="dataset")
    commit = make.commit(repository, {"a.csv": "x\n1\n"})
    DatasetTable.objects.create(
        repository=repository, commit=commit.oid, config="default", split="train", format="csv", position=0, size=4,
        files=[["a.csv", "1" * 40]], file_count=1, num_rows=1, seen_rows=1, columns=[], rows=[], cut=[],
        problems=[f"a.csv: {PROBLEM}"],
    )  # fmt: skip
    assert f"a.csv: {MARK}{PROBLEM}" in told(f"{repository.get_absolute_url()}/data")


def test_of_a_training() -> None:
    repository = make.repository()
    commit = make.commit(repository, {"trainer_state.json": "{"})
    TrainingFile.objects.create(
        repository=repository, commit=commit.oid, path="trainer_state.json", content="1" * 40, problem=PROBLEM
    )
    assert MARK + PROBLEM in told(f"{repository.get_absolute_url()}/metrics")


def test_of_changed_tensors() -> None:
    repository: Repository = make.repository()
    commit = make.commit(repository, {"a.safetensors": b"\xff" * 64})
    page = told(f"{repository.get_absolute_url()}/commit/{commit.oid}?whole=a.safetensors")
    assert f"a.safetensors: {MARK}The header claims" in page


def test_of_what_a_webhook_could_not_send(client: Client) -> None:
    user = make.user("ada")
    client.force_login(user)
    webhook = Webhook.objects.create(owner=user.namespace, url="https://example.org/")
    event = WebhookEvent.objects.create(
        scope="repo", action="update", payload={}, namespace=user.namespace, was_public=True
    )
    delivery = Delivery.objects.create(webhook=webhook, event=event, due_at=timezone.now())
    DeliveryAttempt.objects.create(
        delivery=delivery, started_at=timezone.now(), milliseconds=1, request_headers={}, answer_headers={},
        error="The name example.org means no address: none given.",
    )  # fmt: skip
    assert f"{MARK}The name example.org means no address: {MARK}none given." in told(
        delivery.get_absolute_url(), client
    )
