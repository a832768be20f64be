import pytest

from accounts.models import Actor
from models_registry.models import Repository, Standing
from models_registry.services.standing import close
from tests import make
from tests.models_registry.hf_api.conftest import Api


def test_a_member_creates_a_repository_with_one_initial_commit(api: Api) -> None:
    user = make.user("ada")
    answer = api("POST", "/api/repos/create", {"name": "net"}, make.token(user))
    assert answer.json() == {
        "url": "http://testserver/ada/net", "name": "ada/net", "id": str(Repository.objects.get().pk)
    }  # fmt: skip
    commits = api("GET", "/api/models/ada/net/commits/main").json()
    assert [commit["title"] for commit in commits] == ["initial commit"]
    info = api("GET", "/api/models/ada/net").json()
    assert info["sha"] == commits[0]["id"]
    assert info["siblings"] == [{"rfilename": ".gitattributes"}]


def test_creating_it_again_answers_409_with_its_address(api: Api) -> None:
    repository = make.repository(make.user("ada"), "net")
    answer = api("POST", "/api/repos/create", {"name": "NET"}, make.token(repository.creator))
    assert answer.status_code == 409
    assert answer.json()["url"] == "http://testserver/ada/NET"


@pytest.mark.parametrize("name", ["-x", "x.", "a--b", "a..b", "x.git", "a b", "x" * 97, "é", "a/b/c"])
def test_a_bad_name_is_refused(api: Api, name: str) -> None:
    answer = api("POST", "/api/repos/create", {"name": name}, make.token(make.user()))
    assert answer.status_code in {400, 404}, answer.content


@pytest.mark.parametrize(("role", "status"), [(None, 401), ("read", 403), ("write", 200)])
def test_creating_needs_a_token_that_may_write(api: Api, role: str | None, status: int) -> None:
    token = make.token(make.user(), role) if role else None
    assert api("POST", "/api/repos/create", {"name": "net"}, token).status_code == status


def test_nobody_creates_in_a_namespace_that_is_not_theirs(api: Api) -> None:
    make.user("ada")
    member, reader = make.user(), make.user()
    make.organization("lab", contributor=member, read=reader)
    body = {"name": "net", "organization": "lab"}
    assert api("POST", "/api/repos/create", {**body, "organization": "ada"}, make.token(member)).status_code == 403
    assert api("POST", "/api/repos/create", body, make.token(reader)).status_code == 403
    assert api("POST", "/api/repos/create", body, make.token(member)).status_code == 200


PATHS = [
    "/api/models/ada/{}", "/api/models/ada/{}/revision/main", "/api/models/ada/{}/tree/main", "/api/models/ada/{}/refs",
    "/api/models/ada/{}/commits/main", "/ada/{}/resolve/main/.gitattributes", "/api/models/ada/{}/auth-check",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_a_private_repository_answers_strangers_exactly_like_a_missing_one(api: Api, path: str) -> None:
    owner = make.user("ada")
    make.repository(owner, "secret", private=True)
    stranger = make.token(make.user())
    for token, status in ((None, 401), (stranger, 404)):
        private, missing = (api("GET", path.format(name), token=token) for name in ("secret", "nosuch"))
        assert private.status_code == missing.status_code == status
        assert private["X-Error-Code"] == missing["X-Error-Code"] == "RepoNotFound"
        assert private.content.replace(b"secret", b"") == missing.content.replace(b"nosuch", b"")
        assert private["X-Error-Message"].replace("secret", "") == missing["X-Error-Message"].replace("nosuch", "")
    assert api("GET", path.format("secret"), token=make.token(owner)).status_code == 200


def test_a_fine_grained_token_opens_its_repository_only(api: Api) -> None:
    owner = make.user("ada")
    mine, other = make.repository(owner, "one", private=True), make.repository(owner, "two", private=True)
    make.repository(make.user("bob"), "open")
    token = make.token(owner, "fine-grained", scopes=[{"action": "write", "repository": mine.pk}])
    assert api("GET", "/api/models/ada/one", token=token).status_code == 200
    assert api("GET", "/api/models/ada/two", token=token).status_code == 404
    assert api("GET", "/ada/two/resolve/main/.gitattributes", token=token).status_code == 404
    assert api("GET", "/api/models/bob/open", token=token).status_code == 200
    assert api("PUT", "/api/models/ada/one/settings", {"visibility": "public"}, token).status_code == 200
    other.private = False
    other.save()
    assert api("PUT", "/api/models/ada/two/settings", {"private": True}, token).status_code == 403


def test_whoami_tells_the_user_the_token_and_the_organisations(api: Api) -> None:
    user = make.user("ada")
    make.organization("lab", write=user)
    answer = api("GET", "/api/whoami-v2", token=make.token(user, "read")).json()
    assert (answer["name"], answer["type"], answer["orgs"][0]["name"]) == ("ada", "user", "lab")
    assert answer["auth"]["accessToken"]["role"] == "read"
    assert api("GET", "/api/whoami-v2").status_code == 401


def test_only_the_owner_deletes_and_then_it_is_gone(api: Api) -> None:
    owner = make.user("ada")
    make.repository(owner, "net")
    assert api("DELETE", "/api/repos/delete", {"name": "ada/net"}, make.token(make.user())).status_code == 403
    assert api("DELETE", "/api/repos/delete", {"name": "net"}, make.token(owner)).status_code == 200
    answer = api("DELETE", "/api/repos/delete", {"name": "net"}, make.token(owner))
    assert (answer.status_code, answer["X-Error-Code"]) == (404, "RepoNotFound")


def test_a_hidden_repository_is_missing_for_strangers_and_disabled_for_its_members(api: Api) -> None:
    owner = make.user("ada")
    repository = make.repository(owner, "net")
    staff = Actor(user=make.user(is_admin=True))
    close(actor=staff, repository=repository, standing=Standing.HIDDEN, reason="stolen")
    assert api("GET", "/ada/net/resolve/main/.gitattributes").status_code == 401
    answer = api("GET", "/ada/net/resolve/main/.gitattributes", token=make.token(owner))
    assert (answer.status_code, answer["X-Error-Message"]) == (403, "Access to this resource is disabled.")


@pytest.mark.parametrize(
    "path", ["/api/models/gpt2", "/api/models/gpt2/revision/main", "/gpt2/resolve/main/config.json"]
)
def test_names_without_a_namespace_are_told_apart_from_unknown_addresses(api: Api, path: str) -> None:
    assert api("GET", path)["X-Error-Code"] == "RepoNotFound"


def test_gated_content_needs_a_grant_and_metadata_does_not(api: Api) -> None:
    owner = make.user("ada")
    repository = make.repository(owner, "net", gated="manual")
    stranger = make.user()
    assert api("GET", "/api/models/ada/net").json()["gated"] == "manual"
    for token, status in ((None, 401), (make.token(stranger), 403)):
        answer = api("GET", "/ada/net/resolve/main/.gitattributes", token=token)
        assert (answer.status_code, answer["X-Error-Code"]) == (status, "GatedRepo")
        assert "is restricted and you are not in the authorized list" in answer["X-Error-Message"]
    repository.access_requests.create(user=stranger, status="accepted")
    assert api("GET", "/ada/net/resolve/main/.gitattributes", token=make.token(stranger)).status_code == 200
    assert api("GET", "/ada/net/resolve/main/.gitattributes", token=make.token(owner)).status_code == 200


def test_unknown_properties_are_refused_and_known_ones_alone_are_answered(api: Api) -> None:
    make.repository(make.user("ada"), "net")
    assert api("GET", "/api/models/ada/net?expand=sha&expand=private").json().keys() == {"_id", "id", "sha", "private"}
    assert api("GET", "/api/models/ada/net?expand=nosuch").status_code == 400
