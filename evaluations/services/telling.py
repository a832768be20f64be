"""Whoever asked for a run, or proposed a suite, is told how it ended (`community.services.notifications`)."""

from django.utils.translation import gettext as _

from evaluations.models import Run, State, SuiteProposal
from models_registry.community.models import NoticeKind
from models_registry.community.services.notifications import notify


def tell(run: Run, state: State) -> None:
    """Within the transaction that ends it."""
    if run.requested_by is None:
        return
    names = {"model": run.repository.full_name, "suite": run.suite_version.suite.title}
    scored, failed = _("%(model)s is scored on %(suite)s"), _("%(model)s could not be scored on %(suite)s")
    notify(
        kind=NoticeKind.EVALUATION, key=f"run:{run.pk}", users=[run.requested_by], repository=run.repository,
        text=(scored if state == State.SCORED else failed) % names, url=run.get_absolute_url(),
    )  # fmt: skip


def tell_of_proposal(proposal: SuiteProposal) -> None:
    """Within the transaction that decides it."""
    if proposal.author is None:
        return
    published = _("Your suite %(suite)s is published")
    declined = _("Your suite %(suite)s was declined: %(reason)s")
    names = {"suite": proposal.title, "reason": proposal.reason}
    is_published = proposal.state == SuiteProposal.State.PUBLISHED
    notify(
        kind=NoticeKind.EVALUATION, key=f"proposal:{proposal.pk}", users=[proposal.author], repository=proposal.repository,
        text=(published if is_published else declined) % names, url=proposal.get_absolute_url(),
    )  # fmt: skip
