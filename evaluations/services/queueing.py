"""Whose turn it is, and when a run that waits will begin.

Accounts share the workers fairly: whoever has used the least of them within the last hour comes next, each with the run that
waits longest. What has begun counts with its usual time at least, so that ten quick requests of one do not all come first.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from uuid import UUID

from django.db.models import Min, Q

from evaluations.models import WORKING, Mode, Run, State, Worker
from hub import clock

SHARED_OVER = timedelta(hours=1)
RECENT_RUNS = 500
# Of a suite that nobody has been measured on yet.
UNKNOWN_SECONDS = 30.0
MOST_FORECAST = 5000


@dataclass(frozen=True, slots=True)
class Waiting:
    """A queued run. account: whose turn it uses up. seconds: that its suite usually takes."""

    run: UUID
    account: int | None
    since: datetime
    seconds: float


@dataclass(frozen=True, slots=True)
class Turn:
    """When a run comes: `position` from 1 in its queue; `starts_in` from now, None where nobody here would take it."""

    position: int
    starts_in: timedelta | None


def next_run(worker: Worker) -> Run | None:
    """The run that this worker should claim, if it may and can take any: three queries, however long the queue."""
    now = clock.now()
    if Worker.objects.values_list("mode", flat=True).get(pk=worker.pk) != Mode.ACTIVE:
        return None
    fitting = Run.objects.claimable(now).filter(hardware_class__in=worker.classes, memory_needed__lte=worker.memory)
    accounts = dict(fitting.order_by().values_list("account").annotate(Min("created_at")))
    if not accounts:
        return None
    used = _used(accounts, usual_seconds(), now)
    chosen = min(accounts, key=lambda account: (used[account], accounts[account]))
    return fitting.filter(account=chosen).order_by("created_at").first()


def turns(hardware_class: str) -> dict[UUID, Turn]:
    """Of all runs that wait for workers of a class, as things stand: a fixed number of queries."""
    now, usual = clock.now(), usual_seconds()
    rows = Run.objects.filter(state=State.QUEUED, hardware_class=hardware_class).order_by("created_at")
    needed: dict[UUID, int] = {}
    waiting = []
    for pk, account, since, version, memory in rows.values_list(
        "pk", "account", "created_at", "suite_version", "memory_needed"
    )[:MOST_FORECAST]:
        waiting.append(Waiting(pk, account, since, usual.get(version, UNKNOWN_SECONDS)))
        needed[pk] = memory
    if not waiting:
        return {}
    ordered = fair_order(waiting, _used({one.account for one in waiting}, usual, now))
    workers = [one for one in Worker.objects.taking(now) if hardware_class in one.classes]
    free_in = _free_in(workers, usual, now)
    largest = max((one.memory for one in workers), default=0)
    found = {}
    for position, one in enumerate(ordered, start=1):
        starts_in = None
        if free_in and needed[one.run] <= largest:
            soonest = heapq.heappop(free_in)
            starts_in = timedelta(seconds=soonest)
            heapq.heappush(free_in, soonest + one.seconds)
        found[one.run] = Turn(position, starts_in)
    return found


def turns_of(runs: Iterable[Run]) -> dict[UUID, Turn]:
    """Of those of these that wait."""
    waiting = {run.pk: run.hardware_class for run in runs if run.state == State.QUEUED}
    found: dict[UUID, Turn] = {}
    for hardware_class in set(waiting.values()):
        found |= turns(hardware_class)
    return {pk: found[pk] for pk in waiting if pk in found}


def fair_order(waiting: Sequence[Waiting], used: Mapping[int | None, float]) -> list[Waiting]:
    """In the order in which they begin: always the oldest of the account that has used least (then: that waits longest)."""
    queues: dict[int | None, list[Waiting]] = defaultdict(list)
    for one in sorted(waiting, key=lambda one: one.since, reverse=True):
        queues[one.account].append(one)
    heap = [(used.get(account, 0.0), queue[-1].since, number) for number, (account, queue) in enumerate(queues.items())]
    lines = list(queues.values())
    heapq.heapify(heap)
    ordered = []
    while heap:
        spent, _since, number = heapq.heappop(heap)
        one = lines[number].pop()
        ordered.append(one)
        if lines[number]:
            heapq.heappush(heap, (spent + one.seconds, lines[number][-1].since, number))
    return ordered


def usual_seconds() -> dict[int, float]:
    """Suite version → the median time of its latest runs. Of those nobody was scored on lately, nothing."""
    latest = Run.objects.filter(state=State.SCORED).exclude(started_at=None).order_by("-finished_at")
    taken: dict[int, list[float]] = defaultdict(list)
    for version, started, finished in latest.values_list("suite_version", "started_at", "finished_at")[:RECENT_RUNS]:
        if started and finished:
            taken[version].append((finished - started).total_seconds())
    return {version: median(values) for version, values in taken.items()}


def _used(accounts: Iterable[int | None], usual: Mapping[int, float], now: datetime) -> dict[int | None, float]:
    """Seconds of workers that each account has used within the last hour."""
    used: dict[int | None, float] = dict.fromkeys(accounts, 0.0)
    since = now - SHARED_OVER
    begun = Run.objects.filter(Q(state__in=WORKING) | Q(finished_at__gt=since, started_at__isnull=False))
    for account, version, state, started, finished in begun.values_list(
        "account", "suite_version", "state", "started_at", "finished_at"
    ):
        if account in used and started:
            seconds = ((finished or now) - max(started, since)).total_seconds()
            expected = usual.get(version, UNKNOWN_SECONDS) if state in WORKING else 0.0
            used[account] += max(seconds, expected)
    return used


def _free_in(workers: Sequence[Worker], usual: Mapping[int, float], now: datetime) -> list[float]:
    """In how many seconds each will be free, as a heap."""
    busy = Run.objects.filter(state__in=WORKING, worker__in=[one.name for one in workers])
    rest = {
        name: max(0.0, usual.get(version, UNKNOWN_SECONDS) - (now - started).total_seconds())
        for name, version, started in busy.values_list("worker", "suite_version", "started_at")
        if started
    }
    free_in = [rest.get(one.name, 0.0) for one in workers]
    heapq.heapify(free_in)
    return free_in
