"""What `a..b` and `a...b` ask for, and a comparison as git writes it."""

from collections.abc import Iterable, Iterator

from django.utils.translation import gettext as _

from hub.errors import BadRequest
from models_registry.errors import RevisionNotFound
from models_registry.formats.text_diff import Hunk
from models_registry.models import Commit, Repository
from models_registry.services import ancestry, references
from models_registry.services.diffs import Change, Kind
from models_registry.services.trees import TreeEntry

_NOTHING = "/dev/null"


def parted(asked: str) -> tuple[str, str, str]:
    """The base, the dots and the head of `a..b` or `a...b`; without dots, two empty ones."""
    return asked.partition("..." if "..." in asked else "..")


def sides(repository: Repository, asked: str) -> tuple[Commit, Commit]:
    """The two commits that `a..b` names; for `a...b` the first is where `b` was branched off `a`.

    An empty side is the default branch. Raises BadRequest, RevisionNotFound.
    """
    old, dots, new = parted(asked)
    if not dots:
        raise BadRequest(_("Name two revisions with '..' between them, such as main..refs/pr/1."))
    before, now = (references.resolve(repository, side or repository.default_branch) for side in (old, new))
    if dots == "...":
        fork = ancestry.fork_of(repository, before, now)
        if fork is None:
            raise RevisionNotFound(_("%(revisions)s (the two have no commit in common)") % {"revisions": asked})
        before = fork
    return before, now


def patch(change: Change) -> Iterator[str]:
    """One file's part of what `git diff` prints, by the line; files whose lines are not compared as binary ones."""
    old, new = change.old, change.new
    before, after = (_quoted(f"{side}/{(entry or new or old).path}") for side, entry in (("a", old), ("b", new)))  # type: ignore[union-attr]  # a change has a side
    yield f"diff --git {before} {after}\n"
    yield from _mode_lines(change)
    if old is not None and new is not None and old.oid == new.oid:
        return
    before, after = before if old else _NOTHING, after if new else _NOTHING
    yield f"index {_short(old)}..{_short(new)}\n"
    if change.hunks is None:
        yield f"Binary files {before} and {after} differ\n"
    elif change.hunks:
        yield f"--- {before}\n+++ {after}\n"
        yield from hunk_lines(change.hunks)


def hunk_lines(hunks: Iterable[Hunk]) -> Iterator[str]:
    """With their headers, each with the end of its line."""
    for hunk in hunks:
        yield f"{hunk.header}\n"
        yield from (f"{line.sign}{line.text}\n" for line in hunk.lines)


def _mode_lines(change: Change) -> Iterator[str]:
    old, new = change.old, change.new
    if old is None and new is not None:
        yield f"new file mode {new.mode:06o}\n"
    elif old is not None and new is None:
        yield f"deleted file mode {old.mode:06o}\n"
    elif old is not None and new is not None:
        if old.mode != new.mode:
            yield f"old mode {old.mode:06o}\nnew mode {new.mode:06o}\n"
        if change.kind is Kind.RENAMED:
            yield f"similarity index 100%\nrename from {_quoted(old.path)}\nrename to {_quoted(new.path)}\n"


def _short(entry: TreeEntry | None) -> str:
    return entry.oid[:12] if entry else "0" * 12


def _quoted(path: str) -> str:
    return '"' + path.replace('"', '\\"') + '"' if '"' in path else path
