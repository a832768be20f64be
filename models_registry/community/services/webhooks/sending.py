"""One POST to an address that a member chose, and an answer that may be anything.

The connection goes to an address that was checked, never to a name that is looked up again. Redirects are not followed.
All of it together has one deadline, whoever dawdles: name server, handshake, headers or body by the byte.
"""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from http.client import HTTPException
from typing import Self

from django.utils.translation import gettext_noop
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from hub.kept_sentences import sentence
from models_registry.community.services.webhooks import addresses
from models_registry.community.services.webhooks.addresses import AddressRefused, Endpoint

SECONDS = 10.0
_TOO_LONG = sentence(gettext_noop("It took more than %(seconds)s seconds."))
MOST_BODY = 64 * 1024
_MOST_HEADERS = 50
_LONGEST_HEADER = 500
_SECONDS_TO_CONNECT = 4.0  # to one address, and as many again for TLS


@dataclass(frozen=True)
class Answer:
    """What came back. `status` None: nothing that is HTTP, and `error` says why."""

    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    is_cut: bool = False
    error: str = ""
    milliseconds: int = 0

    @property
    def has_arrived(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def post(url: str, *, headers: Mapping[str, str], body: bytes, seconds: float = SECONDS) -> Answer:
    """Never raises for what the other side does."""
    started = time.monotonic()
    try:
        answer = _post(url, headers, body, started + seconds)
    except AddressRefused as error:
        answer = Answer(error=str(error))
    except addresses.Invalid as error:  # the rule was another one when it was entered
        answer = Answer(error=str(error))
    except TimeoutError:
        answer = Answer(error=_TOO_LONG % {"seconds": f"{seconds:.0f}"})
    except (HTTPError, HTTPException, OSError, ValueError) as error:
        answer = Answer(error=_said(error))
    took = int((time.monotonic() - started) * 1000)
    return Answer(answer.status, answer.headers, answer.body, answer.is_cut, answer.error, took)


def _said(error: Exception) -> str:
    text = str(error).partition("Connection object at")[0] or str(error)
    return f"{type(error).__name__}: {text}"[:500].replace("\0", "\ufffd")


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _post(url: str, headers: Mapping[str, str], body: bytes, deadline: float) -> Answer:
    endpoint = addresses.endpoint_of(url)
    found = addresses.resolved(endpoint, seconds=_left(deadline))
    connection = _connected(endpoint, found, deadline)
    with _Deadline(connection.sock, _left(deadline)) as watch:
        try:
            connection.request(
                "POST", endpoint.target, body=body,
                headers={"Host": endpoint.host_header, "Accept-Encoding": "identity", **headers},
                preload_content=False, decode_content=False, enforce_content_length=False,
            )  # fmt: skip
            answer = connection.getresponse()
            status, told = answer.status, _headers(answer)
            try:
                text, is_cut = _body(answer)
            except (HTTPError, HTTPException, OSError):
                text, is_cut = "", True
            if watch.is_over:
                raise TimeoutError
            return Answer(status, told, text, is_cut)
        except (HTTPError, HTTPException, OSError):
            if watch.is_over:
                raise TimeoutError from None
            raise
        finally:
            connection.close()


def _connected(endpoint: Endpoint, found: list[str], deadline: float) -> HTTPConnection:
    """To the first of these addresses that answers."""
    for address in found:
        seconds = min(_SECONDS_TO_CONNECT, _left(deadline))
        connection = _connection(endpoint, address, seconds)
        try:
            connection.connect()
        except (HTTPError, OSError):
            connection.close()
            if address == found[-1]:
                _left(deadline)
                raise
            continue
        connection.timeout = None  # urllib3 would set it anew for the request: from here on the deadline alone holds
        return connection
    raise AddressRefused(f"The name {endpoint.host} means no address.")


def _connection(endpoint: Endpoint, address: str, seconds: float) -> HTTPConnection:
    if not endpoint.is_secure:
        return HTTPConnection(address, endpoint.port, timeout=seconds)
    return HTTPSConnection(
        address, endpoint.port, timeout=seconds, ssl_context=_tls(), server_hostname=endpoint.host,
        assert_hostname=endpoint.host,
    )  # fmt: skip


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


class _Deadline:
    """Ends a connection when its time is over, in whatever it waits for."""

    def __init__(self, sock: socket.socket | None, seconds: float):
        self.is_over = False
        self._sock = sock
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def _end(self) -> None:
        self.is_over = True
        if self._sock is not None:
            with contextlib.suppress(OSError):  # it has ended by itself
                socket.socket.shutdown(self._sock, socket.SHUT_RDWR)  # the plain one: TLS would say goodbye, and wait

    def __enter__(self) -> Self:
        if self._sock is not None:
            self._sock.settimeout(None)
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()


def _headers(answer: BaseHTTPResponse) -> dict[str, str]:
    """The first of them, cut where they are long."""
    kept = list(answer.headers.items())[:_MOST_HEADERS]
    return {_plain(name)[:100]: _plain(value)[:_LONGEST_HEADER] for name, value in kept}


def _body(answer: BaseHTTPResponse) -> tuple[str, bool]:
    """Its beginning, as it came: what is packed stays so."""
    parts, size = [], 0
    while size <= MOST_BODY:
        part = answer.read(MOST_BODY + 1 - size, decode_content=False)
        if not part:
            break
        parts.append(part)
        size += len(part)
    body = b"".join(parts)
    return _plain(body[:MOST_BODY].decode("utf-8", "replace")), len(body) > MOST_BODY


def _plain(text: str) -> str:
    return text.replace("\0", "\ufffd")
