"""How a score differs from that of the commit scored before it, as pages, the API and notices show it."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from evaluations.models import Comparison, Run, Score, State

VERDICTS: Mapping[str, str | Promise] = {
    Comparison.Verdict.BETTER: _("better"),
    Comparison.Verdict.WORSE: _("worse"),
    Comparison.Verdict.SAME: _("no difference that the data can show"),
    Comparison.Verdict.UNTESTED: _("not tested: of one of the two runs no rows were kept"),
}


@dataclass(frozen=True)
class Difference:
    """Of one metric. `before`: of the previous run."""

    score: Score
    before: float

    @property
    def value(self) -> float:
        return self.score.value - self.before


@dataclass(frozen=True)
class Compared:
    """A run beside its previous one; the primary metric comes first."""

    comparison: Comparison
    previous: Run
    differences: list[Difference]

    @property
    def words(self) -> str | Promise:
        return VERDICTS[self.comparison.verdict]


def compared(run: Run) -> Compared | None:
    """None where there is nothing to compare it to, or the worker has not done so yet. Two queries."""
    if run.state != State.SCORED:
        return None
    found = Comparison.objects.select_related("previous").filter(run=run, previous__state=State.SCORED).first()
    return None if found is None else _compared(found)


def _compared(comparison: Comparison) -> Compared | None:
    previous = comparison.previous
    if previous is None:
        return None
    values: dict[object, dict[str, Score]] = {comparison.run_id: {}, previous.pk: {}}
    for score in Score.objects.filter(run__in=[comparison.run_id, previous.pk]).order_by("-primary", "name"):
        values[score.run_id][score.name] = score
    before = values[previous.pk]
    differences = [
        Difference(score, before[name].value) for name, score in values[comparison.run_id].items() if name in before
    ]
    return Compared(comparison, previous, differences)
