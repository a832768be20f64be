"""The scene is built once a session, and put back for each test as it was."""

import copy
import sqlite3
from pathlib import Path

from django.contrib.contenttypes.models import ContentType
from django.db import connection

from tests.browser import scene as scenes
from tests.browser.scene import Scene
from tests.environment import DATA_DIR


def _objects() -> frozenset[Path]:
    return frozenset(path for path in (DATA_DIR / "storage").rglob("*") if path.is_file())


class KeptScene:
    """Building takes seconds, putting back a moment. SQLite's file is copied; on PostgreSQL each test builds its own."""

    def __init__(self, folder: Path):
        self._rows = sqlite3.connect(folder / "scene.sqlite3")
        self._built: tuple[Scene, frozenset[Path]] | None = None

    def into_the_empty_database(self) -> Scene:
        if connection.vendor != "sqlite":
            return scenes.build()
        if self._built is None or not self._built[1] <= _objects():  # storage is shared: other tests collect garbage
            self._built = scenes.build(), _objects()
            connection.connection.backup(self._rows)
        else:
            connection.ensure_connection()
            self._rows.backup(connection.connection)
            ContentType.objects.clear_cache()
        return copy.deepcopy(self._built[0])  # tests change and refresh what they are given

    def forget(self) -> None:
        self._rows.close()
