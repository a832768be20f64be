"""Answers that caches on the way keep for everybody, such as feeds and pictures."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_cache_control

View = Callable[..., HttpResponse]


def for_everybody(minutes: int) -> Callable[[View], View]:
    """Public for so many minutes, and in the hub's own language: a reader's may come from a cookie, which caches do not see."""

    def decorate(view: View) -> View:
        @wraps(view)
        def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            with translation.override(settings.LANGUAGE_CODE):
                response = view(request, *args, **kwargs)
            patch_cache_control(response, public=True, max_age=60 * minutes)
            response.headers["Content-Language"] = settings.LANGUAGE_CODE
            return response

        return shown

    return decorate
