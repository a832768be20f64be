"""What the hub finds out by itself, as the stock client reads it."""

import json
import pickle
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from huggingface_hub import HfApi, ModelInfo

from tests.clients.conftest import Client
from tests.live import LiveHub, Member, started_hub
from tests.models_registry.formats.gguf_bytes import LLAMA
from tests.models_registry.indexing.weights import safetensors

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]
PATIENCE_SECONDS = 90


def soon(ask: Callable[[], Any], enough: Callable[[Any], bool]) -> Any:
    """What is found out after a commit takes a moment."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not enough(found := ask()):
        assert time.monotonic() < until, found
        time.sleep(0.5)
    return found


def test_a_model_is_described_by_its_files(api: HfApi, repository: str, tmp_path: Path) -> None:
    files: dict[str, bytes] = {
        "README.md": f"---\nlicense: mit\nbase_model: {repository}-base\n---\n# Hello".encode(),
        "config.json": json.dumps({"architectures": ["BertForMaskedLM"], "model_type": "bert"}).encode(),
        "tokenizer_config.json": json.dumps({"mask_token": "[MASK]"}).encode(),
        "model.safetensors": safetensors(a=[3, 5]),
        "model.Q4.gguf": LLAMA,
        "notes.bin": pickle.dumps(["just words"]),
        "evil.pkl": b"cposix\nsystem\n(S'false'\ntR.",
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    api.upload_folder(repo_id=repository, folder_path=tmp_path)

    def described() -> ModelInfo:
        return api.model_info(repository)

    info = soon(described, lambda found: found.safetensors is not None)
    assert info.safetensors is not None
    assert (info.safetensors.parameters, info.safetensors.total) == ({"F32": 15}, 15)
    assert (info.library_name, info.pipeline_tag, info.mask_token) == ("transformers", "fill-mask", "[MASK]")
    assert info.transformers_info is not None
    assert info.transformers_info.auto_model == "AutoModelForMaskedLM"
    assert info.gguf["architecture"] == "llama"
    assert info.config["model_type"] == "bert"
    assert f"base_model:finetune:{repository}-base" in info.tags
    assert api.model_info(repository, expand=["baseModels"]).base_models == [f"{repository}-base"]

    def verdicts() -> dict[str, str]:
        tree = api.list_repo_tree(repository, expand=True)
        return {entry.path: entry.security.status for entry in tree if getattr(entry, "security", None)}

    found = soon(verdicts, lambda found: "unscanned" not in found.values())
    assert found["evil.pkl"] == "unsafe"
    assert found["notes.bin"] == found["model.safetensors"] == "safe"
    status = api.model_info(repository, securityStatus=True).security_repo_status
    assert status == {"scansDone": True, "filesWithIssues": [{"path": "evil.pkl", "level": "unsafe"}]}
    used = soon(lambda: api.model_info(repository, expand=["usedStorage"]).used_storage, bool)
    assert used > len(LLAMA)


def test_a_clients_session_is_one_download(
    live_hub: LiveHub, author: Member, api: HfApi, repository: str, client: Client, tmp_path: Path
) -> None:
    api.upload_file(repo_id=repository, path_or_fileobj=b"{}", path_in_repo="config.json")
    api.upload_file(repo_id=repository, path_or_fileobj=safetensors(a=[70_000]), path_in_repo="model.safetensors")
    reader = live_hub.member()
    for _ in range(2):
        client.run("downloads", repository, environment=live_hub.client_environment(reader, tmp_path / "home"))
    downloads = soon(lambda: api.model_info(repository).downloads, bool)
    assert downloads == 1


def test_a_hub_that_is_stopped_writes_what_it_has_counted(tmp_path: Path) -> None:
    with started_hub(tmp_path / "hub") as hub:
        member = hub.member("ada")
        api = HfApi(endpoint=hub.address, token=member.token)
        api.create_repo("ada/model")
        api.upload_file(repo_id="ada/model", path_or_fileobj=b"{}", path_in_repo="config.json")
        assert requests.get(f"{hub.address}/ada/model/resolve/main/config.json", timeout=20).status_code == 200
        hub.stop()
        counted = hub.manage(
            "shell", "-c", "from models_registry.models import *; print(DownloadCount.objects.count())"
        )
    assert counted.splitlines()[-1] == "1"
