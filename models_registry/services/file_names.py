"""Which files many repositories have, in as many queries as their deepest folder is deep."""

import zlib
from collections.abc import Mapping

from hub.batches import batches
from models_registry.formats import git_objects
from models_registry.formats.paths import joined
from models_registry.models import GitObject, ObjectKind

_OIDS_A_QUERY = 2000


def of_trees(roots: Mapping[int, str], *, most: int | None = None) -> dict[int, list[str]]:
    """{repository id: paths}, sorted. roots: {repository id: id of the commit's tree}.

    most: when more files than this are met, the answer holds only those repositories that were asked for first, at least
    one; ask for the others again.
    """
    level = [(repository, "", oid) for repository, oid in roots.items()]
    found: dict[int, list[str]] = {repository: [] for repository in roots}
    while level:
        trees = _trees(level)
        below = []
        for repository, folder, oid in level:
            for name, entry in trees.get((repository, oid), {}).items():
                path = joined(folder, name)
                if entry.is_folder:
                    below.append((repository, path, entry.oid))
                else:
                    found[repository].append(path)
        if most is not None and len(found) > 1 and sum(map(len, found.values())) + len(below) > most:
            found = dict(list(found.items())[: len(found) // 2])
            below = [item for item in below if item[0] in found]
        level = below
    return {repository: sorted(paths) for repository, paths in found.items()}


def _trees(level: list[tuple[int, str, str]]) -> dict[tuple[int, str], dict[str, git_objects.Entry]]:
    trees = {}
    for part in batches(level, _OIDS_A_QUERY):
        rows = GitObject.objects.filter(
            repository__in={repository for repository, _, _ in part}, oid__in={oid for _, _, oid in part},
            kind=ObjectKind.TREE,
        )  # fmt: skip
        for repository, oid, data in rows.values_list("repository_id", "oid", "data"):
            if data is not None:
                trees[repository, oid] = git_objects.parse_tree(zlib.decompress(data))
    return trees
