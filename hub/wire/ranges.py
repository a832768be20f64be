"""What a Range header asks of a body whose length is known (RFC 9110, section 14)."""

import re
from typing import NamedTuple

_ONE_RANGE = re.compile(r"bytes=\s*(\d{0,19})\s*-\s*(\d{0,19})\s*", re.IGNORECASE)


class Span(NamedTuple):
    """Bytes [start, end)."""

    start: int
    end: int


class Unsatisfiable(ValueError):
    """The body has none of the bytes asked for."""


def asked_span(header: str | None, size: int) -> Span | None:
    """The one range that is asked for, cut at the end of the body; None for the whole body.

    A header that is malformed, of another unit or of several ranges is ignored, as the RFC allows.
    Raises Unsatisfiable.
    """
    match = _ONE_RANGE.fullmatch(header) if header else None
    if match is None or not (match[1] or match[2]):
        return None
    if not match[1]:  # the last bytes
        length = int(match[2])
        start, end = max(size - length, 0), size
    else:
        start = int(match[1])
        end = min(int(match[2]) + 1, size) if match[2] else size
        if match[2] and int(match[2]) < start:
            return None
    if start >= end:
        raise Unsatisfiable
    return Span(start, end)
