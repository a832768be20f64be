"""A score repeated from its bundle by the program, as somebody does who trusts the hub in nothing."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from huggingface_hub import HfApi

from tests import services
from tests.clients.test_evaluations import evaluate, upload
from tests.live import CHECKOUT, LiveHub, Member

pytestmark = pytest.mark.live
AGREES, DIFFERS, UNUSABLE = 0, 1, 2


def grove_eval(*arguments: object, offline: bool = False) -> tuple[int, str]:
    """Its exit status and what it said; with no environment but PATH. offline: without any network."""
    command = [Path(sys.executable).parent / "grove-eval", *map(str, arguments)]
    if offline:
        command = ["bwrap", "--unshare-net", "--dev-bind", "/", "/", *command]
    done = subprocess.run(
        command, cwd=CHECKOUT, env={"PATH": os.environ["PATH"], "HOME": "/nowhere"}, capture_output=True, text=True,
        check=False, timeout=200,
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout


@pytest.fixture
def bundle(live_hub: LiveHub, author: Member, tmp_path: Path) -> Path:
    """Of a scored reference model."""
    services.require("bubblewrap")
    run = evaluate(live_hub, author, upload(live_hub, author, "digits_cnn.safetensors"))
    key = requests.get(f"{live_hub.address}/api/evaluations/key", timeout=30).json()["public_key"]
    status, said = grove_eval("fetch", f"{live_hub.address}/evaluations/{run['id']}", tmp_path / "run", "--key", key)
    assert (status, key in said) == (AGREES, True), said
    return tmp_path / "run"


def test_a_score_is_repeated_without_a_network(bundle: Path):
    status, said = grove_eval("repeat", bundle, offline=True)
    assert status == AGREES, said
    assert "Run in the sandbox: bwrap" in said or "Run in the sandbox: none" in said
    assert "recorded 540   repeated 540   difference +0   tolerance 0   agrees" in said
    assert "recorded 0.987037037   repeated 0.987037037   difference +0" in said


CHANGES: dict[str, tuple[Callable[[Path], object], int, str]] = {
    "weights": (lambda b: flip(b / "model" / "model.safetensors"), UNUSABLE, "model.safetensors is not what was run"),
    "inputs": (lambda b: flip(b / "inputs"), UNUSABLE, "inputs are not those"),
    "samples": (lambda b: flip(b / "samples.parquet"), UNUSABLE, "is not what was run"),
    "score": (lambda b: rewrite(b, "0.987037037037037", "0.997037037037037"), UNUSABLE, "changed after it was signed"),
    "seed of the suite": (lambda b: change_suite(b, seed=1), UNUSABLE, "another seed"),
    "a path that leads out": (
        lambda b: rewrite(b, "model.safetensors", "../model.safetensors"),
        UNUSABLE,
        "changed after",
    ),
    "no manifest": (lambda b: (b / "bundle.json").unlink(), UNUSABLE, "holds no bundle"),
    "half a manifest": (lambda b: halve(b / "bundle.json"), UNUSABLE, "no JSON document"),
    "no weights": (lambda b: (b / "model" / "model.safetensors").unlink(), UNUSABLE, "missing from the bundle"),
    "a link for weights": (lambda b: link(b / "model" / "model.safetensors"), UNUSABLE, "missing from the bundle"),
    "an architecture of another": (
        lambda b: (b / "model" / "README.md").write_text("---\narchitecture: mlp\n---\n"),
        UNUSABLE,
        "could not be run here",
    ),
}


def flip(place: Path) -> None:
    content = bytearray(place.read_bytes())
    content[-100] ^= 1
    place.write_bytes(content)


def halve(place: Path) -> None:
    place.write_bytes(place.read_bytes()[:500])


def link(place: Path) -> None:
    place.rename(place.with_suffix(".elsewhere"))
    place.symlink_to(place.with_suffix(".elsewhere"))


def rewrite(bundle: Path, old: str, new: str) -> None:
    manifest = bundle / "bundle.json"
    text = manifest.read_text()
    assert old in text
    manifest.write_text(text.replace(old, new))


def change_suite(bundle: Path, **settings: int) -> None:
    manifest = json.loads((bundle / "bundle.json").read_text())
    manifest["suite"]["run"] |= settings
    (bundle / "bundle.json").write_text(json.dumps(manifest))


def test_a_bundle_that_was_tampered_with_is_refused_with_a_reason(bundle: Path, tmp_path: Path):
    for name, (change, expected, words) in CHANGES.items():
        copied = tmp_path / name
        shutil.copytree(bundle, copied)
        change(copied)
        status, said = grove_eval("repeat", copied)
        assert (status, words in said) == (expected, True), (name, said)


def test_a_private_models_bundle_is_for_who_may_read_it(live_hub: LiveHub, stranger: Member, tmp_path: Path):
    services.require("bubblewrap")
    owner = live_hub.member()  # whose models no other test looks for on the board
    repository = upload(live_hub, owner, "digits_cnn.onnx")
    run = evaluate(live_hub, owner, repository)
    HfApi(endpoint=live_hub.address, token=owner.token).update_repo_settings(repository, private=True)
    address = f"{live_hub.address}/evaluations/{run['id']}"
    for token in ([], ["--token", stranger.token]):
        status, said = grove_eval("fetch", address, tmp_path / "theirs", *token)
        assert (status, "404" in said, (tmp_path / "theirs").exists()) == (UNUSABLE, True, False), said
    assert grove_eval("fetch", address, tmp_path / "ours", "--token", owner.token)[0] == AGREES
    assert grove_eval("repeat", tmp_path / "ours")[0] == AGREES
    assert "is there already" in grove_eval("fetch", address, tmp_path / "ours", "--token", owner.token)[1]
    assert list(tmp_path.glob(".*")) == []
