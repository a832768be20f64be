"""Runs as pages and the API show them, in a fixed number of queries."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import Actor
from evaluations.models import WORKING, Run, State
from models_registry.models import Repository


def runs_of(actor: Actor, repository: Repository) -> QuerySet[Run]:
    """The repository's runs, newest first: three queries, whatever their number. Nothing, if it may not be seen."""
    return Run.objects.visible_to(actor).filter(repository=repository).for_lists().order_by("-created_at")


def newest_scored(actor: Actor, count: int) -> list[Run]:
    """The latest scores on the hub that this actor may see."""
    runs = Run.objects.visible_to(actor).filter(state=State.SCORED, sealed_result=None).for_lists()
    return list(runs.order_by("-finished_at")[:count])


def at_work() -> list[Run]:
    """The runs that workers have now, oldest first."""
    return list(Run.objects.filter(state__in=WORKING).for_lists().order_by("started_at"))


def may_be_named(actor: Actor, runs: Iterable[Run]) -> set[UUID]:
    """Those of these runs whose model this actor may know of; of the others a page says only that there is one."""
    return set(Run.objects.visible_to(actor).filter(pk__in=[run.pk for run in runs]).values_list("pk", flat=True))
