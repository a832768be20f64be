"""What a member has asked to be evaluated, and proposed as a suite, for their export. Runs and suites stay when they leave:
others build on the scores.
"""

from collections.abc import Iterable
from typing import Any

from accounts import exporting
from accounts.models import Actor, User
from evaluations.models import Run, SuiteProposal
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


def _proposals(user: User) -> Iterable[dict[str, Any]]:
    for row in SuiteProposal.objects.filter(author=user).order_by("created_at").iterator(chunk_size=500):
        yield {
            "repository": row.repository_name, "commit": row.commit, "suite": row.title, "state": row.state,
            "reason": row.reason, "created_at": row.created_at,
        }  # fmt: skip


exporting.add("evaluations", _evaluations)
exporting.add("suite_proposals", _proposals)
