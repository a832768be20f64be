"""Pushes that no honest git makes: each is refused in words, and leaves nothing."""

import zlib
from typing import Any

import pytest

from accounts.models import Actor, Role
from models_registry.formats import pkt_line
from models_registry.models import LfsObject, RepositoryLfsObject
from models_registry.services import references
from models_registry.services.changes import AddFile
from models_registry.services.git import checking
from models_registry.services.pull_requests import propose
from tests import make
from tests.models_registry.git_http.sending import BLOB, NONE, Objects, Pusher, command, oid_of, written

FILE, FOLDER = "100644", "40000"
BRANCH = "refs/heads/pushed"


@pytest.fixture
def pusher() -> Pusher:
    return Pusher(make.repository())


def refused(pusher: Pusher, objects: Objects, new: str, *, name: str = BRANCH) -> str:
    """Push, expect a refusal that leaves nothing, and return all that was said."""
    before = written(pusher.repository)
    report = pusher.push(name, new, objects)
    assert report.results[name], report
    assert written(pusher.repository) == before
    return f"{report.results[name]}\n{report.words}"


def with_file(name: bytes, content: bytes = b"content", mode: str = FILE) -> tuple[Objects, str]:
    objects = Objects()
    return objects, objects.commit(objects.tree((mode, name, objects.blob(content))))


def test_an_honest_pack_is_taken(pusher: Pusher):
    objects, commit = with_file(b"file.txt")
    report = pusher.push(BRANCH, commit, objects)
    assert (report.unpack, report.results) == ("ok", {BRANCH: ""})
    assert references.resolve(pusher.repository, "pushed").oid == commit


def test_a_packed_body_is_unpacked(pusher: Pusher):
    objects, commit = with_file(b"file.txt")
    assert pusher.send(command(BRANCH, commit), objects.pack(), packed=True).results == {BRANCH: ""}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (b".git", "hasDotgit"),
        (b"..", "hasDotdot"),
        (b"a\\b", "backslash"),
        (b"tab\there", "control"),
        (b"\xff\xfe", "Unicode"),
        (b".GIT ", "git"),
        (b"x" * 300, "longer"),
    ],
)
def test_names_that_a_file_system_may_misread(pusher: Pusher, name: bytes, words: str):
    assert words in refused(pusher, *with_file(name))


def test_a_bad_name_that_only_an_older_commit_has(pusher: Pusher):
    objects, first = with_file(b"a\\b")
    second = objects.commit(objects.tree((FILE, b"fine", objects.blob(b"other"))), first)
    assert "backslash" in refused(pusher, objects, second)


def test_names_that_differ_in_case_alone(pusher: Pusher):
    objects = Objects()
    blob = objects.blob()
    assert "case" in refused(pusher, objects, objects.commit(objects.tree((FILE, b"A", blob), (FILE, b"a", blob))))


def test_a_submodule(pusher: Pusher):
    objects = Objects()
    commit = objects.commit(objects.tree(("160000", b"module", "ab" * 20)))
    assert "submodule" in refused(pusher, objects, commit)


@pytest.mark.parametrize("depth", [40, 100_000])
def test_folders_without_end(pusher: Pusher, depth: int):
    objects = Objects()
    inner = objects.tree((FILE, b"f", objects.blob()))
    for _ in range(depth):
        inner = objects.tree((FOLDER, b"d", inner))
    refused(pusher, objects, objects.commit(inner))


def test_a_plain_file_that_is_too_large_is_named_with_the_line_to_type(pusher: Pusher):
    said = refused(pusher, *with_file(b"weights.bin", b"\0" * (200 * 2**20)))
    assert "weights.bin" in said
    assert 'git lfs migrate import --everything --include="weights.bin"' in said


@pytest.mark.parametrize("megabytes", [30, 1500])
def test_a_delta_that_unfolds_to_very_much(pusher: Pusher, megabytes: int):
    objects = Objects()
    base = b"\0" * (10 * 10**6)
    base_oid = objects.blob(base)
    objects.delta(base_oid, len(base), [(0, len(base))] * (megabytes // 10))
    unfolded = oid_of(BLOB, base * (megabytes // 10)) if megabytes < 100 else "12" * 20
    commit = objects.commit(objects.tree((FILE, b"bomb", unfolded)))
    refused(pusher, objects, commit)


def test_a_delta_on_what_is_not_here(pusher: Pusher):
    objects, commit = with_file(b"file.txt")
    objects.delta("ab" * 20, 1000, [(0, 1000)])
    assert "unresolved delta" in refused(pusher, objects, commit)


def test_deltas_on_each_other(pusher: Pusher):
    objects, commit = with_file(b"file.txt")
    objects.delta("ab" * 20, 1000, [(0, 1000)])
    objects.delta("cd" * 20, 1000, [(0, 1000)])
    refused(pusher, objects, commit)


@pytest.mark.parametrize("what", ["tree", "parent", "blob"])
def test_a_link_that_leads_nowhere(pusher: Pusher, what: str):
    objects = Objects()
    tree = objects.tree((FILE, b"file", "ab" * 20 if what == "blob" else objects.blob()))
    commit = objects.commit("ab" * 20 if what == "tree" else tree, *(["ab" * 20] if what == "parent" else []))
    refused(pusher, objects, commit)


def test_a_branch_may_only_point_at_a_commit(pusher: Pusher):
    objects = Objects()
    blob = objects.blob()
    tree = objects.tree((FILE, b"file", blob))
    tag = objects.add(4, f"object {blob}\ntype blob\ntag x\ntagger A <a@example.org> 1 +0000\n\nx\n".encode())
    for target in (blob, tree, tag):
        assert "must point at a commit" in refused(pusher, objects, target)
        assert "must point at a commit" in refused(pusher, objects, target, name="refs/tags/x")
    assert "not sent" in refused(pusher, objects, "12" * 20)


@pytest.mark.parametrize("how", ["cut", "trailing", "no pack", "too many", "empty"])
def test_packs_that_are_none(pusher: Pusher, how: str):
    objects, commit = with_file(b"file.txt")
    pack = objects.pack()
    sent = {
        "cut": pack[:-30],
        "trailing": pack + b"more",
        "no pack": b"KCAP" + pack[4:],
        "too many": pack[:8] + b"\x7f\0\0\0" + pack[12:],
        "empty": b"",
    }[how]
    before = written(pusher.repository)
    report = pusher.send(command(BRANCH, commit), sent)
    assert report.results[BRANCH], report
    assert written(pusher.repository) == before


@pytest.mark.parametrize(
    "lines",
    [
        b"00zz",
        b"0003",
        b"fff0short",
        pkt_line.packet(b"no command"),
        pkt_line.packet(f"{NONE} {'g' * 40} refs/heads/x\0".encode()),
        pkt_line.packet(f"{NONE} {'a' * 40} ".encode() + b"\xff\xfe\0"),
        command(BRANCH, "a" * 64, "0" * 64),
        command(BRANCH, "a" * 40, abilities="report-status object-format=sha256"),
        b"".join(command(f"refs/heads/{number}", "a" * 40) for number in range(501)),
    ],
)
def test_lines_that_are_no_push(pusher: Pusher, lines: bytes):
    report = pusher.send(lines)
    assert report.status == 400, report
    assert report.words


@pytest.mark.parametrize(
    "name",
    ["refs/scores/1", "refs/heads/a..b", "refs/heads/" + "a" * 40, "refs/heads/HEAD", "HEAD", "refs/pr/7", "refs/x"],
)
def test_references_that_nobody_pushes(pusher: Pusher, name: str):
    objects, commit = with_file(b"file.txt")
    refused(pusher, objects, commit, name=name)


def test_a_reference_beside_which_git_can_keep_no_other(pusher: Pusher):
    objects, commit = with_file(b"file.txt")
    assert pusher.push("refs/heads/a/b", commit, objects).results == {"refs/heads/a/b": ""}
    assert "already exists" in refused(pusher, objects, commit, name="refs/heads/a")


def test_a_packed_body_without_end(pusher: Pusher):
    for service in ("git-upload-pack", "git-receive-pack"):
        bomb = gzip_of_nothing(200)
        answer = pusher.post(service, bomb, **{"Content-Encoding": "gzip"})
        assert 400 <= answer.status_code < 500
        assert pusher.post(service, bomb[:1000], **{"Content-Encoding": "gzip"}).status_code in {400, 413}
        assert pusher.post(service, b"no gzip", **{"Content-Encoding": "gzip"}).status_code == 400


def gzip_of_nothing(megabytes: int) -> bytes:
    packer = zlib.compressobj(wbits=31)
    return b"".join(packer.compress(b"f" * 2**20) for _ in range(megabytes)) + packer.flush()


def test_a_pointer_names_content_that_this_repository_has(pusher: Pusher):
    owner = make.user()
    theirs = make.repository(owner, private=True)
    content = LfsObject.objects.create(sha256="ab" * 32, size=1234, plain_key="lfs/ab/x")
    RepositoryLfsObject.objects.create(repository=theirs, lfs_object=content)
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'ab' * 32}\nsize 1234\n".encode()
    said = refused(pusher, *with_file(b"model.bin", pointer))
    assert "model.bin" in said
    assert "git lfs push --all" in said
    RepositoryLfsObject.objects.create(repository=pusher.repository, lfs_object=content)
    said = refused(pusher, *with_file(b"model.bin", pointer.replace(b"1234", b"1235")))
    assert "1234" in said
    objects, commit = with_file(b"model.bin", pointer)
    assert pusher.push(BRANCH, commit, objects).results == {BRANCH: ""}
    blob = pusher.repository.git_objects.get(lfs_sha256="ab" * 32)
    assert blob.lfs_size == 1234


def test_words_that_are_no_text_are_kept_readable(pusher: Pusher):
    objects = Objects()
    tree = objects.tree((FILE, b"file", objects.blob()))
    person = b"\xff\xfe <x@example.org> 99999999999 +0000"
    raw = b"tree %s\nauthor %s\ncommitter %s\n\n\xfftitle\n\nbody \xe9" % (tree.encode(), person, person)
    commit = objects.add(1, raw)
    assert pusher.push(BRANCH, commit, objects).results == {BRANCH: ""}
    made = references.resolve(pusher.repository, "pushed")
    assert (made.title, made.body, made.author_name) == ("\ufffdtitle", "body \ufffd", "\ufffd\ufffd")
    assert made.committed_at.year == 5138


@pytest.mark.parametrize("number", ["9" * 5000, "9" * 30, "01", "٣"])
def test_a_pull_request_of_no_number(pusher: Pusher, number: str):
    """More digits than Python reads, than the database holds, and spellings that are not the reference's."""
    objects, commit = with_file(b"file.txt")
    report = pusher.push(f"refs/pr/{number}", commit, objects, old="1" * 40)
    assert report.status == 200
    assert all(report.results.values())


def test_rights_that_are_lost_while_a_push_is_examined(monkeypatch: pytest.MonkeyPatch):
    """Who has a pull request there may still push, but to that alone."""
    writer = make.user()
    lab = make.organization(admin=make.user(), write=writer)
    repository = make.repository(lab.memberships.get(role=Role.ADMIN).user, namespace=lab.namespace.name)
    propose(
        actor=Actor(user=writer), repository=repository, base="main", parent=None,
        changes=[AddFile.of("proposed", b"x")], title="a proposal",
    )  # fmt: skip
    pusher = Pusher(repository, make.token(writer))
    examine = checking.examine

    def meanwhile(*arguments: Any) -> checking.Brought:
        lab.memberships.filter(user=writer).update(role=Role.READ)
        return examine(*arguments)

    monkeypatch.setattr(checking, "examine", meanwhile)
    objects, commit = with_file(b"file.txt")
    assert "may not write" in refused(pusher, objects, commit)
