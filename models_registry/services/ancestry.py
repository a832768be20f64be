"""Lines of commits along first parents, each one query, however long."""

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
    """The newest commit that stands in both lines: where `other` was branched off `one`. None: they share nothing near."""
    line = set(_line(repository, one, _LONGEST))
    shared = next((oid for oid in _line(repository, other, _LONGEST) if oid in line), None)
    return None if shared is None else Commit.objects.get(repository=repository, oid=shared)


def _line(repository: Repository, start: Commit, count: int) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(_LINE + " SELECT oid FROM line ORDER BY depth", [start.pk, repository.pk, count])  # noqa: S608
        return [bytes(row[0]).hex() for row in cursor.fetchall()]


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
