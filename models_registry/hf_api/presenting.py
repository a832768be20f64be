"""Repositories and files as the JSON that Hub clients read."""

from collections.abc import Callable, Sequence
from typing import Any

from hub.errors import BadRequest
from models_registry.models import Card, Commit, Kind, Repository
from models_registry.services import history, trees
from models_registry.services.trees import TreeEntry


def _card_data(repository: Repository) -> dict[str, Any]:
    card = Card.objects.filter(repository=repository).only("front_matter").first()
    return card.front_matter if card else {}


def _siblings(repository: Repository, commit: Commit, *, blobs: bool) -> list[dict[str, Any]]:
    return [sibling(entry, blobs=blobs) for entry in trees.files(repository, commit)]


def _safetensors(repository: Repository) -> dict[str, Any] | None:
    parameters: dict[str, int] = {}
    for summary in repository.tensor_summaries.filter(format="safetensors"):
        for dtype, count in summary.parameters.items():
            parameters[dtype] = parameters.get(dtype, 0) + count
    return {"parameters": parameters, "total": sum(parameters.values())} if parameters else None


def sibling(entry: TreeEntry, *, blobs: bool) -> dict[str, Any]:
    answer: dict[str, Any] = {"rfilename": entry.path}
    if blobs:
        answer |= {"size": entry.size, "blobId": entry.oid}
        if entry.lfs:
            answer["lfs"] = {"sha256": entry.lfs.sha256, "size": entry.lfs.size, "pointerSize": entry.pointer_size}
    return answer


# Every property that `expand` may name, and how it is found out: only what is asked is computed.
_PROPERTIES: dict[str, Callable[[Repository, Commit, bool], Any]] = {
    "author": lambda repository, _commit, _blobs: repository.namespace.name,
    "sha": lambda _repository, commit, _blobs: commit.oid,
    "lastModified": lambda repository, _commit, _blobs: repository.updated_at,
    "createdAt": lambda repository, _commit, _blobs: repository.created_at,
    "private": lambda repository, _commit, _blobs: repository.private,
    "gated": lambda repository, _commit, _blobs: repository.gated or False,
    "disabled": lambda repository, _commit, _blobs: bool(repository.disabled_reason),
    "downloads": lambda repository, _commit, _blobs: repository.downloads,
    "downloadsAllTime": lambda repository, _commit, _blobs: repository.downloads_all_time,
    "likes": lambda repository, _commit, _blobs: repository.likes,
    "trendingScore": lambda repository, _commit, _blobs: repository.trending_score,
    "tags": lambda repository, _commit, _blobs: sorted(tag.tag for tag in repository.tags.all()),
    "pipeline_tag": lambda repository, _commit, _blobs: repository.task or None,
    "library_name": lambda repository, _commit, _blobs: repository.library or None,
    "siblings": lambda repository, commit, blobs: _siblings(repository, commit, blobs=blobs),
    "cardData": lambda repository, _commit, _blobs: _card_data(repository),
    "safetensors": lambda repository, _commit, _blobs: _safetensors(repository),
}
_ONLY_WHEN_ASKED = {"downloadsAllTime", "trendingScore"}
_ONLY_MODELS = {"pipeline_tag", "library_name", "safetensors"}


def repository_info(
    repository: Repository, commit: Commit, *, expand: Sequence[str] = (), blobs: bool = False
) -> dict[str, Any]:
    """`expand`: answer only these properties. Raises BadRequest for one that does not exist."""
    known = _PROPERTIES.keys() - (_ONLY_MODELS if repository.kind != Kind.MODEL else set())
    unknown = sorted(set(expand) - known)
    if unknown:
        raise BadRequest(f"expand knows no {', '.join(unknown)}; it may be: {', '.join(sorted(known))}.")
    wanted = list(dict.fromkeys(expand)) or [name for name in _PROPERTIES if name in known - _ONLY_WHEN_ASKED]
    answer: dict[str, Any] = {"_id": str(repository.pk), "id": repository.full_name}
    if repository.kind == Kind.MODEL and not expand:
        answer["modelId"] = repository.full_name
    for name in wanted:
        value = _PROPERTIES[name](repository, commit, blobs)
        if value is not None:
            answer[name] = value
    return answer


def tree_entries(
    repository: Repository, commit: Commit, entries: Sequence[TreeEntry], *, expand: bool
) -> list[dict[str, Any]]:
    """Files and folders; with `expand`, each with the commit that last changed it."""
    last: dict[str, Commit] = {}
    if expand:
        last = _last_commits(repository, commit, entries)
    return [_entry(entry, last.get(entry.path), expand=expand) for entry in entries]


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


def _entry(entry: TreeEntry, last: Commit | None, *, expand: bool) -> dict[str, Any]:
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
    if expand:
        answer["lastCommit"] = {"id": last.oid, "title": last.title, "date": last.committed_at} if last else None
    return answer
