"""Plain uploads of large files, up to where they are content."""

import hashlib
import os
from collections.abc import Callable
from datetime import timedelta
from threading import Thread

import pytest
import urllib3
from django.db import connections
from django.test import Client

from accounts.models import Actor, User
from hub.errors import RateLimited
from hub.jobs.models import Job, State
from hub.jobs.tasks import run
from models_registry.errors import ContentMismatch, ContentMissing, StillReading
from models_registry.models import LfsObject, Repository, UploadSession
from models_registry.services import uploads
from models_registry.services.uploads import PlannedUpload
from models_registry.storage import Part
from tests import make

SIZE = uploads.SINGLE_PUT_LIMIT + 1000
CONTENT = os.urandom(1000) * (SIZE // 1000 + 1)
BIG = CONTENT[:SIZE]


@pytest.fixture
def repository() -> Repository:
    return make.repository()


def plan(repository: Repository, content: bytes, *, multipart: bool = False) -> PlannedUpload:
    wanted = [(hashlib.sha256(content).hexdigest(), len(content))]
    actor = Actor(user=repository.creator)
    return uploads.plan(actor=actor, repository=repository, wanted=wanted, multipart=multipart)[0]


def put(planned: PlannedUpload, content: bytes) -> UploadSession:
    assert planned.session
    assert urllib3.request("PUT", planned.put_address, body=content).status == 200
    return planned.session


def put_parts(planned: PlannedUpload, content: bytes) -> list[Part]:
    parts = []
    for number, address in enumerate(planned.part_addresses, 1):
        piece = content[(number - 1) * planned.part_size : number * planned.part_size]
        parts.append(Part(number, urllib3.request("PUT", address, body=piece).headers["ETag"]))
    return parts


def test_no_more_uploads_of_one_account_may_be_under_way_than_the_limit(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(uploads, "MOST_UNDER_WAY", 2)
    plan(repository, b"one")
    plan(repository, b"two")
    with pytest.raises(RateLimited, match="At most 2 uploads"):
        plan(repository, b"three")


@pytest.mark.parametrize("change", [{"is_active": False}, {"suspended_reason": "spam"}])
def test_who_was_suspended_meanwhile_finishes_no_upload(
    repository: Repository, client: Client, change: dict[str, bool]
):
    headers = make.bearer(make.token(repository.creator))
    body = {
        "operation": "upload", "transfers": ["basic", "multipart"],
        "objects": [{"oid": hashlib.sha256(BIG).hexdigest(), "size": SIZE}],
    }  # fmt: skip
    address = f"/{repository.full_name}.git/info/lfs/objects/batch"
    answer = client.post(address, body, content_type="application/json", headers=headers)
    href = answer.json()["objects"][0]["actions"]["upload"]["href"]
    User.objects.filter(pk=repository.creator.pk).update(**change)
    refused = client.post(href, {"oid": "x", "parts": []}, content_type="application/json")
    assert refused.status_code == 403
    assert not LfsObject.objects.exists()


class TestLongContent:
    """What takes long to hash is read by a worker while the client asks again."""

    @pytest.fixture(autouse=True)
    def _everything_is_long(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(uploads, "HASHED_AT_ONCE", 10)
        monkeypatch.setattr(uploads, "_WAIT_SECONDS", 0.3)
        monkeypatch.setattr(uploads, "_LOOK_SECONDS", 0.02)

    def work(self) -> None:
        for job in Job.objects.filter(kind="finish_upload", state=State.QUEUED):
            run(job.pk)

    def test_the_client_is_told_to_ask_again_until_the_worker_is_done(self, repository: Repository):
        session = put(plan(repository, b"a long content"), b"a long content")
        with pytest.raises(StillReading) as told:
            uploads.settle(session)
        assert told.value.status == 503
        assert told.value.headers["Retry-After"]
        self.work()
        uploads.settle(session)
        assert LfsObject.objects.get().sha256 == session.sha256

    @pytest.mark.django_db(transaction=True)
    def test_the_answer_waits_for_a_worker_that_is_quick(self, repository: Repository, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(uploads, "_WAIT_SECONDS", 20.0)
        session = put(plan(repository, b"a long content"), b"a long content")

        def worker() -> None:
            while not Job.objects.filter(kind="finish_upload").exists():
                pass
            self.work()
            connections.close_all()

        thread = Thread(target=worker)
        thread.start()
        uploads.settle(session)
        thread.join()
        assert LfsObject.objects.count() == 1

    def test_what_is_wrong_with_it_is_told_to_who_asks_later(self, repository: Repository):
        session = put(plan(repository, b"a long promise"), b"something else")
        with pytest.raises(StillReading):
            uploads.settle(session)
        self.work()
        session.refresh_from_db()
        with pytest.raises(ContentMismatch, match="has sha256"):
            uploads.settle(session)
        again = put(plan(repository, b"a long promise"), b"a long promise")
        with pytest.raises(StillReading):
            uploads.settle(again)
        self.work()
        uploads.settle(again)

    def test_nothing_is_asked_of_a_worker_before_the_bytes_are_there(self, repository: Repository):
        planned = plan(repository, b"a long content")
        assert planned.session
        with pytest.raises(ContentMissing):
            uploads.settle(planned.session)
        assert not Job.objects.filter(kind="finish_upload").exists()

    def test_a_commit_asks_too(self, repository: Repository):
        session = put(plan(repository, b"a long content"), b"a long content")
        with pytest.raises(StillReading):
            uploads.finish_pending(repository, [session.sha256])
        self.work()
        uploads.finish_pending(repository, [session.sha256])


def completed_twice(session: UploadSession, parts: list[Part]) -> None:
    uploads.complete_parts(session, parts)
    uploads.complete_parts(session, parts)


def completed_after_a_wrong_list(session: UploadSession, parts: list[Part]) -> None:
    with pytest.raises(ContentMismatch):
        uploads.complete_parts(session, parts[:-1])
    uploads.complete_parts(session, parts)


def verified_before_completed(session: UploadSession, parts: list[Part]) -> None:
    with pytest.raises(ContentMissing):
        uploads.finish(session)
    uploads.complete_parts(session, parts)
    uploads.finish(session)


@pytest.mark.parametrize("order", [completed_twice, completed_after_a_wrong_list, verified_before_completed])
def test_the_end_of_an_upload_may_come_twice_or_too_early(
    repository: Repository, order: Callable[[UploadSession, list[Part]], None]
):
    planned = plan(repository, BIG, multipart=True)
    assert planned.session
    order(planned.session, put_parts(planned, BIG))
    assert LfsObject.objects.get().size == SIZE


def test_sweeping_leaves_what_is_finished_while_it_looks(repository: Repository, monkeypatch: pytest.MonkeyPatch):
    """An upload in parts lies where it stays: a session that has become content meanwhile has nothing to sweep."""
    planned = plan(repository, BIG, multipart=True)
    session = planned.session
    assert session
    parts = put_parts(planned, BIG)
    UploadSession.objects.filter(pk=session.pk).update(expires_at=session.expires_at - timedelta(days=1))
    size_of = uploads.storage.size_of

    def finished_now(key: str) -> int | None:
        monkeypatch.setattr(uploads.storage, "size_of", size_of)
        uploads.complete_parts(session, parts)
        return size_of(key)

    monkeypatch.setattr(uploads.storage, "size_of", finished_now)
    uploads.sweep_expired()
    stored = LfsObject.objects.get(sha256=session.sha256)
    assert stored.plain_key
    assert size_of(stored.plain_key) == SIZE


def test_what_was_swept_while_it_was_hashed_is_not_content(repository: Repository, monkeypatch: pytest.MonkeyPatch):
    planned = plan(repository, BIG, multipart=True)
    session = planned.session
    assert session
    parts = put_parts(planned, BIG)
    sha256_of = uploads._sha256_of

    def swept_then(key: str) -> str:
        found = sha256_of(key)
        UploadSession.objects.filter(pk=session.pk).update(expires_at=session.expires_at - timedelta(days=1))
        assert uploads.sweep_expired() == 1
        return found

    monkeypatch.setattr(uploads, "_sha256_of", swept_then)
    with pytest.raises(ContentMissing):
        uploads.complete_parts(session, parts)
    assert not LfsObject.objects.filter(sha256=session.sha256).exists()
