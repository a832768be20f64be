"""Evaluating each new commit of a default branch by itself: switched on by who administers a repository.

The commit's own transaction leaves a job behind; a worker looks whether the model has changed (`services.automatic_runs`).
"""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.dispatch import receiver
from django.utils.translation import gettext as _

from accounts.models import Actor, AuditEntry
from evaluations.errors import NotAutomatic, NothingToEvaluate
from evaluations.models import AutomaticEvaluation
from evaluations.services.suites import current_version
from hub.errors import Invalid
from hub.jobs.models import Job
from models_registry import access
from models_registry.events import commit_created
from models_registry.models import Commit, Kind, Reference, Repository

KIND = "evaluate_commit"


def of_repository(actor: Actor, repository: Repository) -> QuerySet[AutomaticEvaluation]:
    """For who may write it. One query. Raises as `access.require_write`."""
    access.require_write(actor, repository)
    found = AutomaticEvaluation.objects.filter(repository=repository)
    return found.select_related("suite", "user").order_by("suite__name")


@transaction.atomic
def switch_on(*, actor: Actor, repository: Repository, suite: str, hardware_class: str = "cpu") -> AutomaticEvaluation:
    """From the next commit on, in the name and out of the quota of this actor; of another's, they take it over.

    Raises Forbidden, SuiteNotFound, NothingToEvaluate, Invalid.
    """
    access.require_administration(actor, repository)
    user = actor.require_user()
    if repository.kind != Kind.MODEL:
        raise NothingToEvaluate(
            _("%(repository)s is a %(kind)s: only models are evaluated.")
            % {"repository": repository.full_name, "kind": Kind(repository.kind).in_words}
        )
    if hardware_class not in settings.HARDWARE_CLASSES:
        raise Invalid(
            _("This hub has no %(hardware_class)r workers: it has %(choices)s.")
            % {"hardware_class": hardware_class, "choices": ", ".join(settings.HARDWARE_CLASSES)}
        )
    measured_on = current_version(suite).suite
    row, is_new = AutomaticEvaluation.objects.get_or_create(
        repository=repository, suite=measured_on, defaults={"user": user, "hardware_class": hardware_class}
    )
    if is_new or (row.user, row.hardware_class) != (user, hardware_class):
        row.user, row.hardware_class = user, hardware_class
        row.save(update_fields=["user", "hardware_class"])
        note(actor, "automatic_evaluation.enabled", row, hardware=hardware_class)
    return row


@transaction.atomic
def switch_off(*, actor: Actor, repository: Repository, suite: str) -> None:
    """What is queued already still runs. Raises Forbidden, NotAutomatic."""
    access.require_administration(actor, repository)
    row = AutomaticEvaluation.objects.filter(repository=repository, suite__name=suite).select_related("suite").first()
    if row is None or not AutomaticEvaluation.objects.filter(pk=row.pk).delete()[0]:
        raise NotAutomatic(
            _("New commits of %(repository)s are not evaluated on %(suite)r.")
            % {"repository": repository.full_name, "suite": suite}
        )
    row.repository = repository
    note(actor, "automatic_evaluation.disabled", row)


def note(actor: Actor, action: str, row: AutomaticEvaluation, **details: Any) -> None:
    repository = row.repository
    AuditEntry.objects.record(
        actor, action, repository.full_name, namespace=repository.namespace, suite=row.suite.name, **details
    )


@receiver(commit_created)
def look_at_the_commit(sender: object, commit: Commit, reference: Reference, **_: Any) -> None:
    """One query where nothing is switched on."""
    repository = commit.repository
    if repository.kind != Kind.MODEL or reference.name != f"refs/heads/{repository.default_branch}":
        return
    rows = AutomaticEvaluation.objects.filter(repository=repository).values_list("pk", flat=True)
    if keys := [f"{pk}:{commit.oid}" for pk in rows]:
        Job.objects.add_many(KIND, keys)
