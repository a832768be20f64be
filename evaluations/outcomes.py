"""What is kept in the database of each row, read without numpy, which pages need not have: see `models.Result`."""

from __future__ import annotations

import sys
from array import array


def bits(outcomes: bytes | memoryview) -> int:
    """Which rows are right, row 0 in the lowest bit."""
    return int.from_bytes(outcomes, "little")


def rows_of(chosen: int) -> list[int]:
    """Those whose bit is set, in order."""
    return [
        8 * place + bit
        for place, byte in enumerate(chosen.to_bytes(-(-chosen.bit_length() // 8), "little"))
        if byte
        for bit in range(8)
        if byte >> bit & 1
    ]


def losses(content: bytes | memoryview) -> array[float]:
    """How bad each row is: little-endian float32."""
    found = array("f")
    found.frombytes(content)
    if sys.byteorder == "big":
        found.byteswap()
    return found
