"""The folders of a commit, changed in memory and encoded again."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from models_registry.errors import BadPath, EntryNotFound
from models_registry.formats import git_objects, paths
from models_registry.formats.git_objects import EXECUTABLE_MODE, FILE_MODE, FOLDER_MODE, Entry
from models_registry.formats.paths import depth_of
from models_registry.models import ObjectKind, Repository
from models_registry.services import objects
from models_registry.services.objects import Prepared

MAX_FOLDER_ENTRIES = 10_000


class TreeChanges:
    """A commit's folders, loaded where a change touches them, changed in memory, encoded again from the bottom up."""

    def __init__(self, repository: Repository, root: str):
        self._repository = repository
        self._root = root
        self.folders: dict[str, dict[str, Entry]] = {}
        self.changed: dict[str, set[str]] = {}

    def load(self, changed_paths: Iterable[str]) -> None:
        """Read the folders above those paths, a level a query."""
        wanted = {folder for path in changed_paths for folder in paths.parents_of(path)}
        level = {"": self._root}
        while level:
            loaded = objects.trees(self._repository, list(level.values()))
            # Each its own: folders of the same content are one tree, and what changes in one must not in the other.
            self.folders |= {path: dict(loaded.get(oid, {})) for path, oid in level.items()}
            below = {}
            for folder in wanted - self.folders.keys():
                parent, _slash, name = folder.rpartition("/")
                entry = self.folders.get(parent, {}).get(name)
                if parent in level and entry is not None and entry.is_folder:
                    below[folder] = entry.oid
            level = below

    def get(self, path: str) -> Entry | None:
        folder, _slash, name = path.rpartition("/")
        return self.folders.get(folder, {}).get(name)

    def put(self, path: str, oid: str) -> None:
        existing = self.get(path)
        if existing is not None and existing.is_folder:
            raise BadPath(_("%(path)r is a folder: delete it before you put a file in its place.") % {"path": path})
        folder, _slash, name = path.rpartition("/")
        for parent in paths.parents_of(path)[1:]:
            above, _slash, part = parent.rpartition("/")
            entry = self.folders.setdefault(above, {}).get(part)
            if entry is not None and not entry.is_folder:
                raise BadPath(_("%(parent)r is a file: it can hold no %(path)r.") % {"parent": parent, "path": path})
            if parent not in self.folders:
                self.folders[parent] = {}
            if entry is None:
                self.folders[above][part] = Entry(FOLDER_MODE, "")  # its id is known when it is encoded
        # What was a link becomes a plain file: its new content is no address.
        mode = EXECUTABLE_MODE if existing is not None and existing.mode == EXECUTABLE_MODE else FILE_MODE
        self.folders[folder][name] = Entry(mode, oid)
        if existing != Entry(mode, oid):
            self._touch(path)

    def move(self, path: str, to: str) -> str:
        """A file, whose id is given back. Raises EntryNotFound; BadPath where something is there already."""
        entry = self.get(path)
        if entry is None or entry.is_folder:
            raise EntryNotFound(_("There is no file %(path)r to move.") % {"path": path})
        if to != path and self.get(to) is not None:
            raise BadPath(_("%(to)r is there already.") % {"to": to})
        self.remove(path)
        self.put(to, entry.oid)
        folder, _slash, name = to.rpartition("/")
        self.folders[folder][name] = entry  # its mode goes with it
        return entry.oid

    def remove(self, path: str) -> None:
        existing = self.get(path)
        if existing is None:
            raise EntryNotFound(
                _("A file with this name doesn't exist: %(path)s") % {"path": path}
            )  # a text that Hub clients look for
        if existing.is_folder:
            for folder in [folder for folder in self.folders if folder == path or folder.startswith(f"{path}/")]:
                self.folders.pop(folder)
                self.changed.pop(folder, None)
        folder, _slash, name = path.rpartition("/")
        del self.folders[folder][name]
        self._touch(path)
        self._prune(folder)

    def _prune(self, folder: str) -> None:
        """git knows no empty folders."""
        while folder and not self.folders[folder]:
            del self.folders[folder]
            self.changed.pop(folder, None)
            above, _slash, part = folder.rpartition("/")
            self.folders[above].pop(part)
            self._touch(folder)
            folder = above

    def _touch(self, path: str) -> None:
        while path:
            path, _slash, name = path.rpartition("/")
            self.changed.setdefault(path, set()).add(name)

    def encode(self) -> tuple[str, list[Prepared]]:
        """The root's id and the trees that are new."""
        made: list[Prepared] = []
        root = self._root
        for folder in sorted(self.changed, key=lambda path: (-depth_of(path), path)):
            entries = self.folders[folder]
            if len(entries) > MAX_FOLDER_ENTRIES:
                raise BadPath(
                    _("Folder %(name)r would have more than %(most)s entries.")
                    % {"name": folder or "/", "most": MAX_FOLDER_ENTRIES}
                )
            twins = paths.case_twins(entries)
            if twins:
                raise BadPath(
                    _("%(first)r and %(second)r in folder %(folder)r differ in case alone.")
                    % {"first": twins[0], "second": twins[1], "folder": folder or "/"}
                )
            encoded = git_objects.encode_tree(entries)
            made.append(objects.row_of(encoded, ObjectKind.TREE))
            if folder:
                above, _slash, name = folder.rpartition("/")
                self.folders[above][name] = Entry(FOLDER_MODE, encoded.oid)
            else:
                root = encoded.oid
        return root, made
