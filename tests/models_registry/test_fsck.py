"""Real rows and real objects are damaged, and each damage is found and told with the files that it touches."""

import hashlib
import io
import json
import os
import zlib
from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Actor
from models_registry import storage
from models_registry.models import (
    BlobContent,
    Commit,
    GitObject,
    LfsObject,
    ObjectKind,
    Reference,
    Repository,
    RepositoryLfsObject,
    XetChunkKey,
    XetFile,
    XetTerm,
    Xorb,
)
from models_registry.services import fsck, reading
from models_registry.services.changes import AddFile
from models_registry.services.commits import create_commit
from models_registry.services.garbage import amounts
from models_registry.storage import keys
from tests import make
from tests.models_registry.formats.xet_bytes import MadeFile
from tests.models_registry.garbage.collecting import NOW, commit_large, upload
from tests.models_registry.xet.sending import caller, send_file, some_xorb

MADE = some_xorb(11)
CHUNKED = MadeFile([(MADE, 0, 2), (MADE, 3, 6)])


@pytest.fixture
def repository() -> Repository:
    """Small files, one that is too large for a row, a plain large one, one in chunks."""
    made = make.repository(make.user("ada"), "net")
    make.commit(made, {"README.md": "# A model", "folder/notes.txt": "notes"})
    create_commit(
        actor=Actor(user=made.creator), repository=made, branch="main", parent=None, title="vocabulary",
        changes=[AddFile.of("vocabulary.txt", os.urandom(3000), spill_over=10)],
    )  # fmt: skip
    commit_large(made, upload(made, os.urandom(5000)).sha256, "plain.bin")
    send_file(caller(made), *CHUNKED.pieces)
    commit_large(made, hashlib.sha256(CHUNKED.content).hexdigest(), "chunked.bin")
    reading.chunk_table.cache_clear()
    return made


def found(*, deep: bool = False, repository: Repository | None = None) -> list[fsck.Problem]:
    pages = fsck.check(deep=deep, repository=repository)
    return [problem for page in pages for problem in page.problems if problem.is_damage]


@pytest.mark.parametrize("deep", [False, True])
def test_what_is_sound_is_found_sound(repository: Repository, deep: bool):
    make.repository(repository.creator, "set", kind="dataset")
    assert found(deep=deep) == []


def blob(path_content: bytes) -> GitObject:
    return next(row for row in GitObject.objects.filter(kind=ObjectKind.BLOB, data__isnull=False)
                if zlib.decompress(row.data) == path_content)  # fmt: skip


def change(row: GitObject, **fields: object) -> None:
    GitObject.objects.filter(repository=row.repository_id, oid=row.oid).update(**fields)


def other_bytes() -> None:
    change(blob(b"notes"), data=zlib.compress(b"n0tes"))


def cut_stream() -> None:
    row = blob(b"notes")
    change(row, data=bytes(row.data or b"")[:-3])


def no_stream() -> None:
    change(blob(b"notes"), data=b"nonsense")


def wrong_size() -> None:
    change(blob(b"notes"), size=6)


def gone_blob() -> None:
    row = blob(b"notes")
    GitObject.objects.filter(repository=row.repository_id, oid=row.oid).delete()


def gone_tree() -> None:
    head = Commit.objects.order_by("-pk").first()
    assert head
    GitObject.objects.filter(oid=head.tree).delete()


def wrong_kind() -> None:
    change(blob(b"notes"), kind=ObjectKind.TREE)


def gone_reference_target() -> None:
    Reference.objects.filter(name="refs/heads/main").update(target="12" * 20)


def gone_commit_row() -> None:
    Commit.objects.filter(first_parent__isnull=True).delete()


def wrong_pointer() -> None:
    GitObject.objects.filter(lfs_size=5000).update(lfs_sha256="34" * 32)


def no_possession() -> None:
    RepositoryLfsObject.objects.filter(lfs_object__size=5000).delete()


def plain() -> str:
    return str(LfsObject.objects.get(plain_key__isnull=False).plain_key)


def plain_gone() -> None:
    storage.delete(plain())


def plain_cut() -> None:
    storage.put(plain(), storage.get(plain())[:-1])


def plain_flipped() -> None:
    storage.put(plain(), b"\0" + storage.get(plain())[1:])


def xorb_gone() -> None:
    storage.delete(Xorb.objects.get().key)


def xorb_cut() -> None:
    key = Xorb.objects.get().key
    storage.put(key, storage.get(key)[:-1])


def xorb_flipped() -> None:
    key = Xorb.objects.get().key
    body = bytearray(storage.get(key))
    body[20] ^= 1
    storage.put(key, bytes(body))


def table_of_another() -> None:
    row = Xorb.objects.get()
    table = bytearray(row.chunk_table)
    table[0] ^= 1
    Xorb.objects.update(chunk_table=bytes(table))


def term_past_the_end() -> None:
    XetTerm.objects.filter(index=1).update(chunk_end=9)


def term_gone() -> None:
    XetTerm.objects.filter(index=0).delete()


def terms_of_another_file() -> None:
    XetTerm.objects.filter(index=0).update(chunk_start=1, chunk_end=2, length=len(MADE.chunks[1]))


def stray_chunk_key() -> None:
    XetChunkKey.objects.create(chunk="56" * 32, xorb=Xorb.objects.get())


def xet_size() -> None:
    XetFile.objects.update(size=7)


def content_gone() -> None:
    storage.delete(BlobContent.objects.get().key)


def content_cut() -> None:
    key = BlobContent.objects.get().key
    storage.put(key, storage.get(key)[:-1])


def content_flipped() -> None:
    key = BlobContent.objects.get().key
    storage.put(key, zlib.compress(os.urandom(3000), 1))


PLAIN, XET, NOTES, WORDS = "ada/net: plain.bin", "ada/net: chunked.bin", "ada/net: folder/notes.txt", "vocabulary.txt"
DAMAGE: list[tuple[Callable[[], None], bool, str, str]] = [
    (other_bytes, False, "corrupt", NOTES),
    (cut_stream, False, "corrupt", NOTES),
    (no_stream, False, "corrupt", NOTES),
    (wrong_size, False, "corrupt", NOTES),
    (wrong_kind, False, "corrupt", NOTES),
    (gone_blob, False, "missing", NOTES),
    (gone_tree, False, "missing", "ada/net"),
    (gone_reference_target, False, "missing", "refs/heads/main of ada/net"),
    (gone_commit_row, False, "missing", "ada/net: in its history"),
    (wrong_pointer, False, "corrupt", PLAIN),
    (no_possession, False, "missing", PLAIN),
    (plain_gone, False, "missing", PLAIN),
    (plain_cut, False, "corrupt", PLAIN),
    (plain_flipped, True, "corrupt", PLAIN),
    (xorb_gone, False, "missing", XET),
    (xorb_cut, False, "corrupt", XET),
    (xorb_flipped, True, "corrupt", XET),
    (table_of_another, False, "corrupt", XET),
    (term_past_the_end, False, "corrupt", XET),
    (term_gone, False, "corrupt", XET),
    (terms_of_another_file, False, "corrupt", XET),
    (stray_chunk_key, False, "corrupt", XET),
    (xet_size, False, "corrupt", XET),
    (content_gone, False, "missing", WORDS),
    (content_cut, False, "corrupt", WORDS),
    (content_flipped, True, "corrupt", WORDS),
]


@pytest.mark.parametrize(("damage", "deep", "kind", "place"), DAMAGE, ids=[case[0].__name__ for case in DAMAGE])
def test_damage_is_found_and_told_with_the_files_it_touches(
    repository: Repository, damage: Callable[[], None], deep: bool, kind: str, place: str
):
    damage()
    reading.chunk_table.cache_clear()
    for only in (None, repository):
        problems = found(deep=deep, repository=only)
        assert kind in {problem.kind for problem in problems}
        assert any(place in str(problem) for problem in problems), list(map(str, problems))


def test_another_repository_has_no_part_in_it(repository: Repository):
    other = make.repository()
    plain_gone()
    assert found(repository=other) == []


def test_orphans_are_told_and_are_no_damage(repository: Repository, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(amounts, "IN_FLIGHT", NOW)
    storage.put(keys.lfs("7" * 64), b"lonely")
    RepositoryLfsObject.objects.all().delete()
    GitObject.objects.filter(lfs_sha256__isnull=False).delete()
    orphans = [problem.what for page in fsck.check() for problem in page.problems if not problem.is_damage]
    assert any(what.startswith("lfs/77/") for what in orphans)
    assert any(what.startswith("content ") for what in orphans)


def run(*options: str) -> tuple[str, int]:
    output = io.StringIO()
    try:
        call_command("fsck", *options, stdout=output)
    except CommandError as error:
        return f"{output.getvalue()}{error}", error.returncode
    return output.getvalue(), 0


def test_the_command_tells_what_it_found_and_ends_accordingly(repository: Repository):
    told, status = run()
    assert status == 0
    assert "Everything is there" in told
    plain_gone()
    told, status = run("--deep", "--repository", "ada/net")
    assert status == 1
    assert PLAIN in told
    lines = run("--json")[0].splitlines()
    assert json.loads(lines[0])["kind"] == "missing"
    assert run("--from", "xorbs")[1] == 0
    assert run("--from", f"large-files:{LfsObject.objects.order_by('-pk').first().pk}")[1] == 0
    assert run("--from", "nonsense")[0].startswith("--from is one of")
    assert "no model 'ada/nothing'" in run("--repository", "ada/nothing")[0]


def test_it_says_where_to_go_on_when_the_storage_is_away(repository: Repository, monkeypatch: pytest.MonkeyPatch):
    def away(_key: str) -> int:
        raise storage.s3.StorageUnavailable

    monkeypatch.setattr(storage, "size_of", away)
    told, status = run("--deep", "--from", "large-files")
    assert status == 1
    assert "To go on: --from" in told
    assert "corrupt" not in told
