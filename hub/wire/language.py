"""Programs are answered in English, whatever the request before in this thread was answered in."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils import translation


class SpeakEnglish:
    """Middleware of the chain for programs: clients know some refusals by their words."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        translation.activate(settings.LANGUAGE_CODE)
        return self.get_response(request)
