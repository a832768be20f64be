"""Which git objects of a repository a reference leads to."""

import sqlite3
import zlib
from collections.abc import Iterable, Sequence
from typing import Self

from models_registry.formats import git_objects
from models_registry.formats.git_objects import SUBMODULE_MODE
from models_registry.models import GitObject, ObjectKind

_AT_ONCE = 64
"""Trees, commits and tags held together: each has 1 MB at most."""


class Reachable:
    """The ids that were reached so far. They lie in a private file that vanishes with it: a million take 30 MB of disk.

    Rows that are missing are passed over: `services.fsck` tells of them.
    """

    def __init__(self, repository_id: int):
        self._repository_id = repository_id
        self._seen = sqlite3.connect("", isolation_level=None)
        self._seen.executescript(
            "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-16000;"
            "CREATE TABLE seen (oid BLOB PRIMARY KEY) WITHOUT ROWID; CREATE TABLE waiting (oid BLOB);"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._seen.close()

    def walk(self, heads: Iterable[str]) -> None:
        """Reach all that these commits and tags lead to, as far as it was not reached before."""
        self._await(heads)
        while batch := self._next():
            rows = GitObject.objects.filter(repository=self._repository_id, oid__in=batch).exclude(kind=ObjectKind.BLOB)
            for kind, data in rows.values_list("kind", "data"):
                self._follow(kind, zlib.decompress(data or b""))

    def _follow(self, kind: int, raw: bytes) -> None:
        match kind:
            case ObjectKind.TREE:
                entries = git_objects.parse_tree(raw).values()
                self._await(entry.oid for entry in entries if entry.is_folder)
                files = (entry.oid for entry in entries if not entry.is_folder and entry.mode != SUBMODULE_MODE)
                self._seen.executemany(
                    "INSERT OR IGNORE INTO seen VALUES (?)", ((bytes.fromhex(oid),) for oid in files)
                )
            case ObjectKind.COMMIT:
                tree, parents = git_objects.commit_links(raw)
                self._await([tree, *parents])
            case ObjectKind.TAG:
                self._await([git_objects.tag_target(raw)])

    def _await(self, oids: Iterable[str]) -> None:
        for oid in oids:
            raw = bytes.fromhex(oid)
            if self._seen.execute("INSERT OR IGNORE INTO seen VALUES (?)", (raw,)).rowcount:
                self._seen.execute("INSERT INTO waiting VALUES (?)", (raw,))

    def _next(self) -> list[str]:
        """The newest first, so that what waits stays small."""
        rows = self._seen.execute(
            "DELETE FROM waiting WHERE rowid IN (SELECT rowid FROM waiting ORDER BY rowid DESC LIMIT ?) RETURNING oid",
            (_AT_ONCE,),
        )
        return [oid.hex() for (oid,) in rows.fetchall()]

    def among(self, oids: Sequence[str]) -> set[str]:
        """Those that were reached."""
        marks = ",".join("?" * len(oids))
        query = f"SELECT oid FROM seen WHERE oid IN ({marks})"  # noqa: S608 - question marks alone
        return {oid.hex() for (oid,) in self._seen.execute(query, [bytes.fromhex(oid) for oid in oids])}
