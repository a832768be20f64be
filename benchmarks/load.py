"""Load by HEAD or GET requests over connections that are kept open.

A loader of our own, since wrk waits for the body that HEAD never brings. One thread, prebuilt requests, about 20 µs each.
"""

import re
import selectors
import socket
import statistics
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

END = b"\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class Load:
    requests_per_second: float
    p50_ms: float
    p95_ms: float
    p99_ms: float


@dataclass
class _Connection:
    socket: socket.socket
    sent: float = 0.0
    received: bytes = b""


def head(address: str, *, connections: int, seconds: float, expected: int) -> Load:
    """Keep `connections` busy for `seconds`. Raises RuntimeError at the first answer of another status."""
    return _measure("HEAD", address, connections, seconds, expected)


def get(address: str, *, connections: int, seconds: float, expected: int) -> Load:
    """The same with bodies."""
    return _measure("GET", address, connections, seconds, expected)


def _is_complete(method: str, received: bytes) -> bool:
    head, found, body = received.partition(END)
    if not found or method == "HEAD":
        return bool(found)
    length = LENGTH.search(head)
    return body.endswith(LAST_CHUNK) if length is None else len(body) >= int(length[1])


def _measure(method: str, address: str, connections: int, seconds: float, expected: int) -> Load:
    parts = urlsplit(address)
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    request = f"{method} {target} HTTP/1.1\r\nHost: {parts.netloc}\r\nAccept-Encoding: identity\r\n\r\n".encode()
    selector = selectors.DefaultSelector()
    for _ in range(connections):
        opened = socket.create_connection((parts.hostname, parts.port))
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = _Connection(opened, sent=time.perf_counter())
        opened.sendall(request)
        selector.register(opened, selectors.EVENT_READ, connection)
    times: list[float] = []
    start = b"HTTP/1.1 %d " % expected
    began = time.perf_counter()
    while (now := time.perf_counter()) - began < seconds:
        for key, _ in selector.select(timeout=1):
            connection = key.data
            connection.received += connection.socket.recv(65536)
            if not _is_complete(method, connection.received):
                continue
            if not connection.received.startswith(start):
                raise RuntimeError(f"{address}: {connection.received[:200]!r}")
            now = time.perf_counter()
            times.append(now - connection.sent)
            connection.sent, connection.received = now, b""
            connection.socket.sendall(request)
    for key in list(selector.get_map().values()):
        key.data.socket.close()
    ordered = statistics.quantiles(times, n=100)
    return Load(len(times) / seconds, ordered[49] * 1000, ordered[94] * 1000, ordered[98] * 1000)
