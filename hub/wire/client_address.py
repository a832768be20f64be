"""From where a request comes, also behind proxies."""

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request


def client_address(request: HttpRequest | Request) -> str:
    """The address that the outermost of our proxies has seen; what a client writes before it is not believed."""
    nearest = str(request.META.get("REMOTE_ADDR", ""))
    if not settings.TRUSTED_PROXIES:
        return nearest
    written = [part.strip() for part in str(request.META.get("HTTP_X_FORWARDED_FOR", "")).split(",")]
    if len(written) < settings.TRUSTED_PROXIES:
        return nearest
    return written[-settings.TRUSTED_PROXIES] or nearest
