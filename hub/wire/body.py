"""Request bodies that are too large to hold: read as a stream, whatever the transfer encoding."""

import io
import zlib
from typing import Protocol

from django.http import HttpRequest

from hub.errors import BadRequest, TooLarge

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


class _Inflated(io.RawIOBase):
    """A gzip stream unpacked as it is read, never more of it than is asked for."""

    def __init__(self, source: io.BufferedReader, most: int) -> None:
        self._source = source
        self._unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
        self._left = most

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # the only buffer BufferedReader gives
        data = b""
        while not data and not self._unpacker.eof:
            packed = self._unpacker.unconsumed_tail or self._source.read1(_BUFFER)
            try:
                data = self._unpacker.decompress(packed, len(buffer))
            except zlib.error as error:
                raise BadRequest(f"The body is no gzip stream: {error}") from None
            if not packed and not data:
                raise BadRequest("The body's gzip stream is cut off.")
        self._left -= len(data)
        if self._left < 0:
            raise TooLarge("The body is larger than is accepted here, once unpacked.")
        buffer[: len(data)] = data
        return len(data)


def inflated(request: HttpRequest, stream: io.BufferedReader, *, most: int) -> io.BufferedReader:
    """The body as it was before the client packed it; at most `most` bytes of it. Reading raises BadRequest, TooLarge."""
    encoding = request.headers.get("Content-Encoding", "identity").lower()
    if encoding in {"gzip", "x-gzip"}:
        return io.BufferedReader(_Inflated(stream, most), _BUFFER)
    if encoding != "identity":
        raise BadRequest(f"Bodies packed by {encoding[:40]!r} are not unpacked here.")
    return stream
