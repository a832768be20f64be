"""Requests set right before Django sees them. Imports nothing of Django: a process chooses its settings after this."""

import re
from typing import Any

_CHARSET = re.compile(r";\s*charset\s*=[^;]*", re.IGNORECASE)


def without_charset(environ: dict[str, Any]) -> dict[str, Any]:
    """The hub reads UTF-8. Django would decode addresses and forms by whatever codec of Python's a client names here, and
    some of those are none for text: it fails before any middleware is asked."""
    if "charset" in (kind := environ.get("CONTENT_TYPE", "")).lower():
        environ["CONTENT_TYPE"] = _CHARSET.sub("", kind)
    return environ
