"""What a column holds, gathered value by value in bounded memory."""

import json
import math
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

KEPT_ROWS = 100
STATISTIC_ROWS = 10_000
MOST_COLUMNS = 200
LONGEST_CELL = 500  # characters
LONGEST_NAME = 200
KEPT_CHARACTERS = 400_000  # of all rows together
BINS = 10
TOP = 10
_LONGEST_VALUE = 80  # that can be among the most frequent
_MOST_VALUES = 2000
_LARGEST_INTEGER = 2**63


def clean(text: str) -> str:
    """As databases take it: no NUL, no half of a character."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")


def cell(value: Any) -> tuple[Any, bool]:
    """A value as JSON, and whether it was cut."""
    if value is None or isinstance(value, bool):
        return value, False
    if isinstance(value, int):
        return (value, False) if abs(value) < _LARGEST_INTEGER else _cut(str(value))
    if isinstance(value, float):
        return (value, False) if math.isfinite(value) else (str(value), False)
    if isinstance(value, str):
        return _cut(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return f"({len(value)} bytes)", True
    if isinstance(value, Mapping | list | tuple):
        plain = _plain(value, 0)
        text = json.dumps(plain, ensure_ascii=False, default=str)
        return (plain, False) if len(text) <= LONGEST_CELL else _cut(text)
    return _cut(str(value))


def _cut(text: str) -> tuple[str, bool]:
    return clean(text[:LONGEST_CELL]) + ("…" if len(text) > LONGEST_CELL else ""), len(text) > LONGEST_CELL


def _plain(value: Any, depth: int) -> Any:
    """Nested values as JSON; what is deep or long is left out, as "…"."""
    if isinstance(value, Mapping):
        if depth >= 6:
            return "…"
        items = list(value.items())[:50]
        return {clean(str(key)[:LONGEST_NAME]): _plain(inner, depth + 1) for key, inner in items} | (
            {"…": len(value) - 50} if len(value) > 50 else {}
        )
    if isinstance(value, list | tuple):
        if depth >= 6:
            return "…"
        return [_plain(inner, depth + 1) for inner in value[:200]] + (["…"] if len(value) > 200 else [])
    return cell(value)[0]


class Column:
    """One column's values so far. `kind`: what the file says of its type, "" where the values tell."""

    def __init__(self, name: str, kind: str = "") -> None:
        self.name = clean(name[:LONGEST_NAME])
        self._kind = kind
        self._kinds: Counter[str] = Counter()
        self._rows = self._nulls = 0
        self._numbers: list[float] = []
        self._lengths: list[int] = []
        self._moments: tuple[Any, Any] | None = None
        self._seen: set[int] = set()
        self._values: Counter[Any] = Counter()
        self._has_all_values = True

    def add(self, value: Any) -> None:
        self._rows += 1
        if value is None or (isinstance(value, float) and math.isnan(value)):
            self._nulls += 1
            return
        self._kinds[_kind_of(value)] += 1
        if isinstance(value, bool):
            self._count(value)
        elif isinstance(value, int | float | Decimal):
            number = _as_float(value)
            if number is not None:
                self._numbers.append(number)
            self._count(value)
        elif isinstance(value, str):
            self._lengths.append(len(value))
            self._count(value)
        elif isinstance(value, date | datetime | time | timedelta):
            self._note_moment(value)
            self._count(str(value))
        elif isinstance(value, bytes | list | tuple | Mapping):
            self._lengths.append(len(value))

    def add_nothing(self, rows: int) -> None:
        """The column was not there for so many rows."""
        self._rows += rows
        self._nulls += rows

    def _count(self, value: Any) -> None:
        self._seen.add(hash((type(value), value)))
        if isinstance(value, str) and len(value) > _LONGEST_VALUE:
            return
        if value in self._values or len(self._values) < _MOST_VALUES:
            self._values[value] += 1
        else:
            self._has_all_values = False

    def _note_moment(self, value: Any) -> None:
        try:
            low, high = self._moments or (value, value)
            self._moments = (min(low, value), max(high, value))
        except TypeError:  # with and without a time zone
            return

    def summary(self) -> dict[str, Any]:
        """Of the rows that were added: type, nulls, distinct, and what fits the type. All of it is JSON."""
        kind = self._kind or self._told_kind()
        found: dict[str, Any] = {"name": self.name, "type": kind, "rows": self._rows, "nulls": self._nulls}
        if self._seen:
            found["distinct"] = len(self._seen)
        if self._numbers:
            found |= _of_numbers(self._numbers)
        if self._lengths:
            mean = sum(self._lengths) / len(self._lengths)
            found["length"] = {"min": min(self._lengths), "max": max(self._lengths), "mean": round(mean, 2)}
        if self._moments is not None:
            found["min"], found["max"] = (str(moment) for moment in self._moments)
        if self._shows_values():
            found["top"] = [[cell(value)[0], count] for value, count in self._values.most_common(TOP)]
        elif self._numbers:
            found["histogram"] = _histogram(self._numbers)
        return found

    def _told_kind(self) -> str:
        kinds = set(self._kinds)
        if not kinds:
            return "null"
        if kinds == {"int", "float"}:
            return "float"
        return kinds.pop() if len(kinds) == 1 else "mixed"

    def _shows_values(self) -> bool:
        """Whether values come again often enough that the most frequent ones say something."""
        counted = sum(self._values.values())
        if not self._values or not self._has_all_values:
            return False
        most = TOP if self._numbers else max(TOP, counted // 2)
        return len(self._seen) <= most


def _kind_of(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    for kinds, name in (
        (int, "int"), (float | Decimal, "float"), (str, "string"), (bytes, "binary"), (list | tuple, "list"), (Mapping, "struct"),
        (datetime, "timestamp"), (date, "date"),
    ):  # fmt: skip
        if isinstance(value, kinds):
            return name
    return type(value).__name__


def _as_float(value: float | Decimal) -> float | None:
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _of_numbers(numbers: Sequence[float]) -> dict[str, Any]:
    found = {"min": min(numbers), "max": max(numbers)}
    try:
        found |= {"mean": statistics.mean(numbers), "std": statistics.pstdev(numbers)}
    except OverflowError:  # the spread of numbers near the largest there are
        return found
    return found


def _histogram(numbers: Sequence[float]) -> dict[str, list[Any]]:
    """Ten bins of one width; a value on an edge counts in the bin above it, the largest in the last."""
    low, high = min(numbers), max(numbers)
    if low == high:
        return {"edges": [low, high], "counts": [len(numbers)]}
    scale = max(abs(low), abs(high))  # so that no difference overflows
    width = (high / scale - low / scale) / BINS
    counts = [0] * BINS
    for number in numbers:
        counts[min(int((number / scale - low / scale) / width), BINS - 1)] += 1
    edges = [(low / scale + width * step) * scale for step in range(1, BINS)]
    return {"edges": [low, *edges, high], "counts": counts}
