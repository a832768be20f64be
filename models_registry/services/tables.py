"""The first rows of a dataset, for pages and the API: to whoever may read its files, and nothing of what is in quarantine."""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import Actor
from hub.kept_sentences import sentence
from models_registry import access
from models_registry.errors import EntryNotFound
from models_registry.models import DatasetTable, Repository
from models_registry.services import quarantine

_QUARANTINED = sentence(gettext_noop("A file of this split is in quarantine: nobody can get it."))


def of_repository(
    actor: Actor, repository: Repository, *, with_columns: bool = False, most: int | None = None
) -> list[DatasetTable]:
    """Its splits, the default config's first, at most so many. Raises GatedRepository, RepositoryDisabled, RepositoryClosed.

    Rows are not loaded, and columns only where they are asked for: a split holds hundreds of kilobytes of them.
    """
    access.require_read(actor, repository)
    rows = DatasetTable.objects.filter(repository=repository).order_by("position")
    return [_shown(row) for row in rows.defer("rows", "cut", *(() if with_columns else ("columns",)))[:most]]


def one(actor: Actor, repository: Repository, config: str = "", split: str = "") -> DatasetTable:
    """A split; "" for the first there is. Raises EntryNotFound, and as `of_repository`."""
    access.require_read(actor, repository)
    rows = DatasetTable.objects.filter(repository=repository).order_by("position")
    if config:
        rows = rows.filter(config=config)
    if split:
        rows = rows.filter(split=split)
    found = rows.first()
    if found is None:
        named = "/".join(part[:100] for part in (config, split) if part)
        raise EntryNotFound(
            _("%(repository)s has no split %(named)r that this hub has read.")
            % {"repository": repository.full_name, "named": named}
            if named
            else _("%(repository)s has no data files that this hub has read.") % {"repository": repository.full_name}
        )
    return _shown(found)


def of_file(repository: Repository, path: str, content: str) -> DatasetTable | None:
    """The split that consists of this very file alone, for who may read it already."""
    rows = DatasetTable.objects.filter(repository=repository, file_count=1, files=[[path, content]])
    found = rows.first()
    return _shown(found) if found else None


def _shown(table: DatasetTable) -> DatasetTable:
    """What was read before one of its files came into quarantine is withheld."""
    if any(quarantine.holds(content) for _path, content in table.files):
        table.rows, table.columns, table.cut, table.problems = [], [], [], [_QUARANTINED]
    return table


def names(tables: Sequence[DatasetTable]) -> dict[str, list[str]]:
    """{config: its splits}, in their order."""
    found: dict[str, list[str]] = {}
    for table in tables:
        found.setdefault(table.config, []).append(table.split)
    return found
