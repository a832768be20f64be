"""git objects as rows: prepared, inserted, read back. Content over 1 MiB lies in storage, put there before any transaction."""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection
from django.db.models import F
from django.utils.translation import gettext as _

from accounts.models import User
from hub.batches import batches
from models_registry import storage
from models_registry.errors import RepositoryNotFound
from models_registry.formats import git_objects
from models_registry.formats.git_objects import Encoded, Entry, Pointer
from models_registry.models import BlobContent, GitObject, ObjectKind, Repository
from models_registry.services import quarantine
from models_registry.storage import keys

ROW_LIMIT = 1024 * 1024
TREE_BYTES = 4 * 1024 * 1024  # of trees parsed at once: about 100,000 entries
_MOST_TREES = 2000
_BYTES_PER_ENTRY = 40


@dataclass(frozen=True)
class Prepared:
    """A git object on its way into the tables: its bytes are here, deflated, or in storage already."""

    oid: str
    kind: ObjectKind
    size: int
    data: bytes | None
    content: BlobContent | None = None
    pointer: Pointer | None = None


def row_of(encoded: Encoded, kind: ObjectKind) -> Prepared:
    return Prepared(encoded.oid, kind, len(encoded.raw), git_objects.deflate(encoded.raw))


def blob_of(content: bytes, *, spill_over: int = ROW_LIMIT) -> Prepared:
    """A file's content. Over `spill_over` bytes it goes to storage now, so never call this within a transaction."""
    oid = git_objects.blob_oid(content)
    data = git_objects.deflate(content)
    if len(content) <= spill_over:
        return Prepared(oid, ObjectKind.BLOB, len(content), data, pointer=git_objects.parse_pointer(content))
    key = keys.blob(oid)
    storage.put(key, data)
    stored = BlobContent.objects.create(key=key, size=len(data))
    return Prepared(oid, ObjectKind.BLOB, len(content), None, content=stored)


def next_batch(repository: Repository) -> int:
    """Raise the repository's write counter; on PostgreSQL this locks its row until the transaction ends.

    Raises RepositoryNotFound if it has just been deleted.
    """
    if not Repository.objects.filter(pk=repository.pk).update(batch=F("batch") + 1):
        raise RepositoryNotFound(_("The repository has just been deleted."))
    return Repository.objects.values_list("batch", flat=True).get(pk=repository.pk)


_COLUMNS = ("repository_id", "oid", "kind", "size", "data", "content_id", "lfs_sha256", "lfs_size", "batch")
_ROWS_AT_ONCE = 100  # of nine values each: SQLite takes 999 in one statement


def insert(repository: Repository, prepared: Iterable[Prepared], *, batch: int) -> None:
    """Add objects; those already there stay as they are.

    By hand: a push brings up to 200,000, and building statements by the ORM takes four times as long as running them.
    """
    rows = [
        (
            repository.pk, bytes.fromhex(item.oid), int(item.kind), item.size, item.data,
            item.content.pk if item.content else None,
            bytes.fromhex(item.pointer.sha256) if item.pointer else None,
            item.pointer.size if item.pointer else None,
            batch,
        )
        for item in prepared
    ]  # fmt: skip
    table = connection.ops.quote_name(GitObject._meta.db_table)  # noqa: SLF001 - documented, for all its name
    row = f"({', '.join(['%s'] * len(_COLUMNS))})"
    with connection.cursor() as cursor:
        for here in batches(rows, _ROWS_AT_ONCE):
            cursor.execute(
                f"INSERT INTO {table} ({', '.join(_COLUMNS)}) VALUES {', '.join([row] * len(here))}"  # noqa: S608 - names of ours
                " ON CONFLICT DO NOTHING",
                [value for values in here for value in values],
            )


def inflate(row: GitObject) -> bytes:
    """The object's bytes, wherever they lie. Raises ContentQuarantined."""
    quarantine.require_free(row.oid)
    return inflated(row)


def inflated(row: GitObject) -> bytes:
    """As `inflate`, of what is in quarantine, too."""
    if row.data is not None:
        return zlib.decompress(row.data)
    assert row.content is not None  # the database holds one of the two
    return zlib.decompress(storage.get(row.content.key))


def trees(repository: Repository, oids: Sequence[str]) -> dict[str, dict[str, Entry]]:
    """Parsed trees by id, in one query."""
    if not oids:
        return {}
    rows = GitObject.objects.filter(repository=repository, oid__in=list(set(oids))).values_list("oid", "data")
    return {oid: git_objects.parse_tree(zlib.decompress(data)) for oid, data in rows if data is not None}


def first_trees(
    repository: Repository, oids: Iterable[str], *, entries: int | None = None
) -> dict[str, dict[str, Entry]]:
    """The first of these trees, parsed, as many as fit into memory, and at least one. A missing tree is an empty one.

    entries: about so many are enough.
    """
    most = TREE_BYTES if entries is None else min(TREE_BYTES, entries * _BYTES_PER_ENTRY)
    wanted = list(dict.fromkeys(oids))[:_MOST_TREES]
    rows = GitObject.objects.filter(repository=repository, oid__in=wanted)
    sizes: dict[str, int] = dict(rows.values_list("oid", "size"))
    chosen: list[str] = []
    total = 0
    for oid in wanted:
        total += sizes.get(oid, 0)
        if chosen and total > most:
            break
        chosen.append(oid)
    found = trees(repository, chosen)
    return {oid: found.get(oid, {}) for oid in chosen}


def public_email(user: User) -> str:
    """An address that names the member in commits without giving theirs away."""
    return f"{user.username}@users.noreply.{urlsplit(settings.BASE_URL).hostname}"
