"""ClamAV's daemon, asked over its own protocol: https://docs.clamav.net/manual/Usage/Scanning.html#clamd

Two commands of it are needed, VERSION and INSTREAM, which are fewer lines than the glue around a library would be; those that
there are either hold a whole file in memory or are not kept any more.
"""

import re
import socket
import struct
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import urlsplit

from hub.errors import Unavailable

_CHUNK = 256 * 1024
_SECONDS = 120.0
_LONGEST_REPLY = 4096
_FOUND = re.compile(r"stream: (.+) FOUND")


class ScannerUnavailable(Unavailable):
    says = "The virus scanner does not answer just now."


class Reply(NamedTuple):
    """`signature`: what was recognised, or "". `is_too_large`: it was not scanned, because the daemon takes no more bytes."""

    signature: str = ""
    is_too_large: bool = False


class Clamd:
    """address: tcp://host:port or unix:///path/to/socket."""

    def __init__(self, address: str):
        self._parts = urlsplit(address)

    def version(self) -> str:
        """Of the program and its signatures. Raises ScannerUnavailable."""
        with self._connected() as connection:
            return self._asked(connection, b"zVERSION\0")

    def scan(self, blocks: Iterable[bytes]) -> Reply:
        """Of one file's bytes, sent on as they come. Raises ScannerUnavailable."""
        with self._connected() as connection:
            try:
                connection.sendall(b"zINSTREAM\0")
                for block in blocks:
                    for start in range(0, len(block), _CHUNK):
                        part = block[start : start + _CHUNK]
                        connection.sendall(struct.pack(">I", len(part)))
                        connection.sendall(part)
                connection.sendall(struct.pack(">I", 0))
            except (BrokenPipeError, ConnectionResetError):
                pass  # it has heard enough; what it says of it can still be read
            reply = self._reply(connection)
        if found := _FOUND.fullmatch(reply):
            return Reply(signature=found[1][:200])
        if reply == "stream: OK":
            return Reply()
        if "size limit exceeded" in reply:
            return Reply(is_too_large=True)
        raise ScannerUnavailable(f"The virus scanner says: {reply[:200]!r}.")

    def _connected(self) -> socket.socket:
        try:
            if self._parts.scheme == "unix":
                connection = socket.socket(socket.AF_UNIX)
                connection.settimeout(_SECONDS)
                connection.connect(self._parts.path)
                return connection
            return socket.create_connection((self._parts.hostname or "", self._parts.port or 3310), _SECONDS)
        except OSError as error:
            raise ScannerUnavailable(f"The virus scanner cannot be reached: {error}.") from error

    def _asked(self, connection: socket.socket, command: bytes) -> str:
        try:
            connection.sendall(command)
        except OSError as error:
            raise ScannerUnavailable(f"The virus scanner hung up: {error}.") from error
        return self._reply(connection)

    def _reply(self, connection: socket.socket) -> str:
        received = b""
        try:
            while not received.endswith(b"\0") and len(received) < _LONGEST_REPLY:
                part = connection.recv(_LONGEST_REPLY)
                if not part:
                    break
                received += part
        except OSError as error:
            if not received:
                raise ScannerUnavailable(f"The virus scanner does not answer: {error}.") from error
        if not received:
            raise ScannerUnavailable("The virus scanner hung up without an answer.")
        return received.rstrip(b"\0\n").decode("utf-8", "replace").strip()
