"""Which paths a repository may hold: those that every client can check out, on every file system, without a trick."""

import unicodedata
from collections.abc import Iterable

MAX_PATH_BYTES = 1024
MAX_NAME_BYTES = 255
MAX_DEPTH = 32


class UnsafePath(ValueError):
    """Says what is wrong with a path."""


def checked(path: str) -> str:
    """The path, if a repository may hold it. Raises UnsafePath."""
    if not path or path.startswith("/") or path.endswith("/"):
        raise UnsafePath(f"{path!r} must be a relative path to a file.")
    try:
        encoded = path.encode()
    except UnicodeEncodeError:
        raise UnsafePath(f"{path!r} is not valid Unicode.") from None
    if len(encoded) > MAX_PATH_BYTES:
        raise UnsafePath(f"{path[:60]!r}… is longer than {MAX_PATH_BYTES} bytes.")
    if "\\" in path:
        raise UnsafePath(f"{path!r} holds a backslash: separate folders by '/'.")
    if any(unicodedata.category(character) in {"Cc", "Cf"} for character in path):
        raise UnsafePath(f"{path!r} holds a control or invisible character.")
    names = path.split("/")
    if len(names) > MAX_DEPTH:
        raise UnsafePath(f"{path[:60]!r}… has more than {MAX_DEPTH} folders.")
    for name in names:
        if name in {"", ".", ".."}:
            raise UnsafePath(f"{path!r} holds an empty part, '.' or '..'.")
        if _is_git_folder(name):
            raise UnsafePath(f"{path!r} names git's own folder.")
        if len(name.encode()) > MAX_NAME_BYTES:
            raise UnsafePath(f"{name[:60]!r}… is longer than {MAX_NAME_BYTES} bytes.")
    return path


def _is_git_folder(name: str) -> bool:
    """`.git` as any file system may read it: other case, Windows' short name, trailing dots or spaces, a data stream."""
    plain = name.partition(":")[0].rstrip(". ").lower()
    return plain in {".git", "git~1"}


def case_twins(names: Iterable[str]) -> tuple[str, str] | None:
    """Two names of one folder that differ in case alone, if there are any: they overwrite each other on some systems."""
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(name.casefold(), name)
        if other != name:
            return other, name
    return None


def parents_of(path: str) -> list[str]:
    """Every folder above a path, from the root (the empty string) down."""
    names = path.split("/")[:-1]
    return ["/".join(names[:depth]) for depth in range(len(names) + 1)]


def joined(folder: str, name: str) -> str:
    """What `name` is called from the root; the root itself is the empty string."""
    return f"{folder}/{name}" if folder else name


def depth_of(folder: str) -> int:
    """Of the root 0."""
    return folder.count("/") + 1 if folder else 0
