"""Lists of repositories as programs ask for them: every condition must hold, in one order, page after page.

A page begins after the last row of the page before (its value and its id), so that pages neither skip nor repeat rows when
others come and go, and the hundredth page costs as much as the first.
"""

import base64
import binascii
import json
import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import F, Model, Q, QuerySet
from django.db.models.fields.tuple_lookups import TupleGreaterThan, TupleLessThan
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from accounts.models import Namespace
from hub import matching
from hub.errors import BadRequest
from models_registry.models import Gate, RepositoryTag
from models_registry.models.repository import RepositoryQuerySet

Row = TypeVar("Row", bound=Model)

# {how a program calls it: (column, type of its values)}; older clients write words with underscores.
SORTS: dict[str, tuple[str, type]] = {
    "downloads": ("downloads", int),
    "likes": ("likes", int),
    "trendingScore": ("trending_score", float),
    "lastModified": ("updated_at", datetime),
    "createdAt": ("created_at", datetime),
}
SORTS |= {"trending_score": SORTS["trendingScore"], "last_modified": SORTS["lastModified"]}
SORTS |= {"created_at": SORTS["createdAt"]}
# Programs that run models, and the tag of those that each can run.
_TAG_OF_APP = {
    **dict.fromkeys(("llama.cpp", "ollama", "lmstudio", "lm-studio", "jan", "koboldcpp", "node-llama-cpp"), "gguf"),
    **dict.fromkeys(("vllm", "sglang", "tgi", "text-generation-inference"), "safetensors"),
    "mlx-lm": "mlx",
}


@dataclass(frozen=True)
class Criteria:
    """What a list is narrowed to.

    `text`: words that all occur in "namespace/name". `author`: a namespace. `tags`: all of them, as filters write them
    ("license:mit", "library:onnx", "dataset:ns/name", or bare). `gated`: by a gate (True), by none (False), or by that one.
    `smallest`, `largest`: parameters. `commercial`: values of `CommercialUse`, any of which will do.
    """

    text: str = ""
    author: str = ""
    tags: tuple[str, ...] = ()
    apps: tuple[str, ...] = ()
    task: str = ""
    gated: bool | Gate | None = None
    smallest: int | None = None
    largest: int | None = None
    commercial: tuple[str, ...] = ()


@dataclass(frozen=True)
class Order:
    """`column` of Repository, downwards unless `ascending`; `of`: the type of its values."""

    column: str
    of: type
    ascending: bool = False

    @classmethod
    def named(cls, name: str, *, ascending: bool = False) -> "Order":
        """Raises BadRequest."""
        if name not in SORTS:
            raise BadRequest(
                _("sort must be one of downloads, likes, lastModified, createdAt, trendingScore, not %(name)r.")
                % {"name": name[:40]}
            )
        return cls(*SORTS[name], ascending=ascending)


def named_like(repositories: RepositoryQuerySet, text: str) -> RepositoryQuerySet:
    """Those in whose "namespace/name" every word occurs."""
    return repositories.filter(matching.containing("full_key", text))


def tagged(repositories: RepositoryQuerySet, written: str) -> RepositoryQuerySet:
    """Those with a tag, as filters of lists write it."""
    what, colon, rest = written.partition(":")
    tag = rest if colon and what in {"library", "pipeline_tag", "task", "tag", "other"} else written
    spellings = {tag, tag.lower()}
    if what in {"language", "license"}:  # cards say them in lower case, mostly
        spellings.add(f"{what}:{rest.lower()}")
    return repositories.filter(pk__in=RepositoryTag.objects.filter(tag__in=spellings).values("repository"))


def narrowed(repositories: RepositoryQuerySet, criteria: Criteria) -> RepositoryQuerySet:
    repositories = named_like(repositories, criteria.text)
    if criteria.author:
        key = criteria.author.lower()
        named = Namespace.objects.filter(Q(key=key) | Q(redirects__old_key=key))  # today, or once
        repositories = repositories.filter(namespace__in=named.values("pk"))
    for tag in criteria.tags:
        repositories = tagged(repositories, tag)
    for app in criteria.apps:
        repositories = tagged(repositories, _TAG_OF_APP.get(app.lower(), app))
    if criteria.task:
        repositories = repositories.filter(task=criteria.task)
    if isinstance(criteria.gated, Gate):
        repositories = repositories.filter(gated=criteria.gated)
    elif criteria.gated is not None:
        open_ones = repositories.filter(gated=Gate.OPEN)
        repositories = repositories.exclude(gated=Gate.OPEN) if criteria.gated else open_ones
    if criteria.commercial:
        repositories = repositories.filter(commercial_use__in=criteria.commercial)
    if criteria.smallest is not None:
        repositories = repositories.filter(parameter_count__gte=criteria.smallest)
    if criteria.largest is not None:
        repositories = repositories.filter(parameter_count__lte=criteria.largest)
    return repositories


def page(found: QuerySet[Row], order: Order, *, cursor: str = "", limit: int) -> tuple[list[Row], str]:
    """At most `limit` of them, and the cursor of the next page, "" at the end. Raises BadRequest for a bad cursor."""
    if cursor:
        value, pk = _opened(cursor, order)
        after = TupleGreaterThan if order.ascending else TupleLessThan
        found = found.filter(after((F(order.column), F("pk")), (value, pk)))
    sign = "" if order.ascending else "-"
    rows = list(found.order_by(f"{sign}{order.column}", f"{sign}pk")[: limit + 1])
    if len(rows) <= limit:
        return rows, ""
    return rows[:limit], cursor_after(rows[limit - 1], order)


def cursor_after(row: Model, order: Order) -> str:
    value = getattr(row, order.column)
    plain = value.isoformat() if isinstance(value, datetime) else value
    return base64.urlsafe_b64encode(json.dumps([plain, row.pk]).encode()).decode().rstrip("=")


def _opened(cursor: str, order: Order) -> tuple[Any, int]:
    try:
        value, pk = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if order.of is datetime:
            value = parse_datetime(value)
        elif order.of is float and type(value) is int:
            value = float(value)
    except (binascii.Error, ValueError, TypeError, OverflowError, RecursionError):
        raise BadRequest(_("This cursor is none that the hub has given.")) from None
    if not (type(value) is order.of and type(pk) is int and 0 <= pk < 2**63 and _can_be_stored(value)):
        raise BadRequest(_("This cursor is none that the hub has given."))
    return value, pk


def _can_be_stored(value: Any) -> bool:
    if isinstance(value, datetime):
        return value.tzinfo is not None and 2000 <= value.year < 9000
    return math.isfinite(value) and abs(value) < 2**63
