import hashlib
import random
import socket
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
import urllib3
from pytest_django import Settings

from accounts.models import Actor, Membership, Namespace, Role
from models_registry import storage
from models_registry.content import app
from models_registry.formats import xorb
from models_registry.models import LfsObject, Repository, Xorb
from models_registry.services import addresses, signed
from models_registry.storage import keys
from tests import make
from tests.models_registry.formats.xet_bytes import make_xorb
from tests.models_registry.xet.sending import caller, send_file

pytestmark = pytest.mark.django_db(transaction=True)  # the server's threads see what is committed

CHUNKS = [random.Random(number).randbytes(100_000) for number in range(60)]
ONE = make_xorb(*CHUNKS[:40])
TWO = make_xorb(*CHUNKS[40:], scheme=xorb.LZ4)
CONTENT = b"".join(CHUNKS)


@pytest.fixture
def stored() -> LfsObject:
    return send_file(caller(make.repository()), (ONE, 0, 40), (TWO, 0, 20))


@pytest.fixture
def get(content_origin: str, settings: Settings) -> Callable[..., Any]:
    settings.CONTENT_URL = content_origin

    def request(file: LfsObject, name: str = "model.bin", method: str = "GET", **headers: str) -> Any:
        address = addresses.content_address(file, name)
        return urllib3.request(method, address, headers={key.replace("_", "-"): headers[key] for key in headers})

    return request


def test_a_file_comes_whole_with_all_that_a_client_checks(get: Callable[..., Any], stored: LfsObject):
    answer = get(stored, "weights/größe 1.bin")
    assert answer.status == 200
    assert hashlib.sha256(answer.data).hexdigest() == stored.sha256
    assert answer.headers["ETag"] == f'"{stored.sha256}"'
    assert answer.headers["Content-Length"] == str(len(CONTENT))
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''gr%C3%B6%C3%9Fe%201.bin"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(
    ("header", "start", "end"),
    [
        ("bytes=0-7", 0, 8),
        ("bytes=3999990-4000009", 3_999_990, 4_000_010),
        ("bytes=5900000-", 5_900_000, 6_000_000),
        ("bytes=-12", 5_999_988, 6_000_000),
    ],
)
def test_a_range_comes_as_partial_content(
    get: Callable[..., Any], stored: LfsObject, header: str, start: int, end: int
):
    answer = get(stored, Range=header)
    assert answer.status == 206
    assert answer.data == CONTENT[start:end]
    assert answer.headers["Content-Range"] == f"bytes {start}-{end - 1}/{len(CONTENT)}"
    assert answer.headers["Content-Length"] == str(end - start)


def test_several_ranges_are_answered_by_the_whole(get: Callable[..., Any], stored: LfsObject):
    answer = get(stored, Range="bytes=0-1,4-5")
    assert (answer.status, len(answer.data)) == (200, len(CONTENT))


def test_a_range_of_another_file_is_answered_by_the_whole_of_this_one(get: Callable[..., Any], stored: LfsObject):
    assert get(stored, Range="bytes=5-", If_Range=f'"{stored.sha256}"').status == 206
    assert get(stored, Range="bytes=5-", If_Range='"another"').status == 200


def test_a_range_past_the_end_is_refused_with_the_size(get: Callable[..., Any], stored: LfsObject):
    answer = get(stored, Range=f"bytes={len(CONTENT)}-")
    assert answer.status == 416
    assert answer.headers["Content-Range"] == f"bytes */{len(CONTENT)}"


def test_head_tells_everything_and_sends_nothing(get: Callable[..., Any], stored: LfsObject):
    answer = get(stored, method="HEAD")
    assert (answer.status, answer.data) == (200, b"")
    assert answer.headers["Content-Length"] == str(len(CONTENT))


def test_a_plain_copy_is_served_as_well(get: Callable[..., Any], stored: LfsObject):
    key = keys.lfs(stored.sha256)
    storage.put(key, CONTENT)
    LfsObject.objects.update(plain_key=key)
    for row in Xorb.objects.all():
        storage.delete(row.key)
    stored.refresh_from_db()
    assert get(stored).data == CONTENT


def test_an_empty_file_is_empty(get: Callable[..., Any]):
    key = keys.lfs(hashlib.sha256(b"").hexdigest())
    storage.put(key, b"")
    empty = LfsObject.objects.create(sha256=hashlib.sha256(b"").hexdigest(), size=0, plain_key=key)
    answer = get(empty)
    assert (answer.status, answer.data, answer.headers["Content-Length"]) == (200, b"", "0")


def test_only_an_address_that_the_hub_signed_opens_a_file(content_origin: str, stored: LfsObject):
    claims = {"object": stored.pk, "name": "x"}
    expired, _ = signed.sign("content", claims, seconds=-1)
    other_purpose, _ = signed.sign("cas", claims, seconds=60)
    for text in ("", "nonsense", expired, other_purpose):
        answer = urllib3.request("GET", f"{content_origin}/x?signed={text}")
        assert answer.status == 403
        assert b"ask the hub" in answer.data
    assert urllib3.request("GET", f"{content_origin}/x").status == 403


def test_what_is_gone_is_not_found(get: Callable[..., Any], stored: LfsObject):
    missing = LfsObject(pk=stored.pk + 1000, sha256=stored.sha256, size=1)
    assert get(missing).status == 404


def test_files_can_only_be_read(content_origin: str, stored: LfsObject, get: Callable[..., Any]):
    assert get(stored, method="PUT").status == 405
    preflight = get(stored, method="OPTIONS")
    assert preflight.status == 204
    assert "range" in preflight.headers["Access-Control-Allow-Headers"]


def test_a_failure_in_the_middle_cuts_the_connection(get: Callable[..., Any], stored: LfsObject):
    """A body that ended normally would look complete to a client that does not count."""
    storage.delete(Xorb.objects.order_by("pk").last().key)
    with pytest.raises(urllib3.exceptions.HTTPError):
        get(stored)


def test_who_goes_away_gives_back_what_was_read_ahead(get: Callable[..., Any], stored: LfsObject, content_origin: str):
    address = urlsplit(addresses.content_address(stored, "x"))
    before = app._budget._left
    for _ in range(5):
        with socket.create_connection((address.hostname, address.port)) as connection:
            connection.sendall(f"GET {address.path}?{address.query} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            connection.recv(1000)
    assert get(stored).data == CONTENT
    deadline = 200
    while app._budget._left != before and deadline:
        deadline -= 1
        time.sleep(0.02)
    assert app._budget._left == before


def test_without_a_budget_a_download_still_moves(
    get: Callable[..., Any], stored: LfsObject, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(app, "_budget", app.Budget(0))
    assert get(stored).data == CONTENT


def test_an_address_of_a_private_repository_dies_with_the_right_to_read_it(content_origin: str, settings: Settings):
    settings.CONTENT_URL = content_origin
    repository = make.repository(private=True)
    file = send_file(caller(repository), (ONE, 0, 1))
    member = make.user()
    Membership.objects.create(organization=make.organization("lab"), user=member, role=Role.READ)
    Repository.objects.filter(pk=repository.pk).update(namespace=Namespace.objects.get(key="lab"))
    address = addresses.content_address(file, "model.bin", addresses.Guard(Actor(user=member), repository.pk))
    assert urllib3.request("GET", address).status == 200
    Membership.objects.all().delete()
    answer = urllib3.request("GET", address)
    assert (answer.status, answer.data) == (403, b"You may not read this repository any more.\n")
