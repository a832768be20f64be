"""Whether this hub serves nothing but the machine that it runs on."""

from urllib.parse import urlsplit

from django.conf import settings

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def is_embedded() -> bool:
    return urlsplit(settings.BASE_URL).hostname in LOOPBACK
