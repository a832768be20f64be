"""Lists of models and datasets, searched, narrowed and sorted by their address."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.requests import ActorRequest
from hub.wire import rate_limits
from models_registry.models import Kind, Repository
from models_registry.services.browsing import Filters, browse, facets

PAGE_SIZE = 30
SORT_TITLES = {
    "trending": _("Trending"),
    "downloads": _("Downloads"),
    "likes": _("Likes"),
    "updated": _("Last change"),
    "newest": _("Newest"),
}
FACET_TITLES = {
    "task": _("Task"),
    "library": _("Library"),
    "commercial": _("Commercial use"),
    "licence": _("Licence"),
    "language": _("Language"),
    "tag": _("Tags"),
}


@rate_limits.under(reads="search")
@require_safe
def models(request: ActorRequest) -> HttpResponse:
    return _list(request, Kind.MODEL, str(_("Models")))


@rate_limits.under(reads="search")
@require_safe
def datasets(request: ActorRequest) -> HttpResponse:
    return _list(request, Kind.DATASET, str(_("Datasets")))


def _list(request: ActorRequest, kind: Kind, title: str) -> HttpResponse:
    visible = Repository.objects.visible_to(request.actor).filter(kind=kind)
    filters = Filters.of_query(request.GET)
    page = Paginator(browse(visible, filters).for_cards(), PAGE_SIZE).get_page(request.GET.get("page"))
    panels = [(name, FACET_TITLES[name], values) for name, values in facets(visible, filters).items() if values]
    context = {
        "kind": kind,
        "section": kind.plural,
        "title": title,
        "page": page,
        "filters": filters,
        "sorts": SORT_TITLES,
        "facets": panels,
        "chosen": [(name, value) for name, values in filters.chosen.items() for value in values],
    }
    return render(request, "models_registry/repository_list.html", context)
