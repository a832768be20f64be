"""The rows of a dataset, as its files' beginnings show them: a page of their own, and a few on the card's and the file's."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.requests import ActorRequest
from models_registry.errors import EntryNotFound
from models_registry.formats.dataset_layout import PICTURES
from models_registry.models import DatasetTable, Kind, Repository
from models_registry.page_addresses import page_url, resolve_url
from models_registry.services import tables
from models_registry.services.random_access import content_id
from models_registry.services.trees import TreeEntry
from models_registry.web import gates
from models_registry.web.addressing import of_address

PAGE_ROWS = 20
FEW_ROWS = 5
MOST_COLUMNS_SHOWN = 50
LARGEST_PICTURE = 4_000_000  # shown as itself
_BAR_HEIGHT = 28
_BAR_WIDTH = 12
_NUMERIC = ("int", "uint", "float", "double", "decimal", "halffloat")


@dataclass(frozen=True)
class Cell:
    """`kind`: "text", "number", "missing", "picture" (text is where it is) or "file" (text is its path, a link)."""

    kind: str
    text: str
    url: str = ""
    is_cut: bool = False


@dataclass(frozen=True)
class ColumnView:
    """A column's statistics in words and bars."""

    name: str
    type: str
    is_numeric: bool
    missing: str  # its share
    distinct: int | None
    facts: list[tuple[str, str]]
    bars: list[tuple[int, int, int]]
    bars_label: str
    top: list[tuple[str, int]]


@require_safe
def data(request: ActorRequest, kind: str, namespace: str, name: str) -> HttpResponse:
    repository = of_address(request, kind, namespace, name)
    listed = tables.of_repository(request.actor, repository)
    context: dict[str, Any] = {"repository": repository, "section": Kind(kind).plural, "is_data_page": True}
    if listed:
        table = tables.one(request.actor, repository, request.GET.get("config", ""), request.GET.get("split", ""))
        page = Paginator(table.rows, PAGE_ROWS).get_page(request.GET.get("page"))
        context |= shown(repository, table, page.object_list, (page.number - 1) * PAGE_ROWS)
        context |= {
            "page": page,
            "columns": [column_view(column) for column in table.columns[:MOST_COLUMNS_SHOWN]],
            "splits": [(other, _address(repository, other), other.pk == table.pk) for other in listed],
            "has_configs": len({other.config for other in listed}) > 1,
        }
    elif request.GET.get("config") or request.GET.get("split"):
        raise EntryNotFound(
            _("%(repository)s has no split that this hub has read.") % {"repository": repository.full_name}
        )
    return render(request, "models_registry/data.html", context)


def first_rows(request: ActorRequest, repository: Repository) -> dict[str, Any]:
    """For the page of a dataset, to whoever may read its files."""
    if repository.kind != Kind.DATASET or gates.is_shut(request, repository):
        return {}
    try:
        table = tables.one(request.actor, repository)
    except EntryNotFound:
        return {}
    return shown(repository, table, table.rows[:FEW_ROWS], 0)


def of_file(repository: Repository, entry: TreeEntry, count: int) -> dict[str, Any]:
    """For the page of a file that is a split by itself: the first `count` rows."""
    if repository.kind != Kind.DATASET:
        return {}
    table = tables.of_file(repository, entry.path, content_id(entry))
    return shown(repository, table, table.rows[:count], 0) if table and table.format != PICTURES else {}


def shown(repository: Repository, table: DatasetTable, rows: Any, first: int) -> dict[str, Any]:
    """What _data_table.html needs. first: the number of the first of these rows."""
    headers = [column_view(column) for column in table.columns[:MOST_COLUMNS_SHOWN]]
    cut = {(row, column) for row, column in table.cut}
    lines = [
        [
            _cell(repository, table, row.get(header.name), is_cut=(first + place, header.name) in cut)
            for header in headers
        ]
        for place, row in enumerate(rows)
    ]
    return {
        "table": table,
        "headers": headers,
        "table_rows": lines,
        "omitted_columns": len(table.columns) - len(headers),
        "table_url": _address(repository, table),
    }


def _address(repository: Repository, table: DatasetTable) -> str:
    return f"{page_url(repository, 'data')}?{urlencode({'config': table.config, 'split': table.split})}"


def _cell(repository: Repository, table: DatasetTable, value: Any, *, is_cut: bool) -> Cell:
    if value is None:
        return Cell("missing", _("missing"))
    if table.format == PICTURES and isinstance(value, dict) and isinstance(value.get("path"), str):
        url = resolve_url(repository, table.commit, value["path"])
        return Cell("picture" if value.get("size", 0) <= LARGEST_PICTURE else "file", value["path"], url)
    if isinstance(value, bool):
        return Cell("text", "true" if value else "false")
    if isinstance(value, int | float):
        return Cell("number", number(value))
    if isinstance(value, str):
        return Cell("text", value, is_cut=is_cut)
    return Cell("text", json.dumps(value, ensure_ascii=False), is_cut=is_cut)


def number(value: Any) -> str:
    """As few digits as tell it; whole numbers whole."""
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer() and abs(value) < 1e15):
        return str(int(value))
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def column_view(column: dict[str, Any]) -> ColumnView:
    rows, nulls = column.get("rows") or 0, column.get("nulls") or 0
    facts = [(title, number(column[name])) for name, title in _titles() if column.get(name) is not None]
    if length := column.get("length"):
        facts.append((_("Length"), f"{number(length['min'])}–{number(length['max'])}, ⌀ {number(length['mean'])}"))
    histogram = column.get("histogram") or {}
    counts = histogram.get("counts") or []
    most = max(counts, default=0)
    bars = []
    for place, count in enumerate(counts):
        height = max(round(_BAR_HEIGHT * count / most), 1 if count else 0) if most else 0
        bars.append((place * _BAR_WIDTH, _BAR_HEIGHT - height, height))
    edges = histogram.get("edges") or []
    label = ", ".join(f"{number(edges[place])}: {count}" for place, count in enumerate(counts)) if edges else ""
    kind = str(column.get("type", ""))
    return ColumnView(
        name=str(column.get("name", "")),
        type=kind,
        is_numeric=kind.startswith(_NUMERIC),
        missing=f"{100 * nulls / rows:.3g} %" if rows and nulls else "0",
        distinct=column.get("distinct"),
        facts=facts,
        bars=bars,
        bars_label=label,
        top=[(_value(value), count) for value, count in column.get("top") or []],
    )


def _titles() -> list[tuple[str, str]]:
    return [("min", _("Smallest")), ("max", _("Largest")), ("mean", _("Mean")), ("std", _("Spread"))]


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return number(value) if isinstance(value, int | float) else str(value) or _("(empty)")
