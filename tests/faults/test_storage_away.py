"""The storage dies at each step between bytes and rows, and comes back: nothing half-made stays, and trying again works."""

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import urllib3
from django.conf import settings as hub_settings
from pytest_django import Settings

from accounts.models import Actor
from hub.errors import NotFound
from models_registry.errors import ContentMissing, StorageUnavailable
from models_registry.models import BlobContent, LfsObject, Repository, RepositoryLfsObject, XetFile, XetTerm, Xorb
from models_registry.services import fsck, garbage, objects, reading, uploads
from models_registry.services.changes import AddFile
from models_registry.services.garbage import amounts, orphans
from models_registry.services.xet import registration, xorbs
from models_registry.storage import Part, ranged, s3
from tests import make
from tests.environment import free_port
from tests.models_registry.formats.xet_bytes import MadeFile
from tests.models_registry.xet.sending import caller, register, send_file, send_xorb, some_xorb, text

pytestmark = pytest.mark.django_db(transaction=True)
MADE = some_xorb(21, count=12)
NAME = text(MADE.hash)
FILE = MadeFile([(MADE, 0, 4), (MADE, 5, 12)])


class Storage:
    """A storage server of one's own, that can be killed and started again over the same folder."""

    def __init__(self, folder: Path, port: int):
        self._folder, self._port = folder, port
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        (self._folder / hub_settings.S3_BUCKET).mkdir(parents=True, exist_ok=True)
        self._process = subprocess.Popen(
            [
                str(Path(sys.executable).parent / "rclone"), "serve", "s3", "--no-checksum",
                "--addr", f"127.0.0.1:{self._port}",
                "--auth-key", f"{hub_settings.S3_ACCESS_KEY_ID},{hub_settings.S3_SECRET_ACCESS_KEY}",
                str(self._folder),
            ],
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        for _ in range(100):
            try:
                s3.size_of("ready")
                return
            except StorageUnavailable:
                time.sleep(0.05)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def _forget_connections() -> None:
    s3.client.cache_clear()
    s3._signer.cache_clear()
    ranged._pool.cache_clear()
    reading.chunk_table.cache_clear()


@pytest.fixture
def storage(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Storage]:
    port = free_port()
    settings.S3_ENDPOINT_URL = settings.S3_PUBLIC_ENDPOINT_URL = f"http://127.0.0.1:{port}"
    monkeypatch.setattr(ranged, "_addresses", ranged._Addresses())
    monkeypatch.setattr(amounts, "IN_FLIGHT", timedelta(seconds=-5))
    _forget_connections()
    server = Storage(tmp_path, port)
    server.start()
    yield server
    server.kill()
    _forget_connections()


@pytest.fixture
def repository() -> Repository:
    return make.repository()


def dying(
    storage: Storage, module: ModuleType, name: str, monkeypatch: pytest.MonkeyPatch, work: Callable[[], Any]
) -> None:
    """The storage dies the moment that this function is called; the work is told so."""
    real = getattr(module, name)

    def die_first(*arguments: Any, **named: Any) -> Any:
        storage.kill()
        return real(*arguments, **named)

    with monkeypatch.context() as patched:
        patched.setattr(module, name, die_first)
        with pytest.raises(StorageUnavailable):
            work()
    storage.start()


def nothing_half_made() -> None:
    """Every row has its bytes."""
    assert [problem for page in fsck.check(deep=True) for problem in page.problems if problem.is_damage] == []


def sweep_everything() -> None:
    garbage.collect(garbage.Plan(timedelta(seconds=-5), trust_rows=True))
    left = [found.key for prefix in orphans.PREFIXES for found in s3.listing(prefix)]
    assert set(left) == orphans.named(left)


@pytest.mark.parametrize("step", ["size_of", "copy", "stream"])
def test_a_plain_upload_is_finished_later(
    storage: Storage, repository: Repository, step: str, monkeypatch: pytest.MonkeyPatch
):
    content = os.urandom(100_000)
    [planned] = uploads.plan(
        actor=Actor(user=repository.creator), repository=repository, multipart=False,
        wanted=[(hashlib.sha256(content).hexdigest(), len(content))],
    )  # fmt: skip
    session = planned.session
    assert session
    urllib3.request("PUT", planned.put_address, body=content)
    dying(storage, uploads.storage, step, monkeypatch, lambda: uploads.finish(session))
    assert not LfsObject.objects.exists()
    assert b"".join(reading.stream(uploads.finish(session))) == content
    nothing_half_made()


def test_an_upload_whose_rows_are_there_is_finished_though_its_leavings_stay(
    storage: Storage, repository: Repository, monkeypatch: pytest.MonkeyPatch
):
    content = os.urandom(1000)
    [planned] = uploads.plan(
        actor=Actor(user=repository.creator), repository=repository, multipart=False,
        wanted=[(hashlib.sha256(content).hexdigest(), len(content))],
    )  # fmt: skip
    session = planned.session
    assert session
    urllib3.request("PUT", planned.put_address, body=content)
    real = uploads.storage.delete

    def die_first(key: str) -> None:
        storage.kill()
        real(key)

    with monkeypatch.context() as patched:
        patched.setattr(uploads.storage, "delete", die_first)
        stored = uploads.finish(session)
    storage.start()
    assert s3.size_of(session.key) == 1000
    assert RepositoryLfsObject.objects.filter(lfs_object=stored).exists()
    sweep_everything()
    assert s3.size_of(session.key) is None


def test_parts_of_a_server_that_died_are_sent_again(storage: Storage, repository: Repository):
    """The embedded server forgets open uploads."""
    content = os.urandom(uploads.SINGLE_PUT_LIMIT + 10)
    wanted = [(hashlib.sha256(content).hexdigest(), len(content))]

    def send() -> None:
        actor = Actor(user=repository.creator)
        [planned] = uploads.plan(actor=actor, repository=repository, wanted=wanted, multipart=True)
        assert planned.session
        parts = []
        for number, address in enumerate(planned.part_addresses, 1):
            piece = content[(number - 1) * planned.part_size : number * planned.part_size]
            parts.append(Part(number, urllib3.request("PUT", address, body=piece).headers["ETag"]))
            if not tried:
                tried.append(planned.session)
                storage.kill()
                storage.start()
                with pytest.raises((StorageUnavailable, ContentMissing)):
                    uploads.complete_parts(planned.session, [Part(n, parts[0].etag) for n in (1, 2, 3)])
                return
        uploads.complete_parts(planned.session, parts)

    tried: list[Any] = []
    send()
    send()
    assert LfsObject.objects.get().size == len(content)
    nothing_half_made()


@pytest.mark.parametrize("step", ["_complete", "_validated"])
def test_a_xorb_that_was_put_is_kept_or_asked_for_again(
    storage: Storage, repository: Repository, step: str, monkeypatch: pytest.MonkeyPatch
):
    sender = caller(repository)

    def grant_and_put() -> Any:
        granted = xorbs.grant_upload(sender, NAME, len(MADE.data))
        assert granted
        urllib3.request("PUT", granted.address, body=MADE.data)
        return granted.grant.pk

    grant = grant_and_put()
    dying(storage, xorbs, step, monkeypatch, lambda: xorbs.commit_grant(sender, NAME, grant))
    assert not Xorb.objects.exists()
    try:
        assert xorbs.commit_grant(sender, NAME, grant)
    except NotFound:  # the server has forgotten what was put: on this a client asks for a new grant
        assert step == "_complete"
        assert xorbs.commit_grant(sender, NAME, grant_and_put())
    register(sender, FILE)
    assert b"".join(reading.stream(XetFile.objects.get())) == FILE.content
    nothing_half_made()


def test_no_grant_is_given_while_the_storage_is_away(storage: Storage, repository: Repository):
    sender = caller(repository)
    storage.kill()
    with pytest.raises(StorageUnavailable):
        xorbs.grant_upload(sender, NAME, len(MADE.data))
    with pytest.raises(StorageUnavailable):
        xorbs.receive(sender, NAME, MADE.data)
    assert not Xorb.objects.exists()
    storage.start()
    assert xorbs.receive(sender, NAME, MADE.data)
    nothing_half_made()


def test_a_file_is_registered_whole_or_not_at_all(
    storage: Storage, repository: Repository, monkeypatch: pytest.MonkeyPatch
):
    sender = caller(repository)
    send_xorb(sender, MADE)
    dying(storage, registration, "_verify", monkeypatch, lambda: register(sender, FILE))
    assert not XetFile.objects.exists()
    assert not XetTerm.objects.exists()
    send_file(sender, *FILE.pieces)
    nothing_half_made()


def test_a_regular_file_is_not_committed_without_its_content(
    storage: Storage, repository: Repository, monkeypatch: pytest.MonkeyPatch
):
    content = os.urandom(5000)
    dying(storage, objects.storage, "put", monkeypatch, lambda: AddFile.of("a.txt", content, spill_over=10))
    assert not BlobContent.objects.exists()
    AddFile.of("a.txt", content, spill_over=10)
    sweep_everything()
