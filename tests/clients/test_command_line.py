"""The `hf` command, with HF_ENDPOINT and HF_TOKEN set."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.live import LiveHub, Member

pytestmark = pytest.mark.live
HF = Path(sys.executable).parent / "hf"


def hf(hub: LiveHub, member: Member, home: Path, *arguments: str | Path) -> str:
    environment = hub.client_environment(member, home)
    done = subprocess.run([HF, *arguments], env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_model_goes_up_and_down_by_the_command_line(live_hub: LiveHub, author: Member, new_name, tmp_path: Path):
    name = new_name()
    source = tmp_path / "source"
    source.mkdir()
    (source / "README.md").write_text("---\nlicense: mit\n---\n# By hand\n")
    (source / "model.safetensors").write_bytes(b"weights" * 10_000)
    assert author.name in hf(live_hub, author, tmp_path / "home", "auth", "whoami")
    hf(live_hub, author, tmp_path / "home", "upload", name, source, ".", "--private")
    hf(live_hub, author, tmp_path / "other", "download", name, "--local-dir", tmp_path / "target")
    for file in source.iterdir():
        assert (tmp_path / "target" / file.name).read_bytes() == file.read_bytes()
