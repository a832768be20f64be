import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry
from evaluations.models import Run, State, SuiteVersion
from tests import make
from tests.evaluations import building


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(building.operator())
    return client


def act(client: Client, action: str, *runs: Run):
    selected = [str(run.pk) for run in runs]
    address = reverse("admin:evaluations_run_changelist")
    return client.post(address, {"action": action, "_selected_action": selected}, follow=True)


def test_staff_see_runs_and_suites(staff: Client, digits: SuiteVersion):
    run = building.scored(building.model(), digits, building.right(533))
    for address in (
        reverse("admin:evaluations_run_changelist"),
        reverse("admin:evaluations_run_change", args=[run.pk]),
        reverse("admin:evaluations_suite_changelist"),
        reverse("admin:evaluations_suite_change", args=[digits.suite.pk]),
    ):
        assert staff.get(address).status_code == 200, address


def test_the_list_shows_where_each_run_stands(staff: Client, digits: SuiteVersion):
    building.scored(building.model(), digits, building.right(533))
    for language, words in (("en", "Scored"), ("zh-hans", "已评分")):
        listed = staff.get(reverse("admin:evaluations_run_changelist"), headers={"Accept-Language": language})
        (shown,) = re.findall(r'<td class="field-stage.*?</td>', listed.content.decode(), re.DOTALL)
        assert words in shown
        assert "text-green-700" in shown


def test_staff_queue_again_and_cancel_from_the_list_and_it_is_written_down(staff: Client, digits: SuiteVersion):
    run = building.scored(building.model(), digits, building.right(533))
    assert b"queued again" in act(staff, "queue_each_again", run).content
    again = Run.objects.get(rerun_of=run)
    assert again.state == State.QUEUED
    assert b"cancelled" in act(staff, "cancel_each", again).content
    again.refresh_from_db()
    assert again.state == State.CANCELLED
    assert b"is cancelled already" in act(staff, "cancel_each", again).content
    actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert actions >= {"evaluation.queued_again", "evaluation.cancelled"}


def test_nobody_writes_a_run_by_hand(staff: Client, digits: SuiteVersion):
    run = building.scored(building.model(), digits, building.right(533))
    staff.post(reverse("admin:evaluations_run_change", args=[run.pk]), {"state": "failed"})
    staff.post(reverse("admin:evaluations_run_delete", args=[run.pk]), {"post": "yes"})
    run.refresh_from_db()
    assert run.state == State.SCORED
    assert staff.get(reverse("admin:evaluations_run_add")).status_code == 403


def test_members_see_none_of_it(client: Client, digits: SuiteVersion):
    client.force_login(make.user())
    assert client.get(reverse("admin:evaluations_run_changelist")).status_code == 302
