"""git's packet lines, and the side bands that share one stream. Format: `git help protocol-common`, `protocol-pack`."""

from collections.abc import Iterator
from enum import IntEnum
from typing import IO

FLUSH = b"0000"
LONGEST = 65_520


class BadPacket(ValueError):
    """Says what is wrong with a stream of packet lines."""


class Band(IntEnum):
    """What a piece of a side-band stream is: the answer itself, words for the person, or the end of it all."""

    ANSWER = 1
    WORDS = 2
    FATAL = 3


def packet(content: bytes) -> bytes:
    return b"%04x%s" % (len(content) + 4, content)


def banded(band: Band, content: bytes) -> bytes:
    """The content as side-band-64k packets."""
    step = LONGEST - 5
    pieces = (content[start : start + step] for start in range(0, len(content), step))
    return b"".join(packet(bytes([band]) + piece) for piece in pieces)


def lines(stream: IO[bytes], *, most: int) -> Iterator[bytes]:
    """Packets up to the first flush, without their line feeds; none for an empty stream.

    Raises BadPacket: what is cut off, no packet, or more than `most` of them.
    """
    for number in range(most + 1):
        header = stream.read(4)
        if header == FLUSH or (number == 0 and not header):
            return
        try:
            size = int(header, 16) if len(header) == 4 else 0
        except ValueError:
            size = 0
        if not 4 <= size <= LONGEST:
            raise BadPacket(f"{header!r} does not begin a packet.")
        content = stream.read(size - 4)
        if len(content) < size - 4:
            raise BadPacket("The stream ends in the middle of a packet.")
        yield content.removesuffix(b"\n")
    raise BadPacket(f"There are more than {most} lines.")
