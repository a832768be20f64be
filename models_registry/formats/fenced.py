"""What a process does that parses files of anyone: little memory and time, no files of its own, and its parent on its pipes.

Each message has its length before it, 4 bytes, big-endian. The parent sends a request, a JSON object with "files", [[path,
size], …]; this process answers {"read": [file, start, end]}, for which it gets those bytes (none: no more for this request),
and at last {"done": …}. The parent is `services.fenced_process`.
"""

import io
import json
import os
import resource
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

LENGTH = 4  # bytes


class NoMoreBytes(ValueError):
    """The parent gives no more of this request's files."""


@dataclass(frozen=True)
class Source:
    """One file. `read(start, end)` gives bytes of it; raises NoMoreBytes."""

    path: str
    size: int
    read: Callable[[int, int], bytes]


class SourceFile(io.RawIOBase):
    """A source as libraries read files, without a buffer."""

    def __init__(self, source: Source) -> None:
        self._source, self._place = source, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._source.size}[whence]
        self._place = max(base + offset, 0)
        return self._place

    def readinto(self, buffer: Any) -> int:
        end = min(self._place + len(buffer), self._source.size)
        found = self._source.read(self._place, end) if end > self._place else b""
        buffer[: len(found)] = found
        self._place += len(found)
        return len(found)


def serve(answer: Callable[[dict[str, Any], Sequence[Source]], dict[str, Any]], *, memory: int, seconds: int) -> None:
    """Answer requests until the parent closes its end. memory: bytes; seconds: of the processor, for all requests together."""
    incoming, outgoing = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no message
    _limit(memory, seconds)
    while (raw := _receive(incoming)) is not None:
        request = json.loads(raw)

        def source(number: int, path: str, size: int) -> Source:
            def read(start: int, end: int) -> bytes:
                _send(outgoing, {"read": [number, start, end]})
                found = _receive(incoming)
                if not found:
                    raise NoMoreBytes("It is larger than this hub reads for a preview.")
                return found

            return Source(path, size, read)

        sources = [source(number, path, size) for number, (path, size) in enumerate(request["files"])]
        _send(outgoing, {"done": answer(request, sources)})


def _limit(memory: int, seconds: int) -> None:
    """Before anything is parsed."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _receive(stream: BinaryIO) -> bytes | None:
    length = stream.read(LENGTH)
    return stream.read(int.from_bytes(length, "big")) if len(length) == LENGTH else None


def _send(stream: BinaryIO, message: dict[str, Any]) -> None:
    content = json.dumps(message, allow_nan=False, default=str).encode()
    stream.write(len(content).to_bytes(LENGTH, "big") + content)
    stream.flush()
