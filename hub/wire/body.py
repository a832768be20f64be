"""Request bodies that are too large to hold: read as a stream, whatever the transfer encoding."""

import io
from typing import Protocol

from django.http import HttpRequest

_BUFFER = 128 * 1024


class _Source(Protocol):
    def read(self, size: int, /) -> bytes: ...


class _Body(io.RawIOBase):
    """Asks the server for bytes by `read(size)` alone: granian's `readline` drops what follows the first line."""

    def __init__(self, source: _Source) -> None:
        self._source = source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # the only buffer BufferedReader gives
        data = self._source.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def body_stream(request: HttpRequest) -> io.BufferedReader:
    """The body, to be read by the line or by the block.

    Django takes a body without Content-Length for empty; the server below knows better.
    """
    source = request if request.META.get("CONTENT_LENGTH") else request.META["wsgi.input"]
    return io.BufferedReader(_Body(source), _BUFFER)
