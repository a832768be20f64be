"""What a collection is told to do, and what it says it did."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils import timezone

IN_FLIGHT = timedelta(days=1)
"""Bytes that no row names yet may belong to a request that is under way: they stay at least that long."""


@dataclass(frozen=True)
class Plan:
    """grace: how long what is not needed any more can still be fetched back. dry_run: only say what would go."""

    grace: timedelta
    dry_run: bool = False
    trust_rows: bool = False

    def regretted_before(self) -> datetime:
        return timezone.now() - self.grace

    def in_flight_before(self) -> datetime:
        return timezone.now() - max(self.grace, IN_FLIGHT)


@dataclass
class Amounts:
    """How many of each kind, and their stored bytes."""

    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    sizes: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, kind: str, count: int, size: int = 0) -> None:
        if count:
            self.counts[kind] += count
            self.sizes[kind] += size

    def include(self, others: "Amounts") -> None:
        for kind, count in others.counts.items():
            self.add(kind, count, others.sizes[kind])
