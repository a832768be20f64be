"""Before an upload: which files go as large files, which are ignored, which are already there."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from django.utils.translation import gettext as _

from models_registry.errors import BadPath, ContentTooLarge
from models_registry.formats import paths
from models_registry.formats.gitattributes import IgnoreRules, LfsRules
from models_registry.models import Commit, Repository
from models_registry.services import objects, trees
from models_registry.services.changes import MAX_REGULAR_BYTES, checked_path
from models_registry.services.tree_changes import TreeChanges

MAX_FILES = 1000
MOST_MATCHES = 1_000_000  # of rules with names, in one call: some seconds


@dataclass(frozen=True)
class Asked:
    """A file a client wants to upload. `sample`: its first bytes (512 by custom)."""

    path: str
    size: int
    sample: bytes

    @classmethod
    def of(cls, path: str, size: int, sample: str) -> Self:
        """`sample` in base64, as it is sent; one that is not counts as empty. Raises BadPath."""
        try:
            decoded = base64.b64decode(sample)
        except (binascii.Error, ValueError):
            decoded = b""
        return cls(checked_path(path), size, decoded)


@dataclass(frozen=True)
class Decided:
    """`current`: what is at that path now: a SHA-256 for a large file, git's blob id for a regular one."""

    path: str
    is_lfs: bool
    is_ignored: bool
    current: str | None


def looks_binary(sample: bytes) -> bool:
    """As git judges: a NUL among the first bytes; or no UTF-8, but for a character cut at the end."""
    if b"\0" in sample:
        return True
    try:
        sample.decode()
    except UnicodeDecodeError as error:
        return not (error.reason == "unexpected end of data" and len(sample) - error.start < 4)
    return False


def decide(
    repository: Repository, commit: Commit, files: Sequence[Asked], *, ignore_rules: str | None = None
) -> list[Decided]:
    """In the order asked. `ignore_rules`: a .gitignore's text that stands for the repository's own.

    Raises ContentTooLarge if there are very many rules for very many folders.
    """
    present = trees.find(repository, commit, [".gitattributes", ".gitignore", *(file.path for file in files)])
    rules = LfsRules(_text_of(repository, present.get(".gitattributes")))
    ignored = IgnoreRules(
        ignore_rules.encode() if ignore_rules is not None else _text_of(repository, present.get(".gitignore"))
    )
    if ignored.cost([file.path for file in files]) > MOST_MATCHES:
        raise ContentTooLarge(_("These are too many files for so long a .gitignore: ask for fewer at once."))
    decided = []
    for file in files:
        now = present.get(file.path)
        is_lfs = file.size > 0 and (
            rules.takes(file.path) or file.size > MAX_REGULAR_BYTES or looks_binary(file.sample)
        )
        current = None
        if now is not None and not now.is_folder:
            current = now.lfs.sha256 if now.lfs else now.oid
        decided.append(Decided(file.path, is_lfs, ignored.ignores(file.path), current))
    return decided


def clashes(repository: Repository, commit: Commit, added: Sequence[str]) -> dict[str, str]:
    """Why a commit could not put files at some of these paths: {path: reason}. A file that is there is replaced, no clash."""
    tree = TreeChanges(repository, commit.tree)
    tree.load(added)
    found = {}
    for path in added:
        try:
            tree.put(path, "")
        except BadPath as clash:
            found[path] = str(clash)
    for folder, changed in tree.changed.items():
        names = sorted(
            tree.folders[folder], key=changed.__contains__
        )  # what is there first, so that the new one is told
        while twins := paths.case_twins(names):
            there, new = twins
            names.remove(new)
            found[paths.joined(folder, new)] = f"{paths.joined(folder, there)!r} differs in case alone."
    return found


def _text_of(repository: Repository, entry: trees.TreeEntry | None) -> bytes:
    if entry is None or entry.is_folder or entry.lfs or entry.size > objects.ROW_LIMIT:
        return b""
    return objects.inflate(trees.content_of(repository, entry))
