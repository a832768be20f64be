"""The administration: moderators act with a reason, and every act is written down."""

import re

import pytest
from django.contrib import admin
from django.test import Client

from accounts.models import Actor, AuditEntry, User
from accounts.models.token import digest_of
from hub.jobs.models import Job
from models_registry.models import Repository
from tests import make


@pytest.fixture
def moderator(client: Client) -> User:
    user = make.user(is_admin=True)
    client.force_login(user)
    return user


@pytest.mark.parametrize("model", list(admin.site._registry), ids=lambda model: model.__name__)
def test_every_list_of_the_administration_opens(client: Client, moderator: User, model: type) -> None:
    repository = make.repository()
    make.organization(write=repository.creator)
    make.token(repository.creator)
    answer = client.get(f"/admin/{model._meta.app_label}/{model._meta.model_name}/")
    assert answer.status_code == 200


def test_the_administration_speaks_the_readers_language(client: Client, moderator: User) -> None:
    Job.objects.create(kind="test", key="one")
    chinese = {"Accept-Language": "zh-hans"}
    first = client.get("/admin/", headers=chinese).content.decode()
    assert "排队中" in first
    listed = client.get("/admin/jobs/job/", headers=chinese).content.decode()
    (shown,) = re.findall(r'<td class="field-standing.*?</td>', listed, re.DOTALL)
    assert "排队中" in shown
    assert "text-orange-700" in shown
    links = re.findall(r'href="(/admin/[a-z_]+/[a-z]+/)"', first)
    assert links == re.findall(r'href="(/admin/[a-z_]+/[a-z]+/)"', client.get("/admin/").content.decode())
    places = [links.index(f"/admin/{page}/") for page in ("community/report", "evaluations/challenge", "jobs/job")]
    assert places == sorted(places)


def test_members_are_sent_to_the_sites_own_sign_in(client: Client) -> None:
    for address in ("/admin", "/admin/"):
        assert client.get(address, follow=True).request["PATH_INFO"] == "/accounts/login/"
    client.force_login(make.user())
    assert client.get("/admin/", follow=True).status_code == 403


def test_staff_that_is_suspended_is_not_let_in(client: Client, moderator: User) -> None:
    assert client.get("/admin/").status_code == 200
    User.objects.filter(pk=moderator.pk).update(suspended_reason="It is looked into.")
    for address in ("/admin/", "/admin/accounts/user/"):
        assert client.get(address, follow=True).status_code == 403


def test_a_repository_is_hidden_with_a_reason_and_restored(client: Client, moderator: User) -> None:
    repository = make.repository()
    page = f"/admin/models_registry/repository/{repository.pk}"
    assert client.get(f"{page}/change/").status_code == 200
    hide, restore = f"{page}/hide_repository/", f"{page}/restore_repository/"
    client.get(hide)
    client.post(hide, {"_form_submitted": "true", "reason": " "})
    repository.refresh_from_db()
    assert not repository.disabled_reason
    client.post(hide, {"_form_submitted": "true", "reason": "Stolen weights"})
    repository.refresh_from_db()
    assert repository.disabled_reason == "Stolen weights"
    entry = AuditEntry.objects.get(action="repository.hidden")
    assert (entry.user, entry.target, entry.details["reason"]) == (moderator, repository.full_name, "Stolen weights")
    client.get(restore)
    repository.refresh_from_db()
    assert repository.disabled_reason
    client.post(restore, {"_form_submitted": "true", "reason": "A mistake"})
    repository.refresh_from_db()
    assert not repository.disabled_reason
    assert AuditEntry.objects.filter(action="repository.restored", user=moderator).exists()


def test_a_member_is_suspended_with_a_reason_and_restored(client: Client, moderator: User) -> None:
    user = make.user()
    page = f"/admin/accounts/user/{user.pk}"
    client.post(f"{page}/suspend_member/", {"_form_submitted": "true", "reason": "Spam"})
    user.refresh_from_db()
    assert user.suspended_reason == "Spam"
    client.post(f"{page}/restore_member/", {"_form_submitted": "true", "reason": "A mistake"})
    user.refresh_from_db()
    assert not user.is_suspended
    assert AuditEntry.objects.filter(action="user.suspended", target=user.username).exists()


def test_a_token_is_revoked_and_its_digest_is_never_shown(client: Client, moderator: User) -> None:
    value = make.token(make.user())
    token = make.token_row(value)
    page = f"/admin/accounts/accesstoken/{token.pk}"
    shown = client.get(f"{page}/change/").content.decode()
    assert token.prefix in shown
    assert digest_of(value) not in shown
    client.post(f"{page}/revoke/", {"_form_submitted": "true"})
    token.refresh_from_db()
    assert token.revoked_at


def test_an_organisation_is_verified_and_given_an_administrator_with_reasons(client: Client, moderator: User) -> None:
    member = make.user("ada")
    organization = make.organization("lab", read=member)
    page = f"/admin/accounts/organization/{organization.pk}"
    assert client.get(f"{page}/change/").status_code == 200
    mark = {"_form_submitted": "true", "verified_as": "institute"}
    client.post(f"{page}/verify_organization/", mark)  # without a reason
    organization.refresh_from_db()
    assert not organization.verified_as
    client.post(f"{page}/verify_organization/", {**mark, "reason": "A letter"})
    organization.refresh_from_db()
    assert organization.verified_as == "institute"
    client.post(f"{page}/appoint_administrator/", {"_form_submitted": "true", "member": "ada", "reason": "Orphaned"})
    assert organization.memberships.get().get_role_display() == "admin"
    entry = AuditEntry.objects.get(action="membership.changed")
    assert (entry.user, entry.details["reason"]) == (moderator, "Orphaned")


def test_an_organisation_is_changed_by_no_form(client: Client, moderator: User) -> None:
    organization = make.organization("lab", read=make.user())
    client.post(f"/admin/accounts/organization/{organization.pk}/change/", {"full_name": "forged"})
    client.post(f"/admin/accounts/organization/{organization.pk}/delete/", {"post": "yes"})
    organization.refresh_from_db()
    assert organization.full_name == ""


def test_the_audit_log_cannot_be_changed(client: Client, moderator: User) -> None:
    entry = AuditEntry.objects.record(Actor(user=moderator), "test.done", "something")
    page = f"/admin/accounts/auditentry/{entry.pk}"
    client.post(f"{page}/change/", {"action": "forged"})
    client.post(f"{page}/delete/", {"post": "yes"})
    entry.refresh_from_db()
    assert entry.action == "test.done"


def test_no_repository_is_changed_by_a_form(client: Client, moderator: User) -> None:
    repository = make.repository()
    client.post(f"/admin/models_registry/repository/{repository.pk}/change/", {"name": "forged"})
    assert not Repository.objects.filter(name="forged").exists()
