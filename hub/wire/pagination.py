"""Lists by pages, the next one named in a Link header (RFC 8288), as Hub clients follow it."""

from typing import TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.encoding import escape_uri_path

from hub.errors import BadRequest

_MOST_DIGITS = 18
Row = TypeVar("Row", bound=Model)


def page_limit(request: HttpRequest, *, default: int, most: int) -> int:
    """The asked `limit`, at most `most`. Raises BadRequest if it is not a positive number."""
    raw = request.GET.get("limit")
    if raw is None:
        return default
    if not raw.isdecimal() or len(raw) > _MOST_DIGITS or int(raw) < 1:
        raise BadRequest(f"limit must be a positive number, not {raw[:_MOST_DIGITS]!r}.")
    return min(int(raw), most)


def next_link(request: HttpRequest, cursor: str | None) -> dict[str, str]:
    """The Link header to the next page, which begins after `cursor`; none without one."""
    if not cursor:
        return {}
    query = request.GET.copy()
    query["cursor"] = cursor
    address = request.build_absolute_uri(f"{escape_uri_path(request.path)}?{query.urlencode()}")
    return {"Link": f'<{address}>; rel="next"'}


def id_cursor(request: HttpRequest) -> int:
    """The id after which `?cursor=` lets the page begin, 0 for the first page. Raises BadRequest."""
    cursor = request.GET.get("cursor") or "0"
    if not cursor.isdecimal() or not cursor.isascii() or len(cursor) > _MOST_DIGITS:
        raise BadRequest("This cursor is none that the hub has given.")
    return int(cursor)


def page_by_id(
    request: HttpRequest, rows: QuerySet[Row], *, newest_first: bool = False, default: int = 500, most: int = 1000
) -> tuple[list[Row], dict[str, str]]:
    """One page of rows in the order of their ids, from `?cursor=` on, and the Link header. Raises BadRequest."""
    limit = page_limit(request, default=default, most=most)
    if cursor := id_cursor(request):
        rows = rows.filter(pk__lt=cursor) if newest_first else rows.filter(pk__gt=cursor)
    found = list(rows.order_by("-pk" if newest_first else "pk")[: limit + 1])
    if len(found) <= limit:
        return found, {}
    return found[:limit], next_link(request, str(found[limit - 1].pk))
