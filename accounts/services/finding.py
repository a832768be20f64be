"""Members and organisations by what somebody types."""

from django.db.models import Q, QuerySet

from accounts.models import Namespace, in_good_standing
from hub import matching
from hub.matching import CANDIDATES, Found


def find_people(text: str, most: int) -> Found:
    """Who is banned or suspended is not found by it."""
    return _find(Namespace.objects.filter(in_good_standing("user"), user__isnull=False), "user__full_name", text, most)


def find_organizations(text: str, most: int) -> Found:
    return _find(Namespace.objects.filter(organization__isnull=False), "organization__full_name", text, most)


def _find(namespaces: QuerySet[Namespace], full_name: str, text: str, most: int) -> Found:
    listed = namespaces.select_related("user", "organization").order_by("key")
    # Each column by its own index: no "or" between two tables.
    named, called = listed.filter(matching.containing("key", text)), listed.filter(matching.mentioning(text, full_name))
    both = namespaces.filter(Q(pk__in=named.order_by().values("pk")) | Q(pk__in=called.order_by().values("pk")))
    asked = text.lower().strip()
    candidates = [
        *listed.filter(key__startswith=asked)[:CANDIDATES], *named[:CANDIDATES], *called[:CANDIDATES],
    ]  # fmt: skip
    rows = matching.ranked(candidates, lambda row: _worth(row, text), most)
    if rows or not matching.allows_typos(text):
        return Found(rows, both, most)
    near = matching.nearly(listed, "key", text)
    rows = matching.ranked(near[:CANDIDATES], lambda row: _worth(row, text), most)
    return Found(rows, near, most, [row.name.lower() for row in rows])


def _worth(namespace: Namespace, text: str) -> float:
    return max(matching.closeness(text, namespace.name), matching.closeness(text, namespace.display_name))
