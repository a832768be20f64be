"""Garbage is collected on a live hub: while the same content is uploaded, committed, registered; twice at once; and killed."""

import hashlib
import os
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import urllib3
from django.utils import timezone

from accounts.models import Actor
from models_registry import storage
from models_registry.models import (
    GarbageRound,
    LfsObject,
    Repository,
    RepositoryLfsObject,
    UploadSession,
    XetFile,
    Xorb,
)
from models_registry.services import garbage, objects, reading, references, trees, uploads
from models_registry.services.changes import AddFile, AddLfsFile
from models_registry.services.commits import create_commit
from models_registry.services.garbage import amounts
from models_registry.services.repositories import delete_repository
from tests import make
from tests.faults.test_races import at_once
from tests.models_registry.formats.xet_bytes import MadeFile
from tests.models_registry.xet.sending import caller, register, send_file, send_xorb, some_xorb

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 5


@pytest.fixture(autouse=True)
def _nothing_is_spared(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Even what was sent a moment ago is garbage, so that every race can be met."""
    monkeypatch.setattr(amounts, "IN_FLIGHT", timedelta(seconds=-5))
    yield
    GarbageRound.objects.all().delete()


def collecting() -> None:
    garbage.collect(garbage.Plan(timedelta(seconds=-5), trust_rows=True))


def sweeping_rows() -> None:
    """A round without its last phases: what is in storage without a row may be an upload that is under way this moment."""
    for phase, step in garbage.rounds.PHASES.items():
        if phase in {"objects", "open uploads"}:
            continue
        position: str | None = ""
        while position is not None:
            position = step(position, garbage.Plan(timedelta(seconds=-5)), garbage.Amounts())


def sound() -> None:
    """Every row has its bytes, and every file of every commit can be read."""
    for row in LfsObject.objects.all():
        assert hashlib.sha256(b"".join(reading.stream(row))).hexdigest() == row.sha256
    for file in XetFile.objects.filter(lfs_object__isnull=False):
        assert sum(file.terms.values_list("length", flat=True)) == file.size
    for repository in Repository.objects.all():
        for reference in repository.references.all():
            for entry in trees.files(repository, references.resolve(repository, reference.name)):
                if entry.lfs:
                    assert RepositoryLfsObject.objects.filter(
                        repository=repository, lfs_object__sha256=entry.lfs.sha256
                    ).exists()
                else:
                    objects.inflate(trees.content_of(repository, entry))


def uploaded(repository: Repository, content: bytes) -> UploadSession:
    [planned] = uploads.plan(
        actor=Actor(user=repository.creator), repository=repository, multipart=False,
        wanted=[(hashlib.sha256(content).hexdigest(), len(content))],
    )  # fmt: skip
    assert planned.session
    answer = urllib3.request("PUT", planned.put_address, body=content)
    assert answer.status == 200, answer.data
    return planned.session


def commit_of(repository: Repository, sha256: str) -> Callable[[], object]:
    return lambda: create_commit(
        actor=Actor(user=repository.creator), repository=repository, branch="main", parent=None,
        changes=[AddLfsFile("model.bin", sha256)], title="a model",
    )  # fmt: skip


def test_content_that_is_uploaded_while_the_same_content_is_collected_is_there_afterwards() -> None:
    content = os.urandom(300_000)
    for _ in range(ROUNDS):
        old, new = make.repository(), make.repository()
        session = uploaded(new, content)
        uploads.finish(uploaded(old, content))
        delete_repository(actor=Actor(user=old.creator), repository=old)
        results = at_once([lambda session=session: uploads.finish(session), sweeping_rows])
        assert isinstance(results[0], LfsObject), results
        sound()
        new.delete()


def test_a_xet_file_that_is_registered_while_it_is_collected_is_whole_or_refused() -> None:
    made = some_xorb(7, count=40)
    file = MadeFile([(made, number, number + 1) for number in range(40)])
    for _ in range(ROUNDS):
        old, new = make.repository(), make.repository()
        send_file(caller(old), *file.pieces)
        delete_repository(actor=Actor(user=old.creator), repository=old)
        sender = caller(new)
        outcome, _collected = at_once([lambda sender=sender: register(sender, file), sweeping_rows])
        assert outcome is None, outcome
        sound()
        new.delete()
        sweeping_rows()


def test_a_xorb_that_is_sent_while_it_is_collected_can_be_built_on() -> None:
    made = some_xorb(8)
    for _ in range(ROUNDS):
        send_xorb(caller(make.repository()), made)
        Xorb.objects.update(announced_until=timezone.now() - timedelta(days=1))
        sender = caller(make.repository())
        outcome, _collected = at_once([lambda sender=sender: send_xorb(sender, made), sweeping_rows])
        assert outcome is None, outcome
        send_file(sender, (made, 0, 6))
        sound()
        Repository.objects.all().delete()
        sweeping_rows()


def test_a_commit_of_content_whose_possession_is_collected_is_made_or_refused() -> None:
    for _ in range(ROUNDS):
        repository = make.repository()
        sha256 = uploads.finish(uploaded(repository, os.urandom(1000))).sha256
        outcome, _collected = at_once([commit_of(repository, sha256), sweeping_rows])
        assert outcome == "ContentMissing" or not isinstance(outcome, str), outcome
        sound()


def test_old_objects_that_a_commit_brings_back_while_they_are_collected_stay() -> None:
    for number in range(ROUNDS):
        repository = make.repository()
        content = os.urandom(2000)
        make.commit(repository, {"a/b/model.txt": content, f"{number}.txt": "x"})
        first = repository.commits.get(first_parent=None).oid
        repository.references.update(target=first)
        again = [AddFile.of("a/b/model.txt", content)]
        outcomes = at_once(
            [
                lambda repository=repository, again=again: create_commit(
                    actor=Actor(user=repository.creator), repository=repository, branch="main", parent=None,
                    changes=again, title="again",
                ),
                sweeping_rows,
                lambda repository=repository, first=first: references.create_branch(
                    actor=Actor(user=repository.creator), repository=repository, name="back", start=first
                ),
            ]
        )  # fmt: skip
        assert not [outcome for outcome in outcomes if isinstance(outcome, str)], outcomes
        sound()


def test_two_collections_at_once_leave_the_same_as_one() -> None:
    for number in range(3):
        repository = make.repository()
        commit_of(repository, uploads.finish(uploaded(repository, os.urandom(1000))).sha256)()
        make.commit(repository, {f"{number}": "kept"})
        lost = make.repository()
        send_file(caller(lost), (some_xorb(number), 0, 6))
        make.commit(lost)
        delete_repository(actor=Actor(user=lost.creator), repository=lost)
    Xorb.objects.update(announced_until=timezone.now() - timedelta(days=1))
    assert at_once([collecting, collecting]) == [None, None]
    collecting()
    assert LfsObject.objects.count() == 3
    assert not Xorb.objects.exists()
    sound()


def test_a_collection_that_dies_between_row_and_object_leaves_nothing_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    repository = make.repository()
    sent = uploads.finish(uploaded(repository, os.urandom(1000)))
    assert sent.plain_key
    delete_repository(actor=Actor(user=repository.creator), repository=repository)

    def die(_key: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(storage, "delete", die)
        with pytest.raises(KeyboardInterrupt):
            collecting()
    assert not LfsObject.objects.exists()
    assert storage.size_of(sent.plain_key) == 1000
    collecting()
    assert storage.size_of(sent.plain_key) is None
