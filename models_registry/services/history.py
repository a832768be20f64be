"""Which commit last changed each entry of a folder: answered from one row per folder, without walking history.

A commit writes the map of every folder it touches, copied forward from the map before it. The root is touched by every
commit; its map names, for the entry `a`, the commit that last touched folder `a`, whose own map lies under that commit.
"""

import json
import zlib
from collections.abc import Iterable, Mapping

from django.db import connection

from models_registry.models import Commit, FolderHistory, Repository


def _pack(entries: Mapping[str, str]) -> bytes:
    commits = sorted(set(entries.values()))
    position = {commit: index for index, commit in enumerate(commits)}
    packed = {"commits": commits, "entries": {name: position[commit] for name, commit in entries.items()}}
    return zlib.compress(json.dumps(packed, separators=(",", ":")).encode(), 1)


def unpacked(data: bytes) -> dict[str, str]:
    """{entry name: commit id}, of a `FolderHistory` as stored."""
    packed = json.loads(zlib.decompress(data))
    return {name: packed["commits"][index] for name, index in packed["entries"].items()}


def renamed(data: bytes, names: Mapping[str, str]) -> bytes:
    """A stored map with other commit ids in place of those that `names` knows."""
    packed = json.loads(zlib.decompress(data))
    packed["commits"] = [names.get(commit, commit) for commit in packed["commits"]]
    return zlib.compress(json.dumps(packed, separators=(",", ":")).encode(), 1)


def last_changes(repository: Repository, commit: str, folders: Iterable[str]) -> dict[str, dict[str, str]]:
    """For each folder that exists in `commit`: {entry name: id of the commit that last changed it}. One query a level."""
    wanted = set(folders)
    wanted |= {"/".join(parts[:depth]) for path in wanted if (parts := path.split("/")) for depth in range(len(parts))}
    maps: dict[str, dict[str, str]] = {}
    level = {"": commit}
    while level:
        rows = FolderHistory.objects.filter(
            repository=repository, commit__in=set(level.values()), path__in=list(level)
        ).values_list("path", "commit", "data")
        for path, oid, data in rows:
            if level.get(path) == oid:
                maps[path] = unpacked(bytes(data))
        below: dict[str, str] = {}
        for path in wanted - maps.keys():
            parent, _, name = path.rpartition("/")
            if parent in level and name in maps.get(parent, {}):
                below[path] = maps[parent][name]
        level = below
    return maps


def record(
    repository: Repository,
    *,
    parent: str | None,
    commit: str,
    changed: Mapping[str, set[str]],
    present: Mapping[str, Iterable[str]],
) -> None:
    """Write the maps of the folders a commit touched.

    changed: {folder: names it added or changed}, its emptied or removed ones included. present: {folder: all its names after}.
    """
    before = last_changes(repository, parent, changed) if parent else {}
    FolderHistory.objects.bulk_create(
        (
            FolderHistory(
                repository=repository,
                commit=commit,
                path=folder,
                data=_pack(
                    {
                        name: commit if name in names else before.get(folder, {}).get(name, commit)
                        for name in present[folder]
                    }
                ),
            )
            for folder, names in changed.items()
            if folder in present
        ),
        batch_size=500,
        ignore_conflicts=True,  # the same commit, made on two branches within a second
    )


def commits_from(repository: Repository, start: Commit, count: int) -> list[Commit]:
    """At most `count` commits, newest first, from `start` along first parents: one recursive query."""
    query = """
        WITH RECURSIVE line(id, first_parent, depth) AS (
            SELECT id, first_parent, 0 FROM models_registry_commit WHERE id = %s
            UNION ALL
            SELECT older.id, older.first_parent, line.depth + 1
            FROM models_registry_commit older JOIN line ON older.oid = line.first_parent
            WHERE older.repository_id = %s AND line.depth + 1 < %s
        )
        SELECT id FROM line ORDER BY depth
    """
    with connection.cursor() as cursor:
        cursor.execute(query, [start.pk, repository.pk, count])
        ids = [row[0] for row in cursor.fetchall()]
    found = Commit.objects.select_related("author").in_bulk(ids)
    return [found[identity] for identity in ids]
