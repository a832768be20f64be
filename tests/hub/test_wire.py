import gc
import itertools
import json
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest
from django.conf import LazySettings
from django.core.handlers.wsgi import WSGIRequest
from django.db import OperationalError
from django.test import Client
from werkzeug.test import Client as WsgiClient

from hub import wsgi
from hub.wire.charset import without_charset
from models_registry import access
from tests import make

DEEP = b"[" * 100_000
HALF = b'{"type": "\\ud800", "name": "net", "organization": "\\ud800"}'
NUL = b'{"name": "net", "organization": "a\\u0000b"}'


def post(client: Client, path: str, body: bytes, content_type: str = "application/json") -> Any:
    headers = make.bearer(make.token(make.user()))
    return client.generic("POST", path, body, content_type=content_type, headers=headers)


@pytest.mark.parametrize("body", [DEEP, HALF, NUL, b"\xff\xfe", b"\xed\xa0\x80", b'{"a": NaN}', b"9" * 5000])
def test_json_that_cannot_be_read_or_kept_is_refused(client: Client, body: bytes) -> None:
    refused = post(client, "/api/repos/create", body)
    assert refused.status_code == 400
    assert refused.json()["error"]


def test_an_escaped_backslash_is_no_nul(client: Client) -> None:
    body = json.dumps({"content": "a\\u0000b", "repoType": "model"}).encode()
    assert post(client, "/api/validate-yaml", body).status_code == 200


@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded"])
def test_a_body_is_held_up_to_a_limit(client: Client, settings: LazySettings, content_type: str) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    assert post(client, "/api/validate-yaml", b'"' + b"x" * 2000 + b'"', content_type).status_code == 413


@pytest.mark.parametrize("charset", ["zlib", "hex", "rot13", "undefined", "punycode", "utf-16"])
def test_a_charset_that_is_none_is_passed_over(charset: str) -> None:
    environ: dict[str, Any] = {"QUERY_STRING": "limit=1", "CONTENT_TYPE": f"text/plain; charset={charset}; a=b"}
    setup_testing_defaults(environ)
    request = WSGIRequest(without_charset(environ))
    assert (request.GET["limit"], request.content_type, request.content_params) == ("1", "text/plain", {"a": "b"})


def test_a_limit_of_thousands_of_digits_is_refused(client: Client) -> None:
    repository = make.repository()
    assert client.get(f"{repository.api_path}/tree/main?limit={'9' * 5000}").status_code == 400


@pytest.mark.parametrize(
    "address",
    ["/api/a%0Ab", "/api/models/a/b/tree/main/a%0D%0Ab", "/a/b/resolve/main/%00", "/a%7F", "/models?q=%00"],
)
def test_an_address_with_control_characters_is_refused(address: str) -> None:
    answer = WsgiClient(wsgi.application).get(address)
    assert answer.status_code == 400
    assert answer.json["error"]


@pytest.mark.parametrize("address", ["/api/nothing", "/a/b.git/nothing", "/a/b.git/info/lfs/locks/x/unlock"])
def test_what_programs_ask_in_vain_is_answered_in_json(address: str) -> None:
    answer = WsgiClient(wsgi.application).get(address)
    assert answer.status_code == 404
    assert answer.headers["X-Error-Message"] == answer.json["error"]


@pytest.mark.parametrize(
    ("error", "status"), [(OperationalError("deadlock detected"), 503), (ZeroDivisionError("a bug"), 500)]
)
def test_what_breaks_is_told_to_programs_in_json_and_to_people_on_a_page(
    client: Client, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    def breaks(*_arguments: Any, **_named: Any) -> None:
        raise error

    client.raise_request_exception = False
    repository = make.repository()
    monkeypatch.setattr(access, "repository_for", breaks)
    for_programs = client.get(repository.api_path)
    assert (for_programs.status_code, "Retry-After" in for_programs) == (status, status == 503)
    assert for_programs.json()["error"] == for_programs["X-Error-Message"]
    assert str(error) not in for_programs.text
    page = client.get(repository.get_absolute_url())
    assert (page.status_code, page["Content-Type"]) == (status, "text/html; charset=utf-8")
    assert "To the home page" in page.text
    assert str(error) not in page.text


def test_what_the_first_requests_load_is_not_looked_through_for_garbage(monkeypatch: pytest.MonkeyPatch) -> None:
    programs = WsgiClient(wsgi.application)
    monkeypatch.setattr(wsgi, "_requests", itertools.count(49))
    programs.get("/api/nothing")
    before = gc.get_freeze_count()
    loaded = [[number] for number in range(10_000)]
    programs.get("/api/nothing")
    assert gc.get_freeze_count() >= before + len(loaded)
