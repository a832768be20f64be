"""Which commits changed a file or folder: told from the maps of the folder that holds it, without reading a tree.

Along first parents: what a merge brought is told from the side it came from.
"""

from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from models_registry.errors import EntryNotFound
from models_registry.models import Commit, Repository
from models_registry.services import ancestry, history, trees

_MOST_MAPS = 256  # of one page: commits that touched the folder


@dataclass(frozen=True)
class PathHistory:
    """One page, newest first, and the commit with which the next one begins, if there is one; a page may be empty."""

    commits: list[Commit]
    next: str | None


def of_path(repository: Repository, start: Commit, path: str, *, limit: int, begins_here: bool = False) -> PathHistory:
    """At most `limit` commits that added, changed or deleted `path`, at or before `start`. A constant number of queries.

    begins_here: `start` is the `next` of the page before. Raises EntryNotFound if `start` has no such path.
    """
    folder, _slash, name = path.rpartition("/")
    if not begins_here:
        newest = _last_change(repository, start.oid, folder, name)
        if newest is None:
            if path not in trees.find(repository, start, [path]):
                raise EntryNotFound(
                    _("There is no file or folder %(path)r at revision %(oid)s.")
                    % {"path": path, "oid": start.oid[:12]}
                )
            return PathHistory([], None)  # pushed a moment ago: its maps are on their way
        start = Commit.objects.get(repository=repository, oid=newest)
    maps = ancestry.folder_changes(repository, start, folder, most=_MOST_MAPS + 1)
    walk = _Walk(name)
    for oid, data in maps[:_MOST_MAPS]:
        if walk.needs(oid):
            walk.read(oid, history.unpacked(data))
            if len(walk.found) > limit:
                break
    if len(walk.found) > limit:
        following: str | None = walk.found[limit]
    elif walk.awaited:
        following = walk.awaited
    elif len(maps) > _MOST_MAPS:
        following = walk.gone or maps[-1][0]
    else:
        following = _beyond(repository, maps[-1][0], folder, name) if maps else None
    shown = walk.found[:limit]
    rows = {
        row.oid: row for row in Commit.objects.filter(repository=repository, oid__in=shown).select_related("author")
    }
    return PathHistory([rows[oid] for oid in shown if oid in rows], following)


def _last_change(repository: Repository, commit: str, folder: str, name: str) -> str | None:
    return history.last_changes(repository, commit, [folder]).get(folder, {}).get(name)


def _beyond(repository: Repository, oldest: str, folder: str, name: str) -> str | None:
    """The last change before the oldest commit looked at."""
    parent = Commit.objects.filter(repository=repository, oid=oldest).values_list("first_parent", flat=True).first()
    return _last_change(repository, parent, folder, name) if parent else None


@dataclass
class _Walk:
    """From the newest map to the oldest. A map says which commit last changed the entry: those between are not read."""

    name: str
    found: list[str] = field(default_factory=list)
    awaited: str | None = None
    gone: str | None = None  # the oldest commit so far that lacks the entry: it deleted it, if an older one has it

    def needs(self, oid: str) -> bool:
        return self.awaited is None or self.awaited == oid

    def read(self, oid: str, entries: dict[str, str]) -> None:
        changed = entries.get(self.name)
        self.awaited = None
        if changed is None:
            self.gone = oid
            return
        if self.gone:
            self.found.append(self.gone)
            self.gone = None
        if changed == oid:
            self.found.append(oid)
        else:
            self.awaited = changed
