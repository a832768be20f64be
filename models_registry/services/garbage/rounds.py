"""A round through all phases, in steps that are short or can be repeated."""

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

from django.utils import timezone

from models_registry.models import GarbageRound, Repository
from models_registry.services.garbage import content, orphans, repositories
from models_registry.services.garbage.amounts import Amounts, Plan

logger = logging.getLogger(__name__)

Step = Callable[[str, Plan, Amounts], str | None]
"""Does the work at a position, "" being the beginning; the position after it, or None if that was all."""

PHASES: dict[str, Step] = {
    "uploads": content.step_uploads,
    "repositories": repositories.step,
    "possessions": content.step_possessions,
    "large files": content.step_lfs_objects,
    "files in chunks": content.step_xet_files,
    "xorbs": content.step_xorbs,
    "regular files": content.step_blobs,
    "open uploads": orphans.step_open_uploads,
    "objects": orphans.step_objects,
}
_NAME = "all"
_EVERY = timedelta(hours=23)


class _Place(NamedTuple):
    phase: str
    position: str

    def after(self, position: str | None) -> "_Place | None":
        if position is not None:
            return _Place(self.phase, position)
        names = list(PHASES)
        following = names.index(self.phase) + 1
        return _Place(names[following], "") if following < len(names) else None


_BEGINNING = _Place(next(iter(PHASES)), "")


def collect(plan: Plan, *, repository: Repository | None = None, seconds: float | None = None) -> tuple[Amounts, bool]:
    """Do a round, or end the one that was left off. What went, and whether the round is at its end.

    repository: only its git objects and possessions. seconds: stop after that time, and go on at the next call.
    Raises StorageUnavailable, TooManyOrphans; what was done is done, and the next call goes on from there.
    """
    amounts = Amounts()
    if repository is not None:
        repositories.collect_repository(repository.pk, plan, amounts)
        content.collect_possessions(repository, plan, amounts)
        return amounts, True
    if plan.dry_run:
        place: _Place | None = _BEGINNING
        while place is not None:
            place = place.after(PHASES[place.phase](place.position, plan, amounts))
        return amounts, True
    return amounts, _rows_round(plan, amounts, seconds)


def is_due() -> bool:
    """Whether a round was left off, or the last one began a day ago."""
    yesterday = timezone.now() - _EVERY
    return not GarbageRound.objects.filter(name=_NAME, ended_at__isnull=False, started_at__gt=yesterday).exists()


def _rows_round(plan: Plan, amounts: Amounts, seconds: float | None) -> bool:
    began = time.monotonic()
    row = _open_round()
    while row.ended_at is None:
        if seconds is not None and time.monotonic() - began > seconds:
            return False
        place = _Place(row.phase, row.position) if row.phase in PHASES else _BEGINNING
        following = place.after(PHASES[place.phase](place.position, plan, amounts))
        # Of two collections at once, one writes where it came to; the other goes on from there.
        here = GarbageRound.objects.filter(pk=row.pk, steps=row.steps, started_at=row.started_at)
        if following is None:
            here.update(steps=row.steps + 1, ended_at=timezone.now())
        else:
            here.update(steps=row.steps + 1, phase=following.phase, position=following.position)
        row.refresh_from_db()
    logger.info("garbage collected: %s", dict(amounts.counts) or "there was none")
    return True


def _open_round() -> GarbageRound:
    """The round that was left off, else a new one."""
    now = timezone.now()
    row, _created = GarbageRound.objects.get_or_create(
        name=_NAME, defaults={"phase": _BEGINNING.phase, "started_at": now}
    )
    if row.ended_at is not None:
        GarbageRound.objects.filter(pk=row.pk, ended_at=row.ended_at).update(
            phase=_BEGINNING.phase, position="", started_at=now, ended_at=None
        )
        row.refresh_from_db()
    return row
