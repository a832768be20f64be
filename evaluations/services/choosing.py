"""What of a commit is the model, as a suite would run it: the file, what it needs beside it, and what is said of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evaluations import formats
from evaluations.formats import Choice
from evaluations.services import fetching
from models_registry.formats import card
from models_registry.models import Repository
from models_registry.services.trees import TreeEntry


@dataclass(frozen=True)
class Chosen:
    """entries: every file of the commit by its path. architecture, options: as the card or config.json say."""

    choice: Choice
    entries: Mapping[str, TreeEntry]
    architecture: str | None
    options: Mapping[str, Any]

    @property
    def identity(self) -> tuple[Any, ...]:
        """Of two commits alike if they hold the same model: git's ids of its files, and how it is to be understood."""
        files = tuple((path, self.entries[path].oid) for path in self.choice.paths)
        return self.choice, files, self.architecture, dict(self.options)


def choose(repository: Repository, commit: str, accepts: Mapping[str, Any]) -> Chosen:
    """accepts: of the suite's definition. Raises NotEvaluableError, CardError, StorageUnavailable."""
    entries = fetching.files_of(repository, commit)
    choice = formats.choose(entries, accepts["formats"])
    if choice.is_index:
        choice = formats.with_shards(choice, entries, _index(repository, entries[choice.path]))
    name: str | None = None
    options: dict[str, Any] = {}
    if choice.format == formats.SAFETENSORS:
        front_matter, config = _front_matter(repository, entries), _config(repository, entries)
        choice, name, options = formats.understood(choice, entries, front_matter, config)
    return Chosen(choice, entries, name, options)


def _front_matter(repository: Repository, entries: Mapping[str, TreeEntry]) -> dict[str, Any]:
    readme = entries.get("README.md")
    if readme is None:
        return {}
    text = fetching.read_small(repository, readme, formats.MAX_CONFIG_BYTES)
    return card.parse(text.decode("utf-8", errors="replace")).metadata


def _config(repository: Repository, entries: Mapping[str, TreeEntry]) -> bytes | None:
    config = entries.get("config.json")
    return None if config is None else fetching.read_small(repository, config, formats.MAX_CONFIG_BYTES)


def _index(repository: Repository, entry: TreeEntry) -> bytes:
    if entry.size > formats.MAX_INDEX_BYTES:
        raise formats.NotEvaluableError(
            f"The index of the weights has {entry.size} bytes; {formats.MAX_INDEX_BYTES} are read."
        )
    return fetching.read_small(repository, entry, entry.size)
