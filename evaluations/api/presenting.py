"""Runs, suites and boards as JSON. Names are those of the API's contract; they also make its OpenAPI description."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from accounts.models import Actor
from evaluations.models import (
    Edition,
    GroupStanding,
    Run,
    Score,
    SelfReportedScore,
    Standing,
    SuiteGroup,
    SuiteVersion,
    Trust,
)
from evaluations.services import board_speeds, boards, citing, pairing, sample_reading, sealing
from evaluations.services.differences import Compared
from evaluations.services.identical_weights import Twin, twins_of
from evaluations.services.queueing import Turn, turns_of
from models_registry import models as registry

FILTER_QUERY = [
    *(
        OpenApiParameter(name, str)
        for name in ("license", "architecture", "format", "machine", "hardware", "namespace")
    ),
    OpenApiParameter("trust", str, enum=Trust.values),
    OpenApiParameter("min_params", int),
    OpenApiParameter("max_params", int),
    OpenApiParameter("since", str, description="YYYY-MM-DD"),
    OpenApiParameter("until", str, description="YYYY-MM-DD, that day included"),
]
BOARD_QUERY = [
    *FILTER_QUERY,
    OpenApiParameter(
        "sort",
        str,
        description="A metric of the suite, or what it measures of speed and memory, best first; the primary metric without it.",
    ),
]
GROUP_QUERY = [*BOARD_QUERY[:-1], OpenApiParameter("sort", str, enum=["mean", "borda"])]


class EvaluationRequest(serializers.Serializer[Any]):
    """What a client asks for."""

    repository = serializers.CharField(max_length=200, help_text="namespace/name of a model")
    revision = serializers.CharField(max_length=255, default="main", help_text="branch, tag or commit")
    suite = serializers.CharField(max_length=80)
    hardware = serializers.CharField(max_length=40, default="cpu", help_text="class of the worker")


class Failure(serializers.Serializer[Any]):
    """Why a run failed: `kind` says whose fault it was, `code` is for programs, `reason` for people who may read the model."""

    kind = serializers.ChoiceField(["model", "infrastructure"])
    code = serializers.CharField()
    reason = serializers.CharField()


class Progress(serializers.Serializer[Any]):
    """Rows predicted so far."""

    done = serializers.IntegerField()
    total = serializers.IntegerField()


class Metric(serializers.Serializer[Any]):
    """One number with its 95 % interval."""

    value = serializers.FloatField()
    ci95 = serializers.ListField(child=serializers.FloatField(), min_length=2, max_length=2)
    n = serializers.IntegerField()


class Split(serializers.Serializer[Any]):
    """The primary metric on the public and on the hidden rows of the suite; null where it has no such rows.

    `gap`: public less hidden. `wide_gap`: whether that is over three standard errors.
    """

    public = Metric()
    hidden = Metric()
    gap = serializers.FloatField()
    wide_gap = serializers.BooleanField()


class Performance(serializers.Serializer[Any]):
    """How fast and how large the model is; null where it was not measured, or its repeats differed by over a tenth.

    Speeds compare within one `machine` alone. Memory in bytes, the highest; rates per second.
    """

    machine = serializers.CharField()
    latency_p50_ms = serializers.FloatField(allow_null=True)
    latency_p90_ms = serializers.FloatField(allow_null=True)
    latency_p99_ms = serializers.FloatField(allow_null=True)
    samples_per_second = serializers.FloatField(allow_null=True)
    tokens_per_second = serializers.FloatField(allow_null=True)
    batch_size = serializers.IntegerField(allow_null=True, help_text="of samples or tokens per second: the best")
    first_token_ms = serializers.FloatField(allow_null=True)
    prefill_tokens_per_second = serializers.FloatField(allow_null=True)
    decode_tokens_per_second = serializers.FloatField(allow_null=True)
    memory = serializers.IntegerField(allow_null=True)
    gpu_memory = serializers.IntegerField(allow_null=True)
    load_seconds = serializers.FloatField(allow_null=True)


class Evaluation(serializers.Serializer[Any]):
    """A run as the API gives it."""

    id = serializers.CharField()
    state = serializers.CharField()
    attempt = serializers.IntegerField()
    repository = serializers.CharField()
    suite = serializers.CharField()
    suite_version = serializers.CharField()
    commit = serializers.CharField()
    hardware = serializers.CharField()
    queue_position = serializers.IntegerField(allow_null=True)
    starts_in = serializers.FloatField(
        allow_null=True, help_text="Seconds until it probably begins; null if it has begun or no worker here takes it."
    )
    progress = Progress()
    failure = Failure(allow_null=True)
    metrics = serializers.DictField(child=Metric())
    split = Split(allow_null=True)
    performance = Performance(allow_null=True)
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    rerun_of = serializers.CharField(allow_null=True)
    withheld = serializers.CharField(allow_null=True, help_text="why metrics are shown to nobody yet")
    trust = serializers.ChoiceField(
        [*Trust.values, "stale"], allow_null=True, help_text="stale: of an older version of the suite"
    )
    url = serializers.CharField()


class MetricDifference(serializers.Serializer[Any]):
    previous = serializers.FloatField()
    difference = serializers.FloatField()


class Comparison(serializers.Serializer[Any]):
    """Beside the run of the commit that was scored before, on the same rows of the same version of the suite.

    `verdict`: better, worse, same (no difference that the data can show, at p ≥ 0.05) or untested. `test`: mcnemar (exact)
    or bootstrap (paired).
    """

    evaluation = serializers.CharField()
    commit = serializers.CharField()
    verdict = serializers.ChoiceField(["better", "worse", "same", "untested"])
    words = serializers.CharField()
    test = serializers.ChoiceField(["mcnemar", "bootstrap"], allow_null=True)
    p_value = serializers.FloatField(allow_null=True)
    metrics = serializers.DictField(child=MetricDifference())


class ComparedEvaluation(Evaluation):
    """A run with its comparison; none where no other commit was scored before, or until a worker has made it."""

    comparison = Comparison(allow_null=True)


class SameWeights(serializers.Serializer[Any]):
    """The oldest other repository with the same tensors, and how many more there are."""

    repository = serializers.CharField()
    more = serializers.IntegerField()


class LeaderboardRow(serializers.Serializer[Any]):
    """The best verified run of one repository; `rank` is an interval where the data cannot separate neighbours."""

    rank = serializers.ListField(child=serializers.IntegerField(), min_length=2, max_length=2)
    repository = serializers.CharField()
    commit = serializers.CharField()
    metrics = serializers.DictField(child=Metric())
    split = Split(allow_null=True)
    params = serializers.IntegerField(allow_null=True)
    bytes = serializers.IntegerField(allow_null=True)
    license = serializers.CharField(allow_null=True)
    architecture = serializers.CharField()
    format = serializers.CharField()
    evaluation = serializers.CharField()
    trust = serializers.CharField()
    same_weights = SameWeights(allow_null=True)
    performance = Performance(allow_null=True)


class RemovedRow(serializers.Serializer[Any]):
    """What moderators took off the board: it keeps no name."""

    standing = serializers.ChoiceField([registry.Standing.TAKEN_DOWN.value, registry.Standing.QUARANTINED.value])
    date = serializers.DateField(allow_null=True)


class Leaderboard(serializers.Serializer[Any]):
    suite = serializers.CharField()
    version = serializers.CharField()
    rows = LeaderboardRow(many=True)
    removed = RemovedRow(many=True)


class Record(Metric):
    """A score that was the best of its suite when it was measured."""

    repository = serializers.CharField()
    evaluation = serializers.CharField()
    finished_at = serializers.DateTimeField()


class BoardProgress(serializers.Serializer[Any]):
    suite = serializers.CharField()
    version = serializers.CharField()
    metric = serializers.CharField()
    records = Record(many=True)


class SelfReported(serializers.Serializer[Any]):
    """What a model's author says it reaches; nobody has measured it here."""

    repository = serializers.CharField()
    commit = serializers.CharField()
    path = serializers.CharField(help_text="the file that says it")
    task = serializers.CharField()
    dataset = serializers.CharField()
    split = serializers.CharField()
    metric = serializers.CharField(help_text="as it is written; empty where the file names none")
    value = serializers.FloatField()
    source_url = serializers.CharField()


class Sample(serializers.Serializer[Any]):
    """What a run said of one row; `predicted` is null where the suite is hidden."""

    row = serializers.IntegerField()
    correct = serializers.BooleanField(allow_null=True)
    loss = serializers.FloatField(allow_null=True)
    predicted = serializers.FloatField(allow_null=True)


class Samples(serializers.Serializer[Any]):
    evaluation = serializers.CharField()
    total = serializers.IntegerField(help_text="rows in all pages")
    rows = Sample(many=True)


class DifferingRow(serializers.Serializer[Any]):
    first = Sample()
    second = Sample()


class Paired(serializers.Serializer[Any]):
    """Two runs on the same rows. `both_right`, `both_wrong` are null where no row is simply right or wrong."""

    first = serializers.CharField()
    second = serializers.CharField()
    rows = serializers.IntegerField()
    both_right = serializers.IntegerField(allow_null=True)
    both_wrong = serializers.IntegerField(allow_null=True)
    first_better = serializers.IntegerField(help_text="rows that the first alone has right, or loses less on")
    second_better = serializers.IntegerField()
    test = serializers.ChoiceField(["mcnemar", "bootstrap"])
    p_value = serializers.FloatField(allow_null=True, help_text="two-sided; null where there are too many rows")
    differing = DifferingRow(many=True)


class Group(serializers.Serializer[Any]):
    """Suites, by their ids, whose current versions are averaged."""

    group = serializers.CharField()
    title = serializers.CharField()
    summary = serializers.CharField()
    suites = serializers.ListField(child=serializers.CharField())
    models = serializers.IntegerField()
    complete = serializers.IntegerField(help_text="models measured on every suite")
    url = serializers.CharField()


class Mean(serializers.Serializer[Any]):
    """Of the chance-normalised scores, with its 95 % interval."""

    value = serializers.FloatField()
    ci95 = serializers.ListField(child=serializers.FloatField(), min_length=2, max_length=2)


class GroupPart(serializers.Serializer[Any]):
    value = serializers.FloatField()
    normalized = serializers.FloatField(help_text="0 is chance, 1 is no mistake")
    evaluation = serializers.CharField()


class GroupRow(serializers.Serializer[Any]):
    """One repository with its best verified run on each suite. What the runs do not agree on is null or empty."""

    rank = serializers.ListField(child=serializers.IntegerField(), min_length=2, max_length=2, allow_null=True)
    repository = serializers.CharField()
    mean = Mean(allow_null=True)
    borda = serializers.FloatField(allow_null=True)
    scores = serializers.DictField(child=GroupPart())
    commit = serializers.CharField(allow_null=True)
    params = serializers.IntegerField(allow_null=True)
    license = serializers.CharField(allow_null=True)
    architecture = serializers.CharField()
    format = serializers.CharField()
    trust = serializers.CharField()


class GroupBoard(Group):
    rows = GroupRow(many=True)


class EditionFacts(serializers.Serializer[Any]):
    """A board as it stood on a day, kept and signed; `sha256` is that of its document."""

    edition = serializers.DateField()
    suite = serializers.CharField(allow_null=True)
    version = serializers.CharField(allow_null=True)
    group = serializers.CharField(allow_null=True, help_text="of suites, whose board it is then")
    models = serializers.IntegerField()
    sha256 = serializers.CharField()
    public_key = serializers.CharField()
    signature = serializers.CharField()
    published = serializers.DateTimeField()
    citation = serializers.CharField()
    bibtex = serializers.CharField()
    url = serializers.CharField()


class EditionModel(serializers.Serializer[Any]):
    """Who stood in a row, in the words of that day; `salt` keeps a withheld one from being guessed by its hash.

    On a group's board `evaluations` names the run on each suite, in the place of `evaluation` and `result_sha256`.
    """

    repository = serializers.CharField()
    commit = serializers.CharField(allow_null=True)
    license = serializers.CharField(allow_blank=True)
    architecture = serializers.CharField(allow_blank=True)
    format = serializers.CharField()
    params = serializers.IntegerField(allow_null=True)
    bytes = serializers.IntegerField(allow_null=True)
    hardware = serializers.CharField()
    machine = serializers.CharField(allow_blank=True)
    evaluation = serializers.CharField(required=False)
    evaluations = serializers.DictField(child=serializers.CharField(), required=False)
    finished_at = serializers.DateTimeField(allow_null=True)
    result_sha256 = serializers.CharField(allow_null=True, required=False)
    salt = serializers.CharField()


class PublishedEdition(serializers.Serializer[Any]):
    edition = serializers.DictField(help_text="the document, with its signature")
    models = serializers.ListField(child=EditionModel(allow_null=True))


class Key(serializers.Serializer[Any]):
    algorithm = serializers.ChoiceField(["Ed25519"])
    public_key = serializers.CharField()


def run(actor: Actor, shown: Run) -> dict[str, Any]:
    return runs(actor, [shown])[0]


def runs(actor: Actor, shown: Sequence[Run]) -> list[dict[str, Any]]:
    """Runs from `for_lists()`, as this actor may see them: a fixed number of queries."""
    turns = turns_of(shown)
    failed = [one.pk for one in shown if one.failure_kind]
    explained = set(Run.objects.explained_to(actor).filter(pk__in=failed).values_list("pk", flat=True))
    return [_run(one, turns.get(one.pk), is_explained=one.pk in explained) for one in shown]


def _run(shown: Run, turn: Turn | None, *, is_explained: bool) -> dict[str, Any]:
    failure = None
    if shown.failure_kind:
        reason = shown.failure_reason if is_explained else ""
        failure = {"kind": shown.failure_kind, "code": shown.failure_code, "reason": reason}
    return {
        "id": str(shown.pk),
        "state": shown.state,
        "attempt": shown.attempt,
        "repository": shown.repository.full_name,
        "suite": shown.suite_version.suite.name,
        "suite_version": shown.suite_version.version,
        "commit": shown.commit,
        "hardware": shown.hardware_class,
        "queue_position": turn.position if turn else None,
        "starts_in": turn.starts_in.total_seconds() if turn and turn.starts_in is not None else None,
        "progress": {"done": shown.progress_done, "total": shown.progress_total},
        "failure": failure,
        "metrics": {score.name: metric(score) for score in shown.scores.all()},
        "split": split(shown),
        "performance": performance(shown),
        "created_at": shown.created_at,
        "started_at": shown.started_at,
        "finished_at": shown.finished_at,
        "rerun_of": str(shown.rerun_of_id) if shown.rerun_of_id else None,
        "withheld": sealing.withheld_until(shown.challenge) if shown.is_withheld and shown.challenge else None,
        "trust": shown.trust or None,
        "url": f"{settings.BASE_URL}{shown.get_absolute_url()}",
    }


def comparison(found: Compared | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "evaluation": str(found.previous.pk),
        "commit": found.previous.commit,
        "verdict": found.comparison.verdict,
        "words": str(found.words),
        "test": found.comparison.test or None,
        "p_value": found.comparison.p_value,
        "metrics": {one.score.name: {"previous": one.before, "difference": one.value} for one in found.differences},
    }


def metric(score: Any) -> dict[str, Any]:
    return {"value": score.value, "ci95": [score.low, score.high], "n": score.n}


def split(run: Run) -> dict[str, Any] | None:
    found = getattr(run, "split_score", None)
    if found is None:
        return None
    return {
        **{
            part: {"value": reached.value, "ci95": [reached.low, reached.high], "n": n}
            for part, reached, n in (("public", found.public, found.public_n), ("hidden", found.hidden, found.hidden_n))
        },
        "gap": found.gap,
        "wide_gap": found.has_wide_gap,
    }


def performance(run: Run) -> dict[str, Any] | None:
    if board_speeds.of(run) is None:
        return None
    return {"machine": run.machine, **board_speeds.values(run)}


def suite(version: SuiteVersion) -> dict[str, Any]:
    """Everything of the definition that a reader may know; where the data lie is the hub's own business."""
    shown = {name: value for name, value in version.definition.items() if name != "data"}
    hidden = {"inputs", "labels", "labels_sha256"}
    shown["data"] = [
        {name: value for name, value in data.items() if name not in hidden} for data in version.definition["data"]
    ]
    where = version.open_data
    for data in shown["data"]:
        data["repository"] = where.full_name if where else None
        data["revision"] = version.data_revision or None
    return {**shown, "sha256": version.digest, "url": f"{settings.BASE_URL}{version.suite.get_absolute_url()}"}


def board(version: SuiteVersion, actor: Actor, rows: Sequence[Standing]) -> dict[str, Any]:
    twins = twins_of(actor, (row.run for row in rows))
    return {
        "suite": version.suite.name,
        "version": version.version,
        "rows": [_board_row(row, twins.get(row.pk)) for row in rows],
        "removed": [{"standing": gone.standing, "date": gone.date} for gone in boards.removed(version)],
    }


def _board_row(row: Standing, twin: Twin | None) -> dict[str, Any]:
    return {
        "rank": [row.first, row.last],
        "repository": row.run.repository.full_name,
        "commit": row.run.commit,
        "metrics": {score.name: metric(score) for score in row.run.scores.all()},
        "split": split(row.run),
        "params": row.run.parameters,
        "bytes": row.run.model_bytes,
        "license": row.run.repository.licence or None,
        "architecture": row.run.architecture,
        "format": row.run.format,
        "evaluation": str(row.run.pk),
        "trust": row.trust,
        "same_weights": {"repository": twin.repository.full_name, "more": twin.more} if twin else None,
        "performance": performance(row.run),
    }


def record(score: Score) -> dict[str, Any]:
    return {
        **metric(score),
        "repository": score.run.repository.full_name,
        "evaluation": str(score.run_id),
        "finished_at": score.run.finished_at,
    }


def sample(row: sample_reading.Sample) -> dict[str, Any]:
    return {"row": row.row, "correct": row.correct, "loss": row.loss, "predicted": row.predicted}


def paired(
    first: Run, second: Run, found: pairing.Pairing, shown: Sequence[tuple[sample_reading.Sample, ...]]
) -> dict[str, Any]:
    return {
        "first": str(first.pk),
        "second": str(second.pk),
        "rows": found.rows,
        "both_right": found.both_right,
        "both_wrong": found.both_wrong,
        "first_better": found.first_better,
        "second_better": found.second_better,
        "test": found.test,
        "p_value": found.p_value,
        "differing": [{"first": sample(one), "second": sample(two)} for one, two in shown],
    }


def self_reported(row: SelfReportedScore) -> dict[str, Any]:
    return {
        "repository": row.repository.full_name,
        "commit": row.commit,
        "path": row.path,
        "task": row.task,
        "dataset": row.dataset,
        "split": row.split,
        "metric": row.metric,
        "value": row.value,
        "source_url": row.source_url,
    }


def edition(published: Edition) -> dict[str, Any]:
    return {
        "edition": published.name,
        "suite": published.suite.name if published.suite else None,
        "version": published.suite_version.version if published.suite_version else None,
        "group": published.group.name if published.group else None,
        "models": published.model_count,
        "sha256": published.sha256,
        "public_key": published.public_key,
        "signature": published.signature,
        "published": published.created_at,
        "citation": citing.plain(published),
        "bibtex": citing.bibtex(published),
        "url": f"{settings.BASE_URL}{published.get_absolute_url()}",
    }


def group(shown: SuiteGroup) -> dict[str, Any]:
    return {
        "group": shown.name,
        "title": shown.title,
        "summary": shown.summary,
        "suites": [member.suite.name for member in shown.members.all()],
        "models": shown.model_count,
        "complete": shown.complete_count,
        "url": f"{settings.BASE_URL}{shown.get_absolute_url()}",
    }


def group_row(row: GroupStanding, suites: Mapping[int, str]) -> dict[str, Any]:
    """suites: names by id."""
    return {
        "rank": None if row.first is None else [row.first, row.last],
        "repository": row.repository.full_name,
        "mean": None if row.value is None else {"value": row.value, "ci95": [row.low, row.high]},
        "borda": row.borda,
        "scores": {
            suites[part.suite_id]: {
                "value": part.value, "normalized": part.normalized, "evaluation": str(part.run_id),
            }
            for part in row.parts.all() if part.suite_id in suites
        },
        "commit": row.commit,
        "params": row.parameters,
        "license": row.repository.licence or None,
        "architecture": row.architecture,
        "format": row.format,
        "trust": row.trust,
    }  # fmt: skip
