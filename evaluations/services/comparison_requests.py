"""When a scored run is to be compared to the one before: asked for in the transaction of the fact (`services.comparing`)."""

from evaluations.models import Comparison, Run
from hub.jobs.models import Job

KIND = "compare_run"


def ask(run: Run) -> None:
    Job.objects.add(KIND, str(run.pk))


def ask_without(run: Run) -> None:
    """This score counts no more: what was compared to it is compared to another one."""
    Job.objects.add_many(KIND, map(str, Comparison.objects.filter(previous=run).values_list("pk", flat=True)))
