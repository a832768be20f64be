"""git's objects as bytes and back. dulwich encodes trees and commits; ids are git's own.

Format: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
LFS pointers: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
"""

import hashlib
import re
import zlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from dulwich.objects import Commit as GitCommit
from dulwich.objects import ObjectID
from dulwich.objects import Tag as GitTag
from dulwich.objects import Tree as GitTree
from dulwich.objects import parse_tree as _parse_tree

FILE_MODE = 0o100644
EXECUTABLE_MODE = 0o100755
FOLDER_MODE = 0o40000
LINK_MODE = 0o120000
SUBMODULE_MODE = 0o160000
MAX_POINTER_BYTES = 1024
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


class Encoded(NamedTuple):
    """A git object ready to be stored: its id, its bytes without git's header."""

    oid: str
    raw: bytes


class Entry(NamedTuple):
    """One line of a tree."""

    mode: int
    oid: str

    @property
    def is_folder(self) -> bool:
        return self.mode == FOLDER_MODE


class Pointer(NamedTuple):
    """What an LFS pointer file says: the content's SHA-256 in hex, and its size in bytes."""

    sha256: str
    size: int


class BlobHasher:
    """The git id of a blob whose size is known beforehand, fed in pieces."""

    def __init__(self, size: int):
        self._hash = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)

    def update(self, data: bytes) -> None:
        self._hash.update(data)

    def oid(self) -> str:
        return self._hash.hexdigest()


def blob_oid(data: bytes) -> str:
    hasher = BlobHasher(len(data))
    hasher.update(data)
    return hasher.oid()


def deflate(raw: bytes) -> bytes:
    """As a pack wants it. Level 1: these bytes are small and read far more often than they are sent."""
    return zlib.compress(raw, 1)


def encode_tree(entries: Mapping[str, Entry]) -> Encoded:
    tree = GitTree()
    for name, entry in entries.items():
        tree.add(name.encode(), entry.mode, ObjectID(entry.oid.encode()))
    return Encoded(tree.id.decode(), tree.as_raw_string())


def parse_tree(raw: bytes) -> dict[str, Entry]:
    """Names that are not UTF-8 keep their bytes as surrogates, so that they survive being written again."""
    return {
        name.decode("utf-8", "surrogateescape"): Entry(
            mode, bytes(oid).decode() if len(oid) == 40 else bytes(oid).hex()
        )
        for name, mode, oid in _parse_tree(raw, 20)
    }


def encode_commit(*, tree: str, parents: Sequence[str], name: str, email: str, when: datetime, message: str) -> Encoded:
    commit = GitCommit()
    commit.tree = tree.encode()
    commit.parents = [ObjectID(parent.encode()) for parent in parents]
    commit.author = commit.committer = _identity(name, email)
    commit.author_time = commit.commit_time = int(when.timestamp())
    commit.author_timezone = commit.commit_timezone = 0
    commit.encoding = None
    commit.message = message.encode()
    return Encoded(commit.id.decode(), commit.as_raw_string())


def encode_tag(*, target: str, tag: str, name: str, email: str, when: datetime, message: str) -> Encoded:
    """An annotated tag of a commit."""
    made = GitTag()
    made.object = (GitCommit, target.encode())
    made.name = tag.encode()
    made.tagger = _identity(name, email)
    made.tag_time = int(when.timestamp())
    made.tag_timezone = 0
    made.message = message.encode()
    return Encoded(made.id.decode(), made.as_raw_string())


def moved_commit(raw: bytes, *, tree: str, parents: Sequence[str]) -> Encoded:
    """The same commit with other files and parents. A signature of the old one is dropped: it would not hold."""
    commit = GitCommit.from_string(raw)
    commit.tree = ObjectID(tree.encode())
    commit.parents = [ObjectID(parent.encode()) for parent in parents]
    commit.gpgsig = None
    commit.mergetag = []
    return Encoded(commit.id.decode(), commit.as_raw_string())


def moved_tag(raw: bytes, *, target: str) -> Encoded:
    """The same annotated tag of another object of that type, without its signature."""
    tag = GitTag.from_string(raw)
    tag.object = (tag.object[0], ObjectID(target.encode()))
    tag.signature = None
    return Encoded(tag.id.decode(), tag.as_raw_string())


def commit_links(raw: bytes) -> tuple[str, list[str]]:
    """The tree of a commit, and its parents. Raises ValueError if it names no tree."""
    header = raw.partition(b"\n\n")[0].decode("utf-8", "surrogateescape")
    lines = [line.partition(" ") for line in header.split("\n")]
    trees = [value for name, _, value in lines if name == "tree"]
    if not trees:
        raise ValueError("a commit without a tree")
    return trees[0], [value for name, _, value in lines if name == "parent"]


def tag_target(raw: bytes) -> str:
    """The commit an annotated tag names."""
    first = raw.split(b"\n", 1)[0]
    return first.removeprefix(b"object ").decode()


class ReadCommit(NamedTuple):
    """What a commit says, as lists show it."""

    tree: str
    parents: list[str]
    author_name: str
    author_email: str
    committed_at: datetime
    title: str
    body: str


_PERSON = re.compile(rb"(.*?) ?<([^<>]*)>(?: +(-?\d{1,19}))?")
_LAST_SECOND = 253_402_300_799  # of the year 9999


def read_commit(raw: bytes) -> ReadCommit:
    """Never fails for a commit that git's fsck accepts: what is not text is replaced, times are kept within the calendar."""
    head, _, message = raw.partition(b"\n\n")
    values: dict[bytes, list[bytes]] = {}
    for line in head.split(b"\n"):
        if not line.startswith(b" "):  # a further line of a signature
            name, _, value = line.partition(b" ")
            values.setdefault(name, []).append(value)
    encoding = values.get(b"encoding", [b"utf-8"])[0].decode("ascii", "replace")
    name, email, _ = _person(values.get(b"author", [b""])[0])
    seconds = _person(values.get(b"committer", [b""])[0])[2]
    text = _text(message, encoding).strip("\n")
    title, _, body = text.partition("\n\n")
    return ReadCommit(
        tree=values[b"tree"][0].decode(),
        parents=[parent.decode() for parent in values.get(b"parent", [])],
        author_name=_text(name, encoding).strip(),
        author_email=_text(email, encoding).strip(),
        committed_at=datetime.fromtimestamp(min(max(seconds, 0), _LAST_SECOND), UTC),
        title=" ".join(title.split()),
        body=body.strip("\n"),
    )


def _person(value: bytes) -> tuple[bytes, bytes, int]:
    """Name, address and seconds since 1970 of an author or committer line."""
    found = _PERSON.match(value)
    return (found[1], found[2], int(found[3] or 0)) if found else (value, b"", 0)


def _text(raw: bytes, encoding: str) -> str:
    try:
        text = raw.decode(encoding, "replace")
    except LookupError:
        text = raw.decode("utf-8", "replace")
    return text.replace("\0", "")


def tag_names_commit(raw: bytes) -> bool:
    """Whether an annotated tag names a commit, and no other tag, tree or file."""
    return raw.split(b"\n", 2)[1:2] == [b"type commit"]


def _identity(name: str, email: str) -> bytes:
    """`Name <email>`; characters that would break the line are dropped."""
    clean = [re.sub(r"[<>\n\x00]", "", part).strip() for part in (name, email)]
    return f"{clean[0] or 'unknown'} <{clean[1]}>".encode()


def encode_pointer(pointer: Pointer) -> bytes:
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{pointer.sha256}\nsize {pointer.size}\n".encode()


_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:ext-[^\n]*\n)*oid sha256:([0-9a-f]{64})\nsize (\d{1,18})\n?"
)


def parse_pointer(raw: bytes) -> Pointer | None:
    """The pointer, if these bytes are one."""
    if len(raw) > MAX_POINTER_BYTES:
        return None
    found = _POINTER.fullmatch(raw)
    return Pointer(found[1].decode(), int(found[2])) if found else None
