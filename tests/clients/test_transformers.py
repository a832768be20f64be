"""transformers, with HF_ENDPOINT and HF_TOKEN set: push a tiny model, load it elsewhere, have it measured as it was pushed."""

import sys
from pathlib import Path

import pytest

from tests import services
from tests.clients.conftest import Client
from tests.clients.test_evaluations import evaluate
from tests.live import LiveHub, Member

pytestmark = pytest.mark.live


def test_a_model_is_pushed_loaded_back_and_measured(live_hub: LiveHub, author: Member, new_name, tmp_path: Path):
    client = Client("transformers", Path(sys.executable))
    name = new_name()
    environment = live_hub.client_environment(author, tmp_path / "home")
    pushed = client.run("push_transformer", name, tmp_path / "work", environment=environment)
    elsewhere = live_hub.client_environment(author, tmp_path / "elsewhere")
    assert client.run("load_transformer", name, environment=elsewhere) == pushed
    services.require("bubblewrap")
    run = evaluate(live_hub, author, name, "movie-text-classification")
    assert run["state"] == "scored", run["failure"]
    assert run["metrics"]["accuracy"]["n"] == 600
