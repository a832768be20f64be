"""Uploads that can be gone on with, as the pages of the hub send them; and the form that takes small files."""

import hashlib
import io
import os
from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest
import urllib3
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import Actor, User
from models_registry import storage
from models_registry.models import PullRequest, Repository, UploadSession
from models_registry.services import references, resuming, small_uploads, trees, uploads
from models_registry.services.changes import AddLfsFile
from models_registry.services.commits import create_commit
from tests import make

PART = 1024 * 1024
CONTENT = os.urandom(2 * PART + 5)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def _parts_are_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "PART_SIZE", PART)
    monkeypatch.setattr(uploads, "SINGLE_PUT_LIMIT", PART)


@pytest.fixture
def owner(client: Client) -> User:
    owner = make.user()
    client.force_login(owner)
    return owner


@pytest.fixture
def repository(owner: User) -> Repository:
    return make.repository(owner)


def call(client: Client, repository: Repository, path: str, body: dict[str, Any], status: int = 200) -> Any:
    address = f"/api/{repository.kind}s/{repository.full_name}/{path}"
    answer = client.post(address, body, content_type="application/json")
    assert answer.status_code == status, answer.content
    return answer.json()


def begin(client: Client, repository: Repository, content: bytes = CONTENT) -> Any:
    objects = [{"oid": hashlib.sha256(content).hexdigest(), "size": len(content)}]
    return call(client, repository, "uploads", {"objects": objects})["objects"][0]


def send(upload: dict[str, Any], *numbers: str, content: bytes = CONTENT) -> None:
    size = upload["partSize"]
    for number in numbers or upload["addresses"]:
        start = (int(number) - 1) * size
        assert urllib3.request("PUT", upload["addresses"][number], body=content[start : start + size]).status == 200


def complete(client: Client, repository: Repository, sha256: str = SHA256) -> Any:
    return call(client, repository, "uploads/complete", {"oids": [sha256]})["objects"][0]


def test_an_upload_goes_on_where_it_was_and_what_has_arrived_is_not_asked_for_again(
    client: Client, repository: Repository
) -> None:
    first = begin(client, repository)
    assert sorted(first["addresses"]) == ["1", "2", "3"]
    send(first, "1", "3")
    again = begin(client, repository)
    assert again["arrived"] == {"1": PART, "3": 5}
    assert list(again["addresses"]) == ["2"]
    assert "from 1 to 3" in complete(client, repository)["error"]
    send(again)
    assert complete(client, repository) == {"oid": SHA256, "state": "stored"}
    assert not UploadSession.objects.exists()
    assert complete(client, repository)["state"] == "stored"
    assert begin(client, repository)["stored"]


def test_what_arrived_with_other_bytes_is_refused_and_begins_anew(client: Client, repository: Repository) -> None:
    send(begin(client, repository), content=CONTENT[::-1])
    refused = complete(client, repository)
    assert refused["state"] == "refused"
    assert "sha256" in refused["error"]
    assert begin(client, repository)["arrived"] == {}


def test_an_upload_that_the_storage_has_forgotten_begins_anew(client: Client, repository: Repository) -> None:
    send(begin(client, repository), "1")
    session = UploadSession.objects.get()
    storage.abort_multipart(session.key, session.multipart_id)
    assert sorted(begin(client, repository)["addresses"]) == ["1", "2", "3"]
    assert UploadSession.objects.get().pk != session.pk


def test_an_upload_that_has_expired_is_not_gone_on_with_and_is_swept(client: Client, repository: Repository) -> None:
    send(begin(client, repository), "1")
    UploadSession.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    assert begin(client, repository)["arrived"] == {}
    assert uploads.sweep_expired() == 1
    assert UploadSession.objects.get().expires_at > timezone.now() + resuming.KEPT - timedelta(minutes=1)


def test_uploads_that_are_gone_on_with_get_no_more_addresses_than_others(
    client: Client, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(client, repository)
    monkeypatch.setattr(uploads, "MOST_ADDRESSES", 2)
    refused = call(client, repository, "uploads", {"objects": [{"oid": SHA256, "size": len(CONTENT)}]}, status=413)
    assert "more than 2 parts" in refused["error"]


@pytest.mark.parametrize(
    ("module", "limit", "value", "states"),
    [
        (uploads, "HASHED_AT_ONCE", 12, ["stored", "stored", "checking"]),
        (uploads, "HASHED_AT_ONCE", 5, ["checking", "checking", "checking"]),
        (resuming, "_SECONDS", -1.0, ["checking", "checking", "checking"]),
    ],
)
def test_what_one_call_has_no_time_to_read_is_asked_for_again(
    client: Client,
    repository: Repository,
    monkeypatch: pytest.MonkeyPatch,
    module: ModuleType,
    limit: str,
    value: float,
    states: list[str],
) -> None:
    contents = [b"first!", b"second", b"third!"]
    begun = [begin(client, repository, content) for content in contents]
    for upload, content in zip(begun, contents, strict=True):
        send(upload, content=content)
    hashes = {"oids": [upload["oid"] for upload in begun]}
    with monkeypatch.context() as patch:
        patch.setattr(module, limit, value)
        told = call(client, repository, "uploads/complete", hashes)["objects"]
    assert [upload["state"] for upload in told] == states
    told = call(client, repository, "uploads/complete", hashes)["objects"]
    assert {upload["state"] for upload in told} == {"stored"}


@pytest.mark.parametrize("content", [CONTENT, b"\0small"])
def test_what_is_given_up_leaves_nothing_in_the_storage(client: Client, repository: Repository, content: bytes) -> None:
    upload = begin(client, repository, content)
    send(upload, "1", content=content)
    session = UploadSession.objects.get()
    assert call(client, repository, "uploads/cancel", {"oids": [upload["oid"]]}) == {"cancelled": 1}
    assert not UploadSession.objects.exists()
    assert storage.size_of(session.key) is None
    if session.multipart_id:
        with pytest.raises(storage.ObjectMissing):
            storage.parts_of(session.key, session.multipart_id)


def test_nobody_goes_on_with_or_gives_up_what_another_sends(client: Client, repository: Repository) -> None:
    send(begin(client, repository), "1")
    other = Client()
    other.force_login(make.user())
    assert begin(other, repository)["arrived"] == {}
    assert call(other, repository, "uploads/cancel", {"oids": [SHA256]}) == {"cancelled": 1}
    assert begin(client, repository)["arrived"] == {"1": PART}


def test_a_session_writes_only_with_its_csrf_token(repository: Repository, owner: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(owner)
    for path in ("uploads", "uploads/complete", "uploads/cancel"):
        refused = call(strict, repository, path, {"objects": [], "oids": []}, status=403)
        assert "CSRF" in refused["error"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("uploads", {}),
        ("uploads", {"objects": [{"oid": "x", "size": 1}]}),
        ("uploads", {"objects": [{"oid": SHA256, "size": -1}]}),
        ("uploads", {"objects": [{"oid": SHA256, "size": 1}] * 101}),
        ("uploads/complete", {"oids": [SHA256.upper()]}),
        ("uploads/cancel", {"oids": SHA256}),
    ],
)
def test_what_names_no_content_is_refused(
    client: Client, repository: Repository, path: str, body: dict[str, Any]
) -> None:
    call(client, repository, path, body, status=400)


def test_who_may_not_propose_anything_uploads_nothing(client: Client, repository: Repository) -> None:
    Repository.objects.update(private=True)
    client.force_login(make.user())
    for path in ("uploads", "uploads/complete", "uploads/cancel"):
        call(client, repository, path, {"objects": [], "oids": []}, status=404)


def test_names_that_no_commit_could_take_are_told_before_anything_is_sent(
    client: Client, repository: Repository
) -> None:
    make.commit(repository, {"notes/a.txt": "x", "Plan.md": "y"})
    paths = ["notes", "Plan.md/inner", "plan.md", "notes/a.txt", "new/b.txt"]
    files = [{"path": path, "size": 1, "sample": "eA=="} for path in paths]
    told = call(client, repository, "preupload/main", {"files": files, "clashes": True})["files"]
    assert {entry["path"]: entry["clash"] for entry in told if "clash" in entry} == {
        "notes": "'notes' is a folder: delete it before you put a file in its place.",
        "Plan.md/inner": "'Plan.md' is a file: it can hold no 'Plan.md/inner'.",
        "plan.md": "'Plan.md' differs in case alone.",
    }
    silent = call(client, repository, "preupload/main", {"files": files})["files"]
    assert not [entry for entry in silent if "clash" in entry]


# ── the form ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def post_form(client: Client, repository: Repository, *files: tuple[str, bytes], **more: str) -> Any:
    sent = [SimpleUploadedFile(name, content) for name, content in files]
    form = {"files": sent, "folder": "", "how": "commit", **more}
    return client.post(f"{repository.get_absolute_url()}/upload/main", form)


@pytest.mark.parametrize("kind", ["model", "dataset"])
def test_without_script_a_form_commits_small_files_by_the_same_rules(client: Client, owner: User, kind: str) -> None:
    repository = make.repository(owner, kind=kind)
    page = client.get(f"{repository.get_absolute_url()}/upload/main/notes")
    assert b'enctype="multipart/form-data"' in page.content
    answer = post_form(
        client, repository, ("a.txt", b"text"), ("weights.safetensors", b"\0" * 9), folder="/notes/", title="Two"
    )
    assert answer.headers["Location"] == f"{repository.get_absolute_url()}/tree/main/notes"
    commit = references.resolve(repository, "main")
    assert commit.title == "Two"
    assert trees.file(repository, commit, "notes/a.txt").lfs is None
    assert trees.file(repository, commit, "notes/weights.safetensors").lfs is not None
    assert not UploadSession.objects.exists()


def test_the_form_proposes_for_who_may_not_commit(client: Client, repository: Repository) -> None:
    client.force_login(make.user())
    answer = post_form(client, repository, ("a.txt", b"text"))
    proposal = PullRequest.objects.get()
    assert answer.headers["Location"] == proposal.get_absolute_url()
    head = references.resolve(repository, proposal.reference_name)
    assert head.title == "Upload a.txt"


def test_the_form_refuses_in_words_what_is_too_much_or_nothing(
    client: Client, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = post_form(client, repository)
    assert nothing.status_code == 422
    assert b"Choose at least one file." in nothing.content
    monkeypatch.setattr(small_uploads, "MOST_BYTES", 10)
    much = post_form(client, repository, ("a.txt", b"eleven bytes"))
    assert much.status_code == 413
    assert b"send more with hf or git" in much.content
    before = references.resolve(repository, "main")
    stale = post_form(client, repository, ("a.txt", b"x"), parent="1" * 40)
    assert stale.status_code == 412
    assert references.resolve(repository, "main") == before


def test_a_form_that_is_too_long_is_refused_before_any_of_it_is_read(repository: Repository, owner: User) -> None:
    client = Client(enforce_csrf_checks=True)  # whose token would lie in the body
    client.force_login(owner)
    body = io.BytesIO(b"files=" + b"x" * 100)
    said = {"CONTENT_LENGTH": str(2**40), "wsgi.input": body}
    answer = client.post(f"{repository.get_absolute_url()}/upload/main", {"files": "x"}, **said)
    assert (answer.status_code, body.tell()) == (413, 0)


def test_only_a_branch_takes_files_and_only_from_who_is_signed_in(client: Client, repository: Repository) -> None:
    oid = references.resolve(repository, "main").oid
    assert client.get(f"{repository.get_absolute_url()}/upload/{oid}").status_code == 422
    assert b"Add files" in client.get(f"{repository.get_absolute_url()}/tree/main").content
    client.logout()
    assert b"Add files" not in client.get(f"{repository.get_absolute_url()}/tree/main").content
    assert client.get(f"{repository.get_absolute_url()}/upload/main").status_code in {302, 401}


def test_only_the_worker_that_hashes_may_run_webassembly(client: Client, repository: Repository) -> None:
    page = client.get(f"{repository.get_absolute_url()}/upload/main")
    worker = client.get("/static/js/upload/hashing-worker.js")
    assert "wasm" not in page.headers["Content-Security-Policy"]
    assert "'wasm-unsafe-eval'" in worker.headers["Content-Security-Policy"]


def test_content_that_was_sent_is_committed_by_its_name(client: Client, repository: Repository, owner: User) -> None:
    send(begin(client, repository))
    complete(client, repository)
    create_commit(
        actor=Actor(user=owner), repository=repository, branch="main", parent=None, title="Weights",
        changes=[AddLfsFile("weights.bin", SHA256, len(CONTENT))],
    )  # fmt: skip
    assert trees.file(repository, references.resolve(repository, "main"), "weights.bin").size == len(CONTENT)
