"""Is everything there that the rows promise, and is it what they say? Reads alone, on a live hub, in bounded memory.

What it finds is told with the repositories and files that it touches. It goes by pages: one that was stopped goes on from
the position that it told last.
"""

from collections.abc import Iterator

from models_registry.models import Repository
from models_registry.services.fsck import content, git, objects
from models_registry.services.fsck.problems import Check, Page, Problem

__all__ = ["PHASES", "Page", "Problem", "check"]

PHASES: dict[str, Check] = {
    "git": git.check,
    "large-files": content.check_lfs_objects,
    "chunked-files": content.check_xet_files,
    "xorbs": content.check_xorbs,
    "regular-files": content.check_blobs,
    "storage": objects.check,
}


def check(
    *, repository: Repository | None = None, deep: bool = False, start: tuple[str, str] | None = None
) -> Iterator[Page]:
    """Page by page what was found.

    deep: read all bytes again and hash them. repository: only what it has. start: the phase and position to go on after.
    Raises StorageUnavailable.
    """
    names = list(PHASES)
    first, position = start or (names[0], "")
    for name in names[names.index(first) :]:
        if repository is None or name != "storage":  # what has no row has no repository
            yield from PHASES[name](repository, position, deep)
        position = ""
