"""`datasets`: a private dataset repository of parquet files, pushed and loaded."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.clients.conftest import client_named
from tests.live import LiveHub, Member

pytestmark = [pytest.mark.live, pytest.mark.timeout(400)]


def test_a_table_is_pushed_and_loaded_whole_at_a_revision_and_as_a_stream(
    live_hub: LiveHub, author: Member, new_name: Callable[[], str], tmp_path: Path
):
    environment = live_hub.client_environment(author, tmp_path / "home")
    assert client_named("current").run("load_dataset", new_name(), environment=environment) == {
        "rows": {"train": 500},
        "last": {"text": "row 499", "label": 1},
        "features": ["label", "text"],
        "before": 400,
        "other": 500,
        "streamed": ["row 498", "row 499"],
        "file": 500,
    }
