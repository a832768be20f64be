"""Copies of files in chunks, for those that are asked for most."""

import hashlib
import time
from collections import Counter
from datetime import timedelta

import pytest
import urllib3
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Actor
from hub.jobs.models import Job
from hub.jobs.tasks import run
from models_registry import storage
from models_registry.content import served
from models_registry.errors import ContentMismatch
from models_registry.models import LfsObject, Repository, ServedBytes
from models_registry.services import addresses, fsck, plain_copies
from models_registry.services.repositories import delete_repository
from tests import make
from tests.models_registry.formats.xet_bytes import MadeFile
from tests.models_registry.garbage.collecting import collect, commit_large, stored
from tests.models_registry.xet.sending import caller, send_file, some_xorb

MADE = some_xorb(31, count=12)
FILE = MadeFile([(MADE, 0, 12)])
SIZE = len(FILE.content)


@pytest.fixture(autouse=True)
def _hot(settings: Settings) -> None:
    settings.PLAIN_COPY = "hot"


@pytest.fixture
def repository() -> Repository:
    return make.repository()


@pytest.fixture
def file(repository: Repository) -> LfsObject:
    sent = send_file(caller(repository), *FILE.pieces)
    commit_large(repository, sent.sha256)
    return sent


def ask_for(file: LfsObject, times: int) -> None:
    plain_copies.note_served(Counter({file.pk: times * file.size}))


def work() -> None:
    for job in Job.objects.filter(kind="copy_plainly", state="queued"):
        run(job.pk)


def copied(file: LfsObject) -> LfsObject:
    ask_for(file, plain_copies.HOT_TIMES)
    assert plain_copies.look_for_hot() == 1
    work()
    file.refresh_from_db()
    return file


def test_a_hot_file_gets_a_copy_to_which_downloads_are_led_and_xet_stays(
    file: LfsObject, repository: Repository, client: Client
):
    ask_for(file, plain_copies.HOT_TIMES - 1)
    assert plain_copies.look_for_hot() == 0
    ask_for(file, 1)
    assert plain_copies.look_for_hot() == 1
    work()
    file.refresh_from_db()
    assert file.plain_key
    assert storage.get(file.plain_key) == FILE.content
    address = f"/{repository.full_name}/resolve/main/model.bin"
    answer = client.get(address)
    assert answer.status_code == 302
    assert urllib3.request("GET", answer["Location"]).data == FILE.content
    assert answer["X-Xet-Hash"]
    assert client.head(address)["X-Xet-Hash"] == answer["X-Xet-Hash"]
    assert plain_copies.look_for_hot() == 0, "it has one"


def test_by_default_there_are_none(file: LfsObject, settings: Settings):
    settings.PLAIN_COPY = "never"
    ask_for(file, 100)
    assert plain_copies.look_for_hot() == 0
    plain_copies.make(file.sha256)
    file.refresh_from_db()
    assert file.plain_key is None


def test_a_copy_comes_in_parts(file: LfsObject, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(plain_copies, "PART", SIZE // 3)
    assert storage.get(str(copied(file).plain_key)) == FILE.content


def test_what_was_asked_for_yesterday_is_not_hot(file: LfsObject):
    ask_for(file, 100)
    ServedBytes.objects.update(hour=timezone.now() - plain_copies.WINDOW - timedelta(hours=1))
    assert plain_copies.look_for_hot() == 0


def test_chunks_that_are_not_the_file_are_not_copied(file: LfsObject):
    LfsObject.objects.filter(pk=file.pk).update(sha256="ab" * 32)
    with pytest.raises(ContentMismatch, match="fsck"):
        plain_copies.make("ab" * 32)
    assert LfsObject.objects.get(pk=file.pk).plain_key is None


def test_under_the_cap_the_least_used_goes_first(file: LfsObject, settings: Settings):
    settings.PLAIN_COPY_BYTES = SIZE + 10
    first = copied(file)
    key = str(first.plain_key)
    other = send_file(caller(make.repository()), (MADE, 0, 11))
    ask_for(other, plain_copies.HOT_TIMES)
    assert plain_copies.look_for_hot() == 0, "the first was used a moment ago"
    LfsObject.objects.filter(pk=first.pk).update(copy_used_at=timezone.now() - timedelta(hours=3))
    assert plain_copies.look_for_hot() == 1
    work()
    first.refresh_from_db()
    other.refresh_from_db()
    assert first.plain_key is None
    assert not stored(key)
    assert other.plain_key


def test_a_file_larger_than_the_cap_gets_none(file: LfsObject, settings: Settings):
    settings.PLAIN_COPY_BYTES = SIZE - 1
    ask_for(file, 100)
    assert plain_copies.look_for_hot() == 0


def test_its_use_is_noted_once_an_hour(file: LfsObject):
    made = copied(file)
    old = timezone.now() - timedelta(hours=3)
    LfsObject.objects.update(copy_used_at=old)
    made.refresh_from_db()
    addresses.download_address(made, "model.bin")
    made.refresh_from_db()
    assert made.copy_used_at
    assert made.copy_used_at > old


def test_only_copies_are_dropped(file: LfsObject):
    LfsObject.objects.filter(pk=file.pk).update(plain_key="lfs/00/somebodys")
    file.refresh_from_db()
    plain_copies.drop(file)
    assert LfsObject.objects.get(pk=file.pk).plain_key == "lfs/00/somebodys"


def test_a_copy_goes_with_its_file(file: LfsObject, repository: Repository):
    key = str(copied(file).plain_key)
    collect()
    assert stored(key)
    assert [problem for page in fsck.check(deep=True) for problem in page.problems if problem.is_damage] == []
    delete_repository(actor=Actor(user=repository.creator), repository=repository)
    plain_copies.note_served(Counter({file.pk: 5, 10**9: 7}))
    collect()
    assert not stored(key)


@pytest.mark.django_db(transaction=True)
def test_what_the_content_server_sends_is_counted(
    file: LfsObject, content_origin: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    settings.CONTENT_URL = content_origin
    monkeypatch.setattr(served, "_SECONDS", 0.0)
    body = urllib3.request("GET", addresses.content_address(file, "x")).data
    assert hashlib.sha256(body).hexdigest() == file.sha256
    deadline = time.monotonic() + 10
    while not ServedBytes.objects.filter(size=SIZE).exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert ServedBytes.objects.get().size == SIZE
