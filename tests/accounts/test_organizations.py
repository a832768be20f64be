"""Organisations: founded, set up, verified, deleted; and what they say of themselves."""

import re

import pytest
from django.conf import LazySettings
from django.test import Client

from accounts.errors import NameTaken
from accounts.models import Actor, AuditEntry, Namespace, Organization, Role, User, Verified
from accounts.services import organizations, profiles
from hub.errors import BadRequest, Conflict, Forbidden, Invalid, RateLimited
from models_registry.models import Repository
from models_registry.services.repositories import create_repository
from tests import make


def actor(user: User) -> Actor:
    return Actor(user=user)


def test_who_founds_an_organisation_administers_it() -> None:
    ada = make.user("ada")
    lab = organizations.found(actor=actor(ada), name="lab", full_name="The Lab")
    assert lab.namespace.role_of(ada) == Role.ADMIN
    assert (lab.namespace.name, lab.namespace.display_name) == ("lab", "The Lab")
    assert AuditEntry.objects.get(action="organization.created").namespace == lab.namespace


@pytest.mark.parametrize(
    ("name", "refusal"), [("ADA", NameTaken), ("settings", Invalid), ("a b", Invalid), ("a--b", Invalid), ("", Invalid)]
)
def test_a_name_that_is_taken_reserved_or_none_founds_nothing(name: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        organizations.found(actor=actor(make.user("ada")), name=name)
    assert not Organization.objects.exists()


def test_one_member_founds_so_many_a_day(settings: LazySettings) -> None:
    settings.ORGANIZATIONS_A_DAY = 2
    ada = make.user()
    for name in ("one", "two"):
        organizations.found(actor=actor(ada), name=name)
    with pytest.raises(RateLimited):
        organizations.found(actor=actor(ada), name="three")
    organizations.found(actor=actor(make.user()), name="three")


def test_new_repositories_are_as_private_as_the_organisation_says() -> None:
    ada = make.user()
    lab = make.organization("lab", admin=ada)
    organizations.change_defaults(actor=actor(ada), organization=lab, private_by_default=True)
    assert create_repository(actor=actor(ada), namespace="lab", name="net").private
    assert not create_repository(actor=actor(ada), namespace="lab", name="shown", private=False).private
    client = Client()
    client.force_login(ada)
    for owner, chosen in (("lab", "private"), (ada.username, "public")):
        page = client.get(f"/new?namespace={owner}").content.decode()
        assert re.search(rf'value="{chosen}"[^>]* checked', page)
    entry = AuditEntry.objects.get(action="organization.settings")
    assert entry.details == {"private_by_default": True}


def test_nobody_becomes_an_administrator_by_default() -> None:
    ada = make.user()
    lab = make.organization("lab", admin=ada)
    with pytest.raises(BadRequest):
        organizations.change_defaults(actor=actor(ada), organization=lab, role=Role.ADMIN)
    assert organizations.change_defaults(actor=actor(ada), organization=lab, role=Role.WRITE).default_role == Role.WRITE


def test_maintainers_alone_set_the_verified_mark() -> None:
    ada, maintainer = make.user(), make.user(is_admin=True)
    lab = make.organization("lab", admin=ada)
    with pytest.raises(Forbidden):
        organizations.verify(actor=actor(ada), organization=lab, verified_as=Verified.COMPANY, reason="me")
    organizations.verify(
        actor=actor(maintainer), organization=lab, verified_as=Verified.INSTITUTE, reason="A letter on paper"
    )
    lab.refresh_from_db()
    assert lab.verified_as == "institute"
    assert AuditEntry.objects.get(action="organization.verified").details["reason"] == "A letter on paper"


def test_an_organisation_is_deleted_when_it_holds_nothing_and_its_name_stays_held() -> None:
    ada = make.user()
    lab = make.organization("lab", admin=ada)
    repository = make.repository(ada, "net", namespace="lab")
    with pytest.raises(Conflict, match="1 repository"):
        organizations.delete_organization(actor=actor(ada), organization=lab)
    repository.delete()
    organizations.delete_organization(actor=actor(ada), organization=lab)
    assert not Namespace.objects.filter(key="lab").exists()
    with pytest.raises(NameTaken):
        make.user("Lab")
    assert not User.objects.filter(username="Lab").exists()


def test_a_hidden_repository_keeps_its_organisation() -> None:
    ada = make.user()
    lab = make.organization("lab", admin=ada)
    Repository.objects.filter(pk=make.repository(ada, namespace="lab").pk).update(
        disabled_reason="malware", private=True
    )
    with pytest.raises(Conflict):
        organizations.delete_organization(actor=actor(ada), organization=lab)


def test_a_profile_is_changed_by_its_owner() -> None:
    ada, bob = make.user("ada"), make.user("bob")
    lab = make.organization("lab", admin=ada, write=bob)
    profiles.change_profile(
        actor=actor(ada), namespace=lab.namespace, full_name=" The Lab ", about="# We", website="https://lab.example",
        location="Brno", links=["https://a.example", " "],
    )  # fmt: skip
    profile = profiles.profile_of(lab.namespace)
    assert (profile.about, profile.website, profile.location) == ("# We", "https://lab.example", "Brno")
    assert profile.links == ["https://a.example"]
    lab.refresh_from_db()
    assert lab.full_name == "The Lab"
    for namespace in (lab.namespace, ada.namespace):
        with pytest.raises(Forbidden):
            profiles.change_profile(actor=actor(bob), namespace=namespace, about="mine")
    profiles.change_profile(actor=actor(bob), namespace=bob.namespace, about="mine")


@pytest.mark.parametrize(
    "said",
    [
        {"website": "javascript:alert(1)"}, {"website": "data:text/html,x"}, {"website": "//a.example"},
        {"links": ["javascript:alert(1)"]}, {"links": [f"https://{number}.example" for number in range(6)]},
        {"about": "x" * 4001}, {"full_name": "x" * 121}, {"website": "https://a.example/" + "x" * 200},
    ],
)  # fmt: skip
def test_a_profile_holds_no_other_addresses_and_no_novel(said: dict) -> None:
    ada = make.user()
    with pytest.raises(Invalid):
        profiles.change_profile(actor=actor(ada), namespace=ada.namespace, **said)
