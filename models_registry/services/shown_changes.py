"""How files differ, as the pages of commits, comparisons and pull requests show it."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha1
from typing import NamedTuple

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from hub.errors import HubError
from models_registry.formats import text_diff
from models_registry.formats.highlighting import highlight_file
from models_registry.formats.text_diff import Hunk, Line
from models_registry.models import Commit, Repository
from models_registry.page_addresses import page_url, resolve_url
from models_registry.services import diffs, quarantine, tensor_changes
from models_registry.services.diffs import Change, Comparison
from models_registry.services.previews import PICTURES
from models_registry.services.random_access import content_id
from models_registry.services.tensor_changes import TensorChanges
from models_registry.services.trees import TreeEntry

FILES_PER_PAGE = 50
_MOST_COLOURED = 256 * 1024  # characters of one page: colours cost more time than the comparison itself


class Colours(NamedTuple):
    """Each line of both sides as HTML; empty where they are shown plain."""

    old: list[str]
    new: list[str]


@dataclass(frozen=True)
class ShownLine:
    line: Line
    html: SafeString


@dataclass(frozen=True)
class Row:
    """Of two columns; a side may be empty."""

    old: ShownLine | None
    new: ShownLine | None


@dataclass(frozen=True)
class ShownHunk:
    hunk: Hunk
    colours: Colours

    @property
    def header(self) -> str:
        return self.hunk.header

    @property
    def lines(self) -> list[ShownLine]:
        return [self._shown(line) for line in self.hunk.lines]

    @property
    def rows(self) -> list[Row]:
        return [Row(old and self._shown(old), new and self._shown(new, is_new=True)) for old, new in self.hunk.pairs]

    def _shown(self, line: Line, *, is_new: bool = False) -> ShownLine:
        number, coloured = (line.new, self.colours.new) if is_new or line.old is None else (line.old, self.colours.old)
        html = coloured[number - 1] if coloured and number is not None else escape(line.shown)
        return ShownLine(line, mark_safe(html))  # noqa: S308 - Pygments escapes what it colours


@dataclass(frozen=True)
class ShownChange:
    """One file. `pictures`: addresses of the sides that are pictures; `tensors`: what changed within, where it was asked."""

    change: Change
    anchor: str
    hunks: list[ShownHunk]
    is_whole: bool
    added: int
    removed: int
    file_url: str
    pictures: list[tuple[str, str, TreeEntry]]
    has_tensors: bool
    tensors: TensorChanges | None
    problem: str

    @property
    def hides_lines(self) -> bool:
        """Whether lines around the changed ones are left out."""
        texts = self.change.texts
        shown = sum(len(hunk.hunk.lines) for hunk in self.hunks)
        return bool(self.hunks) and not self.is_whole and shown < max(text.count("\n") for text in texts)


@dataclass(frozen=True)
class ShownChanges:
    """A page of files. whole: the path of the one file that is shown with all its lines, or ""."""

    comparison: Comparison
    files: list[ShownChange]
    whole: str
    is_all: bool

    @property
    def added(self) -> int:
        return sum(file.added for file in self.files)

    @property
    def removed(self) -> int:
        return sum(file.removed for file in self.files)


def between(
    repository: Repository, old: Commit | None, new: Commit, *, after: str = "", whole: str = ""
) -> ShownChanges:
    """after, whole: as `diffs.between` takes them. Raises StorageUnavailable."""
    comparison = diffs.between(repository, old, new, after=after, limit=FILES_PER_PAGE, only=whole)
    files = list(_shown(comparison, repository, old, new, whole))
    return ShownChanges(comparison, files, whole, is_all=not (comparison.more or whole or after))


def _shown(
    comparison: Comparison, repository: Repository, old: Commit | None, new: Commit, whole: str
) -> Iterator[ShownChange]:
    left = _MOST_COLOURED
    for change in comparison.changes:
        size = sum(map(len, change.texts))
        colours = _colours(change) if change.hunks and size <= left else Colours([], [])
        left -= size if colours.new or colours.old else 0
        sides = [(side, commit) for side, commit in ((change.old, old), (change.new, new)) if side and commit]
        tensors, problem = None, ""
        has_tensors = change.path.endswith(".safetensors") and change.hunks is None and not _is_same(change)
        if has_tensors and whole == change.path:
            try:
                tensors = tensor_changes.between(repository, change.old, change.new)
            except HubError as refusal:
                problem = str(refusal)
        yield ShownChange(
            change,
            f"file-{sha1(change.path.encode(), usedforsecurity=False).hexdigest()[:10]}",
            [ShownHunk(hunk, colours) for hunk in change.hunks or ()],
            whole == change.path,
            change.count("added"),
            change.count("removed"),
            page_url(repository, "blob", sides[-1][1].oid, change.path) if sides else "",
            [] if _is_same(change) else _pictures(repository, sides),
            has_tensors,
            tensors,
            problem,
        )


def _is_same(change: Change) -> bool:
    """Renamed, or only its mode changed."""
    return change.old is not None and change.new is not None and change.old.oid == change.new.oid


def _pictures(repository: Repository, sides: list[tuple[TreeEntry, Commit]]) -> list[tuple[str, str, TreeEntry]]:
    """(before or after, address, file)"""
    names = ["before", "after"] if len(sides) == 2 else [""]
    return [
        (name, resolve_url(repository, commit.oid, side.path), side)
        for name, (side, commit) in zip(names, sides, strict=True)
        if side.name.lower().endswith(PICTURES) and not quarantine.holds(content_id(side))
    ]


def _colours(change: Change) -> Colours:
    return Colours(*(_lines(text, change.path.rpartition("/")[2]) for text in change.texts))


def _lines(text: str, name: str) -> list[str]:
    """Nothing where the lines would not be those of the comparison: a bare carriage return ends one for Pygments alone."""
    found = highlight_file(text, name) if text else []
    return found if len(found) == len(text_diff.lines_of(text)) else []
