"""What a reader wants to see of a board, as its address says: pages, the API and exports read it alike."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from hub.errors import BadRequest

LARGEST = 2**62
CHOSEN_FROM = ("format", "license", "architecture", "machine", "hardware")  # offered as lists of what occurs
TEXTS = ("architecture", "format", "machine", "hardware", "namespace", "trust")


@dataclass(frozen=True, slots=True)
class Filters:
    """Filters hide rows; a rank is a fact of the whole board."""

    licence: str = ""
    architecture: str = ""
    format: str = ""
    machine: str = ""
    hardware: str = ""
    namespace: str = ""
    trust: str = ""
    min_parameters: int | None = None
    max_parameters: int | None = None
    since: datetime | None = None
    before: datetime | None = None

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Self:
        """Of an address. Raises BadRequest."""
        until = _day(query.get("until"), "until")
        return cls(
            licence=_text(query.get("license")),
            min_parameters=_number(query.get("min_params"), "min_params"),
            max_parameters=_number(query.get("max_params"), "max_params"),
            since=_day(query.get("since"), "since"),
            before=until + timedelta(days=1) if until else None,
            **{name: _text(query.get(name)) for name in TEXTS},
        )

    def condition(self, run: str = "run__", trust: str = "trust") -> Q:
        """On rows of a board. run, trust: how the facts of a run, and its trust, are reached from there."""
        wanted = Q()
        for field, value in (
            (f"{run}repository__licence", self.licence),
            (f"{run}architecture", self.architecture),
            (f"{run}format", self.format),
            (f"{run}machine", self.machine),
            (f"{run}hardware_class", self.hardware),
            (f"{run}repository__namespace__key", self.namespace.lower()),
            (f"{run}parameters__gte", self.min_parameters),
            (f"{run}parameters__lte", self.max_parameters),
            (f"{run}finished_at__gte", self.since),
            (f"{run}finished_at__lt", self.before),
            (trust, self.trust),
        ):
            if value not in {"", None}:
                wanted &= Q(**{field: value})
        return wanted


def choices(rows: QuerySet[Any], run: str = "run__") -> dict[str, list[str]]:
    """The values that occur in rows of a board, by filter. run: as in `Filters.condition`."""
    fields = [
        f"{run}{field}" for field in ("format", "repository__licence", "architecture", "machine", "hardware_class")
    ]
    found = list(rows.order_by().values_list(*fields).distinct())
    return {name: sorted({values[place] for values in found} - {""}) for place, name in enumerate(CHOSEN_FROM)}


def _text(text: str | None) -> str:
    return (text or "").replace("\0", "")


def _number(text: str | None, name: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(LARGEST)):
        raise BadRequest(_("%(name)s must be a whole number, not %(text)r.") % {"name": name, "text": text[:40]})
    return min(int(text), LARGEST)


def _day(text: str | None, name: str) -> datetime | None:
    if not text:
        return None
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None or not 1970 <= day.year <= 9000:
        raise BadRequest(
            _("%(name)s must be a day such as 2026-11-22, not %(text)r.") % {"name": name, "text": text[:40]}
        )
    return datetime.combine(day, datetime.min.time(), tzinfo=timezone.get_default_timezone())
