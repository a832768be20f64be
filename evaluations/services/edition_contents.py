"""What an edition is made of: the rows of a suite's board, or of a group's, and what is said of them beside it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from evaluations.models import Board, GroupStanding, Result, Score, Standing, SuiteGroup, SuiteVersion
from evaluations.services import board_exports, boards, group_boards, rank_requests
from hub.jobs.models import Job
from hub.jobs.models import State as JobState
from models_registry.models import Repository

NOT_OF_A_MODEL = {"rank_first", "rank_last", "trust"}
# Of who a model is, with the type of its column in a table.
IDENTITY: dict[str, type] = {name: kind for name, kind in board_exports.FACTS.items() if name not in NOT_OF_A_MODEL} | {
    "result_sha256": str
}
GROUP_MEAN = "mean"


@dataclass(frozen=True, slots=True)
class Line:
    """A row. stated: its ranks and scores, for everybody for good; identity: who stands there, while it may be known."""

    stated: dict[str, Any]
    identity: dict[str, Any]
    repository: Repository


@dataclass(frozen=True, slots=True)
class Contents:
    """board: the fields of Edition that say whose it is. facts: of the signed document. ranked_at: None, never yet."""

    board: dict[str, Any]
    facts: dict[str, Any]
    ranked_at: datetime | None
    lines: list[Line]


def of(board: SuiteVersion | SuiteGroup) -> Contents:
    return _of_suite(board) if isinstance(board, SuiteVersion) else _of_group(board)


def is_waiting(board: SuiteVersion | SuiteGroup) -> bool:
    """Whether it is about to be ranked anew."""
    if isinstance(board, SuiteVersion):
        asked = Q(kind=rank_requests.KIND, key=str(board.pk))
    else:
        versions = SuiteVersion.objects.filter(current=True, suite__groups=board).values_list("pk", flat=True)
        asked = Q(kind=rank_requests.KIND_OF_GROUPS, key=str(board.pk)) | Q(
            kind=rank_requests.KIND, key__in=[str(pk) for pk in versions]
        )
    return Job.objects.filter(asked, state__in=[JobState.QUEUED, JobState.RUNNING]).exists()


def _of_suite(version: SuiteVersion) -> Contents:
    ranked = Board.objects.filter(suite_version=version).first()
    facts = {
        "suite": _suite(version) | {"title": version.definition["title"], "metrics": version.definition["metrics"]}
    }
    return Contents(
        {"suite": version.suite, "suite_version": version},
        facts,
        ranked.ranked_at if ranked else None,
        list(_lines_of_suite(version)),
    )


def _lines_of_suite(version: SuiteVersion) -> Iterator[Line]:
    signed = dict(Result.objects.filter(run__standing__suite_version=version).values_list("run_id", "sha256"))
    for standing in boards.standings(version):
        (record,) = board_exports.records_of([standing])
        identity = {name: record.get(name) for name in IDENTITY} | {"result_sha256": signed.get(standing.run_id)}
        yield Line(_stated(standing), identity, standing.run.repository)


def _stated(standing: Standing) -> dict[str, Any]:
    split = board_exports.split(getattr(standing.run, "split_score", None))
    return {
        "rank": [standing.first, standing.last],
        "trust": standing.trust,
        "metrics": {score.name: _metric(score) for score in standing.run.scores.all()},
        **({"split": split} if split else {}),
    }


def _of_group(group: SuiteGroup) -> Contents:
    """Of those models alone that were measured on every suite: the others have no rank."""
    members = list(group.members.select_related("suite"))
    versions = {
        version.suite_id: version
        for version in SuiteVersion.objects.filter(current=True, suite__groups=group).select_related("suite")
    }
    suites = [
        _suite(version) | {"title": member.suite.title, "metric": version.primary_metric}
        for member in members
        if (version := versions.get(member.suite_id))
    ]
    names = {member.suite_id: member.suite.name for member in members}
    rows = group_boards.standings(group).filter(value__isnull=False)
    return Contents(
        {"group": group},
        {"group": {"id": group.name, "title": group.title, "suites": suites}},
        group.ranked_at,
        [_line_of_group(standing, names) for standing in rows],
    )


def _line_of_group(standing: GroupStanding, names: dict[int, str]) -> Line:
    (record,) = board_exports.group_records_of(names, [standing])
    parts = {names[part.suite_id]: part for part in standing.parts.all() if part.suite_id in names}
    stated = {
        "rank": [standing.first, standing.last],
        "trust": standing.trust,
        "metrics": {GROUP_MEAN: {"value": standing.value, "ci95": [standing.low, standing.high]}},
        "borda": standing.borda,
        "scores": {name: {"value": part.value, "normalized": part.normalized} for name, part in parts.items()},
    }
    identity = {name: record.get(name) for name in IDENTITY if name in record}
    identity["evaluations"] = {name: str(part.run_id) for name, part in parts.items()}
    return Line(stated, identity, standing.repository)


def _suite(version: SuiteVersion) -> dict[str, Any]:
    return {"id": version.suite.name, "version": version.version, "sha256": version.digest, "n": version.rows}


def _metric(score: Score) -> dict[str, Any]:
    return {
        "value": score.value,
        "ci95": [score.low, score.high],
        "ci_method": score.method,
        "stderr": score.stderr,
        "n": score.n,
        "chance": score.chance,
    }
