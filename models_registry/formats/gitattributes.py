"""Which files git-lfs would take, and which ones git would ignore, by a repository's own rules.

Rules come from anyone. dulwich would match them by expressions whose time grows with a power of the wildcards in a line
(a dozen characters then hold a process for hours), so a rule is matched here name by name, in time that grows evenly.
"""

import fnmatch
import io
import re
from collections.abc import Collection, Sequence
from typing import NamedTuple

from dulwich.attrs import parse_git_attributes
from dulwich.ignore import read_ignore_patterns

from models_registry.formats import paths

MOST_RULES = 1000
LONGEST_RULE = 1024

_LFS_PATTERNS = """
    *.7z *.arrow *.bin *.bz2 *.ckpt *.ftz *.gguf *.gz *.h5 *.joblib *.keras *.lfs.* *.mlmodel *.model *.msgpack *.npy
    *.npz *.onnx *.ot *.parquet *.pb *.pickle *.pkl *.pt *.pt2 *.pth *.rar *.safetensors saved_model/**/* *.tar.*
    *.tar *.tflite *.tgz *.wasm *.xz *.zip *.zst *tfevents*
""".split()

DEFAULT = "".join(f"{pattern} filter=lfs diff=lfs merge=lfs -text\n" for pattern in _LFS_PATTERNS)


class _Glob:
    """A pattern of gitignore's language. Names of one folder are matched by `fnmatch`, which does not backtrack."""

    def __init__(self, pattern: str):
        if "/" not in pattern:
            pattern = f"**/{pattern}"
        self._names = [
            None if name == "**" else re.compile(fnmatch.translate(_without_backslashes(name)))
            for name in pattern.strip("/").split("/")
        ]

    def matches(self, path: Sequence[str]) -> bool:
        """path: its names. What of the path each beginning of the pattern may have matched is kept, as numbers of names."""
        reached = {0}
        last = len(self._names) - 1
        for place, name in enumerate(self._names):
            if not reached:
                return False
            if name is None:  # any folders, also none; at the end, anything inside
                first = min(reached) + (1 if place == last else 0)
                reached = set(range(first, len(path) + 1))
            else:
                reached = {index + 1 for index in reached if index < len(path) and name.match(path[index])}
        return len(path) in reached


def _without_backslashes(name: str) -> str:
    """git takes a character after a backslash for itself; `fnmatch` does so within brackets."""
    return re.sub(r"\\(.)", lambda found: f"[{found[1]}]" if found[1] in "*?[" else found[1], name)


def _text(pattern: bytes) -> str:
    return pattern.decode("utf-8", "surrogateescape")


class LfsRules:
    """The `filter=lfs` rules of a .gitattributes file."""

    def __init__(self, text: bytes):
        self._rules = [
            (_Glob(_text(pattern)), attributes[b"filter"] == b"lfs")
            for pattern, attributes in parse_git_attributes(io.BytesIO(text))
            if b"filter" in attributes and len(pattern) <= LONGEST_RULE and not pattern.endswith(b"/")
        ][:MOST_RULES]

    def takes(self, path: str) -> bool:
        """The last line that matches wins."""
        names = path.split("/")
        return next((is_lfs for glob, is_lfs in reversed(self._rules) if glob.matches(names)), False)


class _IgnoreRule(NamedTuple):
    glob: _Glob
    ignores: bool
    folders_only: bool


class IgnoreRules:
    """The rules of a .gitignore file."""

    def __init__(self, text: bytes):
        lines = [line for line in read_ignore_patterns(io.BytesIO(text)) if len(line) <= LONGEST_RULE]
        self._rules = [_ignore_rule(_text(line)) for line in lines[:MOST_RULES] if line.strip(b"!/")]
        self._folders: dict[str, bool] = {"": False}

    def cost(self, files: Collection[str]) -> int:
        """How many rules have to be held against how many names, at most, to tell of all these files."""
        folders = {folder for path in files for folder in paths.parents_of(path)}
        return len(self._rules) * (len(folders) + len(set(files)))

    def ignores(self, path: str) -> bool:
        """What lies in an ignored folder is ignored, whatever else is said of it."""
        return any(map(self._ignores_folder, paths.parents_of(path))) or self._says(path.split("/"), is_folder=False)

    def _ignores_folder(self, folder: str) -> bool:
        if folder not in self._folders:
            self._folders[folder] = self._says(folder.split("/"), is_folder=True)
        return self._folders[folder]

    def _says(self, names: Sequence[str], *, is_folder: bool) -> bool:
        for rule in reversed(self._rules):
            if (is_folder or not rule.folders_only) and rule.glob.matches(names):
                return rule.ignores
        return False


def _ignore_rule(line: str) -> _IgnoreRule:
    pattern = line.removeprefix("!")
    return _IgnoreRule(_Glob(pattern.removesuffix("/")), not line.startswith("!"), pattern.endswith("/"))
