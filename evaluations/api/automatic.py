"""A repository's automatic evaluations and protected tags, for programs."""

from typing import Any

from rest_framework import serializers
from rest_framework.response import Response

from accounts.requests import ActorApiRequest
from evaluations.models import AutomaticEvaluation, TagRule
from evaluations.services import automatic, tag_rules
from hub.errors import BadRequest
from hub.wire import rate_limits
from hub.wire.describing import describe
from hub.wire.views import HubApiView, json_object
from models_registry.access import repository_for
from models_registry.models import Kind, Repository


class SwitchedOn(serializers.Serializer[Any]):
    """How to evaluate each new commit."""

    hardware = serializers.CharField(max_length=40, default="cpu", help_text="class of the worker")


class CommitLookedAt(serializers.Serializer[Any]):
    """What became of the newest commit: `asked` for a run, `unchanged` since one, or `refused`, as the note says."""

    commit = serializers.CharField()
    outcome = serializers.ChoiceField([value for value in AutomaticEvaluation.Outcome.values if value])
    note = serializers.CharField()
    evaluation = serializers.CharField(allow_null=True)
    at = serializers.DateTimeField()


class Automatic(serializers.Serializer[Any]):
    """A suite on which each new commit of the default branch is evaluated, in whose name, and how that went last."""

    suite = serializers.CharField()
    hardware = serializers.CharField()
    user = serializers.CharField(allow_null=True)
    since = serializers.DateTimeField()
    last = CommitLookedAt(allow_null=True)


class NewTagRule(serializers.Serializer[Any]):
    """What a protected tag asks of a commit: at least one of minimum, maximum and not_worse."""

    tags = serializers.CharField(max_length=tag_rules.LONGEST_PATTERN, help_text="a name, or one with * and ?")
    suite = serializers.CharField(max_length=80)
    metric = serializers.CharField(max_length=64)
    minimum = serializers.FloatField(allow_null=True, default=None)
    maximum = serializers.FloatField(allow_null=True, default=None)
    not_worse = serializers.BooleanField(default=False, help_text="than the commit where the tag stands now")


class TagRuleShape(NewTagRule):
    id = serializers.IntegerField()
    created_by = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()


class AutomaticView(HubApiView):
    """On which suites each new commit of the default branch is evaluated by itself."""

    @describe(answer=Automatic(many=True), refuses=[403])
    def get(self, request: ActorApiRequest, namespace: str, name: str) -> Response:
        """On which suites each new commit is evaluated, and what became of the last one. For who may write it."""
        rows = automatic.of_repository(request.actor, _model(request, namespace, name))
        return Response([_presented(row) for row in rows])


@rate_limits.under(writes="evaluation")
class AutomaticSuiteView(HubApiView):
    """One suite of them."""

    @describe(body=SwitchedOn, answer=Automatic)
    def put(self, request: ActorApiRequest, namespace: str, name: str, suite: str) -> Response:
        """Evaluate each commit from now on, in your name and out of your quota."""
        repository = _model(request, namespace, name)
        wanted = _read(SwitchedOn, request)
        row = automatic.switch_on(
            actor=request.actor, repository=repository, suite=suite, hardware_class=wanted["hardware"]
        )
        return Response(_presented(row))

    @describe(status=204, answer=None)
    def delete(self, request: ActorApiRequest, namespace: str, name: str, suite: str) -> Response:
        """Evaluate new commits no more."""
        automatic.switch_off(actor=request.actor, repository=_model(request, namespace, name), suite=suite)
        return Response(status=204)


class TagRulesView(HubApiView):
    """Which tags are protected, and by what."""

    @describe(answer=TagRuleShape(many=True), refuses=[403])
    def get(self, request: ActorApiRequest, namespace: str, name: str) -> Response:
        """The rules for protected tags. For who may write the repository."""
        rules = tag_rules.rules_of(request.actor, _model(request, namespace, name))
        return Response([_rule(rule) for rule in rules])

    @describe(body=NewTagRule, answer=TagRuleShape, status=201, refuses=[409])
    def post(self, request: ActorApiRequest, namespace: str, name: str) -> Response:
        """Let such tags stand on commits alone whose score meets this."""
        repository = _model(request, namespace, name)
        wanted = _read(NewTagRule, request)
        rule = tag_rules.add(actor=request.actor, repository=repository, pattern=wanted.pop("tags"), **wanted)
        return Response(_rule(rule), status=201)


class TagRuleView(HubApiView):
    """One rule."""

    @describe(status=204, answer=None)
    def delete(self, request: ActorApiRequest, namespace: str, name: str, rule_id: int) -> Response:
        """Remove it: the tags move freely again, as far as no other rule speaks of them."""
        tag_rules.remove(actor=request.actor, repository=_model(request, namespace, name), rule_id=rule_id)
        return Response(status=204)


def _model(request: ActorApiRequest, namespace: str, name: str) -> Repository:
    return repository_for(request.actor, Kind.MODEL, f"{namespace}/{name}")


def _read(shape: type[serializers.Serializer[Any]], request: ActorApiRequest) -> dict[str, Any]:
    body = shape(data=json_object(request))
    if not body.is_valid():
        name, faults = next(iter(body.errors.items()))
        raise BadRequest(f"{name}: {faults[0]}")
    return dict(body.validated_data)


def _presented(row: AutomaticEvaluation) -> dict[str, Any]:
    last = None
    if row.outcome:
        last = {
            "commit": row.commit,
            "outcome": row.outcome,
            "note": row.note,
            "evaluation": str(row.run_id) if row.run_id else None,
            "at": row.looked_at,
        }
    return {
        "suite": row.suite.name,
        "hardware": row.hardware_class,
        "user": row.user.username if row.user else None,
        "since": row.created_at,
        "last": last,
    }


def _rule(rule: TagRule) -> dict[str, Any]:
    return {
        "id": rule.pk,
        "tags": rule.pattern,
        "suite": rule.suite.name,
        "metric": rule.metric,
        "minimum": rule.minimum,
        "maximum": rule.maximum,
        "not_worse": rule.not_worse,
        "created_by": rule.created_by.username if rule.created_by else None,
        "created_at": rule.created_at,
    }
