"""Forms are looked at before anything reads them: the check of the CSRF token reads them whole, files and all."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from hub.error_responses import to_json_response, to_page
from hub.errors import BadRequest, HubError, TooLarge
from hub.wire.addresses import FOR_PROGRAMS

LARGEST_FORM = 17 * 2**20  # bytes: 16 MiB of files, and what surrounds them
_KINDS = {"multipart/form-data", "application/x-www-form-urlencoded"}


class RefuseUnusableForms:
    """Middleware, to stand before that of CSRF. PostgreSQL knows no text with a NUL."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: Any) -> HttpResponse | None:
        error = _fault(request) if request.content_type in _KINDS else None
        if error is None:
            return None
        return to_json_response(error) if FOR_PROGRAMS.match(request.path) else to_page(request, error)


def _fault(request: HttpRequest) -> HubError | None:
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST_FORM:
        return TooLarge(
            _("A form takes at most %(most)s MB: send more with hf or git.") % {"most": LARGEST_FORM // 2**20}
        )
    try:
        values = [value for _name, values in request.POST.lists() for value in values]
    except RequestDataTooBig:
        return TooLarge(_("The form holds more text than a form may: send files, or go by hf or git."))
    return (
        BadRequest(_("The form holds a NUL character, which no text may."))
        if any("\0" in one for one in values)
        else None
    )
