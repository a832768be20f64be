"""Proposals, comparisons, histories of paths and raw files, by HTTP."""

import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from pytest_django.fixtures import DjangoAssertNumQueries

from accounts.models import TokenRole, User
from models_registry.community.models import Discussion
from models_registry.models import PullRequest, Reference, Repository
from models_registry.services import objects
from tests import make, services
from tests.models_registry.hf_api.conftest import Api, file_line


@pytest.fixture
def ada() -> User:
    return make.user("ada")


@pytest.fixture
def net(ada: User) -> Repository:
    return make.repository(ada, "net")


def propose(api: Api, token: str | None, *lines: Any, base: str = "main", **header: Any) -> Any:
    body = [("header", {"summary": "a proposal", **header}), *(lines or [file_line("a.txt", b"1")])]
    return api.lines(f"/api/models/ada/net/commit/{base}?create_pr=1", body, token)


def test_a_proposal_is_a_reference_and_a_page(api: Api, net: Repository) -> None:
    reader = make.user("bob")
    made = propose(api, make.token(reader), description="Please take it").json()
    assert made["pullRequestUrl"] == "http://testserver/ada/net/discussions/1"
    row = PullRequest.objects.get()
    assert (row.number, row.base, row.author) == (1, "refs/heads/main", reader)
    assert Discussion.objects.get().title == "a proposal"
    assert Reference.objects.get(name="refs/pr/1").target == made["commitOid"]
    page = api.client.get("/ada/net/discussions/1").content.decode()
    for shown in ("a proposal", "Please take it", "bob", "refs/pr/1"):
        assert shown in page
    for number in (0, 2, 10**30):
        assert api.client.get(f"/ada/net/discussions/{number}").status_code == 404


def test_a_proposal_goes_with_its_repository_and_stays_without_its_author(api: Api, net: Repository) -> None:
    reader = make.user("bob")
    propose(api, make.token(reader))
    reader.delete()
    assert api.client.get("/ada/net/discussions/1").status_code == 200
    net.delete()
    assert not PullRequest.objects.exists()


@pytest.mark.parametrize("role", [TokenRole.READ, TokenRole.FINE_GRAINED])
def test_a_token_that_writes_nothing_here_proposes_nothing(api: Api, net: Repository, role: str) -> None:
    token = make.token(make.user("bob"), role)
    assert propose(api, token).status_code == 403
    asked = {"files": [{"path": "a", "size": 1, "sample": ""}]}
    assert api("POST", "/api/models/ada/net/preupload/main?create_pr=1", asked, token).status_code == 403
    assert api("GET", "/api/models/ada/net/xet-write-token/main?create_pr=1", token=token).status_code == 403


def test_a_suspended_member_proposes_nothing(api: Api, net: Repository) -> None:
    bob = make.user("bob")
    token = make.token(bob)
    User.objects.filter(pk=bob.pk).update(suspended_reason="spam")
    assert propose(api, token).status_code == 403


@pytest.mark.parametrize("name", ["refs/pr/2", "refs/pr/99999999999999999999", "refs/pr/x", "refs/scores/1"])
def test_there_is_no_writing_to_references_that_are_not_there_or_hidden(api: Api, net: Repository, name: str) -> None:
    head = Reference.objects.get(repository=net).target
    Reference.objects.create(repository=net, name="refs/scores/1", target=head)
    line = [("header", {"summary": "x"}), file_line("a", b"1")]
    address = f"/api/models/ada/net/commit/{name.replace('/', '%2F')}"
    answer = api.lines(address, line, make.token(net.creator))
    assert (answer.status_code, answer["X-Error-Code"]) == (404, "RevisionNotFound")


def test_two_revisions_are_compared(api: Api, ada: User, net: Repository) -> None:
    make.commit(net, {"a.txt": "one\ntwo\n", "gone": "x", "d/moved": "same content"})
    old = Reference.objects.get(repository=net).target
    make.commit(net, {"a.txt": "one\n2\n", "e/moved": "same content", "new": "y"})
    api.commit("ada/net", [("deletedFile", {"path": "gone"}), ("deletedFolder", {"path": "d"})], make.token(ada))
    answer = api("GET", f"/api/models/ada/net/compare/{old[:10]}..main").json()
    assert {file["path"]: file["status"] for file in answer["files"]} == {
        "a.txt": "modified", "e/moved": "renamed", "gone": "removed", "new": "added",
    }  # fmt: skip
    assert answer["files"][0]["diff"] == "@@ -1,2 +1,2 @@\n one\n-two\n+2\n"
    assert answer["base"] == old
    page = api("GET", f"/api/models/ada/net/compare/{old}..main?limit=3")
    assert len(page.json()["files"]) == 3
    following = api("GET", page["Link"].partition("<http://testserver")[2].partition(">")[0])
    assert [file["path"] for file in following.json()["files"]] == ["new"]


def test_a_raw_comparison_is_what_git_applies(api: Api, ada: User, net: Repository, tmp_path: Path) -> None:
    services.require("git")
    before = {"a.txt": "one\ntwo", "gone": "x\n", "d/moved": "same content\n", 'odd "name" é': "1\n"}
    after = {"a.txt": "one\n2\n", "e/moved": "same content\n", "new": "y\n", 'odd "name" é': "2\n"}
    make.commit(net, before)
    old = Reference.objects.get(repository=net).target
    make.commit(net, after)
    api.commit("ada/net", [("deletedFile", {"path": "gone"}), ("deletedFolder", {"path": "d"})], make.token(ada))
    patch = api("GET", f"/api/models/ada/net/compare/{old}..main?raw").content
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    for path, text in before.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=patch, check=True)
    left = {str(path.relative_to(tmp_path)): path.read_text() for path in tmp_path.rglob("*") if path.is_file()}
    assert {path: text for path, text in left.items() if not path.startswith(".git/")} == after


def test_three_dots_leave_out_what_the_base_has_got_since(api: Api, net: Repository) -> None:
    propose(api, make.token(make.user("bob")))
    make.commit(net, {"later": "on main"})
    assert [file["path"] for file in api("GET", "/api/models/ada/net/compare/main...refs/pr/1").json()["files"]] == [
        "a.txt"
    ]
    assert len(api("GET", "/api/models/ada/net/compare/main..refs%2Fpr%2F1").json()["files"]) == 2


@pytest.mark.parametrize(
    ("asked", "status"), [("main", 400), ("main..nowhere", 404), ("nowhere...main", 404), ("..", 200), ("main..", 200)]
)
def test_a_comparison_needs_two_revisions(api: Api, net: Repository, asked: str, status: int) -> None:
    assert api("GET", f"/api/models/ada/net/compare/{asked}").status_code == status


def test_lines_of_a_gated_repository_are_content(api: Api, net: Repository) -> None:
    Repository.objects.update(gated="manual")
    for address in ("/api/models/ada/net/compare/main..main", "/ada/net/raw/main/.gitattributes"):
        assert api("GET", address)["X-Error-Code"] == "GatedRepo"


def test_the_history_of_a_path_is_listed(api: Api, net: Repository) -> None:
    for number in range(3):
        make.commit(net, {"d/a": f"{number}", "b": "same"}, title=f"commit {number}")
    page = api("GET", "/api/models/ada/net/commits/main?path=d/a&limit=2&expand[]=formatted")
    assert [commit["title"] for commit in page.json()] == ["commit 2", "commit 1"]
    following = api("GET", page["Link"].partition("<http://testserver")[2].partition(">")[0])
    assert [commit["title"] for commit in following.json()] == ["commit 0"]
    assert [commit["title"] for commit in api("GET", "/api/models/ada/net/commits/main?path=b").json()] == ["commit 0"]
    assert api("GET", "/api/models/ada/net/commits/main?path=nowhere")["X-Error-Code"] == "EntryNotFound"


def test_all_who_made_a_commit_are_named_and_its_words_are_safe(api: Api, net: Repository) -> None:
    make.commit(
        net, {"a": "1"}, title="<b>", body="Text\n\nCo-authored-by: Eve <eve@example.org>\nCo-Authored-By: ada <x>"
    )
    [commit, _] = api("GET", "/api/models/ada/net/commits/main?expand[]=formatted").json()
    assert commit["authors"] == [{"user": "ada"}, {"user": "Eve"}]
    assert (commit["title"], commit["formatted"]["title"]) == ("<b>", "&lt;b&gt;")
    assert "formatted" not in api("GET", "/api/models/ada/net/commits/main").json()[0]


def test_a_file_is_given_as_git_keeps_it(api: Api, net: Repository) -> None:
    commit = make.commit(net, {"a.html": "<script>"})
    answer = api("GET", "/ada/net/raw/main/a.html")
    assert (answer.content, answer["Content-Type"]) == (b"<script>", "text/plain; charset=utf-8")
    assert answer["X-Repo-Commit"] == commit.oid
    assert "sandbox" in answer["Content-Security-Policy"]
    assert api("GET", "/ada/net/raw/main/nowhere")["X-Error-Code"] == "EntryNotFound"


def test_pages_show_what_changed(
    client: Client, net: Repository, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    make.commit(net, {"a.txt": "one\n<script>alert(1)</script>\n", "big.bin": b"\0" * 10}, title="the first one")
    made = make.commit(net, {"a.txt": "two\n", **{f"d{number}/x": "1" for number in range(60)}}, title="the other one")
    with django_assert_max_num_queries(25):
        page = client.get(f"/ada/net/commit/{made.oid}").content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert(1)" not in page
    assert "?after=d" in page
    assert "61 files" in page
    assert client.get(f"/ada/net/commit/{made.oid}?after=d60").status_code == 200
    assert "the other one" in client.get("/ada/net/commits/main/a.txt").content.decode()
    listed = client.get("/ada/net/commits/main/big.bin").content.decode()
    assert "the first one" in listed
    assert "the other one" not in listed
    assert "/ada/net/commits/main/a.txt" in client.get("/ada/net/blob/main/a.txt").content.decode()
    assert client.get("/ada/net/commits/main/nowhere").status_code == 404
    assert client.get("/ada/net/commits/main/a.txt?from=nowhere").status_code == 404


def test_an_emptied_row_limit_is_no_matter_to_a_comparison(
    api: Api, net: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Texts that lie in storage are compared too."""
    old = make.commit(net, {"a.txt": "one\n"})
    monkeypatch.setattr(objects, "ROW_LIMIT", 1)
    api.commit("ada/net", [file_line("a.txt", b"two\n")], make.token(net.creator))
    assert api("GET", f"/api/models/ada/net/compare/{old.oid}..main").json()["files"][0]["diff"]


@pytest.mark.parametrize(
    "name", ["a/b/c", "with-dash_und.dot", "v1.0", "ünïcode", "refs/heads/x", "1234567", "%41", "a@b", "é" * 40]
)
def test_branches_and_tags_of_odd_names_are_used_as_any_other(api: Api, net: Repository, name: str) -> None:

    token = make.token(net.creator)
    quoted = quote(name, safe="")
    head = api("GET", "/api/models/ada/net").json()["sha"]
    assert api("POST", f"/api/models/ada/net/branch/{quoted}", {"startingPoint": head[:9]}, token).status_code == 200
    assert api("POST", "/api/models/ada/net/tag/main", {"tag": f"t-{name}"}, token).status_code == 200
    assert api("GET", f"/api/models/ada/net/revision/{quoted}").json()["sha"] == head
    assert api("HEAD", f"/ada/net/resolve/{quoted}/.gitattributes").status_code == 200
    body = [("header", {"summary": "x"}), file_line("only-here", b"1")]
    assert api.lines(f"/api/models/ada/net/commit/{quoted}", body, token).status_code == 200
    paths = [entry["path"] for entry in api("GET", f"/api/models/ada/net/tree/{quoted}").json()]
    assert paths == [".gitattributes", "only-here"]
    assert api("DELETE", f"/api/models/ada/net/branch/{quoted}", token=token).status_code == 200
    assert api("DELETE", f"/api/models/ada/net/tag/{quote(f't-{name}', safe='')}", token=token).status_code == 200
    answer = api("DELETE", f"/api/models/ada/net/branch/{quoted}", token=token)
    assert (answer.status_code, f"Invalid rev id: {name}" == answer.json()["error"]) == (404, True)


@pytest.mark.parametrize(
    "name",
    [
        "a b",
        "a..b",
        "a~1",
        "a^",
        "a:b",
        "a?",
        "a*",
        "[a",
        "a\\b",
        "/a",
        "a/",
        "a.lock",
        "@{x",
        "-",
        "HEAD",
        "f" * 40,
        "x" * 300,
    ],
)
def test_names_that_git_does_not_know_are_refused(api: Api, net: Repository, name: str) -> None:
    token = make.token(net.creator)
    answer = api("POST", "/api/models/ada/net/tag/main", {"tag": name}, token)
    assert 400 <= answer.status_code < 500, answer.json()


def test_a_tag_does_not_hinder_a_branch_of_its_name(api: Api, net: Repository) -> None:
    token = make.token(net.creator)
    assert api("POST", "/api/models/ada/net/tag/main", {"tag": "same"}, token).status_code == 200
    assert api("DELETE", "/api/models/ada/net/branch/same", token=token)["X-Error-Code"] == "RevisionNotFound"
    assert api("POST", "/api/models/ada/net/branch/same", {}, token).status_code == 200
    again = api("POST", "/api/models/ada/net/branch/same", {}, token)
    assert (again.status_code, again.json()["error"]) == (409, "Reference refs/heads/same already exists")
    assert api("DELETE", "/api/models/ada/net/tag/same", token=token).status_code == 200
    assert api("DELETE", "/api/models/ada/net/tag/same", token=token)["X-Error-Code"] == "RevisionNotFound"
    refused = api("DELETE", "/api/models/ada/net/branch/main", token=token)
    assert (refused.status_code, refused.json()["error"].startswith("Cannot delete refs/heads/main")) == (403, True)
