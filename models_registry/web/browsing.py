"""Lists of models and datasets, searched, narrowed and sorted by their address."""

from collections.abc import Mapping
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.requests import ActorRequest
from hub.templatetags.grove import short_number
from hub.wire import rate_limits
from models_registry import panels
from models_registry.models import Kind
from models_registry.services import facets
from models_registry.services.browsing import Filters, Listing, listed
from models_registry.services.facets import LARGEST, SMALLEST, parameters_at

PAGE_SIZE = 30
MOST_PAGES = 100  # of one list: who has not found it by then narrows it further
SORT_TITLES = {
    "trending": _("Trending"),
    "downloads": _("Downloads"),
    "likes": _("Likes"),
    "updated": _("Last change"),
    "newest": _("Newest"),
}
GROUPED = ("pickle", "gate")  # facets of a single value, shown under one title


@rate_limits.under(reads="search")
@require_safe
def models(request: ActorRequest) -> HttpResponse:
    return _list(request, Kind.MODEL, str(_("Models")))


@rate_limits.under(reads="search")
@require_safe
def datasets(request: ActorRequest) -> HttpResponse:
    return _list(request, Kind.DATASET, str(_("Datasets")))


class BoundedPaginator(Paginator):
    """Of rows whose number is known by other means; only the first pages of a very long list are there."""

    def __init__(self, rows: Any, size: int, *, count: int):
        super().__init__(rows, size)
        self._known = count

    @cached_property
    def count(self) -> int:
        return self._known

    @cached_property
    def num_pages(self) -> int:
        return max(1, min(-(-self._known // self.per_page), MOST_PAGES))


def _list(request: ActorRequest, kind: Kind, title: str) -> HttpResponse:
    filters = Filters.of_query(request.GET, kind, sort="trending")
    within = {facet.key: request.GET.get(f"in-{facet.key}", "").strip()[:60] for facet in facets.of_kind(kind)}
    found = listed(request.actor, filters, within)
    filters = found.filters
    page = BoundedPaginator(found.rows.for_cards(), PAGE_SIZE, count=found.count).get_page(request.GET.get("page"))
    rows = list(page)
    board_sorts = {key: label for orders in facets.orders() for key, label in orders.titles().items()}
    context = {
        "kind": kind,
        "section": kind.plural,
        "title": title,
        "page": page,
        "rows": rows,
        "panels": panels.row_panels(request, rows),
        "found": found,
        "filters": filters,
        "sorts": SORT_TITLES,
        "board_sorts": board_sorts if kind == Kind.MODEL else {},
        "sort_title": (SORT_TITLES | board_sorts).get(filters.sort, SORT_TITLES["trending"]),
        "facets": [facet for facet in found.facets if facet.key not in GROUPED],
        "grouped": [facet for facet in found.facets if facet.key in GROUPED],
        "slider": _slider(found) if kind == Kind.MODEL else None,
        "chips": _chips(request.GET, found),
    }
    response = render(request, "models_registry/repository_list.html", context)
    response.headers["Vary"] = "HX-Request"
    return response


def _slider(found: Listing) -> Mapping[str, Any] | None:
    """Where the marks stand and what they say; a bar for each half decade, as high as it is common."""
    low, high = found.filters.sizes
    most = max(found.sizes.values(), default=0)
    if not most and "size" not in found.filters.chosen:
        return None
    counts = [found.sizes.get(str(step), 0) for step in range(SMALLEST, LARGEST + 1)]
    return {
        "first": SMALLEST,
        "last": LARGEST,
        "low": low,
        "high": high,
        "low_title": _mark_title(low),
        "high_title": _mark_title(high),
        "marks": "|".join(_mark_title(step) for step in range(SMALLEST, LARGEST + 1)),
        "bars": [
            {"x": 10 * place, "height": (height := max(1, round(30 * count / most))), "y": 32 - height,
             "is_in": low <= place + SMALLEST < high or high == place + SMALLEST == LARGEST}
            for place, count in enumerate(counts) if count
        ],
        "width": 10 * len(counts) - 2,
    }  # fmt: skip


def _mark_title(step: int) -> str:
    return gettext("any") if step in {SMALLEST, LARGEST} else short_number(parameters_at(step)).replace(".0", "")


def _chips(query: QueryDict, found: Listing) -> list[dict[str, str]]:
    """What is chosen, each with the address of the list without it."""
    chips = []
    titles = {(facet.key, value.value): str(value.title) for facet in found.facets for value in facet.values}
    for key, values in found.filters.chosen.items():
        if key == facets.SIZE.key:
            low, high = found.filters.sizes
            chips += (
                [
                    {
                        "key": key,
                        "title": gettext("from %(size)s") % {"size": _mark_title(low)},
                        "url": _less(query, "params_min"),
                    }
                ]
                if low > SMALLEST
                else []
            )
            chips += (
                [
                    {
                        "key": key,
                        "title": gettext("below %(size)s") % {"size": _mark_title(high)},
                        "url": _less(query, "params_max"),
                    }
                ]
                if high < LARGEST
                else []
            )
            continue
        chips += [
            {"key": key, "title": titles.get((key, value), value), "url": _less(query, key, value)} for value in values
        ]
    return chips


def _less(query: QueryDict, name: str, value: str | None = None) -> str:
    rest = query.copy()
    kept = [] if value is None else [other for other in rest.getlist(name) if other != value]
    rest.setlist(name, kept)
    rest.pop("page", None)
    return f"?{rest.urlencode()}"
