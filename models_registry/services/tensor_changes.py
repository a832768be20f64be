"""Which tensors of a weight file differ between two of its versions: told by their headers."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from hub.errors import Invalid
from models_registry.models import Repository
from models_registry.services.format_words import in_words
from models_registry.services.indexing import tensors
from models_registry.services.trees import TreeEntry

MOST = 500  # tensors of each list


@dataclass(frozen=True)
class Tensor:
    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class TensorChanges:
    """By name, at most `MOST` of each. `same`: how many have the same name, type and shape; their values are not compared."""

    added: list[tuple[str, Tensor]]
    removed: list[tuple[str, Tensor]]
    changed: list[tuple[str, Tensor, Tensor]]
    same: int
    is_cut: bool

    @property
    def rows(self) -> list[tuple[str, Tensor | None, Tensor | None]]:
        """(name, before, after)"""
        rows: list[tuple[str, Tensor | None, Tensor | None]] = [(name, None, one) for name, one in self.added]
        return sorted(
            [*rows, *((name, one, None) for name, one in self.removed), *self.changed], key=lambda row: row[0]
        )


def between(repository: Repository, old: TreeEntry | None, new: TreeEntry | None) -> TensorChanges:
    """None: the file is not there on that side. Raises Invalid, StorageUnavailable."""
    before, after = (_tensors(repository, side) if side else {} for side in (old, new))
    added = [(name, after[name]) for name in sorted(after.keys() - before.keys())]
    removed = [(name, before[name]) for name in sorted(before.keys() - after.keys())]
    both = sorted(before.keys() & after.keys())
    changed = [(name, before[name], after[name]) for name in both if before[name] != after[name]]
    longest = max(len(added), len(removed), len(changed))
    return TensorChanges(added[:MOST], removed[:MOST], changed[:MOST], len(both) - len(changed), longest > MOST)


def _tensors(repository: Repository, entry: TreeEntry) -> Mapping[str, Tensor]:
    """Raises Invalid, StorageUnavailable."""
    summary = tensors.of_file(repository, entry)
    if summary is None:
        raise Invalid(_("%(path)s is no weight file that this hub reads.") % {"path": entry.path})
    if summary.problem:
        raise Invalid(_("%(path)s: %(problem)s") % {"path": entry.path, "problem": in_words(summary.problem)})
    return {name: Tensor(dtype, tuple(shape)) for name, dtype, shape in summary.tensors}
