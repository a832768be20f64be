"""Addresses that no part of the hub could store or look up are refused at the door."""

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from hub.error_responses import to_json_response
from hub.errors import BadRequest

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class RefuseControlCharacters:
    """No path of a repository holds one; to Django's patterns a line break ends the address before its end; and
    PostgreSQL knows no text with a NUL, in the query either.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if _CONTROL.search(request.path) or "%00" in request.META.get("QUERY_STRING", ""):
            return to_json_response(BadRequest("The address holds a control character."))
        return self.get_response(request)
