"""Runs as pages and the API show them, in a fixed number of queries."""

from collections.abc import Iterable
from datetime import timedelta
from statistics import median
from uuid import UUID

from django.db.models import Count, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import Actor
from evaluations.models import Run, Standing, State
from models_registry.models import Repository

RECENT = 20
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


def newest_scored(actor: Actor, count: int) -> list[Run]:
    """The latest scores on the hub that this actor may see."""
    runs = Run.objects.visible_to(actor).filter(state=State.SCORED).for_lists()
    return list(runs.order_by("-finished_at")[:count])


def queue_position(run: Run) -> int | None:
    """How many wait in its queue up to and with this one; None unless it waits."""
    return queue_positions([run]).get(run.pk)


def queue_positions(runs: Iterable[Run]) -> dict[UUID, int]:
    """The `queue_position` of those that wait. One query."""
    waiting = [run.pk for run in runs if run.state == State.QUEUED]
    if not waiting:
        return {}
    before = Run.objects.filter(
        state=State.QUEUED, hardware_class=OuterRef("hardware_class"), created_at__lt=OuterRef("created_at")
    )
    counted = before.order_by().values("hardware_class").annotate(count=Count("pk")).values("count")
    rows = Run.objects.filter(pk__in=waiting).annotate(before=Coalesce(Subquery(counted), 0))
    return {pk: count + 1 for pk, count in rows.values_list("pk", "before")}


def usual_duration(run: Run) -> timedelta | None:
    """The median time that the last runs on its suite took, if there were any."""
    finished = Run.objects.filter(
        suite_version__suite=run.suite_version.suite, hardware_class=run.hardware_class, state=State.SCORED
    )
    taken = finished.order_by("-finished_at").annotate(taken=F("finished_at") - F("started_at"))
    durations = [value for value in taken.values_list("taken", flat=True)[:RECENT] if value]
    return median(durations) if durations else None


def estimated_start(run: Run) -> timedelta | None:
    """In how long it will begin if one worker takes the queue in order; None where nothing is known to go by."""
    position, usual = queue_position(run), usual_duration(run)
    if position is None or usual is None:
        return None
    busy = Run.objects.unfinished().exclude(state=State.QUEUED).filter(hardware_class=run.hardware_class)
    began = busy.order_by("started_at").values_list("started_at", flat=True).first()
    rest = max(timedelta(), usual - (timezone.now() - began)) if began else timedelta()
    return rest + usual * (position - 1)
