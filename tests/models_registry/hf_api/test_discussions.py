"""Discussions and pull requests as programs use them."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Actor, User
from models_registry.community.models import Discussion, Event
from models_registry.community.services import discussions
from models_registry.models import PullRequest, Reference, Repository
from models_registry.services import references
from tests import make
from tests.models_registry.hf_api.conftest import Api, file_line

pytestmark = pytest.mark.django_db

NET = "/api/models/ada/net"
THREADS = f"{NET}/discussions"


@pytest.fixture
def ada() -> User:
    return make.user("ada")


@pytest.fixture
def bob() -> User:
    return make.user("bob")


@pytest.fixture
def net(ada: User) -> Repository:
    repository = make.repository(ada, "net")
    make.commit(repository, {"config.json": "{}\n", "notes.txt": "one\ntwo\nthree\n"})
    return repository


def opened(api: Api, token: str, **body: Any) -> dict[str, Any]:
    return api("POST", THREADS, {"title": "A title", "description": "A text", **body}, token).json()


def proposed(api: Api, token: str, path: str = "a.txt", content: bytes = b"1", base: str = "main") -> int:
    lines = [("header", {"summary": "A proposal", "description": "Because"}), file_line(path, content)]
    answer = api.lines(f"{NET}/commit/{base}?create_pr=1", lines, token)
    return int(answer.json()["pullRequestUrl"].rpartition("/")[2])


def test_a_discussion_from_its_opening_to_its_end(api: Api, net: Repository, ada: User, bob: User) -> None:
    asking, owning = make.token(bob), make.token(ada)
    made = opened(api, asking)
    assert made["num"] == 1
    assert made["url"] == "http://testserver/ada/net/discussions/1"
    one = f"{THREADS}/1"
    said = api("POST", f"{one}/comment", {"comment": "**bold**"}, owning).json()["newMessage"]
    assert (said["type"], said["author"]["name"], said["data"]["latest"]["raw"]) == ("comment", "ada", "**bold**")
    assert "<strong>bold</strong>" in said["data"]["latest"]["html"]
    edited = api("POST", f"{one}/comment/{said['id']}/edit", {"content": "plain"}, owning).json()["updatedComment"]
    assert (edited["data"]["edited"], edited["data"]["history"][0]["raw"]) == (True, "**bold**")
    renamed = api("POST", f"{one}/title", {"title": "Another"}, asking).json()["newTitle"]
    assert renamed["data"] == {"from": "A title", "to": "Another"}
    closed = api("POST", f"{one}/status", {"status": "closed", "comment": "Done."}, owning).json()["newStatus"]
    assert closed["data"] == {"status": "closed"}
    hidden = api("POST", f"{one}/comment/{said['id']}/hide", None, owning).json()["updatedComment"]
    assert (hidden["data"]["hidden"], hidden["data"]["latest"]["raw"]) == (True, "")

    found = api("GET", one).json()
    assert (found["title"], found["status"], found["isPullRequest"]) == ("Another", "closed", False)
    assert found["repo"] == {"name": "ada/net", "type": "model"}
    assert [event["type"] for event in found["events"]] == [
        "comment", "comment", "title-change", "comment", "status-change",
    ]  # fmt: skip
    assert found["events"][1] == hidden
    assert found["events"][3]["data"]["latest"]["raw"] == "Done."
    assert "plain" not in str(found)
    assert "bold" not in str(found)


def test_the_list_by_pages_and_filters(api: Api, net: Repository, ada: User, bob: User) -> None:
    for number in range(35):
        discussions.open_discussion(actor=Actor(user=ada), repository=net, title=f"Thread {number}")
    token = make.token(bob)
    opened(api, token, pullRequest=True)
    api("POST", f"{THREADS}/1/status", {"status": "closed"}, make.token(ada))
    first, second = (api("GET", f"{THREADS}?p={page}").json() for page in (0, 1))
    assert (first["count"], first["start"], second["start"]) == (36, 0, 30)
    assert [row["num"] for row in first["discussions"] + second["discussions"]] == list(range(36, 0, -1))
    for query, numbers in {
        "type=pull_request": [36],
        "status=closed": [1],
        "status=open&type=pull_request": [36],
        "author=BOB": [36],
        "author=nobody": [],
        "p=7": [],
    }.items():
        assert [row["num"] for row in api("GET", f"{THREADS}?{query}").json()["discussions"]] == numbers
    for query in ("p=-1", "p=x", "type=x", "status=merged"):
        assert api("GET", f"{THREADS}?{query}").status_code == 400


def test_a_draft_from_an_empty_pull_request_to_its_merge(api: Api, net: Repository, ada: User, bob: User) -> None:
    proposing, owning = make.token(bob), make.token(ada)
    head = references.resolve(net, "main").oid
    made = opened(api, proposing, pullRequest=True)
    assert (made["status"], made["num"]) == ("draft", 1)
    assert api("GET", f"{NET}/revision/refs%2Fpr%2F1").json()["sha"] == head
    lines = [("header", {"summary": "Add a"}), file_line("a.txt", b"1\n")]
    assert api.lines(f"{NET}/commit/refs%2Fpr%2F1", lines, proposing).status_code == 200
    one = f"{THREADS}/1"
    assert api("POST", f"{one}/merge", None, owning).status_code == 409
    assert api("POST", f"{one}/status", {"status": "open"}, proposing).json()["newStatus"]["data"] == {"status": "open"}
    before = api("GET", f"{one}?diff=1").json()
    assert (before["changes"], before["filesWithConflicts"]) == ({"base": "refs/heads/main"}, False)
    assert "+++ b/a.txt" in before["diff"]
    assert api("POST", f"{one}/merge", None, proposing).status_code == 403
    merged = api("POST", f"{one}/merge", {"comment": "Thanks"}, owning)
    after = api("GET", f"{one}?diff=1").json()
    assert after["status"] == "merged"
    assert after["changes"] == {"base": "refs/heads/main", "mergeCommitId": merged.json()["mergeCommitId"]}
    assert after["diff"] == before["diff"]
    assert [event["type"] for event in after["events"]] == ["comment", "commit", "status-change", "comment", "merge"]
    commit = references.resolve(net, "main")
    assert commit.oid == after["changes"]["mergeCommitId"]
    assert commit.parents == [head, references.resolve(net, "refs/pr/1").oid]
    titles = [row["title"] for row in api("GET", f"{NET}/commits/main").json()]
    assert titles[:2] == ["Merge pull request #1: A title", "Add a"]
    refused = api.lines(f"{NET}/commit/refs%2Fpr%2F1", lines, proposing)
    assert (refused.status_code, "merged" in refused["X-Error-Message"]) == (409, True)
    assert api("POST", f"{one}/merge", None, owning).status_code == 409
    assert api("POST", f"{one}/status", {"status": "closed"}, owning).status_code == 409


def test_files_that_both_sides_changed_are_named(api: Api, net: Repository, ada: User, bob: User) -> None:
    number = proposed(api, make.token(bob), "config.json", b'{"a": 1}\n')
    make.commit(net, {"config.json": '{"b": 2}\n'})
    assert api("GET", f"{THREADS}/{number}").json()["filesWithConflicts"] == ["config.json"]
    refused = api("POST", f"{THREADS}/{number}/merge", None, make.token(ada))
    assert (refused.status_code, refused.json()["filesWithConflicts"]) == (409, ["config.json"])
    assert PullRequest.objects.get().is_open


def test_a_base_that_was_deleted_is_said_and_can_be_replaced(api: Api, net: Repository, ada: User, bob: User) -> None:
    references.create_branch(actor=Actor(user=ada), repository=net, name="next")
    number = proposed(api, make.token(bob), base="next")
    references.delete_branch(actor=Actor(user=ada), repository=net, name="next")
    one, owning = f"{THREADS}/{number}", make.token(ada)
    refused = api("POST", f"{one}/merge", None, owning)
    assert (refused.status_code, "next" in refused["X-Error-Message"]) == (404, True)
    assert api("GET", f"{one}?diff=1").status_code == 200
    assert api("POST", f"{one}/base", {"base": "nowhere"}, owning).status_code == 404
    changed = api("POST", f"{one}/base", {"base": "main"}, owning).json()["newBase"]
    assert changed["data"] == {"from": "next", "to": "main"}
    assert api("POST", f"{one}/merge", None, owning).status_code == 200


def test_a_merge_of_other_commits_than_were_looked_at_is_refused(
    api: Api, net: Repository, ada: User, bob: User
) -> None:
    number = proposed(api, make.token(bob))
    seen = references.resolve(net, f"refs/pr/{number}").oid
    api.lines(
        f"{NET}/commit/refs%2Fpr%2F{number}", [("header", {"summary": "x"}), file_line("b", b"2")], make.token(bob)
    )
    assert api("POST", f"{THREADS}/{number}/merge", {"head": seen}, make.token(ada)).status_code == 412


def test_an_empty_pull_request_has_nothing_to_merge(api: Api, net: Repository, ada: User) -> None:
    owning = make.token(ada)
    opened(api, owning, pullRequest=True)
    api("POST", f"{THREADS}/1/status", {"status": "open"}, owning)
    refused = api("POST", f"{THREADS}/1/merge", None, owning)
    assert (refused.status_code, "no commits" in refused["X-Error-Message"]) == (409, True)


def test_a_closed_pull_request_takes_no_commits_until_it_is_reopened(api: Api, net: Repository, bob: User) -> None:
    token = make.token(bob)
    number = proposed(api, token)
    one, lines = f"{THREADS}/{number}", [("header", {"summary": "x"}), file_line("b", b"2")]
    api("POST", f"{one}/status", {"status": "closed"}, token)
    assert api.lines(f"{NET}/commit/refs%2Fpr%2F{number}", lines, token).status_code == 409
    api("POST", f"{one}/status", {"status": "open"}, token)
    assert api.lines(f"{NET}/commit/refs%2Fpr%2F{number}", lines, token).status_code == 200


def test_what_a_gated_repository_holds_is_not_in_its_threads(api: Api, net: Repository, ada: User, bob: User) -> None:
    number = proposed(api, make.token(ada), "config.json", b'{"a": 1}\n')
    make.commit(net, {"config.json": '{"b": 2}\n'})
    Repository.objects.filter(pk=net.pk).update(gated="manual")
    found = api("GET", f"{THREADS}/{number}?diff=1", token=make.token(bob)).json()
    assert "diff" not in found
    assert "config.json" not in str(found)
    assert api("GET", f"{THREADS}/{number}", token=make.token(ada)).json()["filesWithConflicts"] == ["config.json"]
    assert api("POST", f"{THREADS}/{number}/comment", {"comment": "May I?"}, make.token(bob)).status_code == 200
    assert api("POST", THREADS, {"title": "x", "pullRequest": True}, make.token(bob)).status_code == 403


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("", {}, 400),
        ("", {"title": ""}, 422),
        ("", {"title": "t" * 201}, 413),
        ("", {"title": "t", "description": 7}, 400),
        ("/1/comment", {}, 400),
        ("/1/comment", {"comment": "  "}, 422),
        ("/1/comment", {"comment": "x" * 65_537}, 413),
        ("/1/status", {"status": "merged"}, 422),
        ("/1/status", {"status": "open"}, 409),
        ("/1/comment/zz/edit", {"content": "x"}, 404),
        (f"/1/comment/{'f' * 24}/hide", {}, 404),
        ("/1/merge", {}, 409),
        ("/1/pin", {"to": "yes"}, 400),
        ("/2/comment", {"comment": "x"}, 404),
        (f"/{10**30}/comment", {"comment": "x"}, 404),
    ],
)
def test_what_cannot_be_is_refused_by_meaning(
    api: Api, net: Repository, ada: User, path: str, body: dict[str, Any], status: int
) -> None:
    token = make.token(ada)
    opened(api, token)
    answer = api("POST", f"{THREADS}{path}", body, token)
    assert answer.status_code == status
    assert answer["X-Error-Message"]


def test_commits_of_a_proposal_stand_in_its_timeline_once(api: Api, net: Repository, bob: User) -> None:
    token = make.token(bob)
    number = proposed(api, token)
    for name in ("b", "c"):
        lines = [("header", {"summary": f"Add {name}"}), file_line(name, b"2")]
        api.lines(f"{NET}/commit/refs%2Fpr%2F{number}", lines, token)
    events = api("GET", f"{THREADS}/{number}").json()["events"]
    assert [event["data"]["subject"] for event in events if event["type"] == "commit"] == [
        "A proposal", "Add b", "Add c",
    ]  # fmt: skip


def test_neither_list_nor_thread_costs_a_query_per_row(api: Api, net: Repository, ada: User) -> None:
    counts = []
    for _ in range(2):
        thread = discussions.open_discussion(actor=Actor(user=ada), repository=net, title="x", text="y")
        first = Discussion.objects.get(repository=net, number=1)
        for _more in range(3):
            author = make.user()
            event = discussions.comment(actor=Actor(user=author), discussion=first, text="z")
            discussions.edit(actor=Actor(user=author), event=event, text="zz")
            discussions.react(actor=Actor(user=ada), event=event, sign="👍")
        for address in (THREADS, f"{THREADS}/{first.number}"):
            with CaptureQueriesContext(connection) as captured:
                assert api("GET", address).status_code == 200
            counts.append(len(captured))
        assert thread.number
    assert counts[:2] == counts[2:]


def test_a_renamed_repository_keeps_its_threads(api: Api, net: Repository, ada: User, bob: User) -> None:
    opened(api, make.token(bob))
    answer = api("POST", "/api/repos/move", {"fromRepo": "ada/net", "toRepo": "ada/web"}, make.token(ada))
    assert answer.status_code == 200
    moved = api("GET", f"{THREADS}/1")
    assert (moved.status_code, moved["Location"]) == (307, "/api/models/ada/web/discussions/1")
    found = api("GET", "/api/models/ada/web/discussions/1").json()
    assert found["repo"]["name"] == "ada/web"


def test_a_deleted_author_is_nobody(api: Api, net: Repository, bob: User) -> None:
    opened(api, make.token(bob))
    bob.namespace.delete()
    bob.delete()
    found = api("GET", f"{THREADS}/1").json()
    assert "author" not in found
    assert "author" not in found["events"][0]
    assert Event.objects.count() == 1
    assert not Reference.objects.filter(name="refs/pr/1").exists()
