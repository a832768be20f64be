"""Who is told that a run has ended (`community.services.notifications`), and where it shows (`activities`).

Whoever asked for it is told of every end, and whoever proposed a suite what became of it. Of a commit's first score, those hear
who follow the repository or keep it, too.
"""

from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext_noop

from evaluations.models import Comparison, Run, State, SuiteProposal
from evaluations.services.differences import VERDICTS, Compared, compared
from hub.kept_sentences import sentence
from models_registry.community.models import Activity, NoticeKind
from models_registry.community.services import activities
from models_registry.community.services.notifications import notify

_FAILED = sentence(gettext_noop("%(model)s could not be scored on %(suite)s"))
_UP = sentence(gettext_noop("%(model)s: %(metric)s %(value)s on %(suite)s, up %(by)s from %(commit)s: %(verdict)s"))
_DOWN = sentence(gettext_noop("%(model)s: %(metric)s %(value)s on %(suite)s, down %(by)s from %(commit)s: %(verdict)s"))
_SAME = sentence(gettext_noop("%(model)s: %(metric)s %(value)s on %(suite)s, as %(commit)s"))
_SCORED = sentence(gettext_noop("%(model)s: %(metric)s %(value)s on %(suite)s"))
for _verdict in (
    gettext_noop("better"),
    gettext_noop("worse"),
    gettext_noop("no difference that the data can show"),
    gettext_noop("not tested: of one of the two runs no rows were kept"),
):
    sentence(_verdict)
_PUBLISHED = sentence(gettext_noop("Your suite %(suite)s is published"))
_DECLINED = sentence(gettext_noop("Your suite %(suite)s was declined: %(reason)s"))


def tell_of_failure(run: Run) -> None:
    """Within the transaction that ends it."""
    if run.requested_by is None:
        return
    names = {"model": run.repository.full_name, "suite": run.suite_version.suite.title}
    notify(
        kind=NoticeKind.EVALUATION, key=f"run:{run.pk}", users=[run.requested_by], repository=run.repository,
        text=_FAILED % names, url=run.get_absolute_url(),
    )  # fmt: skip


def tell_of_score(comparison: Comparison) -> None:
    """Within the transaction that finds out, for the first time, how the run compares to the one before."""
    run = comparison.run
    beside = compared(run)
    text = _in_words(run, beside)
    if run.requested_by is not None:
        notify(
            kind=NoticeKind.EVALUATION, key=f"run:{run.pk}", users=[run.requested_by], repository=run.repository,
            text=text, url=run.get_absolute_url(),
        )  # fmt: skip
    same = Run.objects.filter(repository=run.repository, commit=run.commit, suite_version=run.suite_version)
    if same.filter(state__in=[State.SCORED, State.INVALIDATED]).exclude(pk=run.pk).exists():
        return
    notify(
        kind=NoticeKind.SCORED, key=f"scored:{run.repository_id}", actor=run.requested_by, repository=run.repository,
        text=text, url=run.get_absolute_url(),
    )  # fmt: skip
    primary = run.scores.get(primary=True)
    activities.record(
        actor=run.requested_by, verb=Activity.Verb.SCORED, repository=run.repository, run=str(run.pk),
        suite=run.suite_version.suite.title, metric=primary.name.replace("_", " "), value=primary.value,
        digits=_digits(primary.value), **_before(beside),
    )  # fmt: skip


def _before(beside: Compared | None) -> dict[str, Any]:
    if beside is None or not beside.differences:
        return {}
    return {"difference": beside.differences[0].value, "previous": beside.previous.commit}


def _in_words(run: Run, beside: Compared | None) -> str:
    """ "ada/net: accuracy 0.9870 on Handwritten digits, up 0.0100 from 1a2b3c4d5e6f: better" """
    primary = run.scores.get(primary=True)
    words = {
        "model": run.repository.full_name, "metric": primary.name.replace("_", " "), "value": _shown(primary.value),
        "suite": run.suite_version.suite.title,
    }  # fmt: skip
    if beside is None or not beside.differences:
        return _SCORED % words
    by = beside.differences[0].value
    words |= {
        "by": _shown(abs(by), of=primary.value), "commit": beside.previous.commit[:12],
        "verdict": str(VERDICTS[beside.comparison.verdict]),
    }  # fmt: skip
    if by > 0:
        return _UP % words
    if by < 0:
        return _DOWN % words
    return _SAME % words


def _shown(value: float, of: float | None = None) -> str:
    digits = _digits(value if of is None else of)
    return number_format(round(value, digits), digits)


def _digits(value: float) -> int:
    """As scores are shown everywhere: four decimals, of large values fewer."""
    return 4 if abs(value) < 10 else 2 if abs(value) < 1000 else 0


def tell_of_proposal(proposal: SuiteProposal) -> None:
    """Within the transaction that decides it."""
    if proposal.author is None:
        return
    names = {"suite": proposal.title, "reason": proposal.reason}
    is_published = proposal.state == SuiteProposal.State.PUBLISHED
    notify(
        kind=NoticeKind.EVALUATION, key=f"proposal:{proposal.pk}", users=[proposal.author], repository=proposal.repository,
        text=(_PUBLISHED if is_published else _DECLINED) % names, url=proposal.get_absolute_url(),
    )  # fmt: skip
