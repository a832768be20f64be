"""Least privilege: which page of the administration each role opens, and which act it is offered. Generated from the pages
that there are: a new page or act fails here until somebody says whose it is."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from accounts.models import Actor, AuditEntry, Namespace, User
from accounts.services.staff_roles import set_roles
from evaluations.models import Challenge, Entry, Run, Suite, SuiteProposal, Worker
from hub.errors import Forbidden
from hub.jobs.models import Job
from hub.staff_roles import ROLES
from models_registry.community.models import Appeal, Category, Collection, Discussion, Event, ModerationAction, Report
from models_registry.community.services import pictures
from models_registry.community.services.collections import create_collection
from models_registry.community.services.moderation import acts, appeals, reports, subjects
from models_registry.community.services.moderation.acts import Order
from models_registry.models import Quarantine, Repository
from tests import make
from tests.evaluations import competing, rows
from tests.models_registry.community.test_reports import comment_in

PAGES = {
    "moderator": {
        "user", "organization", "namespace", "auditentry", "repository", "report", "moderationaction", "appeal",
        "event", "discussion", "collection", "quarantine",
    },
    "evaluator": {
        "suite", "suiteversion", "suiteproposal", "suitegroup", "edition", "run", "worker", "repository", "challenge", "entry",
    },
    "operator": {
        "user", "organization", "namespace", "auditentry", "repository", "accesstoken", "invitation", "job", "worker",
    },
}  # fmt: skip
ON_REPOSITORIES = {"hide_repository", "quarantine_repository", "take_down_repository", "restore_repository"}
ON_MEMBERS = {"warn_member", "suspend_member", "restore_member", "ban_member", "unban_member"}
ON_TEXTS = {"hide_comment", "show_comment", "lock_thread", "unlock_thread", "hide_collection", "show_collection"}
ON_PICTURES = {"hide_picture", "show_picture"}
ON_CONTENT = {"confirm_quarantine", "release_quarantine"}
ON_REPORTS = {"take", "put_back", "resolve", "dismiss", "next_report", "take_name"}
ON_WORKERS = {"pause", "resume", "drain"}
ON_CHALLENGES = {"publish_challenge", "extend_phase", "end_challenge", "disqualify_entry"}
# What staff of a role may do; all else is a superuser's alone.
ACTS = {
    "moderator": ON_REPOSITORIES
    | ON_MEMBERS
    | ON_TEXTS
    | ON_PICTURES
    | ON_REPORTS
    | ON_CONTENT
    | {"undo", "uphold", "reverse", "verify_organization"},
    "evaluator": {"queue_again", "cancel", "invalidate", "publish_edition", "publish", "decline"} | ON_CHALLENGES,
    "operator": {"revoke", "retry", "appoint_administrator"} | ON_WORKERS,
}


def in_role(role: str) -> User:
    user = make.user()
    if role == "superuser":
        return make.user(is_admin=True)
    if role != "member":
        set_roles(actor=Actor(user=make.user(is_admin=True)), user=user, roles=[role])
    return user


def rows_of(model: type[Model]) -> list[Any]:
    """One of each kind that its page knows."""
    comment = comment_in(make.repository())
    repository = comment.discussion.repository
    made: dict[type[Model], Any] = {
        User: lambda: [make.user()],
        Namespace: lambda: [make.user().namespace],
        Repository: lambda: [repository],
        Event: lambda: [comment],
        Quarantine: lambda: [
            Quarantine.objects.create(content="a" * 64, reason="x", repository=repository, path="bad.bin")
        ],
        Discussion: lambda: [comment.discussion],
        Job: lambda: [Job.objects.add("index_commit", "1:2")],
        Run: lambda: [rows.run(repository)],
        Worker: lambda: [Worker.objects.create(name="one@here", started_at=timezone.now(), seen_at=timezone.now())],
        Report: lambda: [
            reports.open_report(subject=subject, category=Category.SPAM, text="x", by_hub=True)
            for subject in (
                subjects.of_repository(repository),
                subjects.of_comment(comment),
                subjects.of_discussion(comment.discussion),
                subjects.of_namespace(make.user().namespace),
                subjects.of_collection(_collection()),
                subjects.of_picture(pictures.take(actor=Actor(user=make.user()), content=b"GIF89a and so on")),
            )
        ],
        Collection: lambda: [_collection()],
        ModerationAction: lambda: [_act(repository)],
        Appeal: lambda: [appeals.make(user=repository.creator, action=_act(repository), text="No")],
        SuiteProposal: lambda: [
            SuiteProposal.objects.create(
                repository=repository,
                repository_name=repository.full_name,
                commit="0" * 40,
                digest="0" * 64,
                definition=rows.suite().definition,
            )
        ],
        Suite: lambda: list(Suite.objects.all()[:1]),
        Challenge: lambda: [competing.challenge(rows.suite())],
        Entry: lambda: [competing.entry(competing.challenge(rows.suite()))],
    }
    if model in made:
        return made[model]()
    if model._meta.model_name == "accesstoken":
        return [make.token_row(make.token(make.user()))]
    if model._meta.model_name == "organization":
        return [make.organization(admin=make.user())]
    return list(model._default_manager.all()[:1])


def _collection() -> Collection:
    owner = make.user()
    return create_collection(actor=Actor(user=owner), namespace=owner.username, title="Some")


def _act(repository: Repository) -> ModerationAction:
    staff = Actor(user=make.user(is_admin=True))
    return acts.warn(Order(actor=staff, reason="x"), repository.creator)


REGISTERED = [pytest.param(model, id=model._meta.model_name) for model in admin.site._registry]


@pytest.mark.parametrize("model", REGISTERED)
@pytest.mark.parametrize("role", ["member", *ROLES, "superuser"])
def test_a_role_opens_its_pages_and_is_offered_its_acts(client: Client, role: str, model: type[Model]) -> None:
    name, page = str(model._meta.model_name), f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
    there_are = rows_of(model)
    client.force_login(in_role(role))
    opens = role == "superuser" or name in PAGES.get(role, set())
    assert client.get(page).status_code == (200 if opens else 302 if role == "member" else 403)
    model_admin = admin.site._registry[model]
    offered: set[str] = set()
    there = set(model_admin._extract_action_names(model_admin.actions_detail))
    for row in there_are:
        assert client.get(f"{page}{row.pk}/change/").status_code == (200 if opens else 302 if role == "member" else 403)
        offered |= {act for act in there if client.get(f"{page}{row.pk}/{act}/").status_code in {200, 302}} - (
            there if role == "member" else set()
        )
    if not there_are:
        return
    # With nothing under a role's pages, its acts are nobody's: an act without its page is out of reach.
    wanted = there if role == "superuser" else there & ACTS.get(role, set()) if opens else set()
    assert offered == wanted


def test_no_role_adds_changes_or_deletes_by_a_form() -> None:
    for role, permissions in ROLES.items():
        verbs = {permission.partition(".")[2].partition("_")[0] for permission in permissions}
        assert not verbs & {"add", "change", "delete"}, role


def test_migrate_makes_the_groups_with_every_permission_that_is_named() -> None:
    for role, wanted in ROLES.items():
        has = Group.objects.get(name=role).permissions.values_list("content_type__app_label", "codename")
        assert {f"{app}.{codename}" for app, codename in has} == set(wanted)


def test_only_a_superuser_gives_roles_and_it_is_written_down(client: Client) -> None:
    boss, user = make.user(is_admin=True), make.user()
    for giver in (in_role("moderator"), in_role("operator"), user):
        with pytest.raises(Forbidden):
            set_roles(actor=Actor(user=giver), user=user, roles=["operator"])
    client.force_login(boss)
    address = f"/admin/accounts/user/{user.pk}/set_roles/"
    client.post(address, {"_form_submitted": "true", "roles": ["moderator", "evaluator"]})
    user.refresh_from_db()
    assert user.is_staff
    client.post(address, {"_form_submitted": "true", "roles": ["evaluator"]})
    entries = AuditEntry.objects.filter(target=user.username, user=boss).order_by("pk").values_list("action", "details")
    assert [(action, details["role"]) for action, details in entries] == [
        ("staff.role_given", "evaluator"),
        ("staff.role_given", "moderator"),
        ("staff.role_taken", "moderator"),
    ]
    client.post(address, {"_form_submitted": "true"})
    user.refresh_from_db()
    assert not user.is_staff
