"""How many bytes a repository has, and how many are stored for it.

`logical`: every regular file and every large file that it has or had on any branch, each content once.

`stored`: what lies in the database and in the storage for it. Of a xorb, the share of its chunks that the repository's
files use; files that share chunks count them once. Only xorbs that its namespace has sent are counted: what a client found
on the hub and did not send (a fine-tune of a public model, a copy) costs nothing more. So the figure tells nobody what others
keep in private: a xorb counts the same whether or not somebody else has sent it too.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, NamedTuple

from django.db.models import QuerySet, Sum
from django.db.models.functions import Length

from hub.jobs.models import Job
from models_registry.models import (
    GitObject,
    LfsObject,
    ObjectKind,
    Repository,
    XetTerm,
)

KIND = "measure_storage"
_AFTER = timedelta(seconds=5)  # a folder comes in several commits, and what is asked for twice is done once


class Use(NamedTuple):
    """Bytes."""

    logical: int
    stored: int


def request(repository_ids: Iterable[int]) -> None:
    """Ask for it to be measured soon; in the transaction of the fact."""
    for repository_id in sorted(set(repository_ids)):
        Job.objects.add(KIND, str(repository_id), delay=_AFTER)


def measure(repository_id: int) -> Use | None:
    """Add it up and write it to the repository. None: it is gone."""
    repository = Repository.objects.filter(pk=repository_id).only("pk", "namespace_id").first()
    if repository is None:
        return None
    large = LfsObject.objects.filter(possessions__repository=repository_id)
    rows = GitObject.objects.filter(repository=repository_id)
    regular = rows.filter(kind=ObjectKind.BLOB, lfs_sha256__isnull=True)
    logical = _sum(large, "size") + _sum(regular, "size")
    in_rows = rows.filter(data__isnull=False).aggregate(found=Sum(Length("data")))["found"] or 0
    in_storage = _sum(rows.filter(content__isnull=False), "content__size")
    plain = _sum(large.filter(xet_file__isnull=True), "size")
    terms = XetTerm.objects.filter(
        file__lfs_object__possessions__repository=repository_id, xorb__holders__namespace=repository.namespace_id
    )
    use = Use(logical, in_rows + in_storage + plain + _share_of_xorbs(terms.order_by("xorb", "chunk_start")))
    Repository.objects.filter(pk=repository_id).update(storage_logical=use.logical, storage_stored=use.stored)
    return use


def _sum(rows: QuerySet[Any, Any], column: str) -> int:
    return rows.aggregate(found=Sum(column))["found"] or 0


def _share_of_xorbs(terms: QuerySet[Any, Any]) -> int:
    """terms: XetTerm rows, ordered by xorb and first chunk. Read as a stream: a repository can have millions."""
    rows = terms.values_list("xorb", "chunk_start", "chunk_end", "xorb__packed_size", "xorb__chunk_count")
    total = chunks = reached = 0
    current: tuple[int, int, int] | None = None
    for xorb, start, end, packed_size, chunk_count in rows.iterator(chunk_size=5000):
        if current is None or current[0] != xorb:
            total += _share(current, chunks)
            current, chunks, reached = (xorb, packed_size, chunk_count), 0, 0
        chunks += max(end - max(start, reached), 0)
        reached = max(reached, end)
    return total + _share(current, chunks)


def _share(xorb: tuple[int, int, int] | None, chunks: int) -> int:
    return 0 if xorb is None else xorb[1] * chunks // max(xorb[2], 1)
