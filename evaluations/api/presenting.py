"""Runs, suites and boards as JSON. Names are those of the API's contract; they also make its OpenAPI description."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from accounts.models import Actor
from evaluations.models import Run, Standing, SuiteVersion, Trust
from evaluations.services.listing import queue_positions

BOARD_QUERY = [
    *(
        OpenApiParameter(name, str)
        for name in ("license", "architecture", "format", "machine", "hardware", "namespace")
    ),
    OpenApiParameter("trust", str, enum=Trust.values),
    OpenApiParameter("min_params", int),
    OpenApiParameter("max_params", int),
    OpenApiParameter("since", str, description="YYYY-MM-DD"),
    OpenApiParameter("until", str, description="YYYY-MM-DD, that day included"),
    OpenApiParameter("sort", str, description="A metric of the suite, best first; the primary one without it."),
]


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
    progress = Progress()
    failure = Failure(allow_null=True)
    metrics = serializers.DictField(child=Metric())
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    rerun_of = serializers.CharField(allow_null=True)
    url = serializers.CharField()


class LeaderboardRow(serializers.Serializer[Any]):
    """The best verified run of one repository; `rank` is an interval where the data cannot separate neighbours."""

    rank = serializers.ListField(child=serializers.IntegerField(), min_length=2, max_length=2)
    repository = serializers.CharField()
    commit = serializers.CharField()
    metrics = serializers.DictField(child=Metric())
    params = serializers.IntegerField(allow_null=True)
    license = serializers.CharField(allow_null=True)
    architecture = serializers.CharField()
    format = serializers.CharField()
    evaluation = serializers.CharField()
    trust = serializers.CharField()


class Leaderboard(serializers.Serializer[Any]):
    suite = serializers.CharField()
    version = serializers.CharField()
    rows = LeaderboardRow(many=True)


class Key(serializers.Serializer[Any]):
    algorithm = serializers.ChoiceField(["Ed25519"])
    public_key = serializers.CharField()


def run(actor: Actor, shown: Run) -> dict[str, Any]:
    return runs(actor, [shown])[0]


def runs(actor: Actor, shown: Sequence[Run]) -> list[dict[str, Any]]:
    """Runs from `for_lists()`, as this actor may see them: two queries, whatever their number."""
    positions = queue_positions(shown)
    failed = [one.pk for one in shown if one.failure_kind]
    explained = set(Run.objects.explained_to(actor).filter(pk__in=failed).values_list("pk", flat=True))
    return [_run(one, positions.get(one.pk), is_explained=one.pk in explained) for one in shown]


def _run(shown: Run, queue_position: int | None, *, is_explained: bool) -> dict[str, Any]:
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
        "queue_position": queue_position,
        "progress": {"done": shown.progress_done, "total": shown.progress_total},
        "failure": failure,
        "metrics": {score.name: metric(score) for score in shown.scores.all()},
        "created_at": shown.created_at,
        "started_at": shown.started_at,
        "finished_at": shown.finished_at,
        "rerun_of": str(shown.rerun_of_id) if shown.rerun_of_id else None,
        "url": f"{settings.BASE_URL}{shown.get_absolute_url()}",
    }


def metric(score: Any) -> dict[str, Any]:
    return {"value": score.value, "ci95": [score.low, score.high], "n": score.n}


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


def board_row(row: Standing) -> dict[str, Any]:
    return {
        "rank": [row.first, row.last],
        "repository": row.run.repository.full_name,
        "commit": row.run.commit,
        "metrics": {score.name: metric(score) for score in row.run.scores.all()},
        "params": row.run.parameters,
        "license": row.run.repository.licence or None,
        "architecture": row.run.architecture,
        "format": row.run.format,
        "evaluation": str(row.run.pk),
        "trust": row.trust,
    }
