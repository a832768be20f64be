"""Each refusal as an answer: JSON with the headers that Hub clients read, or a page."""

import logging
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.template import loader
from django.utils.encoding import escape_uri_path
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

from hub.errors import HubError, Moved, NotFound, Unavailable
from hub.wire.addresses import FOR_PROGRAMS

logger = logging.getLogger(__name__)
_PLAIN = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "…": "..."})


def forwarding(request: HttpRequest, error: HubError) -> HttpResponse | None:
    """Where the same request is to be sent, with its method and body, for what has moved.

    The Location is relative: older clients follow no other.
    """
    if not isinstance(error, Moved):
        return None
    before, found, after = request.path.partition(f"/{error.old}")
    if not found or not (after == "" or after.startswith(("/", ".git"))):
        return None
    query = request.META.get("QUERY_STRING", "")
    location = escape_uri_path(f"{before}/{error.new}{after}") + (f"?{query}" if query else "")
    return HttpResponse(status=307, headers={"Location": location, "Cache-Control": "no-store"})


def error_headers(error: HubError) -> dict[str, str]:
    headers = _message_header(str(error)) | error.headers
    if error.code:
        headers["X-Error-Code"] = error.code
    return headers


def _message_header(message: str) -> dict[str, str]:
    """A header is one line of latin-1. Of an English sentence other letters are left open; another is in the body alone."""
    line = " ".join(message.translate(_PLAIN).split())[:1000]
    if get_language() != settings.LANGUAGE_CODE and not _is_latin(line):
        return {}
    return {"X-Error-Message": line.encode("latin-1", "replace").decode("latin-1")}


def _is_latin(line: str) -> bool:
    return all(ord(letter) < 256 for letter in line)


def to_api_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's EXCEPTION_HANDLER: a HubError with the body and headers of Hub clients; bugs are left to the log."""
    if not isinstance(error, HubError):
        response = exception_handler(error, context)
        if response is not None and isinstance(response.data, dict) and "detail" in response.data:
            response.data = {"error": str(response.data["detail"])}
            for name, value in _message_header(response.data["error"]).items():
                response[name] = value
        return response
    set_rollback()
    if leading_on := forwarding(context["request"]._request, error):  # noqa: SLF001 - DRF has no public name for it
        return Response(status=leading_on.status_code, headers=dict(leading_on.items()))
    return Response({"error": str(error), **error.details}, status=error.status, headers=error_headers(error))


def to_json_response(error: HubError) -> JsonResponse:
    return JsonResponse({"error": str(error), **error.details}, status=error.status, headers=error_headers(error))


def answers_in_json(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """For function views that programs call: refusals as JSON with the client's headers."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except HubError as error:
            return forwarding(request, error) or to_json_response(error)

    return answer


class ErrorPages:
    """Middleware: a HubError that a page raised becomes a page that says what to do."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, HubError):
            return None
        return forwarding(request, error) or to_page(request, error)


def to_page(request: HttpRequest, error: HubError) -> HttpResponse:
    status = error.page_status or error.status
    response = render(request, error.page, {"status": status, "message": str(error), "error": error}, status=status)
    for name, value in error_headers(error).items():
        response[name] = value
    return response


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """404 of addresses that no view has: JSON for programs, the same page as everywhere for people."""
    message = (
        str(exception) if isinstance(exception, Http404 | PermissionDenied) and "tried" not in str(exception) else ""
    )
    if FOR_PROGRAMS.match(request.path):
        return to_json_response(NotFound(message or _("There is no address %(path)s.") % {"path": request.path}))
    return render(request, "error.html", {"status": 404, "message": message}, status=404)


def server_error(request: HttpRequest) -> HttpResponseBase:
    """500 of what nobody foresaw: JSON for programs, for people a page that needs nothing else to work.

    503 where the database gave up: it is away, or of two transactions that waited for one another it ended this one.
    """
    away = isinstance(sys.exc_info()[1], OperationalError | InterfaceError)
    error = (
        Unavailable()
        if away
        else HubError(_("Something broke on our side. It has been logged: try again in a moment."))
    )
    if FOR_PROGRAMS.match(request.path):
        return to_json_response(error)
    page = loader.get_template("500.html").render()
    return HttpResponse(page, status=error.status, headers=error_headers(error))
