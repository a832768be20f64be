"""Which commit last changed each entry of a folder: answered from one row per folder, without walking history.

A commit writes the map of every folder it touches, copied forward from the map before it. The root is touched by every
commit; its map names, for the entry `a`, the commit that last touched folder `a`, whose own map lies under that commit.
Commits that were pushed get their maps a moment later (`services.history_maps`): until then nothing is said of them.
"""

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db.models import Q

from hub.batches import batches
from hub.jobs.models import Job
from models_registry.models import Commit, FolderHistory, Repository

_AT_ONCE = 500


def pack(entries: Mapping[str, str]) -> bytes:
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
    """Write the maps of the folders a commit touched, or ask for them if those of its parent are not there yet.

    changed: {folder: names it added or changed}, its emptied or removed ones included. present: {folder: all its names after}.
    """
    before = last_changes(repository, parent, changed) if parent else {}
    if parent and "" not in before:
        ask_for_maps(repository)
        return
    FolderHistory.objects.bulk_create(
        (
            FolderHistory(
                repository=repository,
                commit=commit,
                path=folder,
                data=pack(
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


def ask_for_maps(repository: Repository) -> None:
    """Have the maps made that commits of this repository lack."""
    Job.objects.add("map_history", str(repository.pk))


def commits_from(repository: Repository, start: Commit, count: int, *, after: Commit | None = None) -> list[Commit]:
    """At most `count` of the commits that led to `start`, itself included, newest first; children before parents.

    after: the commit that begins a later page. One pass over an index from `start` down, in memory for the branches
    that run beside each other, however long the history is.
    """
    begin = after or start
    found: list[int] = []
    wanted = {start.oid}
    older = Q(listed_at__lt=start.listed_at) | Q(listed_at=start.listed_at, pk__lte=start.pk)
    rows = Commit.objects.filter(older, repository=repository).order_by("-listed_at", "-pk")
    for identity, oid, parents, listed_at in rows.values_list("pk", "oid", "parents", "listed_at").iterator(_AT_ONCE):
        if oid not in wanted:
            continue  # of another branch
        wanted.remove(oid)
        wanted.update(parents)
        if (listed_at, identity) <= (begin.listed_at, begin.pk):
            found.append(identity)
        if len(found) == count or not wanted:
            break
    commits = Commit.objects.select_related("author").in_bulk(found)
    return [commits[identity] for identity in found]


def add_commits(commits: Sequence[Commit]) -> None:
    """Insert commits of one repository, parents before children, with their place in lists; those that are there stay."""
    if not commits:
        return
    parents = {parent for commit in commits for parent in commit.parents} - {commit.oid for commit in commits}
    listed: dict[str, datetime] = {}
    for here in batches(sorted(parents), _AT_ONCE):
        known = Commit.objects.filter(repository=commits[0].repository, oid__in=here)
        listed.update(known.values_list("oid", "listed_at"))
    for commit in commits:
        above = [listed[parent] for parent in commit.parents if parent in listed]
        listed[commit.oid] = commit.listed_at = max([commit.committed_at, *above])
    Commit.objects.bulk_create(commits, ignore_conflicts=True, batch_size=_AT_ONCE)
