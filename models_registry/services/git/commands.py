"""What a push asks for: the lines before the pack, and the report after it. Format: `git help gitprotocol-pack`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from hub.errors import BadRequest
from models_registry.formats import pkt_line
from models_registry.formats.pkt_line import BadPacket, Band

NONE = "0" * 40
PROPOSING = "refs/for/"
MOST_COMMANDS = 500
_MOST_LINES = 20_000  # a shallow clone also names where it is cut
ABILITIES = b"report-status delete-refs side-band-64k atomic ofs-delta object-format=sha1 agent=grove"
_HEX = frozenset("0123456789abcdef")


@dataclass(frozen=True)
class Command:
    """Move `name` from `old` to `new`; NONE stands for no reference.

    `refs/for/main` is no reference: who pushes there proposes `new` for the branch main.
    """

    old: str
    new: str
    name: str

    @property
    def creates(self) -> bool:
        return self.old == NONE

    @property
    def deletes(self) -> bool:
        return self.new == NONE

    @property
    def is_tag(self) -> bool:
        return self.name.startswith("refs/tags/")

    @property
    def proposed_for(self) -> str:
        """The branch that a pull request is to be opened for, "" for none."""
        return self.name.removeprefix(PROPOSING) if self.name.startswith(PROPOSING) else ""


@dataclass(frozen=True)
class Request:
    commands: Sequence[Command]
    abilities: frozenset[str]

    @property
    def sends_pack(self) -> bool:
        return any(not command.deletes for command in self.commands)


def read(stream: IO[bytes]) -> Request:
    """No commands: the client only tries whether it may. Raises BadRequest."""
    commands: list[Command] = []
    abilities: frozenset[str] = frozenset()
    try:
        for line in pkt_line.lines(stream, most=_MOST_LINES):
            if line.startswith(b"shallow "):
                continue  # what the client lacks, this repository has, or the check of its links will tell
            words, _, said = line.partition(b"\0")
            if not commands:
                abilities = frozenset(said.decode("ascii", "replace").split())
            commands.append(_command(words))
            if len(commands) > MOST_COMMANDS:
                raise BadRequest(f"One push may change {MOST_COMMANDS} references: push in several steps.")
    except BadPacket as error:
        raise BadRequest(f"This is no push: {error}") from None
    if "object-format=sha256" in abilities:
        raise BadRequest("This hub keeps SHA-1 repositories; yours uses SHA-256.")
    return Request(commands, abilities)


def _command(line: bytes) -> Command:
    """Raises BadRequest."""
    try:
        old, new, name = line.decode().split(" ", 2)
    except ValueError:  # of which UnicodeDecodeError is one
        raise BadRequest(f"{line[:60]!r} is no command of a push.") from None
    if not all(len(oid) == 40 and _HEX.issuperset(oid) for oid in (old, new)):
        raise BadRequest(f"{line[:60]!r} names no SHA-1 ids.")
    return Command(old, new, name)


def advertisement(references: Mapping[str, str]) -> bytes:
    """What a client asks first: the references, by name, and what it may use."""
    listed = sorted((name.encode(), target.encode()) for name, target in references.items())
    listed = listed or [(b"capabilities^{}", NONE.encode())]
    first_name, first_target = listed[0]
    lines = [pkt_line.packet(b"%s %s\0%s\n" % (first_target, first_name, ABILITIES))]
    lines += [pkt_line.packet(b"%s %s\n" % (target, name)) for name, target in listed[1:]]
    return b"".join(lines) + pkt_line.FLUSH


def report(request: Request, refusals: Mapping[str, str], *, words: Sequence[str] = ()) -> bytes:
    """The outcome of each command, as this client can read it.

    refusals: {reference's name: why not}. words: lines for the person.
    """
    lines = ["unpack ok"]  # what is wrong with a pack is told of each reference, in words
    for command in request.commands:
        why = refusals.get(command.name)
        lines.append(f"ng {command.name} {_line(why)}" if why else f"ok {command.name}")
    status = b"".join(pkt_line.packet(f"{line}\n".encode()) for line in lines) + pkt_line.FLUSH
    if "report-status" not in request.abilities:
        status = b""
    if "side-band-64k" not in request.abilities:
        return status
    said = "".join(f"{line}\n" for line in words).encode()
    return pkt_line.banded(Band.WORDS, said) + pkt_line.banded(Band.ANSWER, status) + pkt_line.FLUSH


def _line(text: str) -> str:
    return " ".join(text.split())[:1000]
