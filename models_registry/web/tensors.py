"""The tensors of a weight file as a page shows them: grouped by layer, searched, sorted, page by page."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.utils.translation import gettext as _

from accounts.requests import ActorRequest
from models_registry.formats.tensor_sizes import bytes_of
from models_registry.models import TensorSummary

PAGE_TENSORS = 200
LONGEST_QUERY = 200
_LAYER = re.compile(r"^(?:.*?\.)?\d+(?=\.)")


@dataclass(frozen=True)
class TensorRow:
    """`size`: in bytes; None where the type does not tell. `group`: its layer, "" where it is in none."""

    name: str
    dtype: str
    shape: str
    parameters: int
    size: int | None
    group: str


@dataclass(frozen=True)
class Group:
    """Tensors of one layer that stand together. `parameters`, `size`: of those that are found, also on other pages."""

    name: str
    rows: list[TensorRow]
    count: int
    parameters: int
    size: int


def shown(request: ActorRequest, summary: TensorSummary) -> dict[str, Any]:
    """For view/_tensors.html."""
    every = [_row(*tensor) for tensor in summary.tensors]
    query = request.GET.get("q", "")[:LONGEST_QUERY].strip()
    sorts = [
        ("name", _("name")),
        ("file", _("place in the file")),
        ("parameters", _("parameters")),
        ("size", _("size")),
    ]
    sort = request.GET.get("sort", "")
    sort = sort if sort in dict(sorts) else "name"
    found = [row for row in every if _matches(row, query)] if query else every
    page = Paginator(_sorted(found, sort), PAGE_TENSORS).get_page(request.GET.get("page"))
    rows = list(page.object_list)
    return {
        "summary": summary,
        "query": query,
        "sort": sort,
        "sorts": sorts,
        "page": page,
        "groups": _groups(rows, found) if sort in {"file", "name"} else [Group("", rows, 0, 0, 0)],
        "tensor_count": len(every),
        "parameter_count": sum(row.parameters for row in every),
        "byte_count": sum(row.size or 0 for row in every),
        "dtypes": sorted(summary.parameters.items(), key=lambda counted: -counted[1]),
    }


def _row(name: str, dtype: str, shape: Sequence[int]) -> TensorRow:
    layer = _LAYER.match(name)
    return TensorRow(
        name, dtype, " × ".join(map(str, shape)), math.prod(shape), bytes_of(dtype, shape), layer[0] if layer else ""
    )


def _matches(row: TensorRow, query: str) -> bool:
    """Every word stands in its name, or is its type."""
    name, dtype = row.name.lower(), row.dtype.lower()
    return all(word in name or word == dtype for word in query.lower().split())


def _sorted(rows: list[TensorRow], sort: str) -> list[TensorRow]:
    if sort == "name":
        return sorted(rows, key=lambda row: _natural(row.name))
    if sort == "parameters":
        return sorted(rows, key=lambda row: (-row.parameters, row.name))
    if sort == "size":
        return sorted(rows, key=lambda row: (-(row.size or 0), row.name))
    return rows


def _natural(name: str) -> list[tuple[int, int, str]]:
    """So that layer 10 comes after layer 9."""
    return [
        (0, int(part), "") if part.isdecimal() and len(part) < 19 else (1, 0, part)
        for part in re.split(r"(\d+)", name, flags=re.ASCII)
        if part
    ]


def _groups(rows: Sequence[TensorRow], found: Sequence[TensorRow]) -> list[Group]:
    totals: dict[str, list[int]] = {}
    for row in found:
        total = totals.setdefault(row.group, [0, 0, 0])
        for place, value in enumerate((1, row.parameters, row.size or 0)):
            total[place] += value
    groups: list[Group] = []
    for row in rows:
        if not groups or groups[-1].name != row.group:
            groups.append(Group(row.group, [], *totals[row.group]))
        groups[-1].rows.append(row)
    return groups
