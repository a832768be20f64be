"""The process that reads tables: `python -m models_registry.formats.tables`, its parent on standard input and output.

Each message has its length before it, 4 bytes, big-endian. The parent sends {"format", "files": [[path, size], …]}; this
process answers {"read": [file, start, end]}, for which it gets those bytes (none: no more for this split), and at last
{"done": …}.
"""

import json
import os
import resource
import sys
from typing import Any, BinaryIO

from models_registry.formats.tables.reading import Source, TableError, read_table

_MEMORY = 2 * 1024**3
_CPU_SECONDS = 300
_LENGTH = 4


def _receive(stream: BinaryIO) -> bytes | None:
    length = stream.read(_LENGTH)
    return stream.read(int.from_bytes(length, "big")) if len(length) == _LENGTH else None


def _send(stream: BinaryIO, message: dict[str, Any]) -> None:
    content = json.dumps(message, allow_nan=False, default=str).encode()
    stream.write(len(content).to_bytes(_LENGTH, "big") + content)
    stream.flush()


def _limit() -> None:
    """Before anything is parsed: no files, no children's cores, little memory."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    incoming, outgoing = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no message
    _limit()
    while (raw := _receive(incoming)) is not None:
        request = json.loads(raw)

        def source(number: int, path: str, size: int) -> Source:
            def read(start: int, end: int) -> bytes:
                _send(outgoing, {"read": [number, start, end]})
                found = _receive(incoming)
                if not found:
                    raise TableError("It is larger than this hub reads for a preview.")
                return found

            return Source(path, size, read)

        sources = [source(number, path, size) for number, (path, size) in enumerate(request["files"])]
        _send(outgoing, {"done": read_table(request["format"], sources)})


if __name__ == "__main__":
    main()
