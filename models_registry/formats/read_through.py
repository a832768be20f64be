"""A file between a reader and the file that it reads: what passes can be counted, and refused."""

import io
from typing import IO


class ReadThrough(io.RawIOBase):
    """Seeks in `file`. How it is read is for the subclass to say."""

    def __init__(self, file: IO[bytes]):
        self._file = file

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True
