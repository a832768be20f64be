"""Whether the parts of the hub do their work, as `/status` shows it to everybody: in words, with nothing of the machines."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

import requests
from django.conf import settings
from django.core.cache import cache
from django.db.models import Min
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from evaluations.models import Run, State, Worker
from hub import clock
from hub.errors import HubError
from hub.jobs.models import Job
from models_registry import storage

KNOWN_FOR = 15  # seconds: however many look, the parts are asked once
_ANSWERS_WITHIN = 3  # seconds
_BEHIND_AFTER = timedelta(minutes=5)


class Health(StrEnum):
    GOOD = "good"
    SLOW = "slow"  # it works, later than it should
    BAD = "bad"


@dataclass(frozen=True)
class Part:
    """`key`: which part; `count`: minutes that jobs are behind, or runs that wait."""

    key: str
    health: Health
    count: int = 0

    @property
    def said(self) -> str:
        """A sentence more, or "". Made for who reads it: what is kept is kept for readers of every language."""
        if self.key == "jobs" and self.health is Health.SLOW:
            return ngettext("Behind by one minute.", "Behind by %(minutes)d minutes.", self.count) % {
                "minutes": self.count
            }
        if self.key != "evaluations":
            return ""
        if self.health is not Health.GOOD:
            return _("No worker is here: runs wait for one.")
        waiting = ngettext("One run waits.", "%(waiting)d runs wait.", self.count) % {"waiting": self.count}
        return waiting if self.count else ""


TITLES = {
    "database": gettext_lazy("Pages, API and git"),
    "storage": gettext_lazy("File storage"),
    "content": gettext_lazy("Downloads by plain HTTP"),
    "cas": gettext_lazy("Uploads and downloads in chunks (Xet)"),
    "jobs": gettext_lazy("Work after commits: cards, scans, notices"),
    "evaluations": gettext_lazy("Evaluations"),
}


def parts() -> list[Part]:
    """All of them, some seconds old."""
    known: list[Part] | None = cache.get("condition")
    # One of all who look asks anew; meanwhile the others are told what was known.
    if cache.add("condition-asked", True, KNOWN_FOR) or known is None:
        known = [Part("database", Health.GOOD), *_asked_at_once(), _jobs(), _evaluations()]
        cache.set("condition", known, 4 * KNOWN_FOR)
    return known


def worst(of: list[Part]) -> Health:
    order = list(Health)
    return max((part.health for part in of), key=order.index)


def _asked_at_once() -> list[Part]:
    """What answers over the network: side by side, so that one that hangs costs its own time alone."""
    asked: list[Callable[[], Part]] = [
        _storage,
        lambda: _answering("content", settings.CONTENT_URL),
        lambda: _answering("cas", settings.CAS_URL),
    ]
    with ThreadPoolExecutor(len(asked)) as pool:
        return [found.result() for found in [pool.submit(one) for one in asked]]


def _storage() -> Part:
    try:
        storage.size_of("health")
    except HubError:
        return Part("storage", Health.BAD)
    return Part("storage", Health.GOOD)


def _answering(key: str, address: str) -> Part:
    try:
        answer = requests.get(f"{address.rstrip('/')}/health/live", timeout=_ANSWERS_WITHIN, allow_redirects=False)
    except requests.RequestException:
        return Part(key, Health.BAD)
    return Part(key, Health.GOOD if answer.status_code == 200 else Health.BAD)


def _jobs() -> Part:
    now = timezone.now()
    oldest = Job.objects.due(now).aggregate(oldest=Min("run_after"))["oldest"]
    if oldest is None or now - oldest < _BEHIND_AFTER:
        return Part("jobs", Health.GOOD)
    minutes = int((now - oldest).total_seconds() // 60)
    return Part("jobs", Health.SLOW, minutes)


def _evaluations() -> Part:
    waiting = Run.objects.filter(state=State.QUEUED).count()
    if not Worker.objects.taking(clock.now()).exists():
        return Part("evaluations", Health.BAD if waiting else Health.SLOW, waiting)
    return Part("evaluations", Health.GOOD, waiting)
