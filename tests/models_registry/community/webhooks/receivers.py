"""Servers that webhooks lead to: a good one, and some that do their worst."""

import gzip
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

Behaviour = Callable[[socket.socket], None]


@dataclass
class Received:
    request_line: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass
class Receiver:
    """One server. `connections` counts those that were opened; `sent` what it managed to send."""

    port: int
    received: list[Received] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"


def read_request(connection: socket.socket) -> Received:
    stream = connection.makefile("rb")
    request_line = stream.readline().decode().strip()
    headers = {}
    while (line := stream.readline().decode().strip()) != "":
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return Received(request_line, headers, stream.read(int(headers.get("content-length", 0))))


@contextmanager
def receiver(
    behaviour: Behaviour | None = None, *, answer: bytes = b"", tls: ssl.SSLContext | None = None
) -> Iterator[Receiver]:
    """`behaviour` gets each connection; without it the request is read, kept, and `answer` sent (200 without one)."""
    listening = socket.create_server(("127.0.0.1", 0))
    made = Receiver(listening.getsockname()[1])
    answer = answer or b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"

    def serve(connection: socket.socket) -> None:
        try:
            if tls is not None:
                connection = tls.wrap_socket(connection, server_side=True)
            if behaviour is not None:
                behaviour(connection)
            else:
                request = read_request(connection)
                if request.request_line:
                    made.received.append(request)
                connection.sendall(answer)
        except OSError:
            pass  # the hub hung up: that is what many of these are about
        finally:
            connection.close()

    def accept() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            made.connections += 1
            threading.Thread(target=serve, args=[connection], daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield made
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()


def says_nothing(connection: socket.socket) -> None:
    read_request(connection)
    time.sleep(60)


def thinks_first(connection: socket.socket) -> None:
    read_request(connection)
    time.sleep(0.6)
    connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")


def reads_nothing(connection: socket.socket) -> None:
    time.sleep(60)


def drips_its_headers(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while True:
        connection.sendall(b"a")
        time.sleep(0.05)


def drips_its_body(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        connection.sendall(b"a")
        time.sleep(0.05)


def sends_endless_headers(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X-More: " + b"a" * 1000 + b"\r\n")


def sends_one_endless_header(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
    while True:
        connection.sendall(b"a" * 4096)


def goes_on_and_on(connection: socket.socket) -> None:
    """100 Continue, for ever."""
    while True:
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")


def sends_a_gigabyte(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
    for _ in range(1000):
        connection.sendall(b"g" * 1_000_000)


def sends_endless_chunks(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"1000\r\n" + b"c" * 4096 + b"\r\n")


def sends_a_bomb(connection: socket.socket) -> None:
    """50 KB that unpack to 50 MB."""
    read_request(connection)
    packed = gzip.compress(b"\0" * 50_000_000)
    connection.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed
    )


def speaks_no_http(connection: socket.socket) -> None:
    connection.sendall(b"220 mail.example.org ESMTP\r\n")
    time.sleep(0.2)


def hangs_up(connection: socket.socket) -> None:
    read_request(connection)
