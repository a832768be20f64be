import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests.services import require


@pytest.fixture(autouse=True)
def _git_with_an_empty_cache() -> Iterator[None]:
    """Rows are rolled back after each test, and numbers may come again."""
    require("git")
    yield
    shutil.rmtree(Path(settings.GIT_CACHE_DIR), ignore_errors=True)
