"""From a token to a place on the leaderboard, with nothing but public addresses."""

import time
from pathlib import Path
from typing import Any

import pytest
import requests
from huggingface_hub import HfApi

from tests import services
from tests.evaluations.running import REFERENCE_MODELS
from tests.live import LiveHub, Member, started_hub

pytestmark = pytest.mark.live
SUITE = "digits-image-classification"
CARD = "---\nlicense: apache-2.0\narchitecture: digits-cnn\n---\n# Reference model\n"
FINAL = {"scored", "failed", "cancelled"}


def upload(hub: LiveHub, member: Member, model: str) -> str:
    """A repository with this reference model and a card."""
    api = HfApi(endpoint=hub.address, token=member.token)
    repository = api.create_repo(f"{member.name}/{model.replace('.', '-')}", exist_ok=True).repo_id
    api.upload_file(path_or_fileobj=REFERENCE_MODELS / model, path_in_repo=f"model.{suffix(model)}", repo_id=repository)
    api.upload_file(path_or_fileobj=CARD.encode(), path_in_repo="README.md", repo_id=repository)
    return repository


def suffix(model: str) -> str:
    return model.rpartition(".")[2]


def evaluate(hub: LiveHub, member: Member, repository: str, suite: str = SUITE) -> dict[str, Any]:
    """Ask for an evaluation and wait until it is final."""
    headers = {"Authorization": f"Bearer {member.token}"}
    asked = {"repository": repository, "revision": "main", "suite": suite}
    answer = requests.post(f"{hub.address}/api/evaluations", json=asked, headers=headers, timeout=30)
    assert answer.status_code == 202, answer.text
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        run = requests.get(f"{hub.address}/api/evaluations/{answer.json()['id']}", headers=headers, timeout=30).json()
        if run["state"] in FINAL:
            return run
        time.sleep(0.3)
    pytest.fail(f"The evaluation is still {run['state']}.")


def standing(hub: LiveHub, *, expected: str) -> set[str]:
    """Who is on the board, once it has been ranked with the one that is expected."""
    deadline = time.monotonic() + 60
    while True:
        board = requests.get(f"{hub.address}/api/leaderboards/{SUITE}", timeout=30).json()
        found = {row["repository"] for row in board["rows"]}
        if expected in found or time.monotonic() > deadline:
            return found
        time.sleep(0.3)


@pytest.mark.parametrize(
    "model",
    ["digits_cnn.safetensors", "digits_cnn.onnx", "digits_cnn.int8-dynamic.onnx", "digits_cnn.int8-static.onnx"],
)
def test_the_reference_models_score_what_they_are_known_to_score(live_hub: LiveHub, author: Member, model: str):
    services.require("bubblewrap")
    repository = upload(live_hub, author, model)
    run = evaluate(live_hub, author, repository)
    assert run["state"] == "scored", run["failure"]
    accuracy = run["metrics"]["accuracy"]
    assert (accuracy["value"] * 540, accuracy["n"]) == (pytest.approx(533), 540)
    assert [round(bound, 4) for bound in accuracy["ci95"]] == [0.9735, 0.9937]
    assert repository in standing(live_hub, expected=repository)


def test_a_pickle_is_refused_with_a_reason(live_hub: LiveHub, author: Member, api: HfApi, repository: str):
    import pickle

    services.require("bubblewrap")
    api.upload_file(path_or_fileobj=pickle.dumps({"w": [1.0]}), path_in_repo="model.pt", repo_id=repository)
    headers = {"Authorization": f"Bearer {author.token}"}
    asked = {"repository": repository, "revision": "main", "suite": SUITE}
    answer = requests.post(f"{live_hub.address}/api/evaluations", json=asked, headers=headers, timeout=30)
    if answer.status_code == 202:
        run = evaluate(live_hub, author, repository)
        assert (run["state"], run["failure"]["kind"]) == ("failed", "model")
        assert "pickle" in run["failure"]["reason"].lower() or ".pt" in run["failure"]["reason"]
    else:
        assert 400 <= answer.status_code < 500
        assert answer.json()["error"]


def test_nobody_else_has_a_private_model_measured(
    live_hub: LiveHub, api: HfApi, stranger: Member, new_name, tmp_path: Path
):
    private = api.create_repo(new_name(), private=True).repo_id
    answer = requests.post(
        f"{live_hub.address}/api/evaluations",
        json={"repository": private, "revision": "main", "suite": SUITE},
        headers={"Authorization": f"Bearer {stranger.token}"},
        timeout=30,
    )
    assert answer.status_code == 404


def test_the_whole_runs_on_redis_too(tmp_path: Path):
    import os

    services.require("redis", "bubblewrap")
    redis = os.environ["TEST_REDIS_URL"]
    with started_hub(tmp_path / "hub", CELERY_BROKER_URL=redis, CACHE_URL=redis) as hub:
        member = hub.member("author")
        run = evaluate(hub, member, upload(hub, member, "digits_cnn.safetensors"))
        assert run["state"] == "scored", run["failure"]
        assert round(run["metrics"]["accuracy"]["value"] * 540) == 533
