"""Content that came plainly is cut into chunks by the client's own library, against the hub's own CAS."""

import hashlib
import random
from collections.abc import Iterator
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
import urllib3
from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.db import connections
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Actor
from hub.jobs.models import Job, State
from hub.jobs.tasks import run
from models_registry import storage
from models_registry.cas_api import settings as cas_settings
from models_registry.errors import Malformed, StorageUnavailable
from models_registry.models import LfsObject, Repository, RepositoryLfsObject, XetFile, Xorb
from models_registry.services import addresses, fsck, plain_copies, reading, uploads
from models_registry.services.repositories import delete_repository
from models_registry.services.xet import conversion, tokens
from tests import make
from tests.models_registry.formats.xet_bytes import MadeFile
from tests.models_registry.garbage.collecting import collect
from tests.models_registry.xet.sending import register, send_xorb, some_xorb

pytestmark = pytest.mark.django_db(transaction=True)

CONTENT = random.Random(7).randbytes(300_000)


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def cas(settings: Settings) -> Iterator[None]:
    """The CAS, but in this process: it sees the test's database."""
    settings.ROOT_URLCONF = cas_settings.ROOT_URLCONF
    settings.MIDDLEWARE = cas_settings.MIDDLEWARE
    with ThreadedWSGIServer(("127.0.0.1", 0), _Quiet) as server:
        server.set_app(WSGIHandler())
        settings.CAS_URL = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield
        server.shutdown()
        thread.join()


@pytest.fixture
def repository() -> Repository:
    return make.repository()


def upload(repository: Repository, content: bytes = CONTENT) -> LfsObject:
    """By LFS, as a client without Xet does it."""
    wanted = [(hashlib.sha256(content).hexdigest(), len(content))]
    actor = Actor(user=repository.creator)
    (planned,) = uploads.plan(actor=actor, repository=repository, wanted=wanted, multipart=False)
    assert planned.session
    assert urllib3.request("PUT", planned.put_address, body=content).status == 200
    return uploads.finish(planned.session)


def asked() -> list[Job]:
    return list(Job.objects.filter(kind=conversion.KIND, state=State.QUEUED))


def work(job: Job) -> Job:
    run(job.pk)
    job.refresh_from_db()
    return job


def lies_in_chunks(sha256: str, content: bytes = CONTENT) -> bool:
    row = LfsObject.objects.get(sha256=sha256)
    return row.xet_file is not None and b"".join(reading.stream(row.xet_file)) == content


def test_what_comes_plainly_is_cut_into_chunks(cas: None, repository: Repository):
    row = upload(repository)
    (job,) = asked()
    assert job.key == row.sha256
    assert work(job).state == State.DONE, job.last_error
    assert lies_in_chunks(row.sha256)
    assert RepositoryLfsObject.objects.count() == 1
    assert Xorb.objects.get().holders.get().namespace == repository.namespace
    assert [problem for page in fsck.check(deep=True) for problem in page.problems] == []


def test_asked_for_twice_and_at_once_it_is_done_once(cas: None, repository: Repository):
    row = upload(repository)
    at_once = [Thread(target=_convert, args=(row.sha256,)) for _ in range(2)]
    for thread in at_once:
        thread.start()
    for thread in at_once:
        thread.join()
    conversion.convert(row.sha256)
    assert lies_in_chunks(row.sha256)
    assert (XetFile.objects.count(), Xorb.objects.count()) == (1, 1)


def _convert(sha256: str) -> None:
    conversion.convert(sha256)
    connections.close_all()


def test_a_second_version_shares_the_chunks_of_the_first(cas: None, repository: Repository):
    changed = CONTENT[:-40_000] + b"x" * 40_000
    first, second = upload(repository), upload(repository, changed)
    conversion.convert(first.sha256)
    stored = Xorb.objects.get().packed_size
    conversion.convert(second.sha256)
    assert lies_in_chunks(second.sha256, changed)
    assert sum(Xorb.objects.values_list("packed_size", flat=True)) < stored * 1.6


def test_nobody_learns_by_it_what_others_keep_in_private(cas: None, repository: Repository):
    private = make.repository(private=True)
    conversion.convert(upload(private).sha256)
    mine = upload(repository, CONTENT + b"guessed")
    conversion.convert(mine.sha256)
    of_others = Xorb.objects.filter(holders__namespace=private.namespace)
    assert not XetFile.objects.get(lfs_object=mine.pk).terms.filter(xorb__in=of_others).exists()


@pytest.mark.parametrize("change", [{"is_active": False}, {"suspended_reason": "spam"}])
def test_an_account_that_was_closed_is_not_in_the_way(cas: None, repository: Repository, change: dict[str, Any]):
    row = upload(repository)
    type(repository.creator).objects.filter(pk=repository.creator.pk).update(**change)
    conversion.convert(row.sha256)
    assert lies_in_chunks(row.sha256)


def test_of_a_deleted_repository_nothing_is_left_to_do(cas: None, repository: Repository):
    row = upload(repository)
    delete_repository(actor=Actor(user=repository.creator), repository=repository)
    assert work(asked()[0]).state == State.DONE
    assert not Xorb.objects.exists()
    collect()
    assert not LfsObject.objects.filter(pk=row.pk).exists()


def test_another_repository_that_has_it_takes_the_place_of_a_deleted_one(cas: None, repository: Repository):
    row, other = upload(repository), make.repository()
    RepositoryLfsObject.objects.create(repository=other, lfs_object=row)
    delete_repository(actor=Actor(user=repository.creator), repository=repository)
    conversion.convert(row.sha256)
    assert lies_in_chunks(row.sha256)
    assert row.possessions.get().repository == other


def test_what_was_let_go_of_meanwhile_does_not_come_back(repository: Repository):
    made = some_xorb(41)
    file = MadeFile([(made, 0, 6)])
    sha256 = hashlib.sha256(file.content).hexdigest()
    hub = tokens.caller_with(tokens.issue_conversion_token(repository, sha256, seconds=60).value)
    send_xorb(hub, made)
    with pytest.raises(Malformed, match="removed meanwhile"):
        register(hub, file, new=(made,))
    assert not LfsObject.objects.exists()
    LfsObject.objects.create(sha256=sha256, size=len(file.content), plain_key="lfs/x")
    register(hub, file, new=(made,))
    assert not RepositoryLfsObject.objects.exists()
    assert LfsObject.objects.get().xet_file


def test_its_token_is_for_one_content(repository: Repository):
    made = some_xorb(42)
    hub = tokens.caller_with(tokens.issue_conversion_token(repository, "ab" * 32, seconds=60).value)
    send_xorb(hub, made)
    with pytest.raises(Malformed, match="alone"):
        register(hub, MadeFile([(made, 0, 6)]), new=(made,))


def test_while_the_cas_is_away_it_stays_plain_and_is_tried_again(repository: Repository, settings: Settings):
    settings.CAS_URL = "http://127.0.0.1:9"
    row = upload(repository)
    job = work(asked()[0])
    assert job.state == State.QUEUED
    assert "ConversionFailed" in job.last_error
    row.refresh_from_db()
    assert row.xet_file is None
    assert b"".join(reading.stream(row)) == CONTENT


def test_while_the_storage_is_away_it_stays_plain_and_is_tried_again(
    cas: None, repository: Repository, monkeypatch: pytest.MonkeyPatch
):
    row = upload(repository)
    with monkeypatch.context() as away:
        away.setattr(reading.storage, "read_range", _unavailable)
        job = work(asked()[0])
    assert job.state == State.QUEUED
    assert "StorageUnavailable" in job.last_error
    assert not LfsObject.objects.filter(xet_file__isnull=False).exists()
    Job.objects.update(run_after=timezone.now())
    assert work(job).state == State.DONE
    assert lies_in_chunks(row.sha256)


def _unavailable(*_arguments: object) -> bytes:
    raise StorageUnavailable("away")


def test_a_large_one_waits_for_another(repository: Repository, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(conversion, "_LARGE", 1)
    upload(repository)
    with conversion._large_ones:
        job = work(asked()[0])
    assert (job.state, job.attempt, job.last_error) == (State.QUEUED, 0, "")
    assert job.run_after > timezone.now()


def test_the_plain_object_goes_when_no_address_leads_to_it_any_more(cas: None, repository: Repository):
    row = upload(repository)
    key = str(row.plain_key)
    handed_out = addresses.download_address(row, "model.bin")
    conversion.convert(row.sha256)
    row.refresh_from_db()
    assert "signed=" in addresses.download_address(row, "model.bin"), "new ones lead to the content server"
    plain_copies.look_for_hot()
    assert urllib3.request("GET", handed_out).data == CONTENT
    LfsObject.objects.update(copy_used_at=timezone.now() - timedelta(hours=3))
    plain_copies.look_for_hot()
    assert storage.size_of(key) is None
    row.refresh_from_db()
    assert row.plain_key is None
    assert b"".join(reading.stream(row)) == CONTENT


def test_where_hot_files_are_copied_the_plain_object_is_such_a_copy(
    cas: None, repository: Repository, settings: Settings
):
    settings.PLAIN_COPY = "hot"
    row = upload(repository)
    conversion.convert(row.sha256)
    row.refresh_from_db()
    LfsObject.objects.update(copy_used_at=timezone.now() - timedelta(hours=3))
    plain_copies.look_for_hot()
    assert urllib3.request("GET", addresses.download_address(row, "model.bin")).data == CONTENT
    LfsObject.objects.update(copy_used_at=timezone.now() - timedelta(hours=3))
    settings.PLAIN_COPY_BYTES = 1000
    plain_copies.look_for_hot()
    assert storage.size_of(str(row.plain_key)) is None


def test_where_it_is_off_nothing_is_asked_for_and_later_all_is(repository: Repository, settings: Settings):
    settings.XET_CONVERSION = "never"
    row = upload(repository)
    assert conversion.look_for_plain() == 0
    assert asked() == []
    settings.XET_CONVERSION = "always"
    assert conversion.look_for_plain() == 1
    assert conversion.look_for_plain() == 0, "it is asked for"
    (job,) = asked()
    assert job.key == row.sha256
    Job.objects.update(state=State.FAILED)
    assert conversion.look_for_plain() == 0, "it has failed just now"
    Job.objects.update(run_after=timezone.now() - timedelta(days=2))
    assert conversion.look_for_plain() == 1
