from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from models_registry.models import DownloadCount, Repository
from models_registry.services import counting, trending
from tests import make

MARK = {"X-HF-Download-Counter": "1"}


@pytest.fixture
def repository() -> Repository:
    made = make.repository(make.user("ada"), "model")
    make.commit(made, {"config.json": "{}", "weights.bin": "w" * 100, "README.md": "hello", "plot.png": "x"})
    return made


def get(
    client: Client, path: str = "config.json", *, address: str = "10.0.0.1", method: str = "get", **headers: str
) -> Any:
    return getattr(client, method)(f"/ada/model/resolve/main/{path}", headers=headers, REMOTE_ADDR=address)


def downloads(repository: Repository) -> int:
    counting.flush()
    repository.refresh_from_db()
    days = sum(DownloadCount.objects.filter(repository=repository).values_list("count", flat=True))
    assert repository.downloads == repository.downloads_all_time == days
    return repository.downloads


@pytest.mark.parametrize(
    ("requests", "expected"),
    [
        ([{}], 1),
        ([{}, {}, {"path": "weights.bin"}], 1),
        ([{}, {"address": "10.0.0.2"}], 2),
        ([{"method": "head"}], 0),
        ([{"path": "README.md"}, {"path": "plot.png"}, {"path": ".gitattributes"}], 0),
        ([{"path": "README.md", **MARK}], 1),
        ([{"path": "weights.bin", "Range": "bytes=0-49"}, {"path": "weights.bin", "Range": "bytes=50-"}], 1),
        ([{"path": "weights.bin", "Range": "bytes=50-"}], 0),
        ([{"path": "weights.bin", "Range": "bytes=-10"}], 0),
        ([{"path": "missing.bin", **MARK}], 0),
    ],
)
def test_a_session_of_one_reader_is_one_download(
    client: Client, repository: Repository, requests: list[dict[str, str]], expected: int
) -> None:
    for request in requests:
        get(client, **request)
    assert downloads(repository) == expected


def test_a_token_to_read_by_xet_counts_as_the_download_it_is_for(client: Client, repository: Repository) -> None:
    client.get("/api/models/ada/model/xet-read-token/main", REMOTE_ADDR="10.0.0.1")
    get(client)
    assert downloads(repository) == 1


def test_a_member_is_one_reader_wherever_they_are(client: Client, repository: Repository) -> None:
    token = make.bearer(make.token(make.user()))
    get(client, address="10.0.0.1", **token)
    get(client, address="10.0.0.2", **token)
    assert downloads(repository) == 1


def test_what_a_reader_may_not_have_is_not_counted(client: Client, repository: Repository) -> None:
    Repository.objects.update(private=True)
    assert get(client).status_code in {401, 404}
    assert downloads(repository) == 0


@pytest.mark.parametrize(
    ("proxies", "written", "expected"),
    [
        (0, ["1.1.1.1", "2.2.2.2"], 1),
        (1, ["1.1.1.1", "2.2.2.2"], 2),
        (1, ["9.9.9.1, 1.1.1.1", "9.9.9.2, 1.1.1.1"], 1),
        (2, ["1.1.1.1, 10.0.0.9", "2.2.2.2, 10.0.0.9"], 2),
        (2, ["1.1.1.1", "2.2.2.2"], 1),
        (1, ["", ""], 1),
    ],
)
def test_behind_proxies_readers_are_told_apart_by_what_the_proxies_have_seen(
    client: Client, repository: Repository, settings: Any, proxies: int, written: list[str], expected: int
) -> None:
    settings.TRUSTED_PROXIES = proxies
    for addresses in written:
        get(client, **{"X-Forwarded-For": addresses})
    assert downloads(repository) == expected


def test_a_download_writes_nothing_on_its_way(client: Client, repository: Repository) -> None:
    get(client)
    assert not DownloadCount.objects.exists()
    assert downloads(repository) == 1


def test_two_processes_count_one_session_once(repository: Repository) -> None:
    processes = counting.Counts(), counting.Counts()
    for process in processes:
        process.add(repository.pk, "a-reader")
        process.flush()
    assert downloads(repository) == 1


def test_counts_wait_for_a_database_that_is_down(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    counting.add(repository.pk, "a-reader")

    def down(_counted: Counter[Any]) -> None:
        raise OperationalError("down")

    with monkeypatch.context() as broken:
        broken.setattr(counting, "write", down)
        counting.flush()
        counting.flush()
    cache.clear()
    counting.add(repository.pk, "another")
    assert downloads(repository) == 2


def test_a_repository_that_went_meanwhile_loses_nobody_elses_counts(repository: Repository) -> None:
    gone = make.repository()
    counting.add(gone.pk, "a-reader")
    counting.add(repository.pk, "a-reader")
    gone.delete()
    assert downloads(repository) == 1


def test_memory_stays_bounded(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "MOST_SESSIONS", 10)
    counts = counting.Counts()
    for number in range(100):
        counts.add(repository.pk, f"reader-{number}")
    assert len(counts._sessions) <= 10


def _days(repository: Repository, **counts: int) -> None:
    today = timezone.now().date()
    for age, count in counts.items():
        DownloadCount.objects.create(repository=repository, day=today - timedelta(days=int(age[1:])), count=count)


def test_thirty_days_are_shown_and_all_time_is_kept(repository: Repository) -> None:
    other = make.repository(downloads=5)
    _days(repository, d0=3, d29=4, d30=100)
    counting.refresh()
    repository.refresh_from_db()
    other.refresh_from_db()
    assert (repository.downloads, repository.downloads_all_time) == (7, 107)
    assert (other.downloads, other.downloads_all_time) == (0, 0)


def test_what_is_fetched_now_trends_above_what_was_fetched_before(repository: Repository) -> None:
    before, liked, untouched = make.repository(), make.repository(likes=3), make.repository(trending_score=4)
    _days(repository, d0=8, d3=8)
    _days(before, d12=100, d40=10_000)
    trending.refresh()
    scores = dict(Repository.objects.values_list("pk", "trending_score"))
    assert scores[repository.pk] == pytest.approx(8 + 4 + 5)
    assert scores[before.pk] == pytest.approx(11.3)
    assert scores[liked.pk] == pytest.approx(20 + 5)
    assert scores[untouched.pk] == 0
