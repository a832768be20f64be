"""How often a repository is downloaded: each day of a month beside its card, of a year on a page of its own."""

from collections.abc import Sequence
from datetime import date
from itertools import groupby
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.formats import date_format
from django.views.decorators.http import require_safe

from accounts.requests import ActorRequest
from hub import drawing
from hub.templatetags.grove import short_number
from hub.wire.csv_files import csv_file
from models_registry import access
from models_registry.models import Kind, Repository
from models_registry.page_addresses import page_url
from models_registry.services import counting
from models_registry.web.addressing import of_address

YEAR = 365
SPARK_WIDTH, SPARK_HEIGHT = 290, 40
WIDTH = 780
LEFT, RIGHT, TOP, BOTTOM = 44, 772, 12, 204
_TICKS = 6

Days = Sequence[tuple[date, int]]


def spark(repository: Repository) -> dict[str, Any]:
    """What _spark.html needs; nothing of a repository that nobody has downloaded lately."""
    days = counting.by_day(repository, counting.DAYS_SHOWN) if repository.downloads else []
    if not any(count for _day, count in days):
        return {}
    most = max(count for _day, count in days)
    upwards = drawing.Scale(0, most, SPARK_HEIGHT - 1, 2)
    across = drawing.Scale(0, len(days) - 1, 0, SPARK_WIDTH)
    curve = drawing.line([(across.at(number), upwards.at(count)) for number, (_day, count) in enumerate(days)])
    return {
        "spark": {"curve": curve, "area": f"{curve}V{SPARK_HEIGHT}H0Z", "most": most},
        "downloads_url": page_url(repository, "downloads"),
    }


@require_safe
def downloads(request: ActorRequest, kind: str, namespace: str, name: str) -> HttpResponse:
    repository = of_address(request, kind, namespace, name)
    access.refuse_what_is_closed(repository)
    days = counting.by_day(repository, YEAR)
    total = sum(count for _day, count in days)
    months = [
        (first, sum(count for _day, count in of_month))
        for first, of_month in groupby(days, key=lambda entry: entry[0].replace(day=1))
    ]
    context = {
        "repository": repository,
        "section": Kind(kind).plural,
        "chart": _chart(days) if total else None,
        "total": total,
        "months": months[::-1],
        "csv_url": page_url(repository, "downloads.csv"),
    }
    return render(request, "models_registry/downloads.html", context)


@require_safe
def downloads_csv(request: ActorRequest, kind: str, namespace: str, name: str) -> HttpResponseBase:
    """A row for each day of the year, the oldest first."""
    repository = of_address(request, kind, namespace, name)
    access.refuse_what_is_closed(repository)
    rows = [("day", "downloads"), *((day.isoformat(), count) for day, count in counting.by_day(repository, YEAR))]
    return csv_file(f"{repository.full_name.replace('/', '-')}-downloads.csv", rows)


def _chart(days: Days) -> dict[str, Any]:
    """A bar for each day, months below."""
    axis = drawing.Axis.over([0, *(count for _day, count in days)])
    upwards = drawing.Scale(axis.low, axis.high, BOTTOM, TOP)
    across = drawing.Scale(0, len(days), LEFT, RIGHT)
    months = [number for number, (day, _count) in enumerate(days) if day.day == 1]
    return {
        "heights": [
            {"at": upwards.at(tick), "text": short_number(round(tick))} for tick in axis.ticks if tick == round(tick)
        ],
        "bars": [
            {"x": across.at(number), "y": upwards.at(count), "height": round(BOTTOM - upwards.at(count), 1)}
            | {"day": day, "count": count}
            for number, (day, count) in enumerate(days)
            if count
        ],
        "bar_width": round((RIGHT - LEFT) / len(days) - 0.3, 2),
        "ticks": [
            {"at": across.at(number), "text": date_format(days[number][0], "YEAR_MONTH_FORMAT")}
            for number in months[:: -(-len(months) // _TICKS)]
        ],
    }  # fmt: skip
