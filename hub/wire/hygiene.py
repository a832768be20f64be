"""Requests that no part of the hub could look up, store or decode are refused at the door."""

import codecs
from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from hub.error_responses import to_json_response
from hub.errors import BadRequest

# `codecs` knows many more; some of them unpack archives, and none of them is sent by a client or a browser.
_CHARSETS = frozenset({"utf-8", "ascii", "iso8859-1"})


class RefuseUnreadable:
    """A NUL in an address: PostgreSQL knows no text that holds one. A charset that is none: Django would decode by it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            return to_json_response(BadRequest("The address holds a NUL character."))
        if request.encoding and codecs.lookup(request.encoding).name not in _CHARSETS:
            return to_json_response(BadRequest(f"The hub speaks UTF-8, not {request.encoding!r}."))
        return self.get_response(request)
