"""What commits have before them in common, and which of a line touched a folder: a query each, however long the history."""

from collections import Counter
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.db import connection

from models_registry.models import Commit, Repository

_LONGEST = 20_000  # commits looked at

# Needs: the first commit's primary key, the repository's, and the most commits to look at.
_LINE = """
WITH RECURSIVE line(oid, first_parent, depth) AS (
    SELECT oid, first_parent, 0 FROM models_registry_commit WHERE id = %s
    UNION ALL
    SELECT older.oid, older.first_parent, line.depth + 1
    FROM models_registry_commit older JOIN line ON older.oid = line.first_parent
    WHERE older.repository_id = %s AND line.depth + 1 < %s
)
"""


def fork_of(repository: Repository, one: Commit, other: Commit) -> Commit | None:
    """The newest commit that led to both: where `other` was branched off `one`, or last took it in.

    One pass over an index. None: they share nothing among the commits looked at.
    """
    newest = max(one.listed_at, other.listed_at)
    rows = Commit.objects.filter(repository=repository, listed_at__lte=newest).order_by("-listed_at", "-pk")
    wanted_by_one, wanted_by_other = {one.oid}, {other.oid}
    for oid, parents in rows.values_list("oid", "parents")[:_LONGEST].iterator(chunk_size=500):
        if oid in wanted_by_one and oid in wanted_by_other:
            return Commit.objects.get(repository=repository, oid=oid)
        for wanted in (wanted_by_one, wanted_by_other):
            if oid in wanted:
                wanted.remove(oid)
                wanted.update(parents)
    return None


def arrived(repository: Repository, before: Commit, after: Commit, among: Container[str]) -> set[str]:
    """Which of these commits led to `after`, and not to `before`. One pass over an index."""
    newest = max(before.listed_at, after.listed_at)
    rows = Commit.objects.filter(repository=repository, listed_at__lte=newest).order_by("-listed_at", "-pk")
    old, new = {before.oid}, {after.oid}
    found = set()
    for oid, parents in rows.values_list("oid", "parents")[:_LONGEST].iterator(chunk_size=500):
        if oid in old:
            old.remove(oid)
            old.update(parents)
        elif oid in new:
            new.remove(oid)
            new.update(parents)
            if oid in among:
                found.add(oid)
        if new <= old:
            break
    return found


class Distance(NamedTuple):
    """How many commits one has that the other lacks, and the other way round."""

    ahead: int
    behind: int


@dataclass(frozen=True)
class Parting:
    """Where a head left its base. `commits`: ids of the newest it has of its own. `fork`: None where they share nothing."""

    fork: str | None
    distance: Distance
    commits: list[str]


def parting(repository: Repository, base: Commit, head: Commit, *, most: int) -> Parting:
    """One pass over an index."""
    shared: str | None = None
    own: list[str] = []
    behind = 0
    for oid, leads_to in _painted(repository, [base, head]):
        match leads_to:
            case 0b11:
                shared = shared or oid
            case 0b10:
                own.append(oid)
            case _:
                behind += 1
    return Parting(shared, Distance(len(own), behind), own[:most])


def distances(repository: Repository, base: Commit, heads: Sequence[Commit]) -> dict[str, Distance]:
    """{head's id: how far it is from the base}, for all of them in one pass over an index."""
    counts = Counter(leads_to for _, leads_to in _painted(repository, [base, *heads]))
    found = {}
    for place, head in enumerate(heads, start=1):
        with_base = [(leads_to & 1, leads_to >> place & 1, count) for leads_to, count in counts.items()]
        found[head.oid] = Distance(
            sum(count for in_base, in_head, count in with_base if in_head and not in_base),
            sum(count for in_base, in_head, count in with_base if in_base and not in_head),
        )
    return found


def _painted(repository: Repository, starts: Sequence[Commit]) -> Iterator[tuple[str, int]]:
    """(commit, the starts that it led to, a bit each), newest first, until all that is left led to all of them."""
    everywhere = (1 << len(starts)) - 1
    wanted: dict[str, int] = {}
    for place, start in enumerate(starts):
        wanted[start.oid] = wanted.get(start.oid, 0) | 1 << place
    newest = max(start.listed_at for start in starts)
    rows = Commit.objects.filter(repository=repository, listed_at__lte=newest).order_by("-listed_at", "-pk")
    for oid, parents in rows.values_list("oid", "parents")[:_LONGEST].iterator(chunk_size=500):
        leads_to = wanted.pop(oid, 0)
        if not leads_to:
            continue  # of another branch
        yield oid, leads_to
        for parent in parents:
            wanted[parent] = wanted.get(parent, 0) | leads_to
        if leads_to == everywhere and all(rest == everywhere for rest in wanted.values()):
            break


def folder_changes(repository: Repository, start: Commit, folder: str, *, most: int) -> list[tuple[str, bytes]]:
    """(commit, its map of the folder) of the newest commits of a line that touched a folder, at most `most`.

    The maps are those of `services.history`, as stored.
    """
    query = f"""
        {_LINE}
        SELECT line.oid, map.data FROM line
        JOIN models_registry_folderhistory map ON map."commit" = line.oid AND map.repository_id = %s AND map.path = %s
        ORDER BY line.depth LIMIT %s
    """  # noqa: S608 - made of constants alone
    with connection.cursor() as cursor:
        cursor.execute(query, [start.pk, repository.pk, _LONGEST, repository.pk, folder, most])
        return [(bytes(oid).hex(), bytes(data)) for oid, data in cursor.fetchall()]
