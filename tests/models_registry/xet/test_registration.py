import hashlib
import os

import pytest

from accounts.models import Actor
from models_registry import storage
from models_registry.errors import ContentMissing, Malformed
from models_registry.formats import merkle
from models_registry.models import LfsObject, Repository, RepositoryLfsObject, XetChunkKey, XetFile, XetTerm
from models_registry.services import possession, reading
from models_registry.services.changes import AddLfsFile
from models_registry.services.commits import create_commit
from models_registry.services.xet import registration, xorbs
from models_registry.services.xet.tokens import Caller
from models_registry.storage import keys
from tests import make
from tests.models_registry.formats.conftest import RealUpload
from tests.models_registry.formats.xet_bytes import MadeFile, make_shard, make_xorb
from tests.models_registry.xet.sending import caller, register, send_file, send_xorb, some_xorb, text

FIRST, SECOND = some_xorb(1), some_xorb(2)
FILE = MadeFile([(FIRST, 0, 4), (SECOND, 1, 6), (FIRST, 4, 6)])


@pytest.fixture
def repository() -> Repository:
    return make.repository(private=True)


@pytest.fixture
def sender(repository: Repository) -> Caller:
    return caller(repository)


def commit_of(repository: Repository, sha256: str) -> None:
    create_commit(
        actor=Actor(user=repository.creator),
        repository=repository,
        branch="main",
        parent=None,
        changes=[AddLfsFile("model.bin", sha256)],
        title="a large file",
    )


def test_a_registered_file_reads_back_byte_for_byte(sender: Caller, repository: Repository):
    sent = send_file(sender, *FILE.pieces)
    assert sent.sha256 == hashlib.sha256(FILE.content).hexdigest()
    assert sent.size == len(FILE.content)
    assert reading.read_range(sent, 0, sent.size) == FILE.content
    assert RepositoryLfsObject.objects.filter(repository=repository, lfs_object=sent).exists()
    commit_of(repository, sent.sha256)


def test_what_the_real_client_sends_is_registered(sender: Caller, repository: Repository, real_upload: RealUpload):
    for name, data in real_upload.xorbs.items():
        xorbs.receive(sender, name, data)
    for data in real_upload.shards:
        for _progress in registration.register_shard(sender, data):
            pass
    for name, content in real_upload.files.items():
        file = XetFile.objects.get(hash=name)
        assert b"".join(reading.stream(file)) == content
        assert file.lfs_object.sha256 == hashlib.sha256(content).hexdigest()


def other(raw: bytes) -> bytes:
    return bytes([raw[0] ^ 1]) + raw[1:]


WRONG = {
    "make another file": MadeFile(FILE.pieces, hash=other(FILE.true_hash())),
    "has SHA-256": MadeFile(FILE.pieces, sha256=hashlib.sha256(b"something famous").digest()),
    "Term 0 .* does not prove": MadeFile([(FIRST, 0, 4)], verifications=[bytes(32)]),
    "Term 0 .* wrong length": MadeFile([(FIRST, 0, 4)], lengths=[sum(map(len, FIRST.chunks[:4])) + 1]),
    "Term 0 .* chunks that its xorb does not have": MadeFile([(FIRST, 0, 7)], verifications=[bytes(32)], lengths=[9]),
    "Term 1 .* chunks that its xorb does not have": MadeFile([(FIRST, 0, 4), (FIRST, 3, 3)]),
}


@pytest.mark.parametrize(("complaint", "made"), WRONG.items(), ids=list(WRONG))
def test_a_file_that_is_not_what_it_is_said_to_be_is_refused_with_all_beside_it(
    sender: Caller, complaint: str, made: MadeFile
):
    send_xorb(sender, FIRST, SECOND)
    sound = MadeFile([(SECOND, 0, 6)])
    with pytest.raises(Malformed, match=complaint):
        register(sender, sound, made, new=(FIRST, SECOND))
    assert not XetFile.objects.exists()
    assert not LfsObject.objects.exists()
    assert not RepositoryLfsObject.objects.exists()


def test_a_xorb_that_is_not_here_is_named_in_the_refusal(sender: Caller):
    send_xorb(sender, FIRST)
    with pytest.raises(Malformed, match=f"{text(SECOND.hash)} is not stored here.*Xet cache"):
        register(sender, FILE)


def test_other_chunks_than_those_stored_are_refused(sender: Caller):
    send_xorb(sender, FIRST)
    lying = make_xorb(*FIRST.chunks[:-1], os.urandom(len(FIRST.chunks[-1])))
    shard = make_shard([MadeFile([(FIRST, 0, 6)])], [lying]).replace(lying.hash, FIRST.hash)
    with pytest.raises(Malformed, match="describes other chunks"):
        list(registration.register_shard(sender, shard))


def test_two_sha256_for_one_file_are_refused(sender: Caller):
    send_xorb(sender, FIRST)
    honest = MadeFile([(FIRST, 0, 6)])
    with pytest.raises(Malformed, match="two SHA-256"):
        register(sender, honest, MadeFile(honest.pieces, sha256=bytes(32)))


def test_a_file_known_by_its_hash_keeps_the_sha256_that_the_hub_computed(sender: Caller):
    sent = send_file(sender, *FILE.pieces)
    with pytest.raises(Malformed, match=f"has SHA-256 {sent.sha256}"):
        register(sender, MadeFile(FILE.pieces, sha256=bytes(32)))


def test_registering_twice_changes_nothing(sender: Caller):
    first = send_file(sender, *FILE.pieces)
    assert send_file(sender, *FILE.pieces) == first
    assert XetTerm.objects.count() == 3
    assert RepositoryLfsObject.objects.count() == 1


def test_more_chunks_than_one_shard_may_name_are_refused(sender: Caller, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(registration, "MAX_CHUNKS", 10)
    send_xorb(sender, FIRST, SECOND)
    with pytest.raises(Malformed, match="at most 10 chunks"):
        register(sender, FILE)


def test_more_xorbs_than_one_shard_may_name_are_refused(sender: Caller, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(registration, "MAX_XORBS", 1)
    send_xorb(sender, FIRST, SECOND)
    with pytest.raises(Malformed, match="at most 1 xorbs"):
        register(sender, FILE)


def test_content_that_lies_plainly_already_gets_its_chunks_beside_it(sender: Caller, repository: Repository):
    key = keys.lfs(hashlib.sha256(FILE.content).hexdigest())
    storage.put(key, FILE.content)
    plain = LfsObject.objects.create(
        sha256=hashlib.sha256(FILE.content).hexdigest(), size=len(FILE.content), plain_key=key
    )
    assert send_file(sender, *FILE.pieces) == plain
    plain.refresh_from_db()
    assert plain.plain_key == key
    assert plain.xet_file.hash == text(FILE.true_hash())


def test_of_two_ways_to_cut_the_same_content_the_first_is_kept(sender: Caller):
    sent = send_file(sender, *FILE.pieces)
    whole = make_xorb(FILE.content[:3000], FILE.content[3000:])
    other_repository = make.repository()
    second = caller(other_repository)
    send_xorb(second, whole)
    register(second, MadeFile([(whole, 0, 2)]))
    assert XetFile.objects.count() == 1
    assert RepositoryLfsObject.objects.filter(repository=other_repository, lfs_object=sent).exists()


def test_the_content_of_a_private_repository_is_of_no_use_to_who_knows_its_sha256(sender: Caller):
    sent = send_file(sender, *FILE.pieces)
    thief = make.repository()
    with pytest.raises(ContentMissing):
        commit_of(thief, sent.sha256)
    assert possession.available(Actor(user=thief.creator), thief, [sent.sha256]) == set()


def test_knowing_the_names_of_xorbs_and_files_does_not_open_them(sender: Caller):
    """Their proofs need the chunks' own hashes, which no answer of the hub contains."""
    sent = send_file(sender, *FILE.pieces)
    thief = caller(make.repository())
    guesses = [merkle.range_verification(FIRST.hash), merkle.range_verification(SECOND.hash), bytes(32)]
    with pytest.raises(Malformed, match="does not prove"):
        register(thief, MadeFile(FILE.pieces, verifications=guesses))
    assert not RepositoryLfsObject.objects.filter(repository=thief.repository, lfs_object=sent).exists()


def test_who_has_the_same_chunks_may_build_on_them(sender: Caller):
    send_file(sender, *FILE.pieces)
    other_repository = make.repository()
    register(caller(other_repository), FILE)
    assert RepositoryLfsObject.objects.filter(repository=other_repository).count() == 1


def test_the_first_chunk_of_a_file_can_be_found(sender: Caller):
    send_file(sender, *FILE.pieces)
    first = text(merkle.chunk_hash(FIRST.chunks[0]))
    assert XetChunkKey.objects.filter(chunk=first, xorb__hash=text(FIRST.hash)).exists()
