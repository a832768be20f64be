"""A git client of few lines: sends what no honest one would, to the addresses of git."""

import gzip
import hashlib
import subprocess
import zlib
from dataclasses import dataclass, field
from io import BytesIO

from django.test import Client

from models_registry.formats import git_pack, pkt_line
from models_registry.models import GitObject, ObjectKind, Repository
from tests import make

NONE = "0" * 40
COMMIT, TREE, BLOB, TAG, REF_DELTA = 1, 2, 3, 4, 7


def oid_of(kind: int, raw: bytes) -> str:
    name = ObjectKind(kind).label.lower().encode()
    return hashlib.sha1(name + b" %d\0" % len(raw) + raw).hexdigest()


@dataclass
class Objects:
    """Objects for a pack, made by hand."""

    entries: list[tuple[int, int, bytes]] = field(default_factory=list)

    def add(self, kind: int, raw: bytes) -> str:
        self.entries.append((kind, len(raw), zlib.compress(raw)))
        return oid_of(kind, raw)

    def blob(self, raw: bytes = b"content") -> str:
        return self.add(BLOB, raw)

    def tree(self, *entries: tuple[str, bytes, str]) -> str:
        """(mode, name, id) each, in git's order."""
        return self.add(
            TREE, b"".join(b"%s %s\0" % (mode.encode(), name) + bytes.fromhex(oid) for mode, name, oid in entries)
        )

    def commit(
        self, tree: str, *parents: str, message: str = "words", author: str = "A <a@example.org> 1 +0000"
    ) -> str:
        lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents), f"author {author}", f"committer {author}"]
        return self.add(COMMIT, ("\n".join(lines) + f"\n\n{message}\n").encode())

    def delta(self, base: str, base_size: int, copies: list[tuple[int, int]]) -> None:
        """An object made of pieces (offset, size) of another."""
        total = sum(size for _, size in copies)
        instructions = _varint(base_size) + _varint(total)
        for offset, size in copies:
            instructions += bytes([0xFF]) + offset.to_bytes(4, "little") + size.to_bytes(3, "little")
        self.entries.append((REF_DELTA, len(instructions), bytes.fromhex(base) + zlib.compress(instructions)))

    def pack(self) -> bytes:
        return b"".join(git_pack.pack(len(self.entries), self.entries))


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number >= 0x80:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*encoded, number])


def command(name: str, new: str, old: str = NONE, abilities: str = "report-status side-band-64k") -> bytes:
    return pkt_line.packet(f"{old} {new} {name}\0{abilities}".encode())


@dataclass
class Report:
    """What the hub answered: `unpack`'s line, {reference: why not, or ""}, the words for the person."""

    status: int
    unpack: str
    results: dict[str, str]
    words: str


class Pusher:
    def __init__(self, repository: Repository, token: str | None = None):
        assert repository.creator is not None
        self.repository = repository
        self.token = make.token(repository.creator) if token is None else token
        self.address = f"{repository.get_absolute_url()}.git"
        self.client = Client()

    def headers(self) -> dict[str, str]:
        return make.bearer(self.token) if self.token else {}

    def post(self, service: str, body: bytes, **headers: str):
        return self.client.post(
            f"{self.address}/{service}", body, content_type=f"application/x-{service}-request",
            headers=self.headers() | headers,
        )  # fmt: skip

    def get(self, service: str, **headers: str):
        return self.client.get(f"{self.address}/info/refs?service={service}", headers=self.headers() | headers)

    def send(self, commands: bytes, pack: bytes = b"", *, packed: bool = False) -> Report:
        body = commands + pkt_line.FLUSH + pack
        more = {"Content-Encoding": "gzip"} if packed else {}
        answer = self.post("git-receive-pack", gzip.compress(body) if packed else body, **more)
        if answer.status_code != 200:
            return Report(answer.status_code, "", {}, answer.content.decode())
        return self._report(answer.status_code, answer.content)

    def push(self, name: str, new: str, objects: Objects, *, old: str = NONE) -> Report:
        return self.send(command(name, new, old), objects.pack())

    def _report(self, status: int, content: bytes) -> Report:
        bands = {1: b"", 2: b""}
        stream = BytesIO(content)
        while (size := int(stream.read(4), 16)) > 0:
            piece = stream.read(size - 4)
            bands[piece[0]] += piece[1:]
        lines = [line.decode() for line in pkt_line.lines(BytesIO(bands[1]), most=1000)]
        results = {}
        for line in lines[1:]:
            outcome, name, *why = line.split(" ", 2)
            results[name] = "" if outcome == "ok" else why[0]
        return Report(status, lines[0].removeprefix("unpack "), results, bands[2].decode())


def written(repository: Repository) -> tuple[int, dict[str, str], int]:
    """What a refused push must leave as it was."""
    return (
        GitObject.objects.filter(repository=repository).count(),
        dict(repository.references.values_list("name", "target")),
        repository.commits.count(),
    )


def git(*arguments: str, at: object, stdin: bytes = b"") -> bytes:
    return subprocess.run(["git", *arguments], cwd=str(at), input=stdin, capture_output=True, check=True).stdout
