"""Repositories renamed, given away and duplicated; their old addresses lead on."""

from typing import Any

import pytest

from accounts.models import Actor, AuditEntry, NamespaceRedirect
from models_registry.models import GitObject, Reference, Repository, RepositoryLfsObject
from models_registry.services import references
from tests import make
from tests.models_registry.hf_api.conftest import Api


def move(api: Api, source: str, target: str, token: str | None, kind: str = "model") -> Any:
    return api("POST", "/api/repos/move", {"fromRepo": source, "toRepo": target, "type": kind}, token)


def follow(api: Api, method: str, path: str, body: Any = None, token: str | None = None) -> Any:
    """As clients do: a relative Location, the same method, the same body."""
    answer = api(method, path, body, token)
    if answer.status_code == 307:
        assert answer["Location"].startswith("/")
        answer = api(method, answer["Location"], body, token)
    return answer


ADDRESSES = [
    ("GET", "/api/models/ada/old", "/api/models/ada/new"),
    ("GET", "/api/models/ada/OLD?blobs=true&expand=sha", "/api/models/ada/new?blobs=true&expand=sha"),
    ("GET", "/api/models/ada/old/revision/refs%2Fpr%2F1", "/api/models/ada/new/revision/refs/pr/1"),
    ("GET", "/api/models/ada/old/tree/main/a%20b%3F?recursive=true", "/api/models/ada/new/tree/main/a%20b%3F?recursive=true"),
    ("POST", "/api/models/ada/old/preupload/main", "/api/models/ada/new/preupload/main"),
    ("POST", "/api/models/ada/old/commit/main?create_pr=1", "/api/models/ada/new/commit/main?create_pr=1"),
    ("PUT", "/api/models/ada/old/settings", "/api/models/ada/new/settings"),
    ("GET", "/api/models/ada/old/xet-read-token/main", "/api/models/ada/new/xet-read-token/main"),
    ("HEAD", "/ada/old/resolve/main/.gitattributes", "/ada/new/resolve/main/.gitattributes"),
    ("GET", "/ada/old/resolve/main/.gitattributes?download=true", "/ada/new/resolve/main/.gitattributes?download=true"),
    ("POST", "/ada/old.git/info/lfs/objects/batch", "/ada/new.git/info/lfs/objects/batch"),
    ("GET", "/ada/old", "/ada/new"),
    ("GET", "/ada/old/tree/main", "/ada/new/tree/main"),
]  # fmt: skip


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize(("method", "path", "location"), ADDRESSES)
def test_an_old_address_leads_on_for_whoever_may_see_where_it_leads(
    api: Api, method: str, path: str, location: str, private: bool
) -> None:
    owner = make.user("ada")
    make.repository(owner, "old", private=private)
    token = make.token(owner)
    assert move(api, "ada/old", "ada/new", token).status_code == 200
    answer = api(method, path, None if method in {"GET", "HEAD"} else {}, token)
    assert (answer.status_code, answer["Location"]) == (307, location)
    for stranger in (None, make.token(make.user())):
        answer = api(method, path, None if method in {"GET", "HEAD"} else {}, stranger)
        if not private:
            assert (answer.status_code, answer["Location"]) == (307, location)
            continue
        missing = api(method, path.replace("old", "nosuch").replace("OLD", "NOSUCH"), {}, stranger)
        assert answer.status_code == missing.status_code in {401, 404}
        assert answer.headers.get("X-Error-Code") == missing.headers.get("X-Error-Code") == "RepoNotFound"
        message = answer["X-Error-Message"].replace("old", "nosuch").replace("OLD", "NOSUCH")
        assert message == missing["X-Error-Message"]


def test_following_it_brings_the_file_and_takes_the_commit(api: Api, line: Any) -> None:
    owner = make.user("ada")
    make.repository(owner, "old")
    token = make.token(owner)
    move(api, "ada/old", "ada/new", token)
    assert follow(api, "GET", "/ada/old/resolve/main/.gitattributes").status_code == 200
    answer = api.commit("ada/old", [line("a.txt", b"a")], token)
    assert (answer.status_code, answer["Location"]) == (307, "/api/models/ada/new/commit/main")
    assert api.commit("ada/new", [line("a.txt", b"a")], token).status_code == 200


def test_a_chain_of_names_leads_to_the_last_in_one_step(api: Api) -> None:
    owner = make.user("ada")
    make.repository(owner, "a")
    token = make.token(owner)
    for old, new in (("a", "b"), ("b", "c")):
        assert move(api, f"ada/{old}", f"ada/{new}", token).status_code == 200
    assert [api("GET", f"/api/models/ada/{name}").headers.get("Location") for name in "abc"] == [
        "/api/models/ada/c"
    ] * 2 + [None]
    assert move(api, "ada/c", "ada/a", token).status_code == 200
    assert [api("GET", f"/api/models/ada/{name}").status_code for name in "abc"] == [200, 307, 307]


def test_a_new_repository_takes_an_old_name(api: Api) -> None:
    owner = make.user("ada")
    first = make.repository(owner, "net")
    token = make.token(owner)
    move(api, "ada/net", "ada/other", token)
    second = make.repository(owner, "net")
    assert api("GET", "/api/models/ada/net").json()["_id"] == str(second.pk)
    assert api("GET", "/api/models/ada/other").json()["_id"] == str(first.pk)


def test_a_name_changes_its_case_alone(api: Api) -> None:
    owner = make.user("ada")
    make.repository(owner, "Model")
    assert move(api, "ada/Model", "ada/model", make.token(owner)).status_code == 200
    assert api("GET", "/api/models/ada/MODEL").json()["id"] == "ada/model"
    assert not Repository.objects.get().redirects.exists()


def test_a_renamed_namespace_leads_on_too(api: Api) -> None:
    owner = make.user("ada")
    make.repository(owner, "net")
    NamespaceRedirect.objects.create(old_key="countess", namespace=owner.namespace)
    assert api("GET", "/api/models/Countess/net/refs")["Location"] == "/api/models/ada/net/refs"
    move(api, "ada/net", "ada/new", make.token(owner))
    assert api("GET", "/api/models/countess/net")["Location"] == "/api/models/ada/new"
    assert api("GET", "/countess")["Location"] == "/ada"
    assert api("GET", "/api/users/countess/overview")["Location"] == "/api/users/ada/overview"
    assert api("POST", "/api/repos/create", {"name": "countess/x"}, make.token(owner)).status_code == 404


def test_kinds_move_apart(api: Api) -> None:
    owner = make.user("ada")
    make.repository(owner, "net")
    make.repository(owner, "net", kind="dataset")
    assert move(api, "ada/net", "ada/rows", make.token(owner), "dataset").status_code == 200
    assert api("GET", "/api/models/ada/net").status_code == 200
    assert api("GET", "/datasets/ada/net/resolve/main/.gitattributes")["Location"].startswith("/datasets/ada/rows/")


def test_a_move_needs_rights_in_both_places_and_is_written_down(api: Api) -> None:
    owner, other = make.user("ada"), make.user("bob")
    make.organization("lab", write=owner)
    make.repository(owner, "net")
    token = make.token(owner)
    assert move(api, "ada/net", "bob/net", token).status_code == 403
    assert move(api, "ada/net", "bob/net", make.token(other)).status_code == 403
    assert move(api, "ada/net", "lab/net", make.token(owner, "read")).status_code == 403
    assert move(api, "ada/net", "lab/net", None).status_code == 401
    assert move(api, "ada/net", "nobody/net", token).status_code == 404
    assert move(api, "ada/net", "lab/net", token).status_code == 200
    entry = AuditEntry.objects.get(action="repository.moved")
    assert (entry.target, entry.details) == ("ada/net", {"kind": "model", "to": "lab/net"})


@pytest.mark.parametrize("target", ["ada/taken", "ada/TAKEN"])
def test_a_name_that_is_taken_is_refused_in_known_words(api: Api, target: str) -> None:
    owner = make.user("ada")
    make.repository(owner, "net")
    make.repository(owner, "taken")
    answer = move(api, "ada/net", target, make.token(owner))
    assert answer.status_code == 409
    assert f"A model repository called {target} already exists" in answer.json()["error"]
    assert api("GET", "/api/models/ada/net").status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"fromRepo": "ada/net"},
        {"fromRepo": "net", "toRepo": "ada/x"},
        {"fromRepo": "ada/net", "toRepo": "ada/a/b"},
        {"fromRepo": 1, "toRepo": 2},
        {"fromRepo": "ada/net", "toRepo": "ada/-x"},
    ],
)
def test_a_move_that_says_too_little_is_refused(api: Api, body: dict[str, Any]) -> None:
    owner = make.user("ada")
    make.repository(owner, "net")
    assert api("POST", "/api/repos/move", body, make.token(owner)).status_code == 400


def test_deleting_by_an_old_name_deletes_nothing(api: Api) -> None:
    owner = make.user("ada")
    make.repository(owner, "net")
    token = make.token(owner)
    move(api, "ada/net", "ada/new", token)
    answer = api("DELETE", "/api/repos/delete", {"name": "net"}, token)
    assert (answer.status_code, answer["X-Error-Code"]) == (404, "RepoNotFound")
    assert "ada/new" in answer.json()["error"]
    assert Repository.objects.exists()


def duplicate(api: Api, source: str, target: str, token: str | None, **more: Any) -> Any:
    return api("POST", f"/api/models/{source}/duplicate", {"repository": target, **more}, token)


def test_a_duplicate_has_the_history_the_branches_and_the_tags(api: Api) -> None:
    ada, bob = make.user("ada"), make.user("bob")
    source = make.repository(ada, "net")
    head = make.commit(source, {"README.md": "---\nlicense: mit\n---\n", "data/a.txt": "a"})
    actor = Actor(user=ada)
    references.create_branch(actor=actor, repository=source, name="dev")
    references.create_tag(actor=actor, repository=source, name="v1", revision="main", message="first")
    Reference.objects.create(repository=source, name="refs/pr/1", target=head.oid)
    Reference.objects.create(repository=source, name="refs/scores/1", target=head.oid)
    answer = duplicate(api, "ada/net", "bob/copy", make.token(bob))
    assert answer.json() == {
        "url": "http://testserver/bob/copy", "name": "bob/copy", "id": str(Repository.objects.get(name="copy").pk)
    }  # fmt: skip
    copy = Repository.objects.get(name="copy")
    ours, theirs = (api("GET", f"/api/models/{name}/refs?include_prs=1").json() for name in ("bob/copy", "ada/net"))
    assert (ours["branches"], ours["tags"], ours["pullRequests"]) == (theirs["branches"], theirs["tags"], [])
    assert copy.references.count() == 3
    for path in ("commits/main", "tree/main?recursive=true&expand=true"):
        assert api("GET", f"/api/models/bob/copy/{path}").json() == api("GET", f"/api/models/ada/net/{path}").json()
    assert api("GET", "/bob/copy/resolve/main/data/a.txt").content == b"a"
    assert GitObject.objects.filter(repository=copy).count() == GitObject.objects.filter(repository=source).count()
    make.commit(copy, {"b.txt": "b"}, actor=Actor(user=bob))
    assert api("GET", "/ada/net/resolve/main/b.txt").status_code == 404


def test_a_duplicate_possesses_the_large_files(api: Api) -> None:
    from models_registry.models import LfsObject

    ada, bob = make.user("ada"), make.user("bob")
    source = make.repository(ada, "net")
    stored = LfsObject.objects.create(sha256="a" * 64, size=3, plain_key="x")
    RepositoryLfsObject.objects.create(repository=source, lfs_object=stored)
    duplicate(api, "ada/net", "bob/net", make.token(bob))
    assert RepositoryLfsObject.objects.filter(lfs_object=stored).count() == 2


def test_a_duplicate_costs_as_many_queries_whatever_it_holds(api: Api, django_assert_max_num_queries: Any) -> None:
    ada = make.user("ada")
    source = make.repository(ada, "net")
    make.commit(source, {f"folder-{number}/{number}.txt": str(number) for number in range(50)})
    token = make.token(ada)
    with django_assert_max_num_queries(60):
        assert duplicate(api, "ada/net", "ada/copy", token).status_code == 200


def test_the_name_of_a_duplicate_may_be_taken(api: Api) -> None:
    ada = make.user("ada")
    make.repository(ada, "net")
    answer = duplicate(api, "ada/net", "ada/net", make.token(ada))
    assert (answer.status_code, answer.json()["url"]) == (409, "http://testserver/ada/net")
    assert Repository.objects.count() == 1


@pytest.mark.parametrize(
    ("source", "asked", "private"),
    [(False, {}, False), (True, {}, True), (False, {"visibility": "private"}, True), (True, {"private": False}, False)],
)
def test_a_duplicate_is_as_visible_as_its_source_unless_asked_otherwise(
    api: Api, source: bool, asked: dict[str, Any], private: bool
) -> None:
    ada = make.user("ada")
    make.repository(ada, "net", private=source)
    assert duplicate(api, "ada/net", "ada/copy", make.token(ada), **asked).status_code == 200
    assert Repository.objects.get(name="copy").private == private


def test_what_may_not_be_read_may_not_be_duplicated(api: Api) -> None:
    ada, bob = make.user("ada"), make.user("bob")
    make.repository(ada, "secret", private=True)
    gated = make.repository(ada, "gated", gated="manual")
    token = make.token(bob)
    answer = duplicate(api, "ada/secret", "bob/copy", token)
    assert (answer.status_code, answer["X-Error-Code"]) == (404, "RepoNotFound")
    answer = duplicate(api, "ada/gated", "bob/copy", token)
    assert (answer.status_code, answer["X-Error-Code"]) == (403, "GatedRepo")
    gated.access_requests.create(user=bob, status="accepted")
    assert duplicate(api, "ada/gated", "bob/copy", token).status_code == 200
    assert Repository.objects.get(name="copy").gated == "manual"
    assert duplicate(api, "ada/gated", "ada/copy", token).status_code == 403
    assert duplicate(api, "ada/gated", "bob/copy2", make.token(bob, "read")).status_code == 403
    assert duplicate(api, "ada/gated", "bob/copy2", None).status_code == 401


@pytest.mark.parametrize(
    ("body", "status"),
    [({"visibility": "private"}, 200), ({"visibility": "public", "discussionsDisabled": True}, 200), ({"private": True}, 200),
     ({"visibility": "protected"}, 400), ({"gated": "auto"}, 200), ({"gated": False}, 200), ({"gated": "yes"}, 400), ({}, 200)],
)  # fmt: skip
def test_settings_are_changed_by_new_clients_and_old_ones(api: Api, body: dict[str, Any], status: int) -> None:
    ada = make.user("ada")
    make.repository(ada, "net")
    answer = api("PUT", "/api/models/ada/net/settings", body, make.token(ada))
    assert answer.status_code == status, answer.content
    if status == 400:
        assert answer.json()["error"]
