"""Files as the JSON that Hub clients read; repositories are described in `describing`."""

from collections.abc import Sequence
from typing import Any

from models_registry.models import Commit, Repository
from models_registry.services import history, scanning
from models_registry.services.trees import TreeEntry


def tree_entries(
    repository: Repository, commit: Commit, entries: Sequence[TreeEntry], *, expand: bool
) -> list[dict[str, Any]]:
    """Files and folders; with `expand`, each with the commit that last changed it, and files with their scan's verdict."""
    if not expand:
        return [_entry(entry) for entry in entries]
    last, verdicts = _last_commits(repository, commit, entries), scanning.verdicts(entries)
    return [_expanded(entry, last.get(entry.path), verdicts.get(entry.path)) for entry in entries]


def _last_commits(repository: Repository, commit: Commit, entries: Sequence[TreeEntry]) -> dict[str, Commit]:
    folders = {entry.path.rpartition("/")[0] for entry in entries}
    maps = history.last_changes(repository, commit.oid, folders)
    oid_of = {}
    for entry in entries:
        folder, _, name = entry.path.rpartition("/")
        if oid := maps.get(folder, {}).get(name):
            oid_of[entry.path] = oid
    commits = {row.oid: row for row in Commit.objects.filter(repository=repository, oid__in=set(oid_of.values()))}
    return {path: commits[oid] for path, oid in oid_of.items() if oid in commits}


def _entry(entry: TreeEntry) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "type": "directory" if entry.is_folder else "file",
        "oid": entry.oid,
        "size": entry.size,
        "path": entry.path,
    }
    if entry.lfs:
        answer["lfs"] = {"oid": entry.lfs.sha256, "size": entry.lfs.size, "pointerSize": entry.pointer_size}
    if entry.xet_hash:
        answer["xetHash"] = entry.xet_hash
    return answer


def _expanded(entry: TreeEntry, last: Commit | None, verdict: dict[str, Any] | None) -> dict[str, Any]:
    answer = _entry(entry)
    answer["lastCommit"] = {"id": last.oid, "title": last.title, "date": last.committed_at} if last else None
    if verdict is not None:
        answer["securityFileStatus"] = verdict
    return answer
