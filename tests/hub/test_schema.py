"""The description of the API: complete, valid, and the same that the page shows."""

import re
from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from werkzeug.test import Client as WsgiClient

from hub import wsgi
from hub.schema import description
from models_registry.hf_api import not_offered

FOR_PROGRAMS = re.compile(
    r"(?!admin/)(?:api/|oauth/|uploads|.*(/resolve/|/raw/|/ask-access|\.git/|/info/refs|/git-\w+-pack)|v[12]/)"
)
ALWAYS_REFUSED = {"/{name}/resolve/{rest}", "/api/{plural}/{name}", "/api/{plural}/{name}/{action}/{rest}"}
NOT_DESCRIBED = {"api/docs", "api/<path:rest>"}  # a page, and what is left of the addresses


def addresses(patterns: list[URLPattern | URLResolver], before: str = "") -> Iterator[str]:
    for pattern in patterns:
        here = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, here)
        elif pattern.callback is not not_offered.refuse:  # whatever is asked there, it is not offered
            yield here


@pytest.mark.parametrize("urlconf", ["hub.urls", "models_registry.cas_api.urls"])
def test_every_address_for_programs_is_described(urlconf: str):
    wanted = {
        "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", address)
        for address in addresses(get_resolver(urlconf).url_patterns)
        if FOR_PROGRAMS.match(address) and address not in NOT_DESCRIBED
    }
    assert wanted - description()["paths"].keys() == set()


def test_the_description_is_valid_and_made_without_a_warning(tmp_path):
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yml"))


def test_every_operation_says_what_it_does_answers_and_refuses():
    for path, operations in description()["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"], (method, path)
            assert any(status < "400" for status in operation["responses"]) or path in ALWAYS_REFUSED
            assert {"401", "503"} <= operation["responses"].keys(), (method, path)
            assert method in {"get", "head"} or "403" in operation["responses"], (method, path)


def test_rooms_are_described_by_their_docstrings():
    tags = {tag["name"]: tag["description"] for tag in description()["tags"]}
    assert all(tags.values()), tags


def test_the_cas_is_named_at_its_own_origin_with_its_own_token(settings):
    found = description()["paths"]["/v1/shards"]["post"]
    assert found["servers"] == [{"url": settings.CAS_URL}]
    assert found["security"] == [{"casToken": []}]


def test_the_page_shows_every_operation_and_needs_nothing_from_elsewhere(client: Client):
    page = client.get("/api/docs")
    shown = page.content.decode()
    for operations in description()["paths"].values():
        for operation in operations.values():
            assert f'id="{operation["operationId"]}"' in shown
    loaded = re.sub(r'<link rel="canonical"[^>]+>', "", shown)
    assert not re.search(r'(?:src|href)="(?:https?:)?//', loaded)


def test_the_page_is_a_page_below_the_addresses_of_programs():
    """It has what a browser needs: the policy of pages, the visitor's language."""
    response = WsgiClient(wsgi.application).get("/api/docs", headers={"Accept-Language": "zh-hans"})
    assert "script-src 'self'" in response.headers["Content-Security-Policy"]
    assert response.headers["Content-Language"] == "zh-hans"
