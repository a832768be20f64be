"""What a member has asked to be evaluated, and proposed as a suite, for their export. Runs and suites stay when they leave:
others build on the scores.
"""

from collections.abc import Iterable
from typing import Any

from accounts import exporting
from accounts.models import Actor, User
from evaluations.models import AutomaticEvaluation, Entrant, Run, Submission, SuiteProposal
from models_registry.models import Repository


def _evaluations(user: User) -> Iterable[dict[str, Any]]:
    visible = set(
        Repository.objects.visible_to(Actor(user=user)).filter(runs__requested_by=user).values_list("pk", flat=True)
    )
    rows = Run.objects.filter(requested_by=user).select_related("repository__namespace", "suite_version__suite")
    for row in rows.order_by("created_at").iterator(chunk_size=500):
        yield {
            "id": row.pk, "repository": row.repository.full_name if row.repository_id in visible else None, "commit": row.commit,
            "suite": str(row.suite_version), "state": row.state, "created_at": row.created_at,
        }  # fmt: skip


def _automatic(user: User) -> Iterable[dict[str, Any]]:
    visible = Repository.objects.visible_to(Actor(user=user)).values("pk")
    rows = AutomaticEvaluation.objects.filter(user=user, repository__in=visible)
    for row in rows.select_related("repository__namespace", "suite").order_by("pk").iterator(chunk_size=500):
        yield {"repository": row.repository.full_name, "suite": row.suite.name, "created_at": row.created_at}


def _submissions(user: User) -> Iterable[dict[str, Any]]:
    """What they put forward in challenges, and reached where it is known."""
    rows = Submission.objects.filter(submitted_by=user).select_related("entry__challenge").order_by("created_at")
    visible = set(
        Repository.objects.visible_to(Actor(user=user))
        .filter(pk__in=rows.values("repository"))
        .values_list("pk", flat=True)
    )
    for row in rows.iterator(chunk_size=500):
        yield {
            "challenge": row.entry.challenge.title, "entry": row.entry.name, "commit": row.commit,
            "repository": row.repository_name if row.repository_id in visible else None, "created_at": row.created_at,
            "public_score": row.public_value, "hidden_score": row.hidden_value,
        }  # fmt: skip


def _entries(user: User) -> Iterable[dict[str, Any]]:
    rows = Entrant.objects.filter(user=user).select_related("entry__challenge").order_by("created_at")
    for row in rows.iterator(chunk_size=500):
        yield {
            "challenge": row.entry.challenge.title, "entry": row.entry.name, "state": row.state, "created_at": row.created_at,
        }  # fmt: skip


def _proposals(user: User) -> Iterable[dict[str, Any]]:
    for row in SuiteProposal.objects.filter(author=user).order_by("created_at").iterator(chunk_size=500):
        yield {
            "repository": row.repository_name, "commit": row.commit, "suite": row.title, "state": row.state,
            "reason": row.reason, "created_at": row.created_at,
        }  # fmt: skip


exporting.add("evaluations", _evaluations)
exporting.add("challenge_entries", _entries)
exporting.add("challenge_submissions", _submissions)
exporting.add("automatic_evaluations", _automatic)
exporting.add("suite_proposals", _proposals)
