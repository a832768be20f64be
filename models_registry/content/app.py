"""A bare ASGI application that streams stored files: the signed address is all the right that is needed.

No framework: it sends large bodies by the client's pace, and has one address.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import parse_qs, quote

from django.db import close_old_connections

from hub.wire.ranges import Span, Unsatisfiable, asked_span
from models_registry.content.readahead import Budget, ReadAhead
from models_registry.content.served import Served
from models_registry.models import LfsObject
from models_registry.services import plain_copies, reading
from models_registry.services.addresses import ContentAddress, read_content_address
from models_registry.services.reading import Layout
from models_registry.services.signed import BadStatement

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

logger = logging.getLogger(__name__)

READ_AHEAD_BYTES = 256 * 1024 * 1024
_STALLED_SECONDS = 120
_budget = Budget(READ_AHEAD_BYTES)
_fetchers = ThreadPoolExecutor(16, thread_name_prefix="fetch")
PLANNERS = 4
"""The only threads that ask the database."""
_planners = ThreadPoolExecutor(PLANNERS, thread_name_prefix="plan")
_served = Served()

_COMMON: Headers = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"accept-ranges, content-disposition, content-length, content-range, etag"),
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; sandbox"),
]


class StoredFile(NamedTuple):
    etag: str
    layout: Layout


class Refused(Exception):
    """Answered with this status and sentence."""

    def __init__(self, status: HTTPStatus, message: str, headers: Headers | None = None):
        super().__init__(message)
        self.status = status
        self.headers = headers or []


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "http":
        try:
            await _answer(scope, receive, send)
        except Refused as refusal:
            body = f"{refusal}\n".encode()
            headers = [(b"content-type", b"text/plain; charset=utf-8"), *refusal.headers]
            await _send_small(send, refusal.status, headers, b"" if scope["method"] == "HEAD" else body, len(body))


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _answer(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["path"] == "/health/live":
        return await _send_small(send, HTTPStatus.OK, [(b"content-type", b"text/plain")], b"ok\n", 3)
    if scope["method"] == "OPTIONS":
        return await _send_small(send, HTTPStatus.NO_CONTENT, _preflight(), b"", 0)
    if scope["method"] not in {"GET", "HEAD"}:
        raise Refused(
            HTTPStatus.METHOD_NOT_ALLOWED, "Files here can only be read.", [(b"allow", b"GET, HEAD, OPTIONS")]
        )
    address = _address(scope)
    file = await asyncio.get_running_loop().run_in_executor(_planners, _find, address)
    headers = dict(scope["headers"])
    span = _span(headers, file)
    status = HTTPStatus.PARTIAL_CONTENT if span else HTTPStatus.OK
    answer = _file_headers(file, address.filename, span)
    start, end = span or Span(0, file.layout.size)
    await send({"type": "http.response.start", "status": status, "headers": answer})
    if scope["method"] == "HEAD":
        return await send({"type": "http.response.body", "body": b""})
    if plain_copies.is_on():
        _served.add(address.lfs_object_id, end - start, _planners)
    return await _stream(file.layout, start, end, receive, send)


def _preflight() -> Headers:
    return [
        (b"access-control-allow-methods", b"GET, HEAD"),
        (b"access-control-allow-headers", b"range, if-range"),
        (b"access-control-max-age", b"86400"),
    ]


def _address(scope: Scope) -> ContentAddress:
    signed = parse_qs(scope["query_string"].decode("latin-1")).get("signed", [""])[0]
    try:
        return read_content_address(signed)
    except BadStatement as error:
        raise Refused(HTTPStatus.FORBIDDEN, "This address is not valid any more: ask the hub for a new one.") from error


def _find(address: ContentAddress) -> StoredFile:
    close_old_connections()
    if not address.is_open():
        raise Refused(HTTPStatus.FORBIDDEN, "You may not read this repository any more.")
    found = LfsObject.objects.select_related("xet_file").filter(pk=address.lfs_object_id).first()
    if found is None:
        raise Refused(HTTPStatus.NOT_FOUND, "This file is gone.")
    return StoredFile(etag=f'"{found.sha256}"', layout=reading.layout_of(found))


def _span(headers: dict[bytes, bytes], file: StoredFile) -> Span | None:
    condition = headers.get(b"if-range")
    if condition is not None and condition.decode("latin-1").strip() != file.etag:
        return None  # the client's beginning is of another file: it gets the whole of this one
    asked = headers.get(b"range")
    try:
        return asked_span(asked.decode("latin-1") if asked else None, file.layout.size)
    except Unsatisfiable as error:
        size = f"bytes */{file.layout.size}".encode()
        raise Refused(
            HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, "The file ends before that.", [(b"content-range", size)]
        ) from error


def _file_headers(file: StoredFile, filename: str, span: Span | None) -> Headers:
    start, end = span or Span(0, file.layout.size)
    headers = [
        *_COMMON,
        (b"content-type", b"application/octet-stream"),
        (b"content-disposition", f"attachment; filename*=UTF-8''{quote(filename, safe='')}".encode()),
        (b"content-length", str(end - start).encode()),
        (b"accept-ranges", b"bytes"),
        (b"etag", file.etag.encode()),
        (b"cache-control", b"private, max-age=3600"),
    ]
    if span:
        headers.append((b"content-range", f"bytes {start}-{end - 1}/{file.layout.size}".encode()))
    return headers


async def _stream(layout: Layout, start: int, end: int, receive: Receive, send: Send) -> None:
    """An error must leave this function: the server then cuts the connection, which tells the client of missing bytes."""
    gone = asyncio.ensure_future(_disconnected(receive))
    reader = ReadAhead(layout, start, end, fetchers=_fetchers, planner=_planners, budget=_budget)
    try:
        async with aclosing(reader.blocks()) as blocks:
            async for block in blocks:
                if gone.done():
                    return
                async with asyncio.timeout(_STALLED_SECONDS):
                    await send({"type": "http.response.body", "body": block, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    finally:
        gone.cancel()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send_small(send: Send, status: HTTPStatus, headers: Headers, body: bytes, length: int) -> None:
    headers = [*_COMMON, *headers]
    if status != HTTPStatus.NO_CONTENT:
        headers.append((b"content-length", str(length).encode()))
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": body})
