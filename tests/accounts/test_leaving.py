"""Taking one's data along, and deleting the account."""

import io
import json
import secrets
import zipfile
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.conf import LazySettings
from django.db import models
from django.test import Client
from django.utils import timezone

from accounts.errors import LastAdministrator, NameTaken, Suspended
from accounts.models import AccessToken, Actor, AuditEntry, Invitation, Namespace, Role, User
from accounts.services import invitations, leaving
from accounts.services.accounts import create_account
from evaluations.models import Run
from hub.errors import Forbidden
from hub.wire.rate_policies import parsed
from models_registry.community.models import Discussion, Event, Follow, Like, Reaction
from models_registry.community.services import collections, discussions, follows, likes
from models_registry.community.services.likes import like
from models_registry.models import Commit, Repository
from tests import make
from tests.evaluations import rows

PASSWORD = "correct horse battery staple"

# What becomes of each row that names a member, when the member goes.
GO = """
account.EmailAddress.user admin.LogEntry.user mfa.Authenticator.user socialaccount.SocialAccount.user
usersessions.UserSession.user accounts.AccessToken.user accounts.DeviceLogin.user accounts.Invitation.user
accounts.Membership.user accounts.Namespace.user models_registry.AccessRequest.user models_registry.LfsLock.owner
models_registry.UploadSession.user models_registry.XetGrant.user community.Like.user community.Follow.user
community.Reaction.user community.Subscription.user community.CollectionUpvote.user community.Activity.actor
community.Notification.recipient community.NotificationPreference.user community.Mail.recipient
evaluations.Entrant.user
"""
STAY = """
accounts.AuditEntry.user accounts.Invitation.invited_by accounts.Invitation.accepted_by
models_registry.AccessRequest.decided_by models_registry.Commit.author models_registry.Repository.creator
models_registry.PullRequest.author community.Discussion.author community.Event.author community.Event.hidden_by
community.CommentEdit.editor community.Notice.actor community.Report.author community.Report.assigned_to
community.Report.settled_by community.Complaint.reporter community.ModerationAction.author
community.ModerationAction.moderator community.Appeal.user community.Appeal.decided_by community.Picture.uploader
models_registry.SecretFinding.dismissed_by evaluations.Run.requested_by evaluations.AutomaticEvaluation.user
evaluations.TagRule.created_by evaluations.Entrant.invited_by evaluations.Submission.submitted_by
evaluations.Suite.proposer evaluations.SuiteProposal.author evaluations.SuiteProposal.decided_by evaluations.Edition.published_by
"""


def references_to_members() -> dict[str, Any]:
    return {
        f"{model._meta.app_label}.{model.__name__}.{field.name}": field.remote_field.on_delete
        for model in apps.get_models(include_auto_created=False)
        for field in model._meta.concrete_fields
        if isinstance(field, models.ForeignKey) and field.related_model is User
    }


def test_it_is_decided_for_every_kind_of_row_whether_it_goes_or_stays() -> None:
    found = references_to_members()
    gone = {name for name, on_delete in found.items() if on_delete is models.CASCADE}
    stays = {name for name, on_delete in found.items() if on_delete is models.SET_NULL}
    assert gone | stays == found.keys()
    assert gone <= set(GO.split()), f"says nobody: {gone - set(GO.split())}"
    assert stays <= set(STAY.split()), f"says nobody: {stays - set(STAY.split())}"


@pytest.fixture
def ada() -> User:
    return make.user("ada", password=PASSWORD)


def signed_in() -> Client:
    client = Client()
    client.post("/accounts/login/", {"login": "ada", "password": PASSWORD})
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return client


def everything_of(member: User) -> dict[str, Any]:
    """One of everything, on somebody else's ground and on the member's own."""
    other = make.user("ben")
    lab = make.organization("lab", admin=other, write=member)
    theirs = make.repository(other, "shared", namespace="lab")
    own = make.repository(member, "own")
    make.repository(member, "secret", private=True)
    commit = make.commit(theirs, actor=Actor(user=member))
    discussion = Discussion.objects.create(repository=theirs, number=1, title="A question", author=member)
    comment = Event.objects.create(discussion=discussion, author=member, kind=Event.Kind.COMMENT, data={"text": "Why?"})
    Reaction.objects.create(event=comment, user=member, sign="👍")
    like(actor=Actor(user=member), repository=theirs)
    Follow.objects.create(user=member, repository=theirs)
    run = rows.scored(theirs, 500)
    Run.objects.filter(pk=run.pk).update(requested_by=member)
    make.token(member)
    Authenticator.objects.create(user=member, type=Authenticator.Type.TOTP, data={"secret": "x"})
    invitation = Invitation.objects.create(
        invited_by=member, organization=lab, email="x@example.org", expires_at=timezone.now()
    )
    return {
        "lab": lab, "theirs": theirs, "own": own, "commit": commit, "discussion": discussion, "comment": comment,
        "run": run, "invitation": invitation, "other": other,
    }  # fmt: skip


def test_the_account_goes_and_what_was_said_to_others_stays_without_its_author(ada: User) -> None:
    client = signed_in()
    made = everything_of(ada)
    answer = client.post("/settings/account/delete", {"confirmation": "ada"}, follow=True)
    assert "Your account is deleted" in answer.content.decode()
    assert not User.objects.filter(username="ada").exists()
    assert not Namespace.objects.filter(key="ada").exists()
    for model in (AccessToken, Authenticator, UserSession, Like, Follow, Reaction):
        assert not model.objects.exists()
    assert [repository.full_name for repository in Repository.objects.all()] == ["lab/shared"]
    assert Repository.objects.get().likes == 0
    for kept, field in (("discussion", "author"), ("comment", "author"), ("run", "requested_by")):
        made[kept].refresh_from_db()
        assert getattr(made[kept], field) is None
    assert Commit.objects.get(pk=made["commit"].pk).author is None
    assert AuditEntry.objects.filter(actor_name="ada", action="token.created").exists()
    assert AuditEntry.objects.get(action="user.deleted").target == "ada"
    assert not EmailAddress.objects.filter(email="ada@example.org").exists()
    assert client.get("/settings/profile").status_code == 302
    page = Client().get(f"{made['theirs'].get_absolute_url()}/commits/main")
    assert page.status_code == 200


def test_the_name_of_an_account_that_is_gone_is_held_for_a_while(ada: User, settings: LazySettings) -> None:
    leaving.delete_account(actor=Actor(user=ada))
    with pytest.raises(NameTaken):
        create_account(name="Ada", email="other@example.org")


def test_who_alone_manages_an_organisation_hands_it_over_first(ada: User) -> None:
    lab = make.organization("lab", admin=ada)
    make.repository(ada, "own")
    with pytest.raises(LastAdministrator, match="lab"):
        leaving.delete_account(actor=Actor(user=ada))
    assert Repository.objects.filter(name="own").exists()
    answer = signed_in().post("/settings/account/delete", {"confirmation": "ada"})
    assert "only administrator of lab" in answer.content.decode()
    lab.memberships.create(user=make.user(), role=Role.ADMIN)
    leaving.delete_account(actor=Actor(user=ada))
    assert lab.memberships.count() == 1


@pytest.mark.parametrize("name", ["", "ADA", "ben"])
def test_a_deletion_takes_the_own_name(ada: User, name: str) -> None:
    signed_in().post("/settings/account/delete", {"confirmation": name})
    assert User.objects.filter(pk=ada.pk).exists()


def test_the_page_says_what_goes(ada: User) -> None:
    client = signed_in()
    everything_of(ada)
    page = client.get("/settings/account").content.decode()
    assert "2 repositories: ada/own, ada/secret." in page


@pytest.mark.parametrize("act", ["delete", "export"])
def test_both_ask_for_the_password_again(ada: User, act: str) -> None:
    client = Client()
    client.force_login(ada)
    answer = client.post(f"/settings/account/{act}", {"name": "ada"})
    assert answer.headers["Location"].startswith("/accounts/reauthenticate/")
    assert User.objects.filter(pk=ada.pk).exists()


def test_neither_a_token_nor_a_suspended_member_deletes_an_account(ada: User) -> None:
    token = make.token_row(make.token(ada))
    with pytest.raises(Forbidden):
        leaving.delete_account(actor=Actor(user=ada, token=token))
    ada.suspended_reason = "spam"
    with pytest.raises(Suspended):
        leaving.delete_account(actor=Actor(user=ada))


def test_what_the_leaving_invited_ends(ada: User) -> None:
    lab = make.organization("lab", admin=ada)
    lab.memberships.create(user=make.user(), role=Role.ADMIN)
    invitation = invitations.invite(actor=Actor(user=ada), email="new@example.org", organization=lab)
    leaving.delete_account(actor=Actor(user=ada))
    invitation.refresh_from_db()
    assert invitation.revoked_at


def test_the_export_holds_all_that_is_kept_and_no_secret(ada: User) -> None:
    client = signed_in()
    everything_of(ada)
    value = make.token(ada)
    answer = client.post("/settings/account/export")
    assert answer.headers["Content-Type"] == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    assert archive.testzip() is None
    files = {name.removesuffix(".json"): json.loads(archive.read(name)) for name in archive.namelist()}
    assert files["profile"][0]["email"] == "ada@example.org"
    assert {one["name"] for one in files["repositories"]} == {"ada/own", "ada/secret"}
    assert files["memberships"][0]["organization"] == "lab"
    assert files["discussions"][0]["title"] == "A question"
    assert files["comments"][0]["data"]["text"] == "Why?"
    assert files["likes"][0]["repository"] == "lab/shared"
    assert files["evaluations"][0]["repository"] == "lab/shared"
    assert files["collections"] == []
    everything = json.dumps(files)
    row = make.token_row(value)
    for secret in (value, row.digest, 'secret": "x', ada.password):
        assert secret not in everything
    assert AuditEntry.objects.filter(action="account.exported").count() == 1


def test_an_export_names_nothing_that_its_member_may_not_see_any_more(ada: User) -> None:
    bob, actor = make.user("bob"), Actor(user=ada)
    net = make.repository(bob, "net")
    likes.like(actor=actor, repository=net)
    follows.follow(actor=actor, repository=net)
    thread = discussions.open_discussion(actor=actor, repository=net, title="My question", text="My words")
    kept = collections.create_collection(actor=actor, namespace="ada", title="Good ones")
    for name, note in ((net.full_name, "Watch it"), (make.repository(bob, "open").full_name, "Fast")):
        collections.add_item(actor=actor, collection=kept, kind="model", name=name, note=note)
    Repository.objects.filter(pk=net.pk).update(private=True, name="takeover-of-acme", full_key="bob/takeover-of-acme")
    files = zipfile.ZipFile(io.BytesIO(b"".join(leaving.export(ada))))
    everything = "".join(files.read(name).decode() for name in files.namelist())
    assert json.loads(files.read("collections.json"))[0]["items"] == [{"name": "bob/open", "note": "Fast"}]
    assert "My words" in everything
    assert thread.title in everything
    assert "takeover" not in everything


def test_an_export_is_made_while_it_is_sent(ada: User) -> None:
    AuditEntry.objects.bulk_create(
        AuditEntry(user=ada, actor_name="ada", action="x", target=secrets.token_hex(120)) for _ in range(3000)
    )
    pieces = [len(piece) for piece in leaving.export(ada)]
    assert len(pieces) > 4
    assert max(pieces) < 200_000


def test_exports_are_limited(ada: User, settings: LazySettings) -> None:
    client = signed_in()
    settings.RATE_LIMITS = parsed("export=2/d")
    assert [client.post("/settings/account/export").status_code for _ in range(3)] == [200, 200, 429]
