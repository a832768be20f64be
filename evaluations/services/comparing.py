"""A scored run beside that of the commit scored before it, by a paired test on the same rows: a worker's work, as `ranking`."""

from typing import NamedTuple

import numpy as np
from django.db import transaction

from evaluations import ranks, splits
from evaluations.models import Comparison, Result, Run, Score, State
from evaluations.services import telling


def compare(run_id: str) -> None:
    """Find out, or find out anew; the first time, tell of the score. Of what a challenge seals, nothing before its end."""
    runs = Run.objects.select_related("repository__namespace", "suite_version__suite", "requested_by")
    run = runs.filter(pk=run_id, state=State.SCORED, sealed_result=None).first()
    if run is None:
        return
    previous = previous_of(run)
    found = _tested(run, previous) if previous else _Found(Comparison.Verdict.FIRST)
    with transaction.atomic():
        comparison, is_new = Comparison.objects.update_or_create(
            run=run,
            defaults={
                "previous": previous, "verdict": found.verdict, "test": found.test, "p_value": found.p_value,
            },
        )  # fmt: skip
        if is_new:
            telling.tell_of_score(comparison)


def previous_of(run: Run) -> Run | None:
    """The verified run of another commit that was scored last before this one, on the same version of the suite."""
    earlier = Run.objects.filter(
        repository=run.repository,
        suite_version=run.suite_version,
        state=State.SCORED,
        finished_at__lt=run.finished_at,
        sealed_result=None,
    )
    return earlier.exclude(commit=run.commit).order_by("-finished_at", "-pk").first()


class _Found(NamedTuple):
    verdict: Comparison.Verdict
    test: Comparison.Test = Comparison.Test.NONE
    p_value: float | None = None


def _tested(run: Run, previous: Run) -> _Found:
    scores = {score.run_id: score for score in Score.objects.filter(run__in=[run, previous], primary=True)}
    kept = {row.run_id: row for row in Result.objects.filter(run__in=[run, previous]).defer("document")}
    if len(kept) < 2 or len(scores) < 2:
        return _Found(Comparison.Verdict.UNTESTED)
    rows = run.suite_version.rows
    new, old = kept[run.pk], kept[previous.pk]
    if new.outcomes and old.outcomes:
        correct = np.stack([splits.unpack(new.outcomes, rows), splits.unpack(old.outcomes, rows)])
        test, p_value = Comparison.Test.MCNEMAR, float(ranks.mcnemar_neighbours(correct)[0])
    elif new.losses and old.losses:
        losses = np.stack([np.frombuffer(kept_.losses, "<f4", count=rows) for kept_ in (new, old)])
        test, p_value = Comparison.Test.BOOTSTRAP, float(ranks.bootstrap_neighbours(losses)[0])
    else:
        return _Found(Comparison.Verdict.UNTESTED)
    score, before = scores[run.pk], scores[previous.pk]
    if p_value >= ranks.SIGNIFICANCE or score.value == before.value:
        return _Found(Comparison.Verdict.SAME, test, p_value)
    is_better = (score.value > before.value) == score.higher_is_better
    return _Found(Comparison.Verdict.BETTER if is_better else Comparison.Verdict.WORSE, test, p_value)
