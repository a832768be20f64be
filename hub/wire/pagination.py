"""Lists by pages, the next one named in a Link header (RFC 8288), as Hub clients follow it."""

from collections.abc import Mapping

from django.http import HttpRequest
from django.utils.encoding import escape_uri_path

from hub.errors import BadRequest

_MOST_DIGITS = 18


def page_limit(request: HttpRequest, *, default: int, most: int) -> int:
    """The asked `limit`, at most `most`. Raises BadRequest if it is not a positive number."""
    raw = request.GET.get("limit")
    if raw is None:
        return default
    if not raw.isdecimal() or len(raw) > _MOST_DIGITS or int(raw) < 1:
        raise BadRequest(f"limit must be a positive number, not {raw[:_MOST_DIGITS]!r}.")
    return min(int(raw), most)


def next_link(request: HttpRequest, changes: Mapping[str, str]) -> dict[str, str]:
    """The Link header to this same address with other query values (a cursor)."""
    query = request.GET.copy()
    for name, value in changes.items():
        query[name] = value
    address = request.build_absolute_uri(f"{escape_uri_path(request.path)}?{query.urlencode()}")
    return {"Link": f'<{address}>; rel="next"'}
