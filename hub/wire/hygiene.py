"""Requests that no part of the hub could look up, store or decode are refused at the door, or set right before it."""

import re
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponseBase

from hub.error_responses import to_json_response
from hub.errors import BadRequest

_CHARSET = re.compile(r";\s*charset\s*=[^;]*", re.IGNORECASE)


def without_charset(environ: dict[str, Any]) -> dict[str, Any]:
    """The hub reads UTF-8. Django would decode addresses and forms by whatever codec of Python's a client names here, and
    some of those are none for text: it fails before any middleware is asked."""
    if "charset" in (kind := environ.get("CONTENT_TYPE", "")).lower():
        environ["CONTENT_TYPE"] = _CHARSET.sub("", kind)
    return environ


class RefuseNul:
    """A NUL in an address: PostgreSQL knows no text that holds one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            return to_json_response(BadRequest("The address holds a NUL character."))
        return self.get_response(request)
