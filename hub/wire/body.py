"""Request bodies that are too large to hold: read as a stream, whatever the transfer encoding."""

from typing import IO

from django.http import HttpRequest


def body_stream(request: HttpRequest) -> IO[bytes]:
    """The body as a readable. Django takes a body without Content-Length for empty; the server below knows better."""
    if request.META.get("CONTENT_LENGTH"):
        return request  # type: ignore[return-value]  # HttpRequest reads its body like a file
    return request.META["wsgi.input"]
