import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import override_settings
from django.utils import translation

from hub.wire.rate_limits import counters
from models_registry.models import Kind
from models_registry.services import counting, facet_index, quarantine
from models_registry.storage import s3
from tests.environment import DATA_DIR

# `.ci/run` runs the tests on PostgreSQL, then on SQLite. Both see all that depends on a database: locks, constraints, orders,
# letters' case, JSON, ranking, lists, migrations, and the pages and APIs over them. These go there once, on SQLite:
# what touches no row, is of a hub on one machine, or keeps rows only to carry what is tried (what planted programs do).
ROWLESS = (
    "tests/models_registry/formats/",
    "tests/evaluations/harness/",
    "tests/evaluations/reproducing/",
    "tests/evaluations/test_attacks.py",
    "tests/evaluations/test_cache.py",
    "tests/evaluations/test_child.py",
    "tests/evaluations/test_formats.py",
    "tests/evaluations/test_hostile_models.py",
    "tests/evaluations/test_predicting.py",
    "tests/evaluations/test_sandbox.py",
    "tests/evaluations/test_scoring.py",
    "tests/evaluations/test_suite_files.py",
    "tests/hub/test_embedded.py",
    "tests/hub/test_file_broker.py",
    "tests/hub/test_forgery.py",
    "tests/hub/test_supervisor.py",
    "tests/hub/test_translations.py",
    "tests/models_registry/community/webhooks/test_sending.py",
    "tests/models_registry/content/test_ranges.py",
    "tests/models_registry/content/test_readahead.py",
    "tests/models_registry/test_cards.py",
)


# What drives a whole hub from outside, makes requests up, tries every right at every door or kills what runs goes there on
# PostgreSQL alone, as in production; so do the doors of programs and what is measured, which answer from rows in one way on
# either. The browser and the shared set, which every client passes on both, walk through them on SQLite, too.
ON_POSTGRES = (
    "tests/clients/",
    "tests/evaluations/",
    "tests/faults/",
    "tests/fuzz/",
    "tests/models_registry/cas_api/",
    "tests/models_registry/community/",
    "tests/models_registry/git_http/",
    "tests/models_registry/hf_api/",
    "tests/models_registry/xet/",
    "tests/permissions/",
)
# Below those, what sorts, searches, locks or sums up in SQL is held to be the same on both.
ON_BOTH = (
    "tests/clients/test_shared_set.py",
    "tests/evaluations/test_board_rows.py",
    "tests/evaluations/test_groups.py",
    "tests/evaluations/test_queueing.py",
    "tests/evaluations/test_ranking.py",
    "tests/evaluations/test_states.py",
    "tests/models_registry/community/test_feed.py",
    "tests/models_registry/hf_api/test_lists.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.nodeid.startswith(ROWLESS):
            item.add_marker("rowless")
            continue
        is_ours = item.get_closest_marker("old_client") is None and item.get_closest_marker("browser") is None
        if item.nodeid.startswith(ON_POSTGRES) and not item.nodeid.startswith(ON_BOTH) and is_ours:
            item.add_marker("on_postgres")


@pytest.fixture(scope="session", autouse=True)
def _what_is_slow_for_safety_or_for_life_is_not() -> Iterator[None]:
    """A password's hash takes a good part of a second on purpose; and each test client would list all static files anew."""
    hashers = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    with override_settings(PASSWORD_HASHERS=hashers, WHITENOISE_AUTOREFRESH=True):
        yield


@pytest.fixture(scope="session", autouse=True)
def storage_server() -> Iterator[None]:
    """A real S3 server: the one that `make run` starts."""
    folder = DATA_DIR / "storage"
    (folder / settings.S3_BUCKET).mkdir(parents=True)
    server = subprocess.Popen(
        [
            str(Path(sys.executable).parent / "rclone"), "serve", "s3", "--no-checksum",
            "--addr", urlsplit(settings.S3_ENDPOINT_URL).netloc,
            "--auth-key", f"{settings.S3_ACCESS_KEY_ID},{settings.S3_SECRET_ACCESS_KEY}",
            "--allow-origin", "*", str(folder),
        ],
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    for _ in range(100):
        try:
            s3.size_of("ready")
            break
        except s3.StorageUnavailable:
            time.sleep(0.05)
    yield
    server.terminate()
    server.wait()


@pytest.fixture(autouse=True)
def _every_test_begins_in_the_hubs_own_language() -> Iterator[None]:
    """A request leaves its thread in the language of its reader."""
    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def _every_test_may_use_the_database(db: None) -> None:
    """Rows, not mocks."""


@pytest.fixture(autouse=True)
def _no_test_spends_anothers_rate_limit() -> None:
    """Sign-ins are counted by address in the cache, and all tests come from one address."""
    cache.clear()
    counters.forget()


@pytest.fixture(autouse=True)
def _no_test_knows_anothers_quarantine(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each process remembers for some seconds what is in it: here until a test says otherwise."""
    monkeypatch.setattr(quarantine, "KNOWN_FOR", 3600)
    quarantine.forget()
    quarantine.holds("")


@pytest.fixture(autouse=True)
def _no_test_knows_anothers_facets(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each process looks for a newer index every few seconds, one query more of whichever page comes then."""
    monkeypatch.setattr(facet_index, "LOOK_AGAIN", 3600)
    facet_index.forget()
    for kind in Kind:
        facet_index.current(kind)


@pytest.fixture(autouse=True)
def _downloads_are_written_when_a_test_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not by a thread, whose connection would not see the test's rows."""
    counting.counts.forget()
    monkeypatch.setattr(counting.Counts, "_start", lambda _self: None)
