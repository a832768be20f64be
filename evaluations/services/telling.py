"""Whoever asked for a run is told when it has ended (`community.services.notifications`)."""

from django.utils.translation import gettext as _

from evaluations.models import Run, State
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
