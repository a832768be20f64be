"""The environment of a test process, set before Django reads its settings (a pytest plugin: see `addopts`).

Each process has a data folder and a storage server of its own. DATABASE_URL chooses the database; SQLite without it.
HUB_REQUIRE_SERVICES=1 turns every "that service is not here" into a failure.
"""

import atexit
import os
import shutil
import socket
import tempfile
from pathlib import Path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


DATA_DIR = Path(tempfile.mkdtemp(prefix="grove-tests-"))
(DATA_DIR / "static").mkdir()  # where collected files would lie: whitenoise warns when it is missing
atexit.register(shutil.rmtree, DATA_DIR, ignore_errors=True)

os.environ.update(
    HUB_SECRET_KEY="only-for-tests-and-long-enough-to-sign-tokens",
    HUB_DATA_DIR=str(DATA_DIR),
    HUB_BASE_URL="http://testserver",
    HUB_ALLOWED_HOSTS="*",
    HUB_LOG_LEVEL="WARNING",
    HUB_RATE_LIMITS="off",
    HUB_MEASURE_SPEED="false",  # seconds a run: asked for by the tests that are about it
    S3_ENDPOINT_URL=f"http://127.0.0.1:{free_port()}",
    S3_BUCKET="grove-tests",
    S3_ACCESS_KEY_ID="grove-tests",
    S3_SECRET_ACCESS_KEY="grove-tests-secret",
    HF_HOME=str(DATA_DIR / "client"),  # the stock client reads it when it is imported, and must not use ours
    HF_HUB_DISABLE_TELEMETRY="1",
    HF_HUB_DISABLE_PROGRESS_BARS="1",
)
for _name in ("S3_PUBLIC_ENDPOINT_URL", "CACHE_URL", "HF_TOKEN", "HF_ENDPOINT"):
    os.environ.pop(_name, None)
if not os.environ.get("DATABASE_URL"):
    os.environ["DATABASE_URL"] = f"sqlite:///{DATA_DIR / 'grove.sqlite3'}"
