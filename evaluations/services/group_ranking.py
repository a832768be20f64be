"""A group's board, ranked by a worker from the boards of its suites: each repository with its best run on every one."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

import numpy as np
from django.db import transaction
from django.utils import timezone

from accounts.models import Actor
from evaluations import aggregates, ranks
from evaluations.models import GroupPart, GroupStanding, Result, Score, SuiteGroup, SuiteVersion, Trust
from evaluations.services.board_filters import choices
from hub.batches import batches
from models_registry.models import Repository

WRITTEN_AT_ONCE = 1000
READ_AT_ONCE = 500
AGREED = ("commit", "format", "architecture", "machine", "hardware_class")  # facts kept where all runs have the same


@dataclass(frozen=True, slots=True)
class _Part:
    """A repository's best run on one suite, read from the board of that suite."""

    run: UUID
    repository: int
    version: int
    licence: str
    value: float
    low: float
    high: float
    trust: str
    commit: str
    format: str
    architecture: str
    machine: str
    hardware_class: str
    parameters: int | None
    model_bytes: int | None
    finished_at: datetime


@dataclass(frozen=True, slots=True)
class _Placed:
    """A repository with its runs, by place of their suite, and its row."""

    parts: dict[int, _Part]
    row: GroupStanding


def rank(group: SuiteGroup) -> None:
    """Find out anew who stands where. Nothing is written where nothing has changed since."""
    suites = list(group.members.order_by("place").values_list("suite_id", flat=True))
    versions = {version.suite_id: version for version in SuiteVersion.objects.filter(current=True, suite__in=suites)}
    places = {versions[suite].pk: place for place, suite in enumerate(suites) if suite in versions}
    found = _parts(places)
    ranked = hashlib.sha256(repr((suites, sorted(places.items()), found)).encode()).hexdigest()
    if ranked == group.ranked:
        return
    measured: defaultdict[int, dict[int, _Part]] = defaultdict(dict)
    for part in found:
        measured[part.repository][places[part.version]] = part
    complete = [parts for parts in measured.values() if len(parts) == len(suites)]
    ordered = [versions[suite] for suite in suites if suite in versions]
    placed = _complete(group, ordered, complete) if complete else []
    incomplete = sorted(
        (parts for parts in measured.values() if len(parts) < len(suites)),
        key=lambda parts: (-len(parts), min(part.repository for part in parts.values())),
    )
    placed += [_Placed(parts, _row(group, parts, len(placed) + place)) for place, parts in enumerate(incomplete, 1)]
    chances = {places[version.pk]: float(version.primary_metric["chance"]) for version in ordered}
    _write(group, suites, chances, placed, complete_count=len(complete), ranked=ranked)


def _parts(places: Iterable[int]) -> list[_Part]:
    """Of public repositories, in an order that says nothing."""
    scores = Score.objects.filter(
        primary=True,
        run__standing__suite_version__in=list(places),
        run__repository__in=Repository.objects.visible_to(Actor()),
    )
    run_facts = [f"run__{fact}" for fact in (*AGREED, "parameters", "model_bytes", "finished_at")]
    rows = scores.order_by("run__repository_id", "run__suite_version_id").values_list(
        "run_id", "run__repository_id", "run__suite_version_id", "run__repository__licence", "value", "low", "high",
        "run__standing__trust", *run_facts,
    )  # fmt: skip
    return [_Part(*row) for row in rows]


def _complete(
    group: SuiteGroup, versions: Sequence[SuiteVersion], complete: Sequence[dict[int, _Part]]
) -> list[_Placed]:
    """Those with every suite, best first."""
    chances = _chances(versions)
    order = range(len(versions))
    values, lows, highs = (
        aggregates.normalized(
            np.array([[getattr(parts[place], name) for place in order] for parts in complete]), chances
        )
        for name in ("value", "low", "high")
    )
    mean, low, high = aggregates.means(values, lows, highs)
    borda = aggregates.borda(np.array([[parts[place].value for place in order] for parts in complete]))
    best_first = sorted(
        range(len(complete)),
        key=lambda index: (
            -mean[index],
            max(part.finished_at for part in complete[index].values()),
            complete[index][0].repository,
        ),
    )
    intervals = _intervals(versions, chances, [complete[index] for index in best_first])
    return [
        _Placed(
            complete[index],
            _row(
                group, complete[index], position,
                value=float(mean[index]), low=float(low[index]), high=float(high[index]), borda=float(borda[index]),
                first=first, last=last,
            ),
        )
        for position, (index, (first, last)) in enumerate(zip(best_first, intervals, strict=True), 1)
    ]  # fmt: skip


def _chances(versions: Sequence[SuiteVersion]) -> np.ndarray:
    return np.array([version.primary_metric["chance"] for version in versions], float)


def _intervals(
    versions: Sequence[SuiteVersion], chances: np.ndarray, ordered: Sequence[dict[int, _Part]]
) -> list[tuple[int, int]]:
    """The ranks of these models in this order, by the mean's own weights. Who has kept no rows is told apart from nobody."""
    known = np.ones(len(ordered), bool)
    correct = []
    for place, version in enumerate(versions):
        rows, kept = _outcomes(version, [parts[place].run for parts in ordered])
        correct.append(rows)
        known &= kept
    p_values = ranks.bootstrap_neighbours_over(correct, (1 / len(versions) / (1 - chances)).tolist())
    unknown = [not (first and second) for first, second in pairwise(known.tolist())]
    return ranks.intervals(np.where(unknown, 1.0, p_values).tolist())


def _outcomes(version: SuiteVersion, runs: Sequence[UUID]) -> tuple[np.ndarray, np.ndarray]:
    """Which rows each run has right, (runs, rows) bool; and whether it kept them, (runs,)."""
    correct, known = np.zeros((len(runs), version.rows), bool), np.zeros(len(runs), bool)
    place = {pk: index for index, pk in enumerate(runs)}
    for chunk in batches(runs, READ_AT_ONCE):
        for pk, bits in Result.objects.filter(run__in=chunk).values_list("run_id", "outcomes"):
            if bits:
                packed = np.frombuffer(bits, np.uint8)
                correct[place[pk]] = np.unpackbits(packed, count=version.rows, bitorder="little")
                known[place[pk]] = True
    return correct, known


def _row(group: SuiteGroup, parts: dict[int, _Part], position: int, **aggregate: Any) -> GroupStanding:
    runs = list(parts.values())
    agreed = {}
    for name in AGREED:
        values = {getattr(run, name) for run in runs}
        agreed[name] = values.pop() if len(values) == 1 else None if name == "commit" else ""
    return GroupStanding(
        group=group,
        repository_id=runs[0].repository,
        position=position,
        measured=len(runs),
        trust=Trust.REPRODUCED if all(run.trust == Trust.REPRODUCED for run in runs) else Trust.VERIFIED,
        parameters=max((run.parameters for run in runs if run.parameters is not None), default=None),
        model_bytes=max((run.model_bytes for run in runs if run.model_bytes is not None), default=None),
        finished_at=max(run.finished_at for run in runs),
        **agreed,
        **aggregate,
    )


@transaction.atomic
def _write(
    group: SuiteGroup,
    suites: Sequence[int],
    chances: dict[int, float],
    placed: Sequence[_Placed],
    *,
    complete_count: int,
    ranked: str,
) -> None:
    SuiteGroup.objects.select_for_update().get(pk=group.pk)
    group.standings.all().delete()
    GroupStanding.objects.bulk_create((one.row for one in placed), batch_size=WRITTEN_AT_ONCE)
    GroupPart.objects.bulk_create(
        (
            GroupPart(
                standing=one.row,
                suite_id=suites[place],
                run_id=part.run,
                value=part.value,
                normalized=(part.value - chances[place]) / (1 - chances[place]),
            )
            for one in placed
            for place, part in one.parts.items()
        ),
        batch_size=WRITTEN_AT_ONCE,
    )
    group.model_count, group.complete_count = len(placed), complete_count
    group.choices, group.ranked, group.ranked_at = choices(group.standings.all(), run=""), ranked, timezone.now()
    group.save(update_fields=["model_count", "complete_count", "choices", "ranked", "ranked_at"])
