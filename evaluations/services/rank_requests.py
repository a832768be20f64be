"""When a board is to be ranked anew: asked for in the transaction of the fact, done by a worker (`services.ranking`)."""

from typing import Any

from django.dispatch import receiver

from evaluations.models import Run, State, SuiteGroup, SuiteVersion
from hub.jobs.models import Job
from models_registry.events import content_quarantined, repository_deleted, settings_changed
from models_registry.models import Repository

KIND = "rank_board"
KIND_OF_GROUPS = "rank_group"


def ask(version: SuiteVersion) -> None:
    """Asking twice is ranking once."""
    Job.objects.add(KIND, str(version.pk))


def ask_for_group(group: SuiteGroup) -> None:
    Job.objects.add(KIND_OF_GROUPS, str(group.pk))


def ask_for_groups_of(version: SuiteVersion) -> None:
    """After a board was ranked: of the groups that are made of it."""
    groups = SuiteGroup.objects.filter(suites=version.suite_id) if version.current else SuiteGroup.objects.none()
    Job.objects.add_many(KIND_OF_GROUPS, map(str, groups.values_list("pk", flat=True)))


def ask_for_all() -> None:
    """Of every board: what a repository may show can change without a word to this app."""
    Job.objects.add_many(KIND, map(str, SuiteVersion.objects.filter(current=True).values_list("pk", flat=True)))


@receiver([settings_changed, repository_deleted, content_quarantined])
def rank_without_or_with_it(sender: object, repository: Repository, **_: Any) -> None:
    versions = Run.objects.filter(repository=repository, state=State.SCORED).values("suite_version")
    Job.objects.add_many(KIND, map(str, SuiteVersion.objects.filter(pk__in=versions).values_list("pk", flat=True)))
