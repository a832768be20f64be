from datetime import timedelta

import pytest

from models_registry.models import GarbageRound
from models_registry.services import garbage
from models_registry.services.garbage import amounts


@pytest.fixture(autouse=True)
def _no_request_is_under_way(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes without a row are spared for a day; here nobody is about to name them."""
    monkeypatch.setattr(amounts, "IN_FLIGHT", timedelta())
    garbage.collect(garbage.Plan(timedelta(), trust_rows=True))  # what other tests have left in the storage they share
    GarbageRound.objects.all().delete()
