"""Does the storage honour what the hub relies on? Tried at start-up with real requests; each fault is named."""

import hashlib
import os
from collections.abc import Callable
from urllib.parse import urlsplit

import urllib3
from django.conf import settings

from hub.addresses import origin
from models_registry.errors import StorageUnavailable
from models_registry.storage import keys, ranged, s3
from models_registry.storage.s3 import Part

_PART = 5 * 1024 * 1024  # the smallest that S3 allows for any part but the last


def run() -> list[str]:
    """What fails, in words for the operator; empty if all is well. Takes about a second."""
    faults = []
    for check in (_put_and_read, _presigned_put, _signed_range, _multipart, _copy_and_delete, _browsers):
        try:
            fault = check()
        except (StorageUnavailable, urllib3.exceptions.HTTPError, OSError) as error:
            fault = f"{check.__name__.strip('_').replace('_', ' ')}: {error.__cause__ or error}"
        if fault:
            faults.append(fault)
    return faults


def _with_object(content: bytes, use: Callable[[str], str | None]) -> str | None:
    key = keys.staging(f"self-test-{os.urandom(8).hex()}")
    s3.put(key, content)
    try:
        return use(key)
    finally:
        s3.delete(key)


def _request(method: str, address: str, body: bytes | None = None, **headers: str) -> urllib3.BaseHTTPResponse:
    timeout = urllib3.Timeout(connect=5, read=60)
    return urllib3.request(method, address, body=body, headers=headers, timeout=timeout, retries=False)


def _put_and_read() -> str | None:
    content = os.urandom(1000)

    def use(key: str) -> str | None:
        if s3.get(key) != content or s3.size_of(key) != len(content):
            return "an object does not read back as it was written"
        return None if ranged.read_range(key, 10, 20) == content[10:20] else "a ranged read gives other bytes"

    return _with_object(content, use)


def _presigned_put() -> str | None:
    key = keys.staging(f"self-test-{os.urandom(8).hex()}")
    address = s3.presign_put(key)
    content = os.urandom(1000)
    try:
        if _request("PUT", address, content).status != 200:
            return "a presigned PUT is refused"
        if s3.get(key) != content:
            return "what was put by a presigned address does not read back"
        parts = urlsplit(address)
        tampered = parts._replace(path=parts.path + "x").geturl()
        return "a presigned address opens other keys too" if _request("PUT", tampered, content).status < 400 else None
    finally:
        s3.delete(key)


def _signed_range() -> str | None:
    content = os.urandom(1000)

    def use(key: str) -> str | None:
        address = s3.presign_get(key, byte_range=(100, 200))
        answer = _request("GET", address, Range="bytes=100-199")
        if answer.status not in {200, 206} or answer.data != content[100:200]:
            return "a presigned GET with a signed Range does not give that range"
        if _request("GET", address).status < 400 or _request("GET", address, Range="bytes=0-999").status < 400:
            return "a presigned GET opens more than the Range that was signed"
        return None

    return _with_object(content, use)


def _multipart() -> str | None:
    key = keys.staging(f"self-test-{os.urandom(8).hex()}")
    upload = s3.create_multipart(key)
    pieces = [os.urandom(_PART), os.urandom(10)]
    parts = []
    for number, piece in enumerate(pieces, 1):
        answer = _request("PUT", s3.presign_part(key, upload, number), piece)
        if answer.status != 200 or "ETag" not in answer.headers:
            s3.abort_multipart(key, upload)
            return "a presigned part of a multipart upload is refused, or its ETag is hidden"
        parts.append(Part(number, answer.headers["ETag"]))
    s3.complete_multipart(key, upload, parts)
    try:
        whole = hashlib.sha256(b"".join(pieces)).digest()
        return None if hashlib.sha256(s3.get(key)).digest() == whole else "a multipart upload joins to other bytes"
    finally:
        s3.delete(key)


def _copy_and_delete() -> str | None:
    content = os.urandom(100)
    target = keys.staging(f"self-test-{os.urandom(8).hex()}")

    def use(key: str) -> str | None:
        s3.copy(key, target)
        copied = s3.get(target)
        s3.delete(target)
        if copied != content:
            return "a copy within the storage has other bytes"
        return None if s3.size_of(target) is None else "a deleted object is still there"

    return _with_object(content, use)


def _browsers() -> str | None:
    """A browser asks the storage, before it sends a part, whether pages of this hub may."""
    key = keys.staging(f"self-test-{os.urandom(8).hex()}")
    site = origin(settings.BASE_URL)
    asked = {"Origin": site, "Access-Control-Request-Method": "PUT"}
    answer = _request("OPTIONS", s3.presign_put(key), None, **asked)
    methods = {method.strip() for method in answer.headers.get("Access-Control-Allow-Methods", "").split(",")}
    allowed = answer.headers.get("Access-Control-Allow-Origin", "")
    if answer.status >= 300 or allowed not in {"*", site} or not methods & {"PUT", "*"}:
        return (
            f"its CORS rules let no page of {site} send files, so browsers can upload none:"
            " `manage.py check_storage --set-cors` sets them"
        )
    return None
