"""Base views of the doors that programs use."""

from typing import IO, Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.middleware.csrf import CsrfViewMiddleware
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from hub.errors import BadRequest, Forbidden, TooLarge
from hub.wire import json_text


def _whole(stream: IO[bytes]) -> bytes:
    """The body, which a view is about to hold as a whole. Raises TooLarge."""
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    body = stream.read(limit + 1)
    if len(body) > limit:
        raise TooLarge(f"At most {limit} bytes are accepted here.")
    return body


class AnyJson(BaseParser):
    """JSON whatever the Content-Type says: Hub clients and git-lfs name it differently, or not at all."""

    media_type = "*/*"

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None) -> Any:
        return json_text.loads(_whole(stream), with_nul=False)


class Form(BaseParser):
    media_type = "application/x-www-form-urlencoded"

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None) -> QueryDict:
        return QueryDict(_whole(stream))


class JsonWhateverIsAsked(BaseContentNegotiation):
    """Hub clients send Accept: text/plain or a vendor's type, and always expect JSON."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        content_type = (request.content_type or "").partition(";")[0].strip().lower()
        for parser in parsers:
            if parser.media_type == content_type:
                return parser
        return parsers[-1]

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type


class _CsrfCheck(CsrfViewMiddleware):
    def _reject(self, request: HttpRequest, reason: str) -> str:
        return reason


class HubApiView(APIView):
    """A view of the API: knows `request.actor`; a browser's session may write only with its CSRF token."""

    parser_classes = [Form, AnyJson]
    renderer_classes = [JSONRenderer]
    content_negotiation_class = JsonWhateverIsAsked

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        actor = request.actor  # type: ignore[attr-defined]  # set by a middleware of the accounts, which this room may not know
        if request.method not in {"GET", "HEAD", "OPTIONS"} and actor.user and not actor.token:
            check = _CsrfCheck(lambda _: HttpResponse())
            check.process_request(request._request)  # noqa: SLF001 - DRF has no public name for Django's request
            reason = check.process_view(request._request, lambda _: HttpResponse(), (), {})  # noqa: SLF001
            if reason:
                raise Forbidden(f"CSRF check failed: {reason}")


def json_object(request: Request) -> dict[str, Any]:
    """The body as a JSON object; an empty body is an empty object. Raises BadRequest."""
    data = request.data
    if not data:
        return {}
    if not isinstance(data, dict):
        raise BadRequest("The body must be a JSON object.")
    return data
