"""A private repository answers like a missing one, at every address; the content of a gated or hidden one is at none."""

import json
from typing import Any

import pytest
from django.test import Client

from accounts.models import Actor
from models_registry.models import Repository
from models_registry.services.moving import move_repository
from tests import make

SHA = "a" * 64
# (method, what follows the repository's address in the API, body)
CALLS = [
    ("GET", "", None),
    ("GET", "/revision/main", None),
    ("PUT", "/settings", {"private": False}),
    ("POST", "/duplicate", {"repository": "bob/copy"}),
    ("POST", "/like", {}),
    ("DELETE", "/like", None),
    ("GET", "/likers", None),
    ("GET", "/gate", None),
    ("POST", "/follow", {}),
    ("DELETE", "/follow", None),
    ("GET", "/followers", None),
    ("POST", "/user-access-request/handle", {"user": "bob", "status": "accepted"}),
    ("POST", "/user-access-request/grant", {"user": "bob"}),
    ("GET", "/user-access-request/pending", None),
    ("GET", "/auth-check", None),
    ("GET", "/auth-check/write", None),
    ("GET", "/tree/main", None),
    ("POST", "/paths-info/main", {"paths": ["a"]}),
    ("GET", "/refs", None),
    ("GET", "/secrets", None),
    ("POST", "/secrets/1/dismiss", {"reason": "none"}),
    ("POST", "/branch/side", {}),
    ("DELETE", "/branch/side", None),
    ("POST", "/tag/main", {"tag": "v1"}),
    ("DELETE", "/tag/v1", None),
    ("POST", "/super-squash/main", {}),
    ("GET", "/lfs-files", None),
    ("POST", "/lfs-files/batch", {"deletions": {"sha": [SHA], "rewriteHistory": True}}),
    ("POST", "/lfs-files/duplicate", {"target": {"type": "model", "name": "bob/own"}, "files": [{"sha256": SHA}]}),
    ("GET", "/safetensors-metadata/model.safetensors", None),
    ("GET", "/commits/main", None),
    ("GET", "/compare/main..main", None),
    ("POST", "/preupload/main", {"files": []}),
    ("POST", "/preupload/main?create_pr=1", {"files": []}),
    ("POST", "/commit/main", {}),
    ("POST", "/commit/main?create_pr=1", {}),
    ("GET", "/discussions", None),
    ("POST", "/discussions", {"title": "a title"}),
    ("POST", "/discussions", {"title": "a title", "pullRequest": True}),
    ("GET", "/discussions/1?diff=1", None),
    ("POST", "/discussions/1/comment", {"comment": "a text"}),
    ("POST", "/discussions/1/comment/1/edit", {"content": "a text"}),
    ("POST", "/discussions/1/comment/1/hide", {}),
    ("POST", "/discussions/1/title", {"title": "a title"}),
    ("POST", "/discussions/1/status", {"status": "closed"}),
    ("POST", "/discussions/1/merge", {}),
    ("POST", "/discussions/1/base", {"base": "main"}),
    ("POST", "/discussions/1/pin", {}),
    ("POST", "/discussions/1/lock", {}),
    ("GET", "/xet-read-token/main", None),
    ("GET", "/xet-write-token/main", None),
    ("GET", "/xet-write-token/None?create_pr=1", None),
]
# (method, address with {} for the repository's name, body)
OTHERS = [
    ("GET", "/{}/resolve/main/a", None),
    ("GET", "/{}/raw/main/a", None),
    ("POST", "/{}/ask-access", {}),
    ("GET", "/{}/access", None),
    ("GET", "/{}.git/info/refs?service=git-upload-pack", None),
    ("GET", "/{}.git/info/refs?service=git-receive-pack", None),
    ("POST", "/{}.git/info/lfs/objects/batch", {"operation": "download", "objects": []}),
    ("POST", "/{}.git/info/lfs/objects/batch", {"operation": "upload", "objects": []}),
    ("POST", "/{}.git/info/lfs/verify", {"oid": SHA, "size": 1}),
    ("GET", "/{}.git/info/lfs/locks", None),
    ("POST", "/{}.git/info/lfs/locks", {"path": "a"}),
    ("POST", "/{}.git/info/lfs/locks/verify", {}),
    ("POST", "/{}.git/info/lfs/locks/1/unlock", {}),
    ("GET", "/{}", None),
    ("GET", "/{}/tree/main", None),
    ("GET", "/{}/blob/main/a", None),
    ("GET", "/{}/commits/main", None),
    ("GET", "/{}/commit/main", None),
    ("GET", "/{}/discussions/1", None),
]


# What may be known of a gated repository by everybody: that it is there, what its files are called, and what is said of it.
OPEN = {
    "", "/gate", "/{}/access",
    "/revision/main", "/like", "/likers", "/follow", "/followers", "/tree/main", "/paths-info/main", "/refs",
    "/commits/main",
    "/{}", "/{}/ask-access", "/discussions", "/{}/discussions/1", "/discussions/1?diff=1",
    *(path for _method, path, _body in CALLS if path.startswith("/discussions/1/")),
}  # fmt: skip
DOORS = [*((method, f"/api/models/{{}}{path}", body) for method, path, body in CALLS), *OTHERS]


def asked(client: Client, method: str, address: str, body: Any, name: str) -> tuple[int, dict[str, str], str]:
    """The status, what the headers say, and the body; without the repository's name."""
    sent = "" if body is None else json.dumps(body)
    answer = client.generic(method, address.format(name), sent, content_type="application/json")
    said = {key: answer.get(key, "").replace(name, "NAME") for key in ("Location", "X-Error-Code", "X-Error-Message")}
    return answer.status_code, said, answer.content.decode().replace(name, "NAME")


def client_of(who: str) -> Client:
    if who == "nobody":
        return Client()
    bob = make.user("bob")
    make.repository(bob, "own")
    return Client(headers=make.bearer(make.token(bob, "read" if who == "reader" else "write")))


@pytest.mark.parametrize("is_moved", [False, True])
@pytest.mark.parametrize("who", ["nobody", "member", "reader"])
def test_a_private_repository_looks_like_none(who: str, is_moved: bool) -> None:
    ada = make.user("ada")
    secret = make.repository(ada, "former" if is_moved else "secret", private=True)
    make.commit(secret, {"a": "hello"})
    if is_moved:
        move_repository(actor=Actor(user=ada), repository=secret, namespace="ada", name="secret")
    client = client_of(who)
    for method, address, body in DOORS:
        known = asked(client, method, address, body, "ada/former" if is_moved else "ada/secret")
        missing = asked(client, method, address, body, "ada/nothing")
        assert known[0] >= 400, (method, address, known)
        assert known[:2] == missing[:2], (method, address)
        if "csrf" not in known[2]:
            assert known[2] == missing[2], (method, address)


@pytest.mark.parametrize("what", [{"gated": "manual"}, {"disabled_reason": "spam"}])
@pytest.mark.parametrize("who", ["nobody", "member", "reader"])
def test_no_door_gives_content_that_may_not_be_read(who: str, what: dict[str, str]) -> None:
    repository = make.repository(make.user("ada"), "shut")
    make.commit(repository, {"a": "hello", "model.safetensors": "x"})
    Repository.objects.filter(pk=repository.pk).update(**what)
    client = client_of(who)
    for method, address, body in DOORS:
        if "gated" not in what or address.removeprefix("/api/models/{}") not in OPEN:
            status, _, said = asked(client, method, address, body, "ada/shut")
            assert status in ({401, 403} if "gated" in what else {401, 404}), (method, address, status, said)


NOTICE = "Closed on request of the Ministry."


@pytest.mark.parametrize("who", ["nobody", "member", "reader"])
def test_what_is_taken_down_says_why_at_every_door_and_gives_nothing(who: str) -> None:
    repository = make.repository(make.user("ada"), "gone")
    make.commit(repository, {"a": "hello", "model.safetensors": "x"})
    told = {"disabled_reason": "stolen", "disabled_as": "taken down", "public_notice": NOTICE}
    Repository.objects.filter(pk=repository.pk).update(**told)
    client = client_of(who)
    for method, address, body in DOORS:
        status, headers, said = asked(client, method, address, body, "ada/gone")
        case = (method, address, status, said)
        if address.startswith("/{}") and status != 451 and "Sign in" in headers["X-Error-Message"]:
            continue  # who is nobody is asked for a name before anything else
        assert status in {403, 451} or (who == "nobody" and status == 401), case
        if status != 401 and "CSRF" not in said:
            assert headers["X-Error-Message"] == "Access to this resource is disabled.", case
            assert NOTICE in said, case
        assert "hello" not in said, case
    assert "ada/gone" not in client.get("/api/models").content.decode()


@pytest.mark.parametrize("who", ["nobody", "member"])
def test_what_was_private_and_is_taken_down_looks_like_none(who: str) -> None:
    repository = make.repository(make.user("ada"), "secret", private=True)
    told = {"disabled_reason": "stolen", "disabled_as": "taken down", "public_notice": NOTICE}
    Repository.objects.filter(pk=repository.pk).update(**told)
    client = client_of(who)
    for method, address, body in DOORS:
        known, missing = (asked(client, method, address, body, name) for name in ("ada/secret", "ada/nothing"))
        assert known[:2] == missing[:2], (method, address)
