"""Objects in storage that no row names."""

from collections.abc import Iterator

from models_registry import storage
from models_registry.models import Repository
from models_registry.services.fsck.problems import Page, Problem
from models_registry.services.garbage import amounts
from models_registry.services.garbage.orphans import PREFIXES, named

_LISTED = 1000


def check(_only: Repository | None, position: str, _deep: bool) -> Iterator[Page]:
    """Those that are too old to be of an upload under way."""
    first = next((prefix for prefix in PREFIXES if position.startswith(prefix)), PREFIXES[0])
    plan = amounts.Plan(grace=amounts.IN_FLIGHT)
    for prefix in PREFIXES[PREFIXES.index(first) :]:
        after = position if position.startswith(prefix) else ""
        while page := storage.listing(prefix, after=after, count=_LISTED):
            after = page[-1].key
            old = [found for found in page if found.modified < plan.in_flight_before()]
            known = named([found.key for found in old])
            lonely = (found for found in old if found.key not in known)
            problems = (Problem("orphaned", found.key, f"{found.size} bytes that no row names") for found in lonely)
            yield Page("storage", after, tuple(problems))
