"""Members and organisations get another name."""

from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from accounts.errors import NamespaceNotFound, NameTaken
from accounts.models import Actor, AuditEntry, NamespaceRedirect, Organization, User
from accounts.services import organizations, renaming
from accounts.services.staff_roles import set_roles
from hub.errors import BadRequest, Forbidden, Invalid, RateLimited
from models_registry.models import LineageEdge, Relation, Repository
from models_registry.services import lineage
from tests import make


def actor(user: User) -> Actor:
    return Actor(user=user)


def lab_of(admin: User, name: str = "lab") -> Organization:
    return make.organization(name, admin=admin)


def test_a_renamed_member_signs_in_by_the_new_name(client: Client) -> None:
    ada = make.user("ada", password="correct horse battery")
    client.force_login(ada)
    renaming.rename(actor=actor(ada), namespace=ada.namespace, name="countess")
    ada.refresh_from_db()
    assert ada.username == "countess"
    assert client.get("/settings/profile").status_code == 200  # still signed in
    for login, known in (("countess", True), ("ada", False)):
        Client().logout()
        answer = Client().post("/accounts/login/", {"login": login, "password": "correct horse battery"})
        assert (answer.status_code == 302) == known
    entry = AuditEntry.objects.get(action="namespace.renamed")
    assert (entry.target, entry.details) == ("ada", {"to": "countess"})


def test_its_repositories_are_found_and_listed_by_the_new_name_and_lead_on_from_the_old(client: Client) -> None:
    ada = make.user()
    lab = lab_of(ada)
    net = make.repository(ada, "Net", namespace="lab")
    make.repository(ada, "rows", namespace="lab", kind="dataset")
    renaming.rename(actor=actor(ada), namespace=lab.namespace, name="New-Lab")
    net.refresh_from_db()
    assert net.full_key == "new-lab/net"
    assert [row["id"] for row in client.get("/api/models?search=new-lab").json()] == ["New-Lab/Net"]
    assert client.get("/api/models?search=lab/net").json()
    for old, new in [
        ("/lab", "/New-Lab"),
        ("/lab/net", "/New-Lab/Net"),
        ("/datasets/LAB/rows", "/datasets/New-Lab/rows"),
        ("/lab/net/tree/main", "/New-Lab/Net/tree/main"),
        ("/api/models/lab/net", "/api/models/New-Lab/Net"),
        ("/api/organizations/lab/overview", "/api/organizations/New-Lab/overview"),
        ("/lab/net/resolve/main/.gitattributes", "/New-Lab/Net/resolve/main/.gitattributes"),
        ("/lab/net.git/info/refs?service=git-upload-pack", "/New-Lab/Net.git/info/refs?service=git-upload-pack"),
    ]:
        answer = client.get(old)
        assert answer.status_code in {302, 307}, old
        assert answer["Location"] == new
    batch = client.post(
        "/lab/net.git/info/lfs/objects/batch", {"operation": "download", "objects": []}, content_type="application/json"
    )
    assert batch["Location"] == "/New-Lab/Net.git/info/lfs/objects/batch"


@pytest.mark.parametrize("name", ["lab", "LAB"])
def test_nobody_else_takes_the_old_name_while_it_is_held(name: str) -> None:
    ada = make.user()
    lab = lab_of(ada)
    renaming.rename(actor=actor(ada), namespace=lab.namespace, name="other")
    for take in (
        lambda: make.user(name),
        lambda: organizations.found(actor=actor(ada), name=name),
        lambda: renaming.rename(actor=actor(ada), namespace=ada.namespace, name=name),
    ):
        with pytest.raises(NameTaken):
            take()
    NamespaceRedirect.objects.update(held_until=timezone.now() - timedelta(seconds=1))
    make.user(name)
    assert not NamespaceRedirect.objects.exists()  # and leads nowhere else any more


def test_nobody_signs_up_with_a_name_that_is_held(client: Client) -> None:
    ada = make.user()
    renaming.rename(actor=actor(ada), namespace=lab_of(ada).namespace, name="other")
    form = {"username": "lab", "email": "x@example.net", "password1": "correct horse b", "password2": "correct horse b"}
    answer = client.post("/accounts/signup/", form)
    assert answer.status_code == 200
    assert b"This name is taken." in answer.content
    assert not User.objects.filter(username="lab").exists()


def test_its_bearer_takes_a_name_back_at_any_time_but_no_third_one() -> None:
    ada = make.user("ada")
    space = ada.namespace
    renaming.rename(actor=actor(ada), namespace=space, name="bee")
    with pytest.raises(RateLimited):
        renaming.rename(actor=actor(ada), namespace=space, name="cee")
    renaming.rename(actor=actor(ada), namespace=space, name="Ada")
    assert set(NamespaceRedirect.objects.values_list("old_key", flat=True)) == {"bee"}
    renaming.rename(actor=actor(ada), namespace=space, name="ADA")  # letters of another case are no new name
    NamespaceRedirect.objects.update(created_at=timezone.now() - renaming.PAUSE)
    assert renaming.rename(actor=actor(ada), namespace=space, name="cee").name == "cee"


@pytest.mark.parametrize(("name", "refusal"), [("bob", NameTaken), ("admin", Invalid), ("a b", Invalid)])
def test_no_name_that_could_not_be_had_anew(name: str, refusal: type[Exception]) -> None:
    ada = make.user("ada")
    make.user("bob")
    with pytest.raises(refusal):
        renaming.rename(actor=actor(ada), namespace=ada.namespace, name=name)
    ada.refresh_from_db()
    assert ada.username == "ada"
    assert not NamespaceRedirect.objects.exists()


def test_maintainers_take_a_squatted_name_with_a_reason_and_free_it() -> None:
    squatter, rightful, maintainer = make.user("acme"), make.user(), make.user(is_admin=True)
    with pytest.raises(BadRequest):
        renaming.rename_by_maintainer(actor=actor(maintainer), namespace=squatter.namespace, name="x1", reason=" ")
    renaming.rename_by_maintainer(
        actor=actor(maintainer), namespace=squatter.namespace, name="x1", reason="A trademark", free=True
    )
    assert organizations.found(actor=actor(rightful), name="acme").namespace.name == "acme"
    reasons = AuditEntry.objects.filter(action__startswith="namespace.").values_list("details__reason", flat=True)
    assert set(reasons) == {"A trademark"}


def test_a_moderator_takes_no_name_from_staff() -> None:
    root, moderator = make.user("root1", is_admin=True), make.user("ada")
    set_roles(actor=actor(root), user=moderator, roles=["moderator"])
    staff = actor(type(root).objects.get(pk=moderator.pk))
    for whose in (root, moderator):
        with pytest.raises(Forbidden):
            renaming.rename_by_maintainer(actor=staff, namespace=whose.namespace, name="x1", reason="x", free=True)
    renaming.rename_by_maintainer(actor=actor(root), namespace=moderator.namespace, name="x1", reason="x")


def test_only_maintainers_free_names_and_only_those_given_up() -> None:
    ada, maintainer = make.user("ada"), make.user(is_admin=True)
    renaming.rename(actor=actor(ada), namespace=ada.namespace, name="bee")
    with pytest.raises(Forbidden):
        renaming.free_name(actor=actor(ada), name="ada", reason="mine")
    with pytest.raises(NamespaceNotFound):
        renaming.free_name(actor=actor(maintainer), name="bee", reason="x")
    renaming.free_name(actor=actor(maintainer), name="ADA", reason="x")
    make.organization("ada")


def test_how_long_a_name_is_held_is_the_operators_choice(settings: LazySettings) -> None:
    settings.NAME_HOLD = timedelta(0)
    ada = make.user("ada")
    renaming.rename(actor=actor(ada), namespace=ada.namespace, name="bee")
    make.organization("ada")


def test_models_are_linked_by_the_new_name_and_by_the_old() -> None:
    ada = make.user("ada")
    base = make.repository(ada, "base")
    child = make.repository(make.user(), "child")
    edge = LineageEdge.objects.create(
        repository=child, base_name="bee/base", base_key="bee/base", relation=Relation.FINETUNE
    )
    renaming.rename(actor=actor(ada), namespace=ada.namespace, name="bee")
    lineage.follow_rename(ada.namespace.pk)
    edge.refresh_from_db()
    assert edge.base == base
    assert child.tags.filter(tag="base_model:bee/base").exists()
    (by_old_name,) = lineage.edges_for(child, ["ada/base"], Relation.FINETUNE)
    assert by_old_name.base == base


def test_a_name_of_before_is_not_free_when_what_bore_it_is_deleted() -> None:
    ada = make.user()
    lab = lab_of(ada)
    renaming.rename(actor=actor(ada), namespace=lab.namespace, name="lab2")
    organizations.delete_organization(actor=actor(ada), organization=lab)
    for name in ("lab", "lab2"):
        with pytest.raises(NameTaken):
            make.user(name)
    assert Client().get("/lab").status_code == 404
    assert not Repository.objects.exists()
