"""What clients may ask for and this hub has not; and addresses that nobody has."""

import pytest

from tests import make
from tests.models_registry.hf_api.conftest import Api

NOT_OFFERED = [
    ("GET", "/api/spaces"), ("GET", "/api/spaces/ada/app"), ("GET", "/api/spaces/ada/app/runtime"),
    ("POST", "/api/spaces/ada/app/secrets"), ("GET", "/api/spaces/semantic-search"), ("GET", "/api/spaces/zero-gpu/quota"),
    ("HEAD", "/spaces/ada/app/resolve/main/app.py"), ("GET", "/api/kernels/ada/net"), ("POST", "/api/buckets/ada/store"),
    ("GET", "/api/jobs/ada"), ("GET", "/api/jobs/hardware"), ("POST", "/api/scheduled-jobs/ada"), ("GET", "/api/tasks"),
    ("POST", "/api/collections/ada/x-1/resource-group"),
    ("GET", "/api/papers/search"),
    ("GET", "/api/papers/2301.00001"), ("GET", "/papers/2301.00001.md"), ("GET", "/api/daily_papers"),
    ("GET", "/api/datasets/ada/rows/leaderboard"), ("GET", "/api/datasets/ada/rows/parquet/default/train/0.parquet"),
    ("POST", "/api/models/ada/net/resource-group"), ("PUT", "/v2/endpoint/ada"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), NOT_OFFERED)
@pytest.mark.parametrize("signed_in", [False, True])
def test_what_is_not_offered_is_said_in_a_sentence(api: Api, method: str, path: str, signed_in: bool) -> None:
    answer = api(method, path, token=make.token(make.user()) if signed_in else None)
    assert (answer.status_code, answer["X-Error-Code"]) == (501, "NotImplemented")
    assert answer["X-Error-Message"].endswith(".")
    assert answer["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    "path", ["/api/agent-harnesses", "/api/telemetry/hf/cli", "/api/nosuch", "/api/models/ada/net/nosuch/x"]
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_addresses_that_nobody_has_are_missing_in_json(api: Api, method: str, path: str) -> None:
    answer = api(method, path)
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/json")


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/api/models/gpt2"), ("GET", "/api/datasets/squad"), ("GET", "/api/models/gpt2/revision/main"),
     ("POST", "/api/models/gpt2/like"), ("DELETE", "/api/models/gpt2/like"), ("PUT", "/api/models/gpt2/settings"),
     ("GET", "/api/models/gpt2/refs"), ("GET", "/api/models/gpt2/tree/main"), ("POST", "/api/models/gpt2/commit/main"),
     ("POST", "/api/models/gpt2/paths-info/main"), ("GET", "/api/models/gpt2/xet-read-token/main"),
     ("HEAD", "/gpt2/resolve/main/config.json"), ("GET", "/datasets/squad/resolve/main/data.csv")],
)  # fmt: skip
@pytest.mark.parametrize("signed_in", [False, True])
def test_names_without_a_namespace_are_missing_repositories(api: Api, method: str, path: str, signed_in: bool) -> None:
    answer = api(method, path, token=make.token(make.user()) if signed_in else None)
    assert (answer.status_code, answer["X-Error-Code"]) == (404 if signed_in else 401, "RepoNotFound")
