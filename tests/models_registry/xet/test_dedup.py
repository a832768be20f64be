import pytest
from django.utils import timezone

from models_registry.formats import merkle, shard
from models_registry.models import Repository, Xorb
from models_registry.services.xet import dedup
from models_registry.services.xet.tokens import Caller
from tests import make
from tests.models_registry.formats.xet_bytes import MadeFile, MadeXorb
from tests.models_registry.xet.sending import caller, register, send_file, send_xorb, some_xorb, text

FIRST, SECOND = some_xorb(1), some_xorb(2)
ASKED = text(merkle.chunk_hash(FIRST.chunks[0]))


def recognised(answer: bytes | None, made: MadeXorb) -> list[int]:
    """The chunks that a client which has them finds in the answer."""
    assert answer is not None
    key = answer[-128:-96]
    return [number for number, (raw, _size) in enumerate(made.leaves) if merkle.keyed_chunk_hash(key, raw) in answer]


@pytest.fixture
def private() -> Repository:
    made = make.repository(private=True)
    send_file(caller(made), (FIRST, 0, 6), (SECOND, 0, 6))
    return made


def test_a_member_finds_what_their_private_repository_has_with_its_neighbours(private: Repository):
    sibling = make.repository(private.creator)
    answer = dedup.known_chunks(caller(sibling), ASKED)
    assert recognised(answer, FIRST) == list(range(6))
    assert recognised(answer, SECOND) == list(range(6))
    assert {described.hash for described in shard.parse(answer or b"").xorbs} == {FIRST.hash, SECOND.hash}


def test_a_stranger_learns_nothing_of_private_content(private: Repository):
    assert dedup.known_chunks(caller(make.repository()), ASKED) is None


def test_anyone_with_an_account_finds_what_is_public(private: Repository):
    Repository.objects.update(private=False)
    assert recognised(dedup.known_chunks(caller(make.repository()), ASKED), FIRST) == list(range(6))


def test_of_a_mixed_xorb_only_the_chunks_of_readable_files_are_shown(private: Repository):
    public = make.repository(private.creator)
    register(caller(public), MadeFile([(FIRST, 0, 2), (FIRST, 4, 5)]))
    answer = dedup.known_chunks(caller(make.repository()), ASKED)
    assert recognised(answer, FIRST) == [0, 1, 4]
    assert recognised(answer, SECOND) == []


def test_who_left_an_organisation_learns_no_more_of_its_content():
    member = make.user()
    organization = make.organization(write=member)
    shared = make.repository(member, namespace=organization.namespace.name, private=True)
    send_file(caller(shared), (FIRST, 0, 6))
    own = make.repository(member)
    assert dedup.known_chunks(caller(own), ASKED) is not None
    organization.memberships.all().delete()
    assert dedup.known_chunks(caller(own), ASKED) is None


def test_a_chunk_that_is_in_no_file_yet_is_not_told_of(private: Repository):
    lonely = some_xorb(3)
    send_xorb(caller(private), lonely)
    assert dedup.known_chunks(caller(private), text(lonely.leaves[0][0])) is None


def test_nobody_without_an_account_may_ask(private: Repository):
    Repository.objects.update(private=False)
    asked_by = caller(private, writes=False)
    nobody = Caller(actor=type(asked_by.actor)(), repository=private, writes=False, proposes=False)
    assert dedup.known_chunks(nobody, ASKED) is None


def test_what_an_answer_names_is_kept_longer_than_the_answer(private: Repository):
    Xorb.objects.update(announced_until=timezone.now())
    dedup.known_chunks(caller(private), ASKED)
    for row in Xorb.objects.all():
        assert (row.announced_until - timezone.now()).total_seconds() > dedup.ANSWER_SECONDS


def test_every_user_gets_a_key_of_their_own(private: Repository):
    Repository.objects.update(private=False)
    answers = [dedup.known_chunks(caller(make.repository()), ASKED) for _ in range(2)]
    keys = {answer[-128:-96] for answer in answers if answer}
    assert len(keys) == 2
