"""The parent of the process that reads tables (`formats.tables.__main__`): it hands out bytes, and ends what takes too long."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from threading import Timer
from types import TracebackType
from typing import Any, NamedTuple, Self

from django.conf import settings

from models_registry.services.random_access import ReadRange

SECONDS = 60.0
MOST_BYTES = 96 * 1024 * 1024  # that one split is given
MOST_READS = 5000
_LARGEST_MESSAGE = 16 * 1024 * 1024
_LENGTH = 4
_EMPTY: Mapping[str, Any] = {"num_rows": None, "seen": 0, "columns": [], "rows": [], "cut": []}


class File(NamedTuple):
    path: str
    size: int
    read: ReadRange


class TableProcess:
    """`with TableProcess() as tables: tables.read("parquet", files)`; what a hostile file kills is started anew.

    seconds: that one call to `read` may take.
    """

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def read(self, form: str, files: Sequence[File]) -> dict[str, Any]:
        """As `formats.tables.reading.read_table`. Raises what a file's `read` raises."""
        process = self._process or self._start()
        timer = Timer(self._seconds, process.kill)
        timer.start()
        try:
            _send(process, {"format": form, "files": [[file.path, file.size] for file in files]})
            return _answered(process, files)
        except (EOFError, BrokenPipeError, ValueError):
            self._end()
            return {
                **_EMPTY,
                "problems": ["These files take more memory or time to read than this hub gives a preview."],
            }
        except BaseException:
            self._end()  # it waits for bytes that do not come
            raise
        finally:
            timer.cancel()

    def _start(self) -> subprocess.Popen[bytes]:
        environment = {
            "ARROW_DEFAULT_MEMORY_POOL": "system", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "LC_ALL": "C.UTF-8",
            "PATH": os.defpath, "PYTHONDONTWRITEBYTECODE": "1",
        }  # fmt: skip
        self._process = subprocess.Popen(
            [sys.executable, "-m", "models_registry.formats.tables"], cwd=settings.BASE_DIR, env=environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        return self._process

    def _end(self) -> None:
        if self._process is not None:
            process, self._process = self._process, None
            process.kill()
            with suppress(BrokenPipeError), process:  # what it was sent last may still wait in our buffer
                pass


def _answered(process: subprocess.Popen[bytes], files: Sequence[File]) -> dict[str, Any]:
    """Its answer; what it says on the way is that of a process that may have been taken over. Raises EOFError, ValueError."""
    given = 0
    for _number in range(MOST_READS):
        message = _receive(process)
        if "done" in message:
            return _checked(message["done"])
        number, start, end = message["read"]
        file = files[number]
        start, end = max(int(start), 0), min(int(end), file.size)
        given += max(end - start, 0)
        content = file.read(start, end) if start < end and given <= MOST_BYTES else b""
        _write(process, content)
    raise EOFError


def _checked(answer: Any) -> dict[str, Any]:
    """Raises ValueError for what no reader of tables would answer."""
    shapes = {"seen": int, "columns": list, "rows": list, "cut": list, "problems": list}
    if not isinstance(answer, dict) or not all(isinstance(answer.get(name), shape) for name, shape in shapes.items()):
        raise ValueError("This is no table.")
    if not all(isinstance(entry, dict) for entry in (*answer["columns"], *answer["rows"])):
        raise ValueError("This is no table.")
    return answer


def _send(process: subprocess.Popen[bytes], message: dict[str, Any]) -> None:
    _write(process, json.dumps(message).encode())


def _write(process: subprocess.Popen[bytes], content: bytes) -> None:
    assert process.stdin is not None
    process.stdin.write(len(content).to_bytes(_LENGTH, "big") + content)
    process.stdin.flush()


def _receive(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    assert process.stdout is not None
    header = process.stdout.read(_LENGTH)
    length = int.from_bytes(header, "big")
    if len(header) < _LENGTH or length > _LARGEST_MESSAGE:
        raise EOFError
    content = process.stdout.read(length)
    if len(content) < length:
        raise EOFError
    message = json.loads(content)
    if not isinstance(message, dict):
        raise ValueError("This is no message.")
    return message
