from pathlib import Path

import pytest
from django.core.cache import cache
from pytest_django import Settings

from evaluations.models import SuiteVersion
from tests.evaluations import rows


@pytest.fixture(autouse=True)
def _a_hub_of_one_machine(settings: Settings, tmp_path: Path) -> None:
    """On loopback, so that the operator's own models run where there is no bubblewrap; no cache of other tests."""
    settings.BASE_URL = "http://127.0.0.1:8000"
    cache.clear()


@pytest.fixture
def digits() -> SuiteVersion:
    """The suite digits-image-classification, its data in storage."""
    return rows.suite()
