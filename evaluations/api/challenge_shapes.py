"""Challenges, entries, submissions and their boards as JSON; the names also make its OpenAPI description."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from rest_framework import serializers

from evaluations.models import Challenge, ChallengeState, Entrant, EntrantState, Entry, FinalBy, Place, Submission
from evaluations.models.split import Reached


class ChallengePhase(serializers.Serializer[Any]):
    name = serializers.CharField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    counts = serializers.BooleanField(help_text="for the final board")


class EntryLimits(serializers.Serializer[Any]):
    """Of one entry."""

    per_day = serializers.IntegerField()
    in_total = serializers.IntegerField()
    members = serializers.IntegerField()


class ListedChallenge(serializers.Serializer[Any]):
    slug = serializers.CharField()
    title = serializers.CharField()
    state = serializers.ChoiceField(ChallengeState.values)
    suite = serializers.CharField()
    suite_version = serializers.CharField()
    organizer = serializers.CharField(allow_null=True, help_text="an organisation; null: the hub's staff")
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    results_at = serializers.DateTimeField(allow_null=True)
    url = serializers.CharField()


class DescribedChallenge(ListedChallenge):
    summary = serializers.CharField(help_text="Markdown")
    rules = serializers.CharField(help_text="Markdown")
    prizes = serializers.CharField(help_text="Markdown")
    phases = ChallengePhase(many=True)
    limits = EntryLimits()
    public_percent = serializers.IntegerField()
    board_is_public = serializers.BooleanField()
    final_by = serializers.ChoiceField(FinalBy.values)
    higher_is_better = serializers.BooleanField()
    seed = serializers.IntegerField(allow_null=True, help_text="of the division of the rows, once there are results")


class NewEntry(serializers.Serializer[Any]):
    name = serializers.CharField(
        required=False, allow_blank=True, max_length=200, help_text="shown on the boards; without it, your own"
    )


class NewEntryInvitation(serializers.Serializer[Any]):
    username = serializers.CharField(max_length=60)


class EntryInvitation(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    entry = serializers.CharField()
    username = serializers.CharField()
    invited_by = serializers.CharField(allow_null=True)


class Remaining(serializers.Serializer[Any]):
    """Submissions that can still be made."""

    today = serializers.IntegerField()
    total = serializers.IntegerField()


class OwnEntry(serializers.Serializer[Any]):
    name = serializers.CharField()
    members = serializers.ListField(child=serializers.CharField())
    invitations = EntryInvitation(many=True)
    remaining = Remaining()
    disqualified = serializers.CharField(allow_null=True, help_text="the reason")


class NewSubmission(serializers.Serializer[Any]):
    repository = serializers.CharField(max_length=200, help_text="namespace/name of a model that you may read")
    revision = serializers.CharField(max_length=255, default="main", help_text="branch, tag or commit")
    hardware = serializers.CharField(max_length=40, default="cpu", help_text="class of the worker")


class Selection(serializers.Serializer[Any]):
    selected = serializers.BooleanField(default=True)


class PartScore(serializers.Serializer[Any]):
    value = serializers.FloatField()
    ci95 = serializers.ListField(child=serializers.FloatField(), min_length=2, max_length=2)


class OwnSubmission(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    repository = serializers.CharField(allow_null=True, help_text="null: you may not see it")
    commit = serializers.CharField()
    phase = serializers.CharField()
    submitted_by = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()
    state = serializers.CharField(help_text="of its run; `deleted` with its repository")
    evaluation = serializers.CharField(allow_null=True)
    withdrawn = serializers.BooleanField()
    selected = serializers.BooleanField()
    public = PartScore(allow_null=True)
    hidden = PartScore(allow_null=True, help_text="null until the challenge has its results")


class ChallengeBoardRow(serializers.Serializer[Any]):
    rank = serializers.ListField(child=serializers.IntegerField(), min_length=2, max_length=2)
    entry = serializers.CharField()
    members = serializers.ListField(child=serializers.CharField())
    public = PartScore(allow_null=True)
    hidden = PartScore(allow_null=True)
    gap = serializers.BooleanField(help_text="public and hidden score are over three standard errors apart")
    evaluation = serializers.CharField(allow_null=True, help_text="once there are results, to who may see it")


class Disqualified(serializers.Serializer[Any]):
    entry = serializers.CharField()
    reason = serializers.CharField()


class ChallengeBoard(serializers.Serializer[Any]):
    board = serializers.ChoiceField(["public", "final", "private"])
    rows = ChallengeBoardRow(many=True)
    disqualified = Disqualified(many=True)


def listed(challenge: Challenge, now: datetime) -> dict[str, Any]:
    version = challenge.suite_version
    return {
        "slug": challenge.slug,
        "title": challenge.title,
        "state": challenge.state_at(now),
        "suite": version.suite.name,
        "suite_version": version.version,
        "organizer": challenge.organizer.namespace.name if challenge.organizer else None,
        "starts_at": challenge.starts_at,
        "ends_at": challenge.ends_at,
        "results_at": challenge.results_at,
        "url": f"{settings.BASE_URL}{challenge.get_absolute_url()}",
    }


def described(challenge: Challenge, now: datetime) -> dict[str, Any]:
    return listed(challenge, now) | {
        "summary": challenge.summary,
        "rules": challenge.rules,
        "prizes": challenge.prizes,
        "phases": [
            {"name": phase.name, "starts_at": phase.starts_at, "ends_at": phase.ends_at, "counts": phase.counts}
            for phase in challenge.phases.all()
        ],
        "limits": {
            "per_day": challenge.per_day,
            "in_total": challenge.in_total,
            "members": challenge.most_members,
        },
        "public_percent": challenge.public_percent,
        "board_is_public": challenge.board_is_public,
        "final_by": challenge.final_by,
        "higher_is_better": challenge.higher_is_better,
        "seed": challenge.seed if challenge.results_at else None,
    }


def invitation(entrant: Entrant) -> dict[str, Any]:
    return {
        "id": entrant.pk,
        "entry": entrant.entry.name,
        "username": entrant.user.username,
        "invited_by": entrant.invited_by.username if entrant.invited_by else None,
    }


def own_entry(entry: Entry, team: Iterable[Entrant], remaining: dict[str, int]) -> dict[str, Any]:
    team = list(team)
    return {
        "name": entry.name,
        "members": [entrant.user.username for entrant in team if entrant.state == EntrantState.MEMBER],
        "invitations": [invitation(entrant) for entrant in team if entrant.state == EntrantState.INVITED],
        "remaining": remaining,
        "disqualified": entry.disqualified_reason or None,
    }


def own_submission(submission: Submission, repositories_shown: set[int]) -> dict[str, Any]:
    run, is_shown = submission.run, submission.repository_id in repositories_shown
    return {
        "id": submission.pk,
        "repository": submission.repository_name if is_shown else None,
        "commit": submission.commit,
        "phase": submission.phase.name,
        "submitted_by": submission.submitted_by.username if submission.submitted_by else None,
        "created_at": submission.created_at,
        "state": run.state if run else "deleted",
        "evaluation": str(run.pk) if run and is_shown else None,
        "withdrawn": submission.withdrawn_at is not None,
        "selected": submission.selected,
        "public": _score(submission.public),
        "hidden": _score(submission.hidden),
    }


def board_row(place: Place, runs_shown: set[object]) -> dict[str, Any]:
    submission = place.submission
    return {
        "rank": [place.first, place.last],
        "entry": place.entry.name,
        "members": [entrant.user.username for entrant in place.entry.team_members],  # type: ignore[attr-defined]  # prefetched
        "public": _score(submission.public),
        "hidden": _score(submission.hidden),
        "gap": submission.has_wide_gap,
        "evaluation": str(submission.run_id) if submission.run_id in runs_shown else None,
    }


def disqualified(entry: Entry) -> dict[str, Any]:
    return {"entry": entry.name, "reason": entry.disqualified_reason}


def _score(reached: Reached | None) -> dict[str, Any] | None:
    return None if reached is None else {"value": reached.value, "ci95": [reached.low, reached.high]}
