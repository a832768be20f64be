from datetime import timedelta

import pytest
import urllib3
from django.utils import timezone

from accounts.models import Actor
from hub.errors import Forbidden, NotFound
from models_registry import storage
from models_registry.errors import ContentTooLarge, Malformed, StorageUnavailable
from models_registry.formats import xorb
from models_registry.models import Repository, XetGrant, Xorb, XorbHolder
from models_registry.services.xet import tokens, xorbs
from models_registry.services.xet.tokens import Caller
from models_registry.services.xet.xorbs import Granted
from tests import make
from tests.models_registry.formats.conftest import RealUpload
from tests.models_registry.xet.sending import caller, send_xorb, some_xorb, text

MADE = some_xorb(1)
NAME = text(MADE.hash)


@pytest.fixture
def repository() -> Repository:
    return make.repository()


@pytest.fixture
def sender(repository: Repository) -> Caller:
    return caller(repository)


def granted(to: Caller, name: str = NAME, size: int = len(MADE.data)) -> Granted:
    found = xorbs.grant_upload(to, name, size)
    assert found is not None
    return found


def put(address: str, data: bytes) -> None:
    assert urllib3.request("PUT", address, body=data).status == 200


def stored(name: str) -> bytes:
    row = Xorb.objects.get(hash=name)
    return storage.read_range(row.key, 0, row.packed_size)


def test_a_xorb_put_under_a_grant_is_kept(sender: Caller):
    grant, address = granted(sender)
    put(address, MADE.data)
    assert xorbs.commit_grant(sender, NAME, grant.id) is True
    assert stored(NAME) == MADE.data
    row = Xorb.objects.get(hash=NAME)
    assert (row.packed_size, row.unpacked_size) == (len(MADE.data), sum(map(len, MADE.chunks)))
    assert row.key == grant.key, "the bytes were sent once, and lie where they were put"
    assert not XetGrant.objects.exists()


def test_a_commit_whose_answer_was_lost_may_come_again(sender: Caller, monkeypatch: pytest.MonkeyPatch):
    """The upload is complete by then, and cannot be completed twice."""
    grant, address = granted(sender)
    put(address, MADE.data)
    with monkeypatch.context() as broken:
        broken.setattr(xorbs, "_store", fail)
        with pytest.raises(StorageUnavailable):
            xorbs.commit_grant(sender, NAME, grant.id)
    assert xorbs.commit_grant(sender, NAME, grant.id)
    assert stored(NAME) == MADE.data


def fail(*_arguments: object, **_named: object) -> None:
    raise StorageUnavailable


def test_a_xorb_that_somebody_else_was_faster_with_leaves_no_second_object(sender: Caller):
    grant, address = granted(sender)
    put(address, MADE.data)
    send_xorb(caller(make.repository()), MADE)
    assert xorbs.commit_grant(sender, NAME, grant.id)
    assert storage.size_of(grant.key) is None
    assert stored(NAME) == MADE.data


def test_grants_that_nobody_came_back_for_are_swept(sender: Caller):
    unused, sent = granted(sender), granted(sender)
    put(sent.address, MADE.data)
    fresh = granted(sender)
    XetGrant.objects.exclude(pk=fresh.grant.pk).update(expires_at=timezone.now() - timedelta(days=1))
    assert xorbs.sweep_expired_grants() == 2
    assert list(XetGrant.objects.all()) == [fresh.grant]
    for grant in (unused.grant, sent.grant):
        with pytest.raises(storage.ObjectMissing):
            storage.parts_of(grant.key, grant.multipart_id)


def test_the_footer_of_an_older_client_is_cut_off_what_was_granted(sender: Caller, real_upload: RealUpload):
    for name, data in real_upload.xorbs.items():
        grant, address = granted(sender, name, len(data))
        put(address, data)
        xorbs.commit_grant(sender, name, grant.id)
        assert stored(name) == data[: xorb.validate([data]).packed_size]
        assert storage.size_of(grant.key) is None


def test_what_is_put_after_validation_changes_nothing(sender: Caller):
    """The granted address does not expire by being used."""
    grant, address = granted(sender)
    put(address, MADE.data)
    xorbs.commit_grant(sender, NAME, grant.id)
    assert urllib3.request("PUT", address, body=b"something else").status >= 400
    assert stored(NAME) == MADE.data


def test_a_grant_without_data_is_not_used_up(sender: Caller):
    grant, address = granted(sender)
    with pytest.raises(NotFound):
        xorbs.commit_grant(sender, NAME, grant.id)
    put(address, MADE.data)
    assert xorbs.commit_grant(sender, NAME, grant.id)


def test_a_grant_is_of_no_use_to_others_nor_for_another_xorb_nor_for_ever(sender: Caller, repository: Repository):
    grant, address = granted(sender)
    put(address, MADE.data)
    with pytest.raises(NotFound):
        xorbs.commit_grant(caller(make.repository()), NAME, grant.id)
    with pytest.raises(NotFound):
        xorbs.commit_grant(sender, text(some_xorb(2).hash), grant.id)
    XetGrant.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(NotFound):
        xorbs.commit_grant(sender, NAME, grant.id)


@pytest.mark.parametrize("data", [some_xorb(2).data, MADE.data[:-1], b"no xorb at all", MADE.data + MADE.data[:200]])
def test_bytes_that_are_not_the_named_xorb_are_refused_and_dropped(sender: Caller, data: bytes):
    grant, address = granted(sender)
    put(address, data)
    with pytest.raises(Malformed):
        xorbs.commit_grant(sender, NAME, grant.id)
    with pytest.raises(Malformed):
        xorbs.receive(sender, NAME, data)
    assert not Xorb.objects.exists()
    assert not XetGrant.objects.exists()
    assert storage.size_of(grant.key) is None


@pytest.mark.parametrize("size", [0, -1, xorb.MAX_SERIALIZED + 1])
def test_no_grant_is_given_for_an_impossible_size(sender: Caller, size: int):
    with pytest.raises(ContentTooLarge):
        xorbs.grant_upload(sender, NAME, size)


def test_a_read_token_sends_nothing(repository: Repository):
    reader = caller(repository, writes=False)
    for attempt in (
        lambda: xorbs.grant_upload(reader, NAME, 100),
        lambda: xorbs.receive(reader, NAME, MADE.data),
    ):
        with pytest.raises(Forbidden):
            attempt()


def test_a_right_that_was_taken_away_ends_the_token_too(sender: Caller, repository: Repository):
    Repository.objects.filter(pk=repository.pk).update(disabled_reason="by a moderator")
    repository.refresh_from_db()
    with pytest.raises(Forbidden):
        xorbs.receive(
            tokens.Caller(actor=sender.actor, repository=repository, writes=True, proposes=False), NAME, MADE.data
        )


def test_the_same_xorb_is_stored_once_and_held_by_both(sender: Caller):
    other = caller(make.repository())
    assert xorbs.receive(sender, NAME, MADE.data) is True
    key = Xorb.objects.get(hash=NAME).key
    assert xorbs.receive(sender, NAME, MADE.data) is False
    assert xorbs.receive(other, NAME, MADE.data) is True, "that another namespace has it must not show"
    assert Xorb.objects.get(hash=NAME).key == key
    assert XorbHolder.objects.count() == 2


def test_only_who_sent_a_xorb_is_told_that_it_is_here(sender: Caller):
    send_xorb(sender, MADE)
    Xorb.objects.update(announced_until=timezone.now())
    assert xorbs.grant_upload(sender, NAME, len(MADE.data)) is None
    assert Xorb.objects.get(hash=NAME).announced_until > timezone.now() + timedelta(days=34), "the client counts on it"
    assert xorbs.grant_upload(caller(make.repository()), NAME, len(MADE.data)) is not None


def test_the_footer_of_an_older_client_is_not_kept(sender: Caller, real_upload: RealUpload):
    for name, data in real_upload.xorbs.items():
        xorbs.receive(sender, name, data)
        assert stored(name) == data[: xorb.validate([data]).packed_size]
        assert len(stored(name)) < len(data)


def test_a_token_for_a_pull_request_sends_with_the_right_to_read(repository: Repository):
    stranger = make.user()
    actor = Actor(user=stranger)
    with pytest.raises(Forbidden):
        tokens.issue_write_token(actor, repository, "main")
    proposal = tokens.caller_with(tokens.issue_write_token(actor, repository, "main", proposes=True).value)
    assert xorbs.receive(proposal, NAME, MADE.data)
    assert XorbHolder.objects.get().namespace == stranger.namespace


def test_a_proposal_does_not_tell_what_the_owners_have_sent(sender: Caller, repository: Repository):
    send_xorb(sender, MADE)
    actor = Actor(user=make.user())
    proposal = tokens.caller_with(tokens.issue_write_token(actor, repository, "main", proposes=True).value)
    assert xorbs.grant_upload(proposal, NAME, len(MADE.data)) is not None
    assert xorbs.receive(proposal, NAME, MADE.data), "new to the proposer's namespace"


def test_a_grant_that_is_used_up_is_answered_again(sender: Caller):
    grant, address = granted(sender)
    put(address, MADE.data)
    assert xorbs.commit_grant(sender, NAME, grant.id) is True
    assert xorbs.commit_grant(sender, NAME, grant.id) is False
