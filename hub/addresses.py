"""Addresses of this hub and of others."""

from urllib.parse import urljoin, urlsplit

from django.conf import settings


def absolute(path: str) -> str:
    """The address that other sites know a path of this hub by."""
    return urljoin(settings.BASE_URL, path)


def origin(address: str) -> str:
    """Scheme, host and port: what browsers tell sites apart by."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
