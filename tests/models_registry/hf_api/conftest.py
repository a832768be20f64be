import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests import make


class Api:
    """The API as a program sees it: JSON in, JSON out, a token in the header."""

    def __init__(self, client: Client):
        self.client = client

    def __call__(self, method: str, path: str, body: Any = None, token: str | None = None, **headers: str) -> Any:
        return self.client.generic(
            method, path, "" if body is None else json.dumps(body), content_type="application/json",
            headers={**(make.bearer(token) if token else {}), **headers},
        )  # fmt: skip

    def commit(
        self, path: str, lines: list[tuple[str, dict[str, Any]]], token: str | None = None, **header: Any
    ) -> Any:
        """POST a commit; `path` is the repository's id."""
        everything = [("header", {"summary": "a change", **header}), *lines]
        return self.lines(f"/api/models/{path}/commit/main", everything, token)

    def lines(self, address: str, lines: list[tuple[str, dict[str, Any]]], token: str | None) -> Any:
        """POST the lines of a commit's body to an address."""
        body = "\n".join(json.dumps({"key": key, "value": value}) for key, value in lines)
        return self.client.generic(
            "POST", address, body, content_type="application/x-ndjson", headers=make.bearer(token) if token else {}
        )


def file_line(path: str, content: bytes) -> tuple[str, dict[str, Any]]:
    return "file", {"path": path, "content": base64.b64encode(content).decode(), "encoding": "base64"}


@pytest.fixture
def api(client: Client) -> Api:
    return Api(client)


@pytest.fixture
def line() -> Callable[[str, bytes], tuple[str, dict[str, Any]]]:
    return file_line
