"""Curves of a repository's trainings, for pages and the API: to whoever may read its files, without what is in quarantine."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import NamedTuple

from django.utils.translation import gettext_noop

from accounts.models import Actor
from hub.kept_sentences import sentence
from models_registry import access
from models_registry.formats.training_logs import run_of
from models_registry.models import Repository, TrainingFile, TrainingScalar
from models_registry.services import quarantine

_QUARANTINED = sentence(gettext_noop("It is in quarantine: nobody can get it."))


class Point(NamedTuple):
    """time: seconds since 1970; None where the log does not say."""

    step: int
    time: float | None
    value: float


@dataclass(frozen=True, slots=True)
class Run:
    """The logs of one folder: TensorBoard takes them for one run. Of copies it has one.

    problems: (path, what could not be read of it).
    """

    name: str
    commit: str
    logs: list[int]
    problems: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Curve:
    """One tag of one run, thinned; count: of all its points."""

    run: str
    tag: str
    points: list[Point]
    count: int
    not_finite: int
    first_not_finite: int | None


def has_any(repository: Repository) -> bool:
    return TrainingFile.objects.filter(repository=repository).exists()


def runs_of(actor: Actor, repository: Repository) -> list[Run]:
    """By name. Raises GatedRepository, RepositoryDisabled, RepositoryClosed."""
    access.require_read(actor, repository)
    runs: dict[str, Run] = {}
    for file in TrainingFile.objects.filter(repository=repository).select_related("log").order_by("path"):
        run = runs.setdefault(run_of(file.path), Run(run_of(file.path), file.commit, [], []))
        if quarantine.holds(file.content):
            run.problems.append((file.path, _QUARANTINED))
        elif file.log is None:
            run.problems.append((file.path, file.problem))
        else:
            if file.log.pk not in run.logs:
                run.logs.append(file.log.pk)
            run.problems.extend((file.path, problem) for problem in file.log.problems)
    return [runs[name] for name in sorted(runs)]


def tags_of(runs: Sequence[Run], words: str = "") -> list[str]:
    """The tags that these runs have, and in which each word occurs."""
    tags = TrainingScalar.objects.filter(log__in=[log for run in runs for log in run.logs])
    for word in words.split():
        tags = tags.filter(tag__icontains=word)
    return list(tags.order_by("tag").values_list("tag", flat=True).distinct())


def curves(runs: Sequence[Run], tags: Sequence[str]) -> dict[str, list[Curve]]:
    """{tag: its curves, in the order of the runs}, in one query."""
    logs = [log for run in runs for log in run.logs]
    rows = TrainingScalar.objects.filter(log__in=logs, tag__in=tags)
    found = {(row.log_id, row.tag): row for row in rows}
    return {
        tag: [
            _joined(run.name, parts)
            for run in runs
            if (parts := [found[log, tag] for log in run.logs if (log, tag) in found])
        ]
        for tag in tags
    }


def every_curve(runs: Sequence[Run], tags: Sequence[str], at_once: int = 20) -> Iterator[Curve]:
    """As `curves`, a few tags at a time: for what is sent as it is read."""
    for start in range(0, len(tags), at_once):
        for found in curves(runs, tags[start : start + at_once]).values():
            yield from found


def _joined(run: str, parts: Sequence[TrainingScalar]) -> Curve:
    """The logs of one run one after another. One that was taken up again at an earlier step replaces what came after it."""
    pieces = [[Point(*point) for point in part.points] for part in parts]
    pieces.sort(key=lambda piece: (piece[0].time or 0.0, piece[0].step) if piece else (0.0, 0))
    points: list[Point] = []
    for piece in pieces:
        if piece:
            del points[bisect_left(points, piece[0].step, key=attrgetter("step")) :]
            points += piece
    firsts = [part.first_not_finite for part in parts if part.first_not_finite is not None]
    return Curve(
        run=run,
        tag=parts[0].tag,
        points=points,
        count=sum(part.count for part in parts),
        not_finite=sum(part.not_finite for part in parts),
        first_not_finite=min(firsts, default=None),
    )
