"""What a dataset's files hold: each split's first rows and statistics, read after a commit and kept as rows of ours."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from hub.jobs.models import Job
from models_registry.errors import ContentQuarantined
from models_registry.formats import dataset_layout
from models_registry.formats.dataset_layout import PICTURES, Split
from models_registry.formats.git_objects import LINK_MODE
from models_registry.formats.tables.columns import KEPT_ROWS, STATISTIC_ROWS, Column
from models_registry.formats.tables.reading import MOST_FILES_READ
from models_registry.models import Commit, DatasetTable, Kind, Repository
from models_registry.services import trees
from models_registry.services.indexing.card import read_card
from models_registry.services.indexing.heads import is_head, is_head_locked
from models_registry.services.indexing.table_process import File, TableProcess
from models_registry.services.random_access import content_id, reader_of
from models_registry.services.trees import TreeEntry
from models_registry.storage import ObjectMissing

KIND = "describe_dataset"
logger = logging.getLogger(__name__)


def request(repository: Repository, commit: Commit) -> None:
    """In the transaction that makes the commit's other facts known."""
    if repository.kind == Kind.DATASET:
        Job.objects.add(KIND, f"{repository.pk}:{commit.oid}")


def problems_of(files: Sequence[TreeEntry], metadata: Mapping[str, Any]) -> list[str]:
    """What the card says of a dataset's configs and cannot be followed, in sentences."""
    return dataset_layout.splits_of(_regular(files), metadata)[1]


def describe(key: str) -> None:
    """Read the splits of a commit that still is the default branch's head. key: repository, commit. Raises StorageUnavailable."""
    repository_id, _, oid = key.partition(":")
    repository = Repository.objects.select_related("namespace").filter(pk=repository_id, kind=Kind.DATASET).first()
    if repository is None or not is_head(repository, oid):
        return
    commit = Commit.objects.get(repository=repository, oid=oid)
    files = trees.files(repository, commit)
    card, _facts = read_card(repository, commit, files)
    by_path = _regular(files)
    splits, _problems = dataset_layout.splits_of(by_path, card.front_matter)
    known = {(row.config, row.split): row for row in DatasetTable.objects.filter(repository=repository)}
    made = []
    with TableProcess() as process:
        for position, split in enumerate(splits):
            entries = [by_path[path] for path in split.paths]
            row = _described(repository, split, entries, known.get((split.config, split.split)), process)
            row.repository, row.commit, row.position = repository, oid, position
            made.append(row)
    with transaction.atomic():
        if not is_head_locked(repository, oid):
            return
        DatasetTable.objects.filter(repository=repository).delete()
        for row in made:
            row.pk = None
        DatasetTable.objects.bulk_create(made, batch_size=10)
    logger.info("%d splits of commit %s described", len(made), oid)


def _regular(files: Sequence[TreeEntry]) -> dict[str, TreeEntry]:
    return {entry.path: entry for entry in files if entry.mode != LINK_MODE}


def _described(
    repository: Repository,
    split: Split,
    entries: Sequence[TreeEntry],
    known: DatasetTable | None,
    process: TableProcess,
) -> DatasetTable:
    names = [
        [entry.path, content_id(entry)]
        for entry in entries[: MOST_FILES_READ if split.format != PICTURES else KEPT_ROWS]
    ]
    size = sum(entry.size for entry in entries)
    if known is not None and (known.files, known.file_count, known.size, known.format) == (
        names, len(entries), size, split.format,
    ):  # fmt: skip
        return known
    read = _pictures(entries) if split.format == PICTURES else _rows(repository, split, entries, process)
    return DatasetTable(
        config=split.config,
        split=split.split,
        format=split.format,
        files=names,
        file_count=len(entries),
        size=size,
        num_rows=read["num_rows"],
        seen_rows=read["seen"],
        columns=read["columns"],
        rows=read["rows"],
        cut=read["cut"],
        problems=[str(problem)[:500] for problem in read["problems"]],
    )


def _rows(
    repository: Repository, split: Split, entries: Sequence[TreeEntry], process: TableProcess
) -> Mapping[str, Any]:
    """Raises StorageUnavailable."""
    sources: list[File] = []
    missing: list[str] = []
    for entry in entries[:MOST_FILES_READ]:
        try:
            sources.append(File(entry.path, entry.size, reader_of(repository, entry)))
        except (ContentQuarantined, ObjectMissing) as error:
            missing.append(f"{entry.path}: {error}")
    read = process.read(split.format, sources)
    read["problems"] = [*missing, *read["problems"]]
    if missing or len(entries) > MOST_FILES_READ:
        read["num_rows"] = None
    return read


def _pictures(entries: Sequence[TreeEntry]) -> Mapping[str, Any]:
    """A row for each picture, with the folder that it lies in as its label, where there are several."""
    folders = {_folder(entry) for entry in entries}
    image, label = Column("image", "image"), Column("label", "string")
    for entry in entries[:STATISTIC_ROWS]:
        image.add({"path": entry.path})
        label.add(_folder(entry).rpartition("/")[2])
    has_labels = len(folders) > 1
    rows = [
        {"image": {"path": entry.path, "size": entry.size}}
        | ({"label": _folder(entry).rpartition("/")[2]} if has_labels else {})
        for entry in entries[:KEPT_ROWS]
    ]
    shown = {name: value for name, value in image.summary().items() if name != "length"}
    return {
        "num_rows": len(entries), "seen": min(len(entries), STATISTIC_ROWS), "rows": rows, "cut": [], "problems": [],
        "columns": [shown, *([label.summary()] if has_labels else [])],
    }  # fmt: skip


def _folder(entry: TreeEntry) -> str:
    return entry.path.rpartition("/")[0]
