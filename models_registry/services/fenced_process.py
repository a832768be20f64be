"""The parent of a process that parses files of anyone (`formats.fenced`): it hands out bytes, and ends what takes too long."""

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

from models_registry.formats.fenced import LENGTH
from models_registry.services.random_access import ReadRange

MOST_READS = 5000
_LARGEST_MESSAGE = 16 * 1024 * 1024


class ProcessFailed(Exception):
    """It died, took too long, or said what no process of ours would say."""


class File(NamedTuple):
    path: str
    size: int
    read: ReadRange


class FencedProcess:
    """One process for several requests; what a hostile file kills is started anew. module: what it runs."""

    module: str

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def ask(
        self, request: Mapping[str, Any], files: Sequence[File], *, seconds: float, most_bytes: int
    ) -> dict[str, Any]:
        """What it answers. most_bytes: of all files together. Raises ProcessFailed, and what a file's `read` raises."""
        process = self._process or self._start()
        timer = Timer(seconds, process.kill)
        timer.start()
        try:
            _send(process, {**request, "files": [[file.path, file.size] for file in files]})
            return _answered(process, files, most_bytes)
        except (EOFError, BrokenPipeError, ValueError) as error:
            self.end()
            raise ProcessFailed from error
        except BaseException:
            self.end()  # it waits for bytes that do not come
            raise
        finally:
            timer.cancel()

    def end(self) -> None:
        if self._process is not None:
            process, self._process = self._process, None
            process.kill()
            with suppress(BrokenPipeError), process:  # what it was sent last may still wait in our buffer
                pass

    def _start(self) -> subprocess.Popen[bytes]:
        environment = {
            "ARROW_DEFAULT_MEMORY_POOL": "system", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "LC_ALL": "C.UTF-8",
            "PATH": os.defpath, "PYTHONDONTWRITEBYTECODE": "1",
        }  # fmt: skip
        self._process = subprocess.Popen(  # noqa: S603 - modules of ours alone
            [sys.executable, "-m", self.module], cwd=settings.BASE_DIR, env=environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        return self._process


def _answered(process: subprocess.Popen[bytes], files: Sequence[File], most_bytes: int) -> dict[str, Any]:
    """What it says on the way is that of a process that may have been taken over. Raises EOFError, ValueError."""
    given = 0
    for _number in range(MOST_READS):
        message = _receive(process)
        if "done" in message:
            if not isinstance(message["done"], dict):
                raise ValueError("This is no answer.")
            return message["done"]
        number, start, end = message["read"]
        file = files[number]
        start, end = max(int(start), 0), min(int(end), file.size)
        given += max(end - start, 0)
        content = file.read(start, end) if start < end and given <= most_bytes else b""
        _write(process, content)
    raise EOFError


def _send(process: subprocess.Popen[bytes], message: dict[str, Any]) -> None:
    _write(process, json.dumps(message).encode())


def _write(process: subprocess.Popen[bytes], content: bytes) -> None:
    assert process.stdin is not None
    process.stdin.write(len(content).to_bytes(LENGTH, "big") + content)
    process.stdin.flush()


def _receive(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    assert process.stdout is not None
    header = process.stdout.read(LENGTH)
    length = int.from_bytes(header, "big")
    if len(header) < LENGTH or length > _LARGEST_MESSAGE:
        raise EOFError
    content = process.stdout.read(length)
    if len(content) < length:
        raise EOFError
    message = json.loads(content)
    if not isinstance(message, dict):
        raise ValueError("This is no message.")
    return message
