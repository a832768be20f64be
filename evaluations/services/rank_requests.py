"""When a board is to be ranked anew: asked for in the transaction of the fact, done by a worker (`services.ranking`)."""

from typing import Any

from django.dispatch import receiver

from evaluations.models import Run, State, SuiteVersion
from hub.jobs.models import Job
from models_registry.events import content_quarantined, repository_deleted, settings_changed
from models_registry.models import Repository

KIND = "rank_board"


def ask(version: SuiteVersion) -> None:
    """Asking twice is ranking once."""
    Job.objects.add(KIND, str(version.pk))


def ask_for_all() -> None:
    """Of every board: what a repository may show can change without a word to this app."""
    Job.objects.add_many(KIND, map(str, SuiteVersion.objects.filter(current=True).values_list("pk", flat=True)))


@receiver([settings_changed, repository_deleted, content_quarantined])
def rank_without_or_with_it(sender: object, repository: Repository, **_: Any) -> None:
    versions = Run.objects.filter(repository=repository, state=State.SCORED).values("suite_version")
    Job.objects.add_many(KIND, map(str, SuiteVersion.objects.filter(pk__in=versions).values_list("pk", flat=True)))
