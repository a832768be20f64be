"""Downloads, counted without a write on the way of a request.

A download is a session in which one reader (a user, or nobody at an address) fetches files of one repository: the first
file from its first byte counts, what follows within five minutes does not. Counts are added up in the process, and written
every ten seconds, one upsert for each repository and day. What several processes have seen of one session is told apart by
the cache, when they write: exactly where they share one (Redis), at most once for each process where they do not.
"""

import logging
import os
import time
from collections import Counter
from datetime import date, timedelta
from multiprocessing.util import Finalize
from threading import Event, Lock, Thread
from typing import Any

from django.core.cache import cache
from django.db import Error, close_old_connections, connection, transaction
from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.crypto import salted_hmac

from models_registry.models import DownloadCount, Repository

logger = logging.getLogger(__name__)

FLUSH_SECONDS = 10
SESSION_SECONDS = 300
_REMEMBERED_SECONDS = SESSION_SECONDS - 2 * FLUSH_SECONDS  # a session begins before it is written
MOST_SESSIONS = 100_000
DAYS_SHOWN = 30
# What people and pages look at; it is no use of a model.
_NOT_COUNTED = (".md", ".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".gitattributes", ".gitignore")


def is_counted(path: str, *, marked: bool) -> bool:
    """marked: the client says that it is downloading. Without that, pictures and texts of a card do not count."""
    return marked or not path.lower().endswith(_NOT_COUNTED)


def reader(user_id: int | None, address: str) -> str:
    """Who reads, in a form that tells no address."""
    if user_id is not None:
        return f"user-{user_id}"
    return salted_hmac("grove.downloads", address, algorithm="sha256").hexdigest()[:24]


class Counts:
    """What this process has counted and not written yet. Of any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._pending: dict[tuple[int, str], date] = {}
        self._counted: Counter[tuple[int, date]] = Counter()
        self._sessions: dict[tuple[int, str], float] = {}
        self._thread: Thread | None = None
        self._process = 0
        self._stop = Event()

    def add(self, repository_id: int, reader: str) -> None:
        """Note a download, if no session of that reader is under way."""
        session, now = (repository_id, reader), time.monotonic()
        with self._lock:
            if self._sessions.get(session, 0.0) > now:
                return
            if len(self._sessions) >= MOST_SESSIONS:
                self._sessions = {known: until for known, until in self._sessions.items() if until > now}
                if len(self._sessions) >= MOST_SESSIONS:
                    self._sessions.clear()
            self._sessions[session] = now + SESSION_SECONDS
            self._pending[session] = timezone.now().date()
            if self._process != os.getpid():  # also in a child that was forked with our memory
                self._start()

    def _start(self) -> None:
        self._process = os.getpid()
        self._stop = Event()
        self._thread = Thread(target=self._run, args=(self._stop,), name="downloads", daemon=True)
        self._thread.start()
        # Servers run us in processes of multiprocessing, which end without atexit; a finalizer runs in all of them.
        Finalize(None, self.flush, exitpriority=100)

    def _run(self, stop: Event) -> None:
        while not stop.wait(FLUSH_SECONDS):
            try:
                close_old_connections()
                self.flush()
            except Exception:  # the thread's edge: it must go on
                logger.exception("downloads could not be written")

    def flush(self) -> None:
        """Write what was counted; what cannot be written now is kept for the next time."""
        with self._lock:
            sessions, self._pending = self._pending, {}
            counted, self._counted = self._counted, Counter()
        for (repository_id, reader), day in sessions.items():
            if _is_first(repository_id, reader):
                counted[repository_id, day] += 1
        try:
            if counted:
                write(counted)
        except Error as error:
            logger.warning("downloads wait for the database: %s", type(error).__name__)
            with self._lock:
                self._counted.update(counted)

    def forget(self) -> None:
        """Let every session end now, and drop what is not written (for tests)."""
        with self._lock:
            self._pending, self._counted, self._sessions = {}, Counter(), {}


def _is_first(repository_id: int, reader: str) -> bool:
    """Whether no other process has written this session. A cache that is down tells nobody apart."""
    try:
        return bool(cache.add(f"download:{repository_id}:{reader}", 1, _REMEMBERED_SECONDS))
    except Exception:
        logger.warning("downloads are counted without the cache", exc_info=True)
        return True


counts = Counts()
add = counts.add
flush = counts.flush


# Both databases know this form; the ORM's upsert can set a count, but not add to it.
_ADD = (
    "INSERT INTO models_registry_downloadcount AS counted (repository_id, day, count) VALUES (%s, %s, %s)"
    " ON CONFLICT (repository_id, day) DO UPDATE SET count = counted.count + EXCLUDED.count"
)


@transaction.atomic
def write(counted: Counter[tuple[int, date]]) -> None:
    """Add to the days' counts and to what lists show. Repositories that are gone are left out."""
    there = set(
        Repository.objects.filter(pk__in={repository_id for repository_id, _ in counted}).values_list("pk", flat=True)
    )
    rows = sorted(
        (repository_id, day, count) for (repository_id, day), count in counted.items() if repository_id in there
    )
    with connection.cursor() as cursor:
        cursor.executemany(_ADD, rows)
    for repository_id, _day, count in rows:
        Repository.objects.filter(pk=repository_id).update(
            downloads=F("downloads") + count, downloads_all_time=F("downloads_all_time") + count
        )


def refresh() -> int:
    """Set what lists show from the days' counts, where it differs: days pass. Returns how many changed."""
    since = timezone.now().date() - timedelta(days=DAYS_SHOWN - 1)
    days = DownloadCount.objects.filter(repository=OuterRef("pk")).order_by().values("repository")

    def summed(rows: QuerySet[Any, Any]) -> Coalesce:
        return Coalesce(Subquery(rows.annotate(total=Sum("count")).values("total")), 0)

    lately, ever = summed(days.filter(day__gte=since)), summed(days)
    counted = Q(downloads__gt=0) | Q(pk__in=DownloadCount.objects.filter(day__gte=since).values("repository"))
    stale = (  # of many that were downloaded, few: a row that is written is locked, and written to each index, too
        Repository.objects.filter(counted)
        .annotate(lately=lately, ever=ever)
        .exclude(downloads=F("lately"), downloads_all_time=F("ever"))
    )
    return Repository.objects.filter(pk__in=stale.values("pk")).update(downloads=lately, downloads_all_time=ever)


def by_day(repository: Repository, days: int) -> list[tuple[date, int]]:
    """Downloads of each of the last days (UTC), today's last; a day without any is there too. One query."""
    today = timezone.now().date()
    first = today - timedelta(days=days - 1)
    rows = DownloadCount.objects.filter(repository=repository, day__gte=first, day__lte=today)
    counted = dict(rows.values_list("day", "count"))
    return [(day, counted.get(day, 0)) for number in range(days) if (day := first + timedelta(days=number))]
