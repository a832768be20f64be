"""Members, organisations, and what they like."""

import pytest

from accounts.models import Actor, User
from models_registry.community.models import Discussion
from models_registry.community.services import discussions
from models_registry.community.services.webhooks import payloads
from models_registry.models import Repository
from tests import make
from tests.models_registry.hf_api.conftest import Api


def opened(repository: Repository, author: User) -> Discussion:
    return discussions.open_discussion(actor=Actor(user=author), repository=repository, title="A question")


def test_a_member_is_described(api: Api) -> None:
    ada = make.user("ada", full_name="Ada L.")
    make.organization("lab", write=ada)
    make.repository(ada, "net")
    make.repository(ada, "secret", private=True)
    make.repository(ada, "rows", kind="dataset")
    answer = api("GET", "/api/users/ADA/overview").json()
    assert (answer["user"], answer["fullname"], answer["type"]) == ("ada", "Ada L.", "user")
    assert (answer["numModels"], answer["numDatasets"]) == (1, 1)
    assert [org["name"] for org in answer["orgs"]] == ["lab"]
    assert "email" not in answer
    assert api("GET", "/api/users/ada/overview", token=make.token(ada)).json()["numModels"] == 2


def test_of_a_members_discussions_those_are_counted_that_the_asker_may_know_of(api: Api) -> None:
    ada, bob = make.user("ada"), make.user("bob")
    opened(make.repository(ada, "net"), bob)
    opened(make.repository(ada, "other"), ada)
    make.organization("lab", read=bob, write=ada)
    opened(make.repository(ada, "secret", namespace="lab", private=True), bob)
    assert api("GET", "/api/users/bob/overview").json()["numDiscussions"] == 1
    assert api("GET", "/api/users/bob/overview", token=make.token(ada)).json()["numDiscussions"] == 2


def test_an_organisation_is_described(api: Api) -> None:
    ada, bob = make.user("ada"), make.user("bob")
    make.organization("lab", admin=ada, read=bob)
    answer = api("GET", "/api/organizations/lab/overview").json()
    assert (answer["name"], answer["numUsers"], answer["numModels"]) == ("lab", 2, 0)
    members = api("GET", "/api/organizations/lab/members").json()
    assert [member["user"] for member in members] == ["ada", "bob"]
    first = api("GET", "/api/organizations/lab/members?limit=1")
    assert len(first.json()) == 1
    assert 'rel="next"' in first["Link"]


@pytest.mark.parametrize(
    "path",
    [
        "/api/users/ada/followers",
        "/api/users/ada/following",
        "/api/organizations/lab/followers",
        "/api/users/ada/likes",
    ],
)
def test_lists_that_are_empty_are_empty(api: Api, path: str) -> None:
    make.user("ada")
    make.organization("lab")
    assert api("GET", path).json() == []


@pytest.mark.parametrize(
    "path",
    ["/api/users/nobody/overview", "/api/users/lab/overview", "/api/organizations/ada/overview",
     "/api/organizations/nobody/members", "/api/users/nobody/likes", "/api/users/nobody/followers",
     "/api/organizations/nobody/settings/repositories"],
)  # fmt: skip
def test_nobody_is_nobody(api: Api, path: str) -> None:
    make.user("ada")
    make.organization("lab")
    assert api("GET", path, token=make.token(make.user())).status_code == 404


def test_a_member_sees_what_is_stored(api: Api) -> None:
    ada = make.user("ada")
    make.organization("lab", read=ada)
    writer = make.user()
    make.organization("other", write=writer)
    make.repository(ada, "net", storage_logical=300)
    make.repository(ada, "rows", kind="dataset", private=True, storage_logical=100)
    token = make.token(ada, "read")
    rows = api("GET", "/api/settings/repositories", token=token).json()
    assert [(row["id"], row["type"], row["visibility"], row["storage"], row["storagePercent"]) for row in rows] == [
        ("ada/net", "model", "public", 300, 75.0), ("ada/rows", "dataset", "private", 100, 25.0)
    ]  # fmt: skip
    assert api("GET", "/api/organizations/lab/settings/repositories", token=token).json() == []
    assert api("GET", "/api/organizations/other/settings/repositories", token=token).status_code == 403
    assert api("GET", "/api/settings/repositories").status_code == 401


def likes(api: Api) -> int:
    return api("GET", "/api/models/ada/net").json()["likes"]


def test_a_like_is_counted_once_and_taken_back_once(api: Api) -> None:
    make.repository(make.user("ada"), "net")
    token = make.token(make.user("bob"))
    for _ in range(2):
        assert api("POST", "/api/models/ada/net/like", token=token).status_code == 200
    assert likes(api) == 1
    (liker,) = api("GET", "/api/models/ada/net/likers").json()
    assert (liker["user"], liker["fullname"], liker["avatarUrl"]) == ("bob", "bob", "")
    (liked,) = api("GET", "/api/users/bob/likes").json()
    assert liked["repo"] == {"name": "ada/net", "type": "model"}
    assert api("GET", "/api/users/bob/overview").json()["numLikes"] == 1
    for _ in range(2):
        assert api("DELETE", "/api/models/ada/net/like", token=token).status_code == 200
    assert likes(api) == 0


def test_who_leaves_takes_their_likes_along(api: Api) -> None:
    repository = make.repository(make.user("ada"), "net")
    bob = make.user("bob")
    for user in (bob, make.user()):
        api("POST", "/api/models/ada/net/like", token=make.token(user))
    bob.delete()
    assert likes(api) == 1
    repository.delete()


def test_likes_of_private_repositories_are_shown_to_who_may_see_them(api: Api) -> None:
    ada = make.user("ada")
    make.repository(ada, "net")
    token = make.token(ada)
    api("POST", "/api/models/ada/net/like", token=token)
    Repository.objects.update(private=True)
    assert api("GET", "/api/users/ada/likes").json() == []
    assert len(api("GET", "/api/users/ada/likes", token=token).json()) == 1


def test_liking_needs_a_token_that_may_write(api: Api) -> None:
    make.repository(make.user("ada"), "net")
    assert api("POST", "/api/models/ada/net/like").status_code == 401
    assert api("POST", "/api/models/ada/net/like", token=make.token(make.user(), "read")).status_code == 403
    answer = api("POST", "/api/models/ada/nosuch/like", token=make.token(make.user()))
    assert (answer.status_code, answer["X-Error-Code"]) == (404, "RepoNotFound")


@pytest.mark.parametrize("path", ["/api/users/bob/likes", "/api/models/ada/net/likers"])
def test_lists_of_likes_come_in_pages_of_as_many_queries(
    api: Api, path: str, django_assert_num_queries: object
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    ada, bob = make.user("ada"), make.user("bob")
    make.repository(ada, "net")
    counts = []
    for _ in range(2):
        for _ in range(3):
            other = make.repository(ada)
            api("POST", f"/api/models/{other.full_name}/like", token=make.token(bob))
            api("POST", "/api/models/ada/net/like", token=make.token(make.user()))
        with CaptureQueriesContext(connection) as captured:
            answer = api("GET", f"{path}?limit=2")
        assert len(answer.json()) == 2
        counts.append(len(captured))
    assert counts[0] == counts[1]
    assert 'rel="next"' in answer["Link"]


def test_likes_of_what_the_asker_may_not_see_are_not_counted(api: Api) -> None:
    ada = make.user("ada")
    for repository in (make.repository(ada, "shown"), make.repository(ada, "secret", private=True)):
        api("POST", f"{repository.api_path}/like", token=make.token(ada))
    assert api("GET", "/api/users/ada/overview").json()["numLikes"] == 1
    assert api("GET", "/api/users/ada/overview", token=make.token(ada)).json()["numLikes"] == 2


def test_an_account_has_one_id_wherever_it_is_named_and_no_two_accounts_the_same(api: Api) -> None:
    """Programs compare them: who wrote a comment with whose the repository is, with who they are themselves."""
    ada, bob = make.user("ada"), make.user("bob")
    lab = make.organization("lab", admin=ada, read=bob)
    net = make.repository(ada, "net")
    token = make.token(ada)
    me = api("GET", "/api/whoami-v2", token=token).json()
    api("POST", "/api/models/ada/net/like", token=token)
    created = api("POST", "/api/collections", body={"title": "Good", "namespace": "lab"}, token=token).json()
    assert me["id"] == str(ada.namespace.pk) == api("GET", "/api/users/ada/overview").json()["_id"]
    assert me["id"] == api("GET", "/api/models/ada/net/likers").json()[0]["_id"]
    assert [org["id"] for org in me["orgs"]] == [created["owner"]["_id"]] == [str(lab.namespace.pk)]
    assert api("GET", "/api/organizations/lab/overview").json()["_id"] == me["orgs"][0]["id"]
    members = api("GET", "/api/organizations/lab/members").json()
    assert [member["_id"] for member in members] == [me["id"], str(bob.namespace.pk)]
    assert payloads.repository_part(net)["owner"]["id"] == me["id"]
    assert payloads.discussion_part(opened(net, ada))["author"]["id"] == me["id"]
