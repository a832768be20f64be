"""The site: pages, the API, git. `granian --interface wsgi hub.wsgi:application`

Two chains of middleware before the same views. What a browser needs (sessions, CSRF, languages, messages) costs a program
more than most of its answers do; a request to an address of the API that carries no session takes the short one.
"""

import gc
import itertools
import os
from collections.abc import Callable, Iterable
from typing import Any

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler

from hub.wire.addresses import FOR_PROGRAMS
from hub.wire.charset import without_charset

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.settings")


class _Handler(WSGIHandler):
    """Django's handler, with a chain of middleware of its own."""

    def __init__(self, middleware: list[str]):
        self._chain = middleware
        super().__init__()

    def load_middleware(self, is_async: bool = False) -> None:
        all_of_it = settings.MIDDLEWARE
        settings.MIDDLEWARE = self._chain  # the name under which Django looks; nothing else runs yet
        try:
            super().load_middleware(is_async)
        finally:
            settings.MIDDLEWARE = all_of_it


django.setup(set_prefix=False)
_pages = _Handler(settings.MIDDLEWARE)
_programs = _Handler(settings.MIDDLEWARE_FOR_PROGRAMS)
_SETTLES_AT = frozenset(
    {50, 500, 5_000}
)  # requests: by then templates, catalogues and what is remembered are there, too
_requests = itertools.count(1)


def _settle() -> None:
    """What is loaded stays: looking through all of it for garbage would hold up a request now and then."""
    gc.collect()
    gc.freeze()


_settle()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    if next(_requests) in _SETTLES_AT:
        _settle()
    has_session = settings.SESSION_COOKIE_NAME in environ.get("HTTP_COOKIE", "")
    is_program = not has_session and FOR_PROGRAMS.match(environ.get("PATH_INFO", ""))
    return (_programs if is_program else _pages)(without_charset(environ), start_response)
