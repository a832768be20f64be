"""The maps of `history` for commits that were pushed: one walk over those that lack them, parents before children."""

import logging
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from operator import or_
from typing import Generic, TypeVar

from django.db.models import Exists, OuterRef, Q

from hub.batches import batches
from models_registry.formats.git_objects import EMPTY_TREE, Entry
from models_registry.formats.paths import joined
from models_registry.models import Commit, FolderHistory, Repository
from models_registry.services import history, objects

logger = logging.getLogger(__name__)

_COMMITS_AT_ONCE = 200
_ROWS_AT_ONCE = 500
_PAIRS_AT_ONCE = 100
_REMEMBERED = 400_000  # names in trees and maps that are kept in memory: some 100 MB

Value = TypeVar("Value")


class _Recent(Generic[Value]):
    """The folders looked at last, by key, while they hold fewer than `most` names."""

    def __init__(self, most: int):
        self._most = most
        self._names = 0
        self._kept: OrderedDict[object, Mapping[str, Value]] = OrderedDict()

    def get(self, key: object) -> Mapping[str, Value] | None:
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    def put(self, key: object, folder: Mapping[str, Value]) -> None:
        if key in self._kept:
            return
        self._kept[key] = folder
        self._names += len(folder) + 1
        while self._names > self._most and len(self._kept) > 1:
            _, gone = self._kept.popitem(last=False)
            self._names -= len(gone) + 1


class _Unknown(Exception):
    """A map that a new one would be made from is not there: none is better than a wrong one."""


def write_missing(repository_id: int) -> None:
    """Write the maps of all commits that have none. Running it twice, also at once, changes nothing."""
    repository = Repository.objects.filter(pk=repository_id).first()
    if repository is None:
        return
    walk = _Walk(repository)
    made = 0
    for commit in _without_maps(repository):
        try:
            walk.add(commit)
        except _Unknown:
            logger.warning("commit %s of repository %d builds on one without a history", commit.oid, repository.pk)
            continue
        made += 1
    walk.save()
    logger.info("%d commits of repository %d have their history", made, repository.pk)


def _without_maps(repository: Repository) -> Iterator[Commit]:
    """Rows are inserted parents first, so their numbers are an order to walk in."""
    root = FolderHistory.objects.filter(repository=repository, commit=OuterRef("oid"), path="")
    lacking = Commit.objects.filter(~Exists(root), repository=repository).order_by("pk")
    last = 0
    while commits := list(lacking.filter(pk__gt=last)[:_COMMITS_AT_ONCE]):
        yield from commits
        last = commits[-1].pk


class _Walk:
    def __init__(self, repository: Repository):
        self._repository = repository
        self._trees: _Recent[Entry] = _Recent(_REMEMBERED)
        self._maps: _Recent[str] = _Recent(_REMEMBERED)  # by (commit, path)
        self._roots: dict[str, str] = {}  # the tree of each commit met
        self._made: list[FolderHistory] = []
        self._unsaved: dict[tuple[str, str], Mapping[str, str]] = {}

    def add(self, commit: Commit) -> None:
        """Compare a commit with its parents, a level of folders at a time.

        An entry that is the same in a parent keeps what that parent's map says of it; the first such parent counts.
        """
        self._roots[commit.oid] = commit.tree
        made: dict[str, Mapping[str, str]] = {}
        # Of each folder that differs from all parents': its tree, and where each parent that has it keeps (tree, map's commit).
        level: dict[str, tuple[str, list[tuple[str, str]]]] = {
            "": (commit.tree, [(self._root_of(parent), parent) for parent in commit.parents])
        }
        while level:
            trees = self._load_trees({tree for tree, _ in level.values()})
            trees |= self._load_trees({tree for _, before in level.values() for tree, _ in before})
            maps = self._load_maps({(origin, path) for path, (_, before) in level.items() for _, origin in before})
            below: dict[str, tuple[str, list[tuple[str, str]]]] = {}
            for path, (tree, before) in level.items():
                known = [(trees[old], maps[origin, path]) for old, origin in before]
                origins = {}
                for name, entry in trees[tree].items():
                    origin = next((said[name] for old, said in known if old.get(name) == entry and name in said), None)
                    origins[name] = origin or commit.oid
                    if origin is None and entry.is_folder:
                        inside = [
                            (old[name].oid, said[name])
                            for old, said in known
                            if name in old and old[name].is_folder and name in said
                        ]
                        below[joined(path, name)] = (entry.oid, inside)
                made[path] = origins
            level = below
        for path, said in reversed(made.items()):  # the root's comes last: it tells that all are there
            packed = history.pack(said)
            self._made.append(FolderHistory(repository=self._repository, commit=commit.oid, path=path, data=packed))
            self._unsaved[commit.oid, path] = said
        if len(self._made) >= _ROWS_AT_ONCE:
            self.save()

    def save(self) -> None:
        FolderHistory.objects.bulk_create(self._made, ignore_conflicts=True, batch_size=_ROWS_AT_ONCE)
        self._made = []
        for key, origins in self._unsaved.items():
            self._maps.put(key, origins)
        self._unsaved = {}

    def _root_of(self, oid: str) -> str:
        if oid not in self._roots:
            self._roots[oid] = Commit.objects.values_list("tree", flat=True).get(repository=self._repository, oid=oid)
        return self._roots[oid]

    def _load_trees(self, oids: Iterable[str]) -> dict[str, Mapping[str, Entry]]:
        found: dict[str, Mapping[str, Entry]] = {EMPTY_TREE: {}}
        lacking = []
        for oid in oids:
            kept = self._trees.get(oid)
            if kept is not None:
                found[oid] = kept
            elif oid != EMPTY_TREE:
                lacking.append(oid)
        for here in batches(lacking, _ROWS_AT_ONCE):
            for oid, tree in objects.trees(self._repository, here).items():
                self._trees.put(oid, tree)
                found[oid] = tree
        return found

    def _load_maps(self, wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Mapping[str, str]]:
        """By (commit, folder). Raises _Unknown."""
        found: dict[tuple[str, str], Mapping[str, str]] = {}
        lacking = []
        for key in wanted:
            kept = self._unsaved.get(key) or self._maps.get(key)
            if kept is None:
                lacking.append(key)
            else:
                found[key] = kept
        for some in batches(lacking, _PAIRS_AT_ONCE):
            pairs = reduce(or_, (Q(commit=commit, path=path) for commit, path in some))
            rows = FolderHistory.objects.filter(pairs, repository=self._repository)
            for commit, path, data in rows.values_list("commit", "path", "data"):
                found[commit, path] = history.unpacked(bytes(data))
                self._maps.put((commit, path), found[commit, path])
        if len(found) < len(set(lacking) | found.keys()):
            raise _Unknown
        return found
