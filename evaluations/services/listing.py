"""Runs as pages and the API show them, in a fixed number of queries."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import Actor
from evaluations.models import WORKING, Run, Standing, State, Suite
from models_registry.models import Repository

RIVALS = 3


def runs_of(actor: Actor, repository: Repository) -> QuerySet[Run]:
    """The repository's runs, newest first: three queries, whatever their number. Nothing, if it may not be seen."""
    return Run.objects.visible_to(actor).filter(repository=repository).for_lists().order_by("-created_at")


def rivals_of(run: Run) -> list[Standing]:
    """Whom it is worth comparing with: its neighbours on the board and the first, or the first few for a run that is on none."""
    rows = Standing.objects.filter(suite_version=run.suite_version).exclude(run=run)
    rows = rows.filter(run__repository__in=Repository.objects.visible_to(Actor())).exclude(
        run__repository=run.repository
    )
    own = getattr(run, "standing", None)
    if own:
        rows = rows.filter(position__in={1, own.position - 1, own.position + 1})
    return list(rows.select_related("run__repository__namespace").order_by("position")[:RIVALS])


def newest_scored(actor: Actor, count: int, *, suite: Suite | None = None) -> list[Run]:
    """The latest scores that this actor may see: on the whole hub, or on one suite."""
    runs = Run.objects.visible_to(actor).filter(state=State.SCORED, sealed_result=None).for_lists()
    if suite is not None:
        runs = runs.filter(suite_version__suite=suite)
    return list(runs.order_by("-finished_at")[:count])


def under_way_for(actor: Actor, count: int) -> list[Run]:
    """What a member asked for that has not ended yet, the latest first. Raises Unauthenticated for nobody."""
    asked = Run.objects.visible_to(actor).filter(requested_by=actor.require_user()).unfinished()
    return list(asked.for_lists().order_by("-created_at")[:count])


def at_work() -> list[Run]:
    """The runs that workers have now, oldest first."""
    return list(Run.objects.filter(state__in=WORKING).for_lists().order_by("started_at"))


def may_be_named(actor: Actor, runs: Iterable[Run]) -> set[UUID]:
    """Those of these runs whose model this actor may know of; of the others a page says only that there is one."""
    return set(Run.objects.visible_to(actor).filter(pk__in=[run.pk for run in runs]).values_list("pk", flat=True))
