"""Suites by what somebody types."""

from evaluations.models import Suite, SuiteVersion
from hub import matching
from hub.matching import CANDIDATES, Found


def find_suites(text: str, most: int) -> Found:
    """Those that have a board, by id, title, task and what they say of themselves."""
    shown = Suite.objects.filter(pk__in=SuiteVersion.objects.filter(current=True).values("suite"))
    found = shown.filter(matching.mentioning(text, "name", "title", "task", "summary")).order_by("title")
    rows = matching.ranked(
        found[:CANDIDATES],
        lambda suite: max(
            matching.closeness(text, suite.title, more=suite.summary), matching.closeness(text, suite.name)
        ),
        most,
    )
    return Found(rows, found, most)
