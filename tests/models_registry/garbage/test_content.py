import hashlib
import os
from datetime import timedelta
from typing import Any

import pytest
import urllib3
from django.utils import timezone

from accounts.models import Actor
from models_registry import storage, tasks
from models_registry.errors import Malformed, StorageUnavailable
from models_registry.models import (
    GarbageRound,
    LfsObject,
    Repository,
    RepositoryLfsObject,
    UploadSession,
    XetChunkKey,
    XetFile,
    XetGrant,
    XetTerm,
    Xorb,
)
from models_registry.services import garbage, reading, uploads
from models_registry.services.garbage import amounts, content, orphans, rounds
from models_registry.services.repositories import delete_repository
from models_registry.services.xet import xorbs
from models_registry.storage import keys, s3
from tests import make
from tests.models_registry.formats.xet_bytes import MadeFile
from tests.models_registry.garbage.collecting import (
    WEEK,
    collect,
    commit_large,
    delete_branch,
    forget_announcements,
    pass_time,
    side_branch,
    stored,
    upload,
)
from tests.models_registry.xet.sending import caller, register, send_file, send_xorb, some_xorb, text

FIRST, SECOND = some_xorb(1), some_xorb(2)


@pytest.fixture
def repository() -> Repository:
    return make.repository()


def test_an_upload_that_nobody_committed_goes_after_its_grace(repository: Repository):
    sent = upload(repository, os.urandom(1000))
    assert sent.plain_key
    assert "possessions" not in collect(WEEK)
    pass_time()
    assert collect(WEEK)["large files"] == 1
    assert not stored(sent.plain_key)
    assert not LfsObject.objects.exists()


def test_who_is_told_that_content_is_here_has_time_to_commit_it(repository: Repository):
    body = os.urandom(1000)
    sent = upload(repository, body)
    pass_time()
    assert upload(repository, body) == sent, "nothing to send"
    assert "possessions" not in collect(WEEK)
    commit_large(repository, sent.sha256)
    pass_time()
    collect(WEEK)
    assert b"".join(reading.stream(sent)) == body


def test_a_possession_lasts_while_any_kept_commit_names_it(repository: Repository):
    sent = upload(repository, os.urandom(1000))
    side_branch(repository)
    commit_large(repository, sent.sha256, branch="side")
    delete_branch(repository)
    pass_time()
    assert "possessions" not in collect(WEEK), "its commit can still come back"
    pass_time()
    assert collect(WEEK)["possessions"] == 1, "the commit went, and it with it"
    assert not LfsObject.objects.exists()


def test_what_another_repository_has_too_stays(repository: Repository):
    sent = upload(repository, os.urandom(1000))
    commit_large(repository, sent.sha256)
    other = make.repository()
    commit_large(other, sent.sha256)
    delete_repository(actor=Actor(user=repository.creator), repository=repository)
    collect()
    assert sent.plain_key
    assert stored(sent.plain_key)
    delete_repository(actor=Actor(user=other.creator), repository=other)
    assert collect()["large files"] == 1
    assert not stored(sent.plain_key)


def test_a_deleted_repository_frees_its_chunks_when_no_client_remembers_them(repository: Repository):
    other = make.repository()
    send_file(caller(repository), (FIRST, 0, 6), (SECOND, 0, 6))
    small = MadeFile([(SECOND, 1, 3)])
    register(caller(other), small)
    commit_large(other, hashlib.sha256(small.content).hexdigest())
    lost, kept = Xorb.objects.get(hash=text(FIRST.hash)), Xorb.objects.get(hash=text(SECOND.hash))
    delete_repository(actor=Actor(user=repository.creator), repository=repository)
    assert "xorbs" not in collect(), "clients count on them"
    assert XetFile.objects.count() == 1
    assert XetTerm.objects.count() == 1
    forget_announcements()
    assert collect()["xorbs"] == 1
    assert not stored(lost.key)
    assert stored(kept.key)
    assert not XetChunkKey.objects.filter(xorb=lost.pk).exists()
    assert b"".join(reading.stream(XetFile.objects.get())) == b"".join(SECOND.chunks[1:3])


def test_a_xorb_that_was_asked_for_again_stays(repository: Repository):
    sender = caller(repository)
    send_xorb(sender, FIRST)
    forget_announcements()
    assert xorbs.grant_upload(sender, text(FIRST.hash), 100) is None
    assert "xorbs" not in collect()
    forget_announcements()
    send_xorb(caller(make.repository()), FIRST)
    assert "xorbs" not in collect()


def test_a_shard_on_a_xorb_that_went_is_refused_with_advice(repository: Repository):
    sender = caller(repository)
    send_xorb(sender, FIRST)
    forget_announcements()
    collect()
    with pytest.raises(Malformed, match="Xet cache"):
        register(sender, MadeFile([(FIRST, 0, 2)]))
    send_file(sender, (FIRST, 0, 2))


def test_a_file_can_be_sent_again_while_its_old_row_goes(repository: Repository, monkeypatch: pytest.MonkeyPatch):
    """Killed between the terms of a file: what is left has no name that anybody could find."""
    sent = send_file(caller(repository), (FIRST, 0, 2), (FIRST, 3, 5))
    delete_repository(actor=Actor(user=repository.creator), repository=repository)
    with monkeypatch.context() as broken:
        broken.setattr(content, "_TERMS_AT_ONCE", 1)
        broken.setattr(content.XetTerm.objects, "filter", _fails_the_second_time(content.XetTerm.objects.filter))
        with pytest.raises(KeyboardInterrupt):
            collect()
    again = send_file(caller(make.repository()), (FIRST, 0, 2), (FIRST, 3, 5))
    assert again.sha256 == sent.sha256
    assert collect()["files in chunks"] == 1
    assert b"".join(reading.stream(again)) == b"".join((*FIRST.chunks[:2], *FIRST.chunks[3:5]))


def _fails_the_second_time(real: Any) -> Any:
    calls = iter([True, True])

    def once(*arguments: Any, **named: Any) -> Any:
        if next(calls, None) is None:
            raise KeyboardInterrupt
        return real(*arguments, **named)

    return once


def test_an_object_whose_row_went_is_found_later(repository: Repository, monkeypatch: pytest.MonkeyPatch):
    """Killed between row and object, or the storage did not answer just then."""
    sent = upload(repository, os.urandom(1000))
    assert sent.plain_key
    delete_repository(actor=Actor(user=repository.creator), repository=repository)
    with monkeypatch.context() as broken:
        broken.setattr(storage, "delete", _unavailable)
        assert collect()["large files"] == 1
    assert stored(sent.plain_key)
    assert collect()["objects without a row"] >= 1
    assert not stored(sent.plain_key)


def _unavailable(*_: object) -> None:
    raise StorageUnavailable


def test_a_round_that_was_killed_goes_on_where_it_was(repository: Repository, monkeypatch: pytest.MonkeyPatch):
    visited: list[str] = []
    steps = dict(rounds.PHASES)

    def watched(phase: str) -> Any:
        def step(position: str, plan: amounts.Plan, found: amounts.Amounts) -> str | None:
            visited.append(phase)
            if phase == "xorbs" and visited.count("xorbs") == 1:
                raise KeyboardInterrupt
            return steps[phase](position, plan, found)

        return step

    monkeypatch.setattr(rounds, "PHASES", {phase: watched(phase) for phase in steps})
    with pytest.raises(KeyboardInterrupt):
        collect()
    assert GarbageRound.objects.get().phase == "xorbs"
    assert garbage.is_due()
    before = len(visited)
    collect()
    assert visited[before] == "xorbs"
    assert not garbage.is_due()
    GarbageRound.objects.update(started_at=timezone.now() - timedelta(days=2))
    assert garbage.is_due()


def test_the_queue_does_a_round_a_day(repository: Repository):
    tasks.collect_garbage()
    first = GarbageRound.objects.get()
    assert first.ended_at is not None
    tasks.collect_garbage()
    assert GarbageRound.objects.get() == first
    assert GarbageRound.objects.get().started_at == first.started_at


def test_a_round_is_done_in_pieces_of_time(repository: Repository):
    plan = garbage.Plan(WEEK, trust_rows=True)
    calls = 0
    ended = False
    while not ended:
        _amounts, ended = garbage.collect(plan, seconds=0)
        calls += 1
        if calls == 1:
            GarbageRound.objects.update(phase="objects", position=keys.XORBS)
        if not ended:
            _amounts, ended = garbage.collect(plan, seconds=60)
    assert GarbageRound.objects.get().ended_at is not None


def test_objects_and_open_uploads_without_a_row_go_and_others_stay(repository: Repository):
    lonely = [keys.lfs("0" * 64), keys.blob("0" * 40), keys.xorb("0" * 64), keys.staging("1" * 32)]
    for key in [*lonely, "samples/00/somebody-elses"]:
        storage.put(key, b"x")
    opened = keys.lfs("2" * 64)
    upload_id = storage.create_multipart(opened)
    kept = upload(repository, os.urandom(100))
    commit_large(repository, kept.sha256)
    [planned] = uploads.plan(
        actor=Actor(user=repository.creator), repository=repository, wanted=[("3" * 64, 5)], multipart=False
    )
    assert planned.session
    urllib3.request("PUT", planned.put_address, body=b"12345")
    collect()
    assert not any(stored(key) for key in lonely)
    assert stored("samples/00/somebody-elses")
    assert kept.plain_key
    assert stored(kept.plain_key)
    assert stored(planned.session.key)
    with pytest.raises(storage.ObjectMissing):
        storage.parts_of(opened, upload_id)


def test_listings_are_read_page_by_page(repository: Repository, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(orphans, "_LISTED", 3)
    lonely = [keys.blob(f"{number:040}") for number in range(10)]
    for key in lonely:
        storage.put(key, b"x")
    assert collect()["objects without a row"] >= len(lonely)
    assert not any(map(stored, lonely))


def test_young_objects_may_belong_to_an_upload_under_way(repository: Repository, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(amounts, "IN_FLIGHT", timedelta(days=1))
    key = keys.lfs("4" * 64)
    storage.put(key, b"x")
    sent = upload(repository, os.urandom(100))
    assert collect() == {}, "whatever grace is asked for"
    assert stored(key)
    assert RepositoryLfsObject.objects.filter(lfs_object=sent).exists()


def test_a_bucket_full_of_strangers_is_left_alone(repository: Repository, monkeypatch: pytest.MonkeyPatch):
    """A wrong DATABASE_URL must not empty a bucket."""
    monkeypatch.setattr(orphans, "_SUSPICIOUS_COUNT", 5)
    strangers = [keys.xorb(f"{number:064}") for number in range(8)]
    for key in strangers:
        storage.put(key, b"x")
    with pytest.raises(garbage.TooManyOrphans, match="--trust-rows"):
        garbage.collect(garbage.Plan(timedelta()))
    assert all(map(stored, strangers))
    collect()


def test_uploads_that_nobody_came_back_for_are_swept_though_the_storage_forgot_them(repository: Repository):
    actor = Actor(user=repository.creator)
    big = uploads.SINGLE_PUT_LIMIT + 1
    wanted = [("5" * 64, big), ("6" * 64, 5)]
    planned = uploads.plan(actor=actor, repository=repository, wanted=wanted, multipart=True)
    session = planned[0].session
    assert session
    s3.abort_multipart(session.key, session.multipart_id)
    granted = xorbs.grant_upload(caller(repository), text(FIRST.hash), 100)
    assert granted
    UploadSession.objects.update(expires_at=timezone.now() - timedelta(hours=1))
    XetGrant.objects.update(expires_at=timezone.now() - timedelta(days=1))
    assert collect()["uploads given up"] == 3
