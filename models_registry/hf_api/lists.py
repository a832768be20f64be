"""Lists of repositories, searched and narrowed; and which tags there are to narrow them by."""

import re
from typing import Any

from django.core.cache import cache
from django.db.models import Count
from rest_framework.response import Response

from accounts.models import Actor
from accounts.requests import ActorApiRequest
from hub.errors import BadRequest
from hub.wire import rate_limits
from hub.wire.describing import describe
from hub.wire.pagination import next_link, page_limit
from hub.wire.views import HubApiView
from models_registry.hf_api import describing
from models_registry.hf_api.shapes import repositories as shapes
from models_registry.hf_api.views import is_true, kind_of
from models_registry.models import Gate, Kind, Repository, RepositoryTag
from models_registry.models.repository import RepositoryQuerySet
from models_registry.services import listing
from models_registry.services.browsing import COMMERCIAL_WORDS
from models_registry.services.listing import Criteria, Order

_MOST_CONDITIONS = 20
_MOST_FILES = 20_000  # that one page names
_NUMBER = re.compile(r"(?P<number>\d{1,9}(?:\.\d{1,9})?)(?P<unit>[KMBT]?)", re.IGNORECASE)
_UNITS = {"": 1, "K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}
_TAGS_SECONDS = 300
_MOST_TAGS = 1000
# What stands before the colon of a tag, as clients name the type; tasks and libraries are recognised by their columns.
_TAG_TYPES = frozenset(
    """
    dataset language license base_model task_categories task_ids size_categories multilinguality language_creators
    annotations_creators source_datasets arxiv doi region benchmark format modality
    """.split()
)


@rate_limits.under(reads="search")
class RepositoryList(HubApiView):
    """Models or datasets, searched, narrowed and sorted."""

    @describe(answer=shapes.RepositoryInfo(many=True), query=shapes.FILTERS, paged=True, refuses=[501])
    def get(self, request: ActorApiRequest, plural: str) -> Response:
        kind = kind_of(plural)
        asked = request.query_params
        names = asked.getlist("expand") + asked.getlist("expand[]")
        expand = describing.checked_expand(kind, names)
        wanted = expand or describing.of_list(
            kind,
            full=is_true(asked.get("full")),
            card=is_true(asked.get("cardData")),
            config=is_true(asked.get("config")),
        )
        order = Order.named(asked.get("sort") or "trendingScore", ascending=asked.get("direction") == "1")
        with_files = "siblings" in wanted
        limit = page_limit(request, default=100 if with_files else 500, most=100 if with_files else 1000)
        rows, cursor = listing.page(_asked(request, kind), order, cursor=asked.get("cursor", ""), limit=limit)
        page = describing.Page(rows, most_files=_MOST_FILES)
        if with_files and len(page.rows) < len(rows):
            rows, cursor = list(page.rows), listing.cursor_after(page.rows[-1], order)
        items = [describing.describe(page, row, wanted, expanded=bool(expand)) for row in rows]
        return Response(items, headers=next_link(request, cursor))


def _asked(request: ActorApiRequest, kind: Kind) -> RepositoryQuerySet:
    visible = Repository.objects.visible_to(request.actor).filter(kind=kind).select_related("namespace")
    visible = visible.defer("search_text", "tag_words")
    if kind == Kind.MODEL and (request.query_params.get("inference") or request.query_params.get("inference_provider")):
        return visible.none()  # nobody serves the models of this hub
    return listing.narrowed(visible, _criteria(request))


def _criteria(request: ActorApiRequest) -> Criteria:
    """Raises BadRequest."""
    asked = request.query_params
    smallest, largest = _parameters(asked.get("num_parameters", ""))
    return Criteria(
        text=" ".join(_several(request, "search")),
        author=asked.get("author", ""),
        tags=tuple(_several(request, "filter") + _several(request, "tags")),
        apps=tuple(_several(request, "apps")),
        task=asked.get("pipeline_tag", ""),
        gated=_gate(asked.get("gated")),
        smallest=smallest,
        largest=largest,
        commercial=_commercial(asked.get("commercial", "")),
    )


def _several(request: ActorApiRequest, name: str) -> list[str]:
    values = [
        value for value in request.query_params.getlist(name) + request.query_params.getlist(f"{name}[]") if value
    ]
    if len(values) > _MOST_CONDITIONS:
        raise BadRequest(f"{name} may be given {_MOST_CONDITIONS} times at most.")
    return values


def _gate(value: str | None) -> bool | Gate | None:
    if not value:
        return None
    if value in {Gate.AUTO, Gate.MANUAL}:
        return Gate(value)
    if value.lower() in {"true", "1", "false", "0"}:
        return is_true(value)
    raise BadRequest("gated must be true, false, auto or manual.")


def _commercial(value: str) -> tuple[str, ...]:
    """`1` (or yes), `conditional`, `no`, or several with commas between. Raises BadRequest."""
    words = [word.strip().lower() for word in value.split(",") if word.strip()]
    if any(word not in COMMERCIAL_WORDS for word in words):
        raise BadRequest("commercial must be 1, yes, conditional or no.")
    return tuple(COMMERCIAL_WORDS[word] for word in words)


def _parameters(value: str) -> tuple[int | None, int | None]:
    """`min:6B,max:128B`, either of which may be missing. Raises BadRequest."""
    bounds: dict[str, int] = {}
    for part in filter(None, value.split(",")):
        name, _, number = part.partition(":")
        found = _NUMBER.fullmatch(number.strip())
        if name.strip() not in {"min", "max"} or found is None:
            raise BadRequest("num_parameters must read like min:6B,max:128B.")
        bounds[name.strip()] = int(float(found["number"]) * _UNITS[found["unit"].upper()])
    return bounds.get("min"), bounds.get("max")


class TagsByType(HubApiView):
    """What there is to filter by, the commonest first, counted among what everybody may see."""

    @describe(answer=shapes.TAGS_BY_TYPE)
    def get(self, request: ActorApiRequest, kind: str) -> Response:
        key = f"tags-by-type:{kind}"
        answer = cache.get(key)
        if answer is None:
            answer = _tags_by_type(Kind(kind))
            cache.set(key, answer, _TAGS_SECONDS)
        return Response(answer)


def _tags_by_type(kind: Kind) -> dict[str, list[dict[str, Any]]]:
    public = Repository.objects.visible_to(Actor()).filter(kind=kind)
    counted = RepositoryTag.objects.filter(repository__in=public.values("pk")).values("tag").annotate(count=Count("pk"))
    commonest = counted.order_by("-count", "tag").values_list("tag", flat=True)[: _MOST_TAGS * 10]
    columns = {"pipeline_tag": "task", "library": "library"} if kind == Kind.MODEL else {}
    type_of = {
        value: type_name
        for type_name, column in columns.items()
        for value in public.exclude(**{column: ""}).order_by().values_list(column, flat=True).distinct()
    }
    answer: dict[str, list[dict[str, Any]]] = {name: [] for name in ("language", "license", "other", *columns)}
    for tag in commonest:
        what, colon, rest = tag.partition(":")
        type_name = what if colon and what in _TAG_TYPES else type_of.get(tag, "other")
        label = rest if type_name == what else tag
        entries = answer.setdefault(type_name, [])
        if len(entries) < _MOST_TAGS:
            entries.append({"type": type_name, "id": tag, "label": label})
    return answer
