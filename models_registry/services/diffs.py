"""What differs between two commits: folder by folder, equal ones unread, a level of both trees at a time; never by history."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from models_registry.errors import ContentQuarantined
from models_registry.formats import git_objects, text_diff
from models_registry.formats.git_objects import EMPTY_TREE, Entry
from models_registry.formats.paths import joined
from models_registry.formats.text_diff import Edit, Hunk
from models_registry.models import Commit, GitObject, Repository
from models_registry.services import objects, trees
from models_registry.services.trees import TreeEntry

MOST_SIDES = 40_000  # files of either side that are told apart; what differs beyond them is not told
LONGEST_TEXT = 128 * 1024  # bytes of a file whose lines are compared
_MOST_TEXT = 2 * 1024 * 1024  # of all files of one answer
_MOST_LINES = 10_000  # of all hunks of one answer


class Kind(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    MODIFIED = "modified"
    RENAMED = "renamed"


@dataclass(frozen=True)
class Change:
    """A file that is not the same on both sides. A renamed one has its former path in `old`.

    `hunks`: None where lines are not compared: large files, binary ones, malware, or more text than one answer holds.
    `texts`: of both sides, where they are; "" for a side that is not there.
    """

    kind: Kind
    old: TreeEntry | None
    new: TreeEntry | None
    hunks: Sequence[Hunk] | None = None
    texts: tuple[str, str] = ("", "")

    def count(self, kind: Edit) -> int:
        """How many of its lines were added, or removed."""
        return sum(line.kind == kind for hunk in self.hunks or () for line in hunk.lines)

    @property
    def path(self) -> str:
        entry = self.new or self.old
        assert entry is not None  # a change has a side
        return entry.path


@dataclass(frozen=True)
class Comparison:
    """One page of what changed, by path. `total`: of all pages. `is_cut`: even more differs than is told."""

    changes: list[Change]
    total: int
    is_cut: bool
    more: bool

    @property
    def after(self) -> str:
        """Where the next page begins; "" on the last one."""
        return self.changes[-1].path if self.more else ""


def between(
    repository: Repository, old: Commit | None, new: Commit, *, after: str = "", limit: int = 100, only: str = ""
) -> Comparison:
    """The files that differ, from the first path past `after`. old: None compares with nothing.

    only: the one file that is wanted, with all of its lines. Raises StorageUnavailable.
    """
    found = _Differences(repository)
    found.walk(old.tree if old else EMPTY_TREE, new.tree)
    changes = sorted(_with_renames(found), key=lambda change: change.path)
    left = [change for change in changes if (change.path == only if only else change.path > after)]
    page = _with_lines(repository, _with_sizes(repository, left[:limit]), whole=bool(only))
    return Comparison(page, len(changes), found.is_cut, len(left) > limit)


@dataclass
class _Differences:
    """The files that only one of two trees has, or that are not the same in both."""

    repository: Repository
    removed: dict[str, TreeEntry] = field(default_factory=dict)
    added: dict[str, TreeEntry] = field(default_factory=dict)
    is_cut: bool = False

    def walk(self, old_root: str, new_root: str) -> None:
        pairs = [("", old_root, new_root)] if old_root != new_root else []
        while pairs and not self.is_cut:
            loaded = objects.first_trees(self.repository, (oid for _, *both in pairs for oid in both))
            rest: list[tuple[str, str, str]] = []
            for index, (path, old, new) in enumerate(pairs):
                if index and not {old, new} <= loaded.keys():
                    rest += pairs[index:]
                    break
                rest += self._compare(path, self._tree(old, loaded), self._tree(new, loaded))
            pairs = rest

    def _tree(self, oid: str, loaded: dict[str, dict[str, Entry]]) -> dict[str, Entry]:
        return loaded[oid] if oid in loaded else objects.trees(self.repository, [oid]).get(oid, {})

    def _compare(self, folder: str, old: dict[str, Entry], new: dict[str, Entry]) -> Iterable[tuple[str, str, str]]:
        """Notes the files of two folders, and gives the folders below them that differ."""
        below = []
        for name in sorted(old.keys() | new.keys()):
            before, now = old.get(name), new.get(name)
            if before == now:
                continue
            if len(self.removed) + len(self.added) >= MOST_SIDES:
                self.is_cut = True
                break
            path = joined(folder, name)
            inner = []
            for side, entry in ((self.removed, before), (self.added, now)):
                if entry is not None and not entry.is_folder:
                    side[path] = TreeEntry(path, entry.mode, entry.oid, is_folder=False)
                inner.append(entry.oid if entry is not None and entry.is_folder else EMPTY_TREE)
            if inner[0] != inner[1]:
                below.append((path, inner[0], inner[1]))
        return below


def _with_renames(found: _Differences) -> list[Change]:
    """A file that went while its very content came elsewhere was renamed."""
    gone: dict[str, list[TreeEntry]] = {}
    for path, entry in sorted(found.removed.items(), reverse=True):
        if path not in found.added:
            gone.setdefault(entry.oid, []).append(entry)
    changes = []
    renamed = set()
    for path, entry in sorted(found.added.items()):
        if path in found.removed:
            changes.append(Change(Kind.MODIFIED, found.removed[path], entry))
        elif gone.get(entry.oid):
            former = gone[entry.oid].pop()
            renamed.add(former.path)
            changes.append(Change(Kind.RENAMED, former, entry))
        else:
            changes.append(Change(Kind.ADDED, None, entry))
    only_old = found.removed.keys() - found.added.keys() - renamed
    return changes + [Change(Kind.REMOVED, found.removed[path], None) for path in only_old]


def _with_sizes(repository: Repository, changes: Sequence[Change]) -> list[Change]:
    sides = [side for change in changes for side in (change.old, change.new) if side is not None]
    complete = {(entry.path, entry.oid): entry for entry in trees.with_sizes(repository, sides)}

    def of(side: TreeEntry | None) -> TreeEntry | None:
        return complete[side.path, side.oid] if side else None

    return [replace(change, old=of(change.old), new=of(change.new)) for change in changes]


def _with_lines(repository: Repository, changes: Sequence[Change], *, whole: bool) -> list[Change]:
    """As many compared by the line as one answer holds, the first first."""
    bytes_left, lines_left = _MOST_TEXT, _MOST_LINES
    chosen: set[str] = set()
    for change in changes:
        sides = [side for side in (change.old, change.new) if side is not None]
        size = sum(side.size for side in sides)
        if all(_is_short_text(side) for side in sides) and size <= bytes_left:
            chosen.add(change.path)
            bytes_left -= size
    wanted = {
        side.oid for change in changes if change.path in chosen for side in (change.old, change.new) if side is not None
    }
    texts = _texts(repository, wanted)
    complete = []
    for change in changes:
        old, new = (texts.get(side.oid) if side is not None else "" for side in (change.old, change.new))
        if change.path in chosen and old is not None and new is not None and lines_left > 0:
            hunks = text_diff.hunks(old, new, whole=whole)
            lines_left -= sum(len(hunk.lines) for hunk in hunks)
            complete.append(replace(change, hunks=hunks, texts=(old, new)))
        else:
            complete.append(change)
    return complete


def _is_short_text(entry: TreeEntry) -> bool:
    return entry.lfs is None and entry.size <= LONGEST_TEXT and entry.mode != git_objects.LINK_MODE


def _texts(repository: Repository, oids: Iterable[str]) -> dict[str, str]:
    """The contents that are text, and in no quarantine."""
    rows = GitObject.objects.filter(repository=repository, oid__in=list(oids)).select_related("content")
    texts = {}
    for row in rows:
        try:
            content = objects.inflate(row)
            if b"\0" not in content:
                texts[row.oid] = content.decode()
        except (UnicodeDecodeError, ContentQuarantined):
            continue
    return texts
