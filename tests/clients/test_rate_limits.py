"""A hub that says "not so often", and the stock client, which waits as it is told."""

import time
from pathlib import Path

import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError
from huggingface_hub.utils import http_backoff, parse_ratelimit_headers

from tests.live import started_hub

pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]

WINDOW = 8  # seconds


def test_the_client_waits_for_the_next_window_and_goes_on(tmp_path: Path) -> None:
    with started_hub(tmp_path / "hub", HUB_RATE_LIMITS=f"search=3/{WINDOW}s, repository=1/h") as hub:
        member = hub.member("ada")
        api = HfApi(endpoint=hub.address, token=member.token)
        address, headers = f"{hub.address}/api/models", {"Authorization": f"Bearer {member.token}"}
        time.sleep(WINDOW - time.time() % WINDOW)  # a window begins
        began = time.time()
        for _ in range(3):
            assert http_backoff("GET", address, headers=headers).status_code == 200
        assert time.time() - began < WINDOW
        assert list(api.list_models()) == []  # the fourth is refused, and asked again when the window has ended
        assert WINDOW <= time.time() - began < 2 * WINDOW + 2
        api.create_repo("ada/one")
        with pytest.raises(HfHubHTTPError, match="At most 1 in 1 hour") as refused:
            api.create_repo("ada/two")
        left = parse_ratelimit_headers(refused.value.response.headers)
        assert left is not None
        assert (left.resource_type, left.remaining, left.limit, left.window_seconds) == ("repository", 0, 1, 3600)
        assert 0 < left.reset_in_seconds <= 3600
