"""Addresses that no part of the hub could store or look up are refused at the door."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from hub.error_responses import to_json_response
from hub.errors import BadRequest


class RefuseNul:
    """A NUL in an address: PostgreSQL knows no text that holds one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            return to_json_response(BadRequest("The address holds a NUL character."))
        return self.get_response(request)
