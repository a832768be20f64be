"""Whoever asked for an evaluation is told how it ended."""

from evaluations.models import Run, State
from evaluations.services import waking
from models_registry.community.models import Notice, NoticeKind, Notification
from models_registry.community.services import notifications
from tests import make
from tests.evaluations import rows


def test_who_asked_for_a_run_is_told_when_it_is_given_up() -> None:
    run = rows.run(make.repository(make.user("ada"), "net"), state=State.RUNNING, attempt=waking.MAX_ATTEMPTS)
    waking.retry_or_fail(Run.objects.get(pk=run.pk), code="storage", reason="The storage is away.")
    (notice,) = Notice.objects.filter(kind=NoticeKind.EVALUATION)
    notifications.tell(notice.pk)
    (told,) = Notification.objects.all()
    assert told.recipient == run.requested_by
    assert notice.text == "ada/net could not be scored on Handwritten digits, 8×8"
    assert notice.url == run.get_absolute_url()


def test_nobody_is_told_of_a_run_that_is_tried_again() -> None:
    run = rows.run(make.repository(), state=State.RUNNING, attempt=1)
    waking.retry_or_fail(Run.objects.get(pk=run.pk), code="storage", reason="The storage is away.")
    assert not Notice.objects.filter(kind=NoticeKind.EVALUATION).exists()
