"""Request bodies that are too large to hold: read as a stream, whatever the transfer encoding."""

import io
from typing import Any

from django.http import HttpRequest

_BLOCK = 256 * 1024


class _Reads(io.RawIOBase):
    """A raw stream over something that has `read(size)`.

    `readline` of the source is not used: granian 2.8's drops the line end and takes an empty line for the end.
    """

    def __init__(self, source: Any):
        self._source = source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._source.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def body_stream(request: HttpRequest) -> io.BufferedReader:
    """The body as a readable. Django takes a body without Content-Length for empty; the server below knows better."""
    source = request if request.META.get("CONTENT_LENGTH") else request.META["wsgi.input"]
    return io.BufferedReader(_Reads(source), _BLOCK)
