"""transformers, with HF_ENDPOINT and HF_TOKEN set: push a tiny model, load it elsewhere."""

import sys
from pathlib import Path

import pytest

from tests.clients.conftest import Client
from tests.live import LiveHub, Member

pytestmark = pytest.mark.live


def test_a_model_is_pushed_and_loaded_back(live_hub: LiveHub, author: Member, new_name, tmp_path: Path):
    client = Client("transformers", Path(sys.executable))
    name = new_name()
    environment = live_hub.client_environment(author, tmp_path / "home")
    pushed = client.run("push_transformer", name, tmp_path / "work", environment=environment)
    elsewhere = live_hub.client_environment(author, tmp_path / "elsewhere")
    assert client.run("load_transformer", name, environment=elsewhere) == pushed
