"""Atom feeds (RFC 4287): what every feed of ours has in common. Feeds are for everybody: they show what visitors may see."""

import re
from collections.abc import Callable
from typing import Any

from django.contrib.syndication.views import Feed
from django.http import HttpRequest, HttpResponse
from django.utils.feedgenerator import Atom1Feed
from django.views.decorators.http import conditional_page, require_safe

from hub.shared_answers import for_everybody

ENTRIES = 40
MINUTES_FRESH = 5
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def plain(text: str) -> str:
    """A member's words as XML can hold them: without the characters that XML has no way to write."""
    return _NOT_XML.sub("\ufffd", text)


class HubFeed(Feed):
    """`title` and `link` of the whole; `items`, and of each its title, address, date and a guid that outlives renaming.

    Addresses begin with the hub's own.
    """

    feed_type = Atom1Feed
    author_name = "Grove"


def served(feed: HubFeed) -> Callable[..., HttpResponse]:
    """The feed as a view, with an ETag: a reader that asks again for what has not changed gets 304 and no body."""

    @require_safe
    @conditional_page
    @for_everybody(MINUTES_FRESH)
    def view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return feed(request, *args, **kwargs)

    return view
