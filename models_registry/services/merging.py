"""Two lines of commits made one: a three-way merge of their trees against the commit they have in common.

A file that one side changed is taken from there. One that both changed is merged by the line where it is a text, by the git
program; where git is missing, or for a file of another kind, it is a conflict, as is what one side changed and the other
removed. Files are known by their paths: who renames one has removed it here and added it there.
"""

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from django.core.cache import cache

from models_registry.errors import GitMissing, MergeConflict, NothingToMerge
from models_registry.formats import git_objects, paths
from models_registry.formats.git_objects import EMPTY_TREE, EXECUTABLE_MODE, FILE_MODE, FOLDER_MODE, Entry
from models_registry.formats.paths import joined
from models_registry.models import Commit, GitObject, ObjectKind, Repository
from models_registry.services import ancestry, objects
from models_registry.services.git import programs
from models_registry.services.git.programs import GitFailed
from models_registry.services.objects import Prepared
from models_registry.services.tree_changes import MAX_FOLDER_ENTRIES

MOST_TEXTS = 200  # merged by the line; more are conflicts
_LONGEST_TEXT = objects.ROW_LIMIT
_PLAIN = {FILE_MODE, EXECUTABLE_MODE}
_KEPT_SECONDS = 24 * 3600
_MOST_NAMED = 1000  # conflicts


@dataclass(frozen=True)
class Merged:
    """The tree of a merge that works, and the objects it needs besides those that are there. `base`, `head`: commits' ids."""

    base: str
    head: str
    tree: str
    prepared: Sequence[Prepared]


class _Text(NamedTuple):
    """A file that both sides changed."""

    path: str
    before: Entry
    ours: Entry
    theirs: Entry


def prepare(repository: Repository, base: Commit, head: Commit) -> Merged:
    """Merge `head` into `base`; nothing is written. Never within a transaction: git runs.

    Raises MergeConflict, NothingToMerge, StorageUnavailable.
    """
    fork = ancestry.fork_of(repository, base, head)
    if fork is not None and fork.oid == head.oid:
        raise NothingToMerge
    work = _Merge(repository)
    work.walk(fork.tree if fork else EMPTY_TREE, base.tree, head.tree)
    work.merge_texts()
    tree, made = work.encode()
    if work.conflicts:
        raise MergeConflict(sorted(work.conflicts)[:_MOST_NAMED])
    return Merged(base.oid, head.oid, tree, made)


def conflicts(repository: Repository, base: Commit, head: Commit) -> list[str]:
    """The files that stand against merging; remembered, because it is asked with every look at a pull request."""
    key = f"conflicts-{repository.pk}-{base.oid}-{head.oid}"
    found: list[str] | None = cache.get(key)
    if found is None:
        try:
            prepare(repository, base, head)
            found = []
        except NothingToMerge:
            found = []
        except MergeConflict as error:
            found = error.paths
        cache.set(key, found, _KEPT_SECONDS)
    return found


@dataclass
class _Merge:
    repository: Repository
    conflicts: set[str] = field(default_factory=set)
    _folders: dict[str, dict[str, Entry]] = field(default_factory=dict)  # those that both sides changed
    _beside: dict[str, Entry] = field(default_factory=dict)  # a file where such a folder may be, too
    _texts: list[_Text] = field(default_factory=list)
    _blobs: list[Prepared] = field(default_factory=list)

    def walk(self, before: str, ours: str, theirs: str) -> None:
        """Folder by folder, a level at a time; what is the same on one side as before is not opened."""
        level = [("", before, ours, theirs)]
        while level:
            loaded = objects.first_trees(self.repository, (oid for _, *three in level for oid in three))
            rest: list[tuple[str, str, str, str]] = []
            for index, (path, *three) in enumerate(level):
                if index and not loaded.keys() >= set(three):
                    rest += level[index:]
                    break
                rest += self._folder(path, *(self._tree(oid, loaded) for oid in three))
            level = rest

    def _tree(self, oid: str, loaded: Mapping[str, dict[str, Entry]]) -> dict[str, Entry]:
        return loaded[oid] if oid in loaded else objects.trees(self.repository, [oid]).get(oid, {})

    def _folder(
        self, folder: str, before: dict[str, Entry], ours: dict[str, Entry], theirs: dict[str, Entry]
    ) -> Iterable[tuple[str, str, str, str]]:
        """Decides of its files, and gives the folders in it that both sides changed."""
        result: dict[str, Entry] = {}
        below = []
        for name in before.keys() | ours.keys() | theirs.keys():
            was, our, their = before.get(name), ours.get(name), theirs.get(name)
            path = joined(folder, name)
            file = self._file(path, _file_of(was), _file_of(our), _file_of(their))
            tree = _one_side(_tree_of(was), _tree_of(our), _tree_of(their))
            if tree is None:
                below.append((path, _tree_of(was), _tree_of(our), _tree_of(their)))
                result[name] = Entry(FOLDER_MODE, "")  # its id is known when it is encoded
                if file is not None:
                    self._beside[path] = file
            elif tree != EMPTY_TREE:
                result[name] = Entry(FOLDER_MODE, tree)
                if file is not None:
                    self.conflicts.add(path)
            elif file is not None:
                result[name] = file
        self._folders[folder] = result
        return below

    def _file(self, path: str, was: Entry | None, our: Entry | None, their: Entry | None) -> Entry | None:
        if our == their or was == their:
            return our
        return their if was == our else self._both(path, was, our, their)

    def _both(self, path: str, was: Entry | None, our: Entry | None, their: Entry | None) -> Entry | None:
        """What becomes of a file that both sides changed, each in its way; texts are looked at later."""
        mode = _mode(was, our, their)
        if our is None or their is None or mode is None:
            self.conflicts.add(path)
        elif our.oid == their.oid or (was is not None and was.oid == their.oid):
            return Entry(mode, our.oid)
        elif was is not None and was.oid == our.oid:
            return Entry(mode, their.oid)
        elif {our.mode, their.mode} <= _PLAIN and was is not None and was.mode in _PLAIN:
            self._texts.append(_Text(path, was, our, their))
            return Entry(mode, our.oid)
        else:
            self.conflicts.add(path)
        return our

    def merge_texts(self) -> None:
        contents = self._contents()
        for number, text in enumerate(self._texts):
            sides = [contents.get(entry.oid) for entry in (text.ours, text.before, text.theirs)]
            merged = None
            if number < MOST_TEXTS and None not in sides:
                merged = _merged_lines([side for side in sides if side is not None])
            blob = objects.blob_of(merged) if merged is not None else None
            if blob is None or blob.pointer is not None:
                self.conflicts.add(text.path)
                continue
            self._blobs.append(blob)
            folder, _, name = text.path.rpartition("/")
            self._folders[folder][name] = Entry(self._folders[folder][name].mode, blob.oid)

    def _contents(self) -> dict[str, bytes]:
        """Of files that are texts, and short."""
        wanted = {entry.oid for text in self._texts[:MOST_TEXTS] for entry in (text.before, text.ours, text.theirs)}
        rows = GitObject.objects.filter(
            repository=self.repository, oid__in=wanted, data__isnull=False, size__lte=_LONGEST_TEXT, lfs_sha256=None
        )
        found = {row.oid: objects.inflate(row) for row in rows}
        return {oid: content for oid, content in found.items() if b"\0" not in content}

    def encode(self) -> tuple[str, list[Prepared]]:
        """The root's id, and what is new."""
        made = list(self._blobs)
        root = EMPTY_TREE
        for folder in sorted(self._folders, key=lambda path: (-paths.depth_of(path), path)):
            entries = self._folders[folder]
            self._check(folder, entries)
            encoded = git_objects.encode_tree(entries)
            above, _, name = folder.rpartition("/")
            if folder and not entries:  # git knows no empty folders
                self._folders[above].pop(name)
                if folder in self._beside:
                    self._folders[above][name] = self._beside[folder]
                continue
            if folder in self._beside:
                self.conflicts.add(folder)
            made.append(objects.row_of(encoded, ObjectKind.TREE))
            if folder:
                self._folders[above][name] = Entry(FOLDER_MODE, encoded.oid)
            else:
                root = encoded.oid
        return root, made

    def _check(self, folder: str, entries: Mapping[str, Entry]) -> None:
        """What each side alone could hold, both together may not."""
        if twins := paths.case_twins(entries):
            self.conflicts.add(joined(folder, twins[0]))
        if len(entries) > MAX_FOLDER_ENTRIES:
            self.conflicts.add(f"{folder}/")


def _one_side(before: str, ours: str, theirs: str) -> str | None:
    """The tree that a folder becomes, unless both sides changed it."""
    if ours == theirs or before == theirs:
        return ours
    return theirs if before == ours else None


def _file_of(entry: Entry | None) -> Entry | None:
    return entry if entry is not None and not entry.is_folder else None


def _tree_of(entry: Entry | None) -> str:
    return entry.oid if entry is not None and entry.is_folder else EMPTY_TREE


def _mode(was: Entry | None, our: Entry | None, their: Entry | None) -> int | None:
    before, ours, theirs = (entry.mode if entry else None for entry in (was, our, their))
    if ours in {theirs, None} or theirs == before:
        return ours
    return theirs if ours == before else None


def _merged_lines(sides: Sequence[bytes]) -> bytes | None:
    """Of (ours, before, theirs); None where lines stand against each other, or there is no git."""
    with tempfile.TemporaryDirectory(prefix="merge-") as made:
        folder = Path(made)
        for name, content in zip(("ours", "before", "theirs"), sides, strict=True):
            (folder / name).write_bytes(content)
        try:
            return programs.run(["merge-file", "-p", "-q", "ours", "before", "theirs"], folder=folder)
        except (GitFailed, GitMissing):
            return None
