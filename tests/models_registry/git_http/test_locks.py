"""The locks of git-lfs: words to others, one for each file."""

from typing import Any

import pytest
from django.test import Client

from models_registry.models import LfsLock, Repository
from tests import make

JSON = "application/vnd.git-lfs+json"


class Locks:
    def __init__(self, repository: Repository, token: str):
        self.address = f"{repository.get_absolute_url()}.git/info/lfs/locks"
        self.client = Client(headers=make.bearer(token) if token else {})

    def post(self, path: str, body: dict[str, Any]):
        return self.client.post(f"{self.address}{path}", body, content_type="application/json")

    def lock(self, path: str):
        return self.post("", {"path": path})

    def listed(self, query: str = "") -> dict[str, Any]:
        return self.client.get(f"{self.address}{query}").json()


@pytest.fixture
def lab() -> tuple[Repository, Locks, Locks]:
    """A repository, and the locks as who administers it and as who writes see them."""
    owner, writer = make.user("owner"), make.user("writer")
    organization = make.organization(admin=owner, write=writer)
    repository = make.repository(owner, namespace=organization.namespace.name)
    return repository, Locks(repository, make.token(owner)), Locks(repository, make.token(writer))


def test_a_file_is_locked_once_and_by_whom_is_told(lab: tuple[Repository, Locks, Locks]):
    _, owner, writer = lab
    made = writer.lock("a/model.bin")
    assert made.status_code == 201
    assert made.json()["lock"]["owner"] == {"name": "writer"}
    again = owner.lock("a/model.bin")
    assert again.status_code == 409
    assert again.json()["lock"] == made.json()["lock"]
    assert "writer" in again.json()["message"]
    verified = owner.post("/verify", {}).json()
    assert (verified["ours"], [lock["path"] for lock in verified["theirs"]]) == ([], ["a/model.bin"])
    assert [lock["path"] for lock in writer.post("/verify", {}).json()["ours"]] == ["a/model.bin"]


def test_others_locks_are_taken_by_force_alone_and_by_who_administers(lab: tuple[Repository, Locks, Locks]):
    _, owner, writer = lab
    number = owner.lock("model.bin").json()["lock"]["id"]
    assert writer.post(f"/{number}/unlock", {}).status_code == 403
    assert writer.post(f"/{number}/unlock", {"force": True}).status_code == 403
    assert owner.post(f"/{number}/unlock", {}).json()["lock"]["path"] == "model.bin"
    number = writer.lock("model.bin").json()["lock"]["id"]
    assert owner.post(f"/{number}/unlock", {"force": True}).status_code == 200
    assert owner.post(f"/{number}/unlock", {"force": True}).status_code == 404


def test_locks_are_listed_by_pages_in_a_constant_number_of_queries(
    lab: tuple[Repository, Locks, Locks], django_assert_num_queries: Any
):
    repository, owner, _ = lab
    LfsLock.objects.bulk_create(
        LfsLock(repository=repository, path=f"file{number:02}", owner=repository.creator) for number in range(30)
    )
    paths: list[str] = []
    query = "?limit=7"
    owner.listed()  # notes that the token was used
    while query:
        with django_assert_num_queries(3):
            page = owner.listed(query)
        paths += [lock["path"] for lock in page["locks"]]
        query = f"?limit=7&cursor={page['next_cursor']}" if "next_cursor" in page else ""
    assert paths == [f"file{number:02}" for number in range(30)]
    assert [lock["path"] for lock in owner.listed("?path=file03")["locks"]] == ["file03"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("", {}, 400),
        ("", {"path": 3}, 400),
        ("", {"path": "../x"}, 422),
        ("", {"path": "x" * 2000}, 422),
        ("/verify", {"cursor": "x"}, 400),
        ("/verify", {"limit": -1}, 400),
        ("/99999999999999999999/unlock", {}, 400),
        ("/7/unlock", {}, 404),
    ],
)
def test_requests_that_make_no_sense(
    lab: tuple[Repository, Locks, Locks], path: str, body: dict[str, Any], status: int
):
    answer = lab[1].post(path, body)
    assert answer.status_code == status
    assert answer.json()["message"]


def test_who_may_not_write_locks_nothing_and_nobody_is_asked_for_a_token():
    repository = make.repository()
    assert Locks(repository, make.token(make.user())).lock("a").status_code == 403
    answer = Locks(repository, "").lock("a")
    assert answer.status_code == 401
    assert answer["LFS-Authenticate"].startswith("Basic")
    private = make.repository(private=True)
    stranger = Locks(private, make.token(make.user()))
    assert stranger.lock("a").status_code == stranger.post("/verify", {}).status_code == 404


@pytest.mark.parametrize("body", ['{"limit": 1e999}', '{"cursor": 1e999}', '{"limit": [1]}'])
def test_numbers_that_are_none(lab: tuple[Repository, Locks, Locks], body: str):
    _, owner, _ = lab
    answer = owner.client.post(f"{owner.address}/verify", body, content_type=JSON)
    assert answer.status_code == 400
