"""How many repositories each filter of a list leaves, out of bitmaps: exact, and quick for a million of them.

A worker asks the database once a minute which public repositories have which value and keeps the answer as one row for each
kind; every process of the site holds it in memory. Short lists need none: those are counted as they are (`browsing`). It holds
numbers alone and decides nothing: what a page shows is asked of the database, with the rule of who may see it.
"""

import json
import logging
import struct
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Aggregate, Count, TextField
from django.utils import timezone
from pyroaring import BitMap

from accounts.models import Actor
from models_registry.models import FacetIndex, Kind, Repository
from models_registry.services import facets

logger = logging.getLogger(__name__)

WORTHWHILE = 2_000  # public repositories of a kind; fewer are counted by the database as quickly
MOST_VALUES = 2_000  # of one facet: the commonest
LOOK_AGAIN = 15.0  # seconds: how long a process takes what it has for the newest
_REST = 20  # times as long as it took, so that a worker spends a twentieth of its time on it
_AT_LEAST = timedelta(seconds=55)
_LENGTH = struct.Struct(">I")


@dataclass(frozen=True)
class Index:
    """`everything`: ids of all public repositories of the kind. `values`: {facet: {value: ids}}, the commonest first."""

    everything: BitMap
    values: Mapping[str, Mapping[str, BitMap]]

    def to_bytes(self) -> bytes:
        parts = [self.everything.serialize()]
        names: dict[str, list[str]] = {}
        for key, values in self.values.items():
            names[key] = list(values)
            parts += [ids.serialize() for ids in values.values()]
        head = json.dumps({"names": names, "sizes": [len(part) for part in parts]}).encode()
        return _LENGTH.pack(len(head)) + head + b"".join(parts)

    @classmethod
    def of_bytes(cls, content: bytes) -> "Index":
        (length,) = _LENGTH.unpack_from(content)
        at = _LENGTH.size + length
        head = json.loads(content[_LENGTH.size : at])
        maps = []
        for size in head["sizes"]:
            maps.append(BitMap.deserialize(content[at : at + size]))
            at += size
        rest = iter(maps[1:])
        return cls(maps[0], {key: {value: next(rest) for value in values} for key, values in head["names"].items()})


class _Ids(Aggregate):
    """All ids of a group; a list on PostgreSQL, text with commas on SQLite."""

    function = "ARRAY_AGG"
    output_field = TextField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, function="GROUP_CONCAT", **context)

    def convert_value(self, value: Any, expression: Any, connection: Any) -> BitMap:
        return BitMap(map(int, value.split(",")) if isinstance(value, str) else value)


def renew() -> None:
    """Make those anew whose time has come."""
    for kind in Kind:
        there = FacetIndex.objects.filter(kind=kind).defer("content").first()
        if there and timezone.now() - there.made_at < max(_AT_LEAST, timedelta(seconds=_REST * there.seconds)):
            continue
        public = Repository.objects.visible_to(Actor()).filter(kind=kind)
        if public.order_by()[: WORTHWHILE + 1].count() > WORTHWHILE:
            make(kind)
        elif there:
            there.delete()


def make(kind: Kind) -> None:
    began, at = time.monotonic(), timezone.now()
    public = Repository.objects.visible_to(Actor()).filter(kind=kind).order_by()
    everything = BitMap(public.values_list("pk", flat=True).iterator(chunk_size=10_000))
    values = {}
    for facet in facets.of_kind(kind):
        rows, value, repository, prefix = facet.pairs(public)
        groups = rows.order_by().values_list(value).annotate(count=Count(repository), ids=_Ids(repository))
        commonest = groups.order_by("-count", value)[:MOST_VALUES]
        values[facet.key] = {
            str(name).removeprefix(prefix): ids for name, _count, ids in commonest.iterator(chunk_size=50)
        }
    seconds = time.monotonic() - began
    FacetIndex.objects.update_or_create(
        kind=kind, defaults={"made_at": at, "seconds": seconds, "content": Index(everything, values).to_bytes()}
    )
    logger.info("facets of %d %s indexed in %.1f s", len(everything), kind.plural, seconds)


class _Memory:
    """The newest index of each kind that this process has seen."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[Any, Index | None]] = {}
        self._until: dict[str, float] = {}
        self._lock = threading.Lock()

    def current(self, kind: str) -> Index | None:
        if time.monotonic() < self._until.get(kind, 0):
            return self._held[kind][1]
        with self._lock:
            made_at = FacetIndex.objects.filter(kind=kind).values_list("made_at", flat=True).first()
            if kind not in self._held or self._held[kind][0] != made_at:
                content = FacetIndex.objects.filter(kind=kind).values_list("content", flat=True).first()
                self._held[kind] = (made_at, Index.of_bytes(bytes(content)) if content else None)
            self._until[kind] = time.monotonic() + LOOK_AGAIN
            return self._held[kind][1]

    def forget(self) -> None:
        self._until.clear()


_memory = _Memory()
current = _memory.current
forget = _memory.forget


def union(maps: Iterable[BitMap]) -> BitMap:
    found = BitMap()
    for one in maps:
        found |= one
    return found
