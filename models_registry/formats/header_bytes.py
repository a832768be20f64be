"""Reading a file's header from front to back by ranged reads, within a budget, whatever the header claims.

Weights between the parts of a header are stepped over, not read. Every length comes from the file, so every step is
checked against the file's end first.
"""

from collections.abc import Callable

SMALLEST_READ = 8 * 1024
LARGEST_READ = 1024 * 1024
NEAR = 4 * 1024  # a text that was stepped over, not a weight


class HeaderError(ValueError):
    """The header cannot be read; the text says why, for people to read."""


class HeaderBytes:
    """A place in a file that moves forward.

    read: gives bytes [start, end) of the file. budget: bytes that may be read in all. most_reads: ranges that may be asked.
    """

    def __init__(self, read: Callable[[int, int], bytes], size: int, *, budget: int, most_reads: int = 4096):
        self.size = size
        self.place = 0
        self._read = read
        self._budget = budget
        self._reads_left = most_reads
        self._block = b""
        self._block_start = 0
        self._wanted = SMALLEST_READ

    def take(self, count: int) -> bytes:
        """The next bytes. Raises HeaderError at the file's end, and when the budget is spent."""
        start = self.place
        self.step(count)
        offset = start - self._block_start
        if offset >= 0 and offset + count <= len(self._block):
            return self._block[offset : offset + count]
        return self._load(start, count)[:count]

    def step(self, count: int) -> None:
        """Go on without reading. Raises HeaderError past the file's end."""
        if count < 0 or count > self.size - self.place:
            raise HeaderError(f"At byte {self.place} the header claims {count} more bytes than the file has.")
        self.place += count

    def _load(self, start: int, count: int) -> bytes:
        # Who goes on gets more and more; who has stepped over weights needs only what stands between them.
        goes_on = start <= self._block_start + len(self._block) + NEAR
        self._wanted = min(2 * self._wanted, LARGEST_READ) if goes_on else SMALLEST_READ
        end = min(start + max(count, self._wanted), self.size)
        self._budget -= end - start
        self._reads_left -= 1
        if self._budget < 0 or self._reads_left < 0:
            raise HeaderError("The header is larger than the hub reads.")
        self._block, self._block_start = self._read(start, end), start
        return self._block
