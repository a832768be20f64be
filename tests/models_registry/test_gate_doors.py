"""No door gives content of a gated repository to who may not read it, whoever they are; each gives it to who may.

The doors are taken from the site's addresses. One that names a repository and has no row here fails the first test: say what
it gives, and whether that is content.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from pytest_django import Settings

from accounts.models import AccessToken, Actor, User
from accounts.services import standing
from evaluations.models import Run
from evaluations.services import editions, groups, suites
from hub.errors import NotFound
from hub.wire.rate_limits import counters
from models_registry.cas_api import settings as cas_settings
from models_registry.models import (
    AccessRequest,
    DatasetTable,
    Repository,
    TrainingFile,
    TrainingLog,
    TrainingScalar,
    XetFile,
)
from models_registry.services import addresses, gating, indexing
from models_registry.services.changes import AddFile, AddLfsFile
from models_registry.services.commits import create_commit
from models_registry.services.pull_requests import propose
from models_registry.services.xet import tokens
from models_registry.services.xet.reconstruction import reconstruct
from tests import make
from tests.evaluations import rows as runs
from tests.models_registry.xet.sending import caller, send_file, some_xorb

SECRETS = (
    "the-secret-line",
    "the-older-secret",
    "the-proposed-secret",
    "secret_tensor",
    "the-secret-of-the-log",
    "the-secret-cell",
    "the-secret-curve",
)
# What an address of stored bytes holds: one that the content server takes, and one that the storage takes.
OPENED = ("signed=", "X-Amz-Signature")


class Gives(Enum):
    CONTENT = "content, or where it is"
    FACTS = "what everybody may know: names, sizes and hashes of files, what the card says, counts"
    MEMBERS = "what its members alone may see or do"
    ACTS = "an act on it that gives nothing of it"
    NOTHING = "nothing: it is not offered"


C, F, M, A, N = Gives
# {what follows the repository's address: what it gives}; below "api:", the address is the API's.
ROWS: dict[str, Gives] = {
    "/resolve/<path:rest>": C, "/raw/<path:rest>": C, "/tree/<path:rest>": C, "/blob/<path:rest>": C,
    "/metrics": C, "/metrics.csv": C, "api:/metrics": C, "/downloads": F, "/downloads.csv": F,
    "/data": C, "api:/splits": C, "api:/rows": C, "api:/statistics": C,
    "/commits/<path:rest>": C, "/commit/<path:rest>": C, "/discussions/<int:number>": F,
    "/info/refs": C, "/git-upload-pack": C, "/git-receive-pack": M,
    ".git/info/lfs/objects/batch": C, ".git/info/lfs/verify": A, ".git/info/lfs/locks": C,
    ".git/info/lfs/locks/verify": M, ".git/info/lfs/locks/<int:number>/unlock": M,
    ".git/info/lfs/complete/<str:signed>": A,
    "": F, "/ask-access": A, "/access": F, "/access/withdraw": A, "/evaluations": F, "/evaluate": M,
    "/settings": M, "/settings/visibility": M, "/settings/default-branch": M, "/settings/licence": M,
    "/settings/access": M, "/settings/access/gate": M, "/settings/access/questions": M, "/settings/access/grant": M,
    "/settings/access/accept": M, "/settings/access/export": M, "/settings/access/<int:request_id>": M,
    "/settings/delete": M, "/settings/evaluations": M, "/settings/evaluations/automatic": M,
    "/settings/evaluations/automatic/<slug:suite>/off": M, "/settings/evaluations/tags": M,
    "/settings/evaluations/tags/<int:rule_id>/remove": M,
    "/secrets": M, "/secrets/<int:finding>/dismiss": M, "api:/secrets": M, "api:/secrets/<int:finding>/dismiss": M,
    "/settings/transfer": M, "/edit/<path:rest>": C, "/new/<path:rest>": C, "/move/<path:rest>": C, "/delete/<path:rest>": C,
    "/compare": A, "/compare/<path:rest>": C, "/branches": C, "/tags": C, "/branches/delete/<path:rest>": M,
    "/tags/delete/<path:rest>": M,
    "/edit-card/<path:rest>": C, "/card-parts": A,
    "/upload/<path:rest>": A,
    "/discussions": F, "/discussions/<int:number>/files": C, "/discussions/<int:number>/commits": C,
    **dict.fromkeys(
        (f"/discussions/{rest}" for rest in (
            "new", "new/pull-request", "preview", "<int:number>/base", "<int:number>/comment", "<int:number>/lock",
            "<int:number>/merge", "<int:number>/pin", "<int:number>/status", "<int:number>/subscription", "<int:number>/title",
            "<int:number>/comments/<str:public_id>/edit", "<int:number>/comments/<str:public_id>/hide",
            "<int:number>/comments/<str:public_id>/history", "<int:number>/comments/<str:public_id>/react",
            "<int:number>/comments/<str:public_id>/tick", "<int:number>/comments/<str:public_id>/show",
        )), A,
    ),
    "api:/discussions": F, "api:/discussions/<int:number>": F,
    **dict.fromkeys(
        (f"api:/discussions/<int:number>/{rest}" for rest in (
            "base", "comment", "comment/<str:event>/edit", "comment/<str:event>/hide", "lock", "merge", "pin", "status", "title",
        )), A,
    ),
    "/like": A, "/likers": F, "/follow": A, "/collect": A,
    "api:": F, "api:/revision/<path:rest>": F, "api:/tree/<path:rest>": F, "api:/paths-info/<path:rest>": F,
    "api:/refs": F, "api:/commits/<path:rest>": F, "api:/gate": F, "api:/likers": F, "api:/followers": F,
    "api:/auth-check": A, "api:/auth-check/<str:what>": A, "api:/like": A, "api:/follow": A,
    "api:/settings": M, "api:/duplicate": C, "api:/user-access-request/handle": M,
    "api:/user-access-request/grant": M, "api:/user-access-request/<str:status>": M,
    "api:/branch/<path:rest>": M, "api:/tag/<path:rest>": M, "api:/super-squash/<path:rest>": M,
    "api:/lfs-files": C, "api:/lfs-files/batch": M, "api:/lfs-files/duplicate": C,
    "api:/safetensors-metadata/<path:rest>": C, "api:/compare/<path:rest>": C,
    "api:/preupload/<path:rest>": A, "api:/commit/<path:rest>": A,
    "api:/uploads": A, "api:/uploads/complete": A, "api:/uploads/cancel": A,
    "api:/xet-read-token/<path:rest>": C, "api:/xet-write-token/<path:rest>": M,
    "api:/leaderboard": N, "api:/parquet": N,
    "api:/parquet/<path:rest>": N, "api:/croissant": C, "api:/resource-group": N, "api:/scan": N,
}  # fmt: skip
# {an address that names no repository, and yet shows something of one: what it gives}
OTHERS: dict[str, Gives] = {
    "compare": F, "compare/facts.csv": F,
    "": F, "models": F, "datasets": F, "new/names": F, "api/<plural:plural>": F, "leaderboards": F,
    "leaderboards/<slug:suite>": F,
    "evaluations/<uuid:pk>": F, "api/evaluations": F, "api/evaluations/<uuid:run_id>": F,
    "api/evaluations/<uuid:run_id>/result": F, "api/evaluations/<uuid:run_id>/bundle": C,
    "api/evaluations/automatic/<str:namespace>/<str:name>": M, "api/evaluations/tag-rules/<str:namespace>/<str:name>": M,
    "evaluations/<uuid:pk>/samples": C, "evaluations/<uuid:pk>/compare/<uuid:other>": C,
    "api/evaluations/<uuid:run_id>/samples": C, "api/evaluations/<uuid:run_id>/compare/<uuid:other>": C,
    "api/leaderboards/<slug:suite>": F, "<str:name>": F,
    "api/leaderboards/<slug:suite>/progress": F, "api/leaderboards/<slug:suite>/progress.csv": F,
    "api/leaderboards/<slug:suite>/self-reported": F,
    "api/leaderboards/<slug:suite>.csv": F, "api/leaderboards/<slug:suite>.parquet": F,
    "leaderboards/groups/<slug:group>": F, "api/leaderboards/groups/<slug:group>": F,
    "api/leaderboards/groups/<slug:group>.csv": F,
    "leaderboards/<slug:suite>/editions/<str:day>": F, "api/leaderboards/<slug:suite>/editions/<str:day>": F,
    "api/leaderboards/<slug:suite>/editions/<str:day>/table.csv": F,
}  # fmt: skip
# How a door gives content to who may have it: (method, path below the repository, body).
CALLS: dict[str, tuple[str, str, Any]] = {
    "/resolve/<path:rest>": ("GET", "/resolve/main/notes.txt", None),
    "/raw/<path:rest>": ("GET", "/raw/main/notes.txt", None),
    "/tree/<path:rest>": ("GET", "/tree/main", None),
    "/blob/<path:rest>": ("GET", "/blob/main/notes.txt", None),
    "/data": ("GET", "/data", None),
    "/metrics": ("GET", "/metrics", None),
    "/metrics.csv": ("GET", "/metrics.csv", None),
    "api:/metrics": ("GET", "api:/metrics", None),
    "api:/splits": ("GET", "api:/splits", None),
    "api:/rows": ("GET", "api:/rows", None),
    "api:/statistics": ("GET", "api:/statistics", None),
    "api:/croissant": ("GET", "api:/croissant", None),
    "/commits/<path:rest>": ("GET", "/commits/main", None),
    "/commit/<path:rest>": ("GET", "/commit/main", None),
    "/discussions/<int:number>/files": ("GET", "/discussions/1/files", None),
    "/discussions/<int:number>/commits": ("GET", "/discussions/1/commits", None),
    "/edit/<path:rest>": ("GET", "/edit/main/notes.txt", None),
    "/new/<path:rest>": ("GET", "/new/main", None),
    "/move/<path:rest>": ("GET", "/move/main/notes.txt", None),
    "/delete/<path:rest>": ("GET", "/delete/main/notes.txt", None),
    "/compare/<path:rest>": ("GET", "/compare/main..refs/pr/1", None),
    "/branches": ("GET", "/branches", None),
    "/tags": ("GET", "/tags", None),
    "/edit-card/<path:rest>": ("GET", "/edit-card/main", None),
    "/info/refs": ("GET", "/info/refs?service=git-upload-pack", None),
    "/git-upload-pack": ("POST", "/git-upload-pack", None),
    ".git/info/lfs/objects/batch": ("POST", ".git/info/lfs/objects/batch", {"operation": "download", "objects": []}),
    ".git/info/lfs/locks": ("GET", ".git/info/lfs/locks", None),
    "api:/duplicate": ("POST", "api:/duplicate", {"repository": "reader/copy"}),
    "api:/lfs-files": ("GET", "api:/lfs-files", None),
    "api:/lfs-files/duplicate": (
        "POST", "api:/lfs-files/duplicate", {"target": {"type": "model", "name": "reader/own"}, "files": []}
    ),
    "api:/safetensors-metadata/<path:rest>": ("GET", "api:/safetensors-metadata/small.safetensors", None),
    "api:/compare/<path:rest>": ("GET", "api:/compare/main~..main", None),
    "api:/xet-read-token/<path:rest>": ("GET", "api:/xet-read-token/main", None),
}  # fmt: skip


def _routes(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, route)
        else:
            yield route


_OF_REPOSITORY = re.compile(
    r"(?P<api>api/<plural:plural>/)?(?:datasets/)?<str:namespace>/<(?:str|git_name):name>(?P<rest>.*)"
)


def rows_of_addresses() -> dict[str, list[str]]:
    """{row: its addresses} of all that name a repository."""
    found: dict[str, list[str]] = {}
    for route in _routes(get_resolver().url_patterns):
        if named := _OF_REPOSITORY.fullmatch(route):
            row = f"{'api:' if named['api'] else ''}{named['rest']}"
            found.setdefault(row, []).append(route)
    return found


def test_every_address_of_a_repository_has_a_row() -> None:
    assert rows_of_addresses().keys() == ROWS.keys()
    assert {row for row, gives in ROWS.items() if gives is Gives.CONTENT} == CALLS.keys()


@dataclass
class Gated:
    """`reader`: somebody with a repository of their own, who has asked for nothing yet."""

    repository: Repository
    run: Run
    xet: XetFile
    sha256: str
    reader: User


@pytest.fixture
def gated() -> Gated:
    owner = make.user("ada")
    repository = make.repository(owner, "shut")
    header = json.dumps({"secret_tensor": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    weights = len(header).to_bytes(8, "little") + header + bytes(4)
    make.commit(repository, {"notes.txt": "the-older-secret\n", "small.safetensors": weights, "README.md": "# Open\n"})
    stored = send_file(caller(repository), (some_xorb(1), 0, 6))
    commit = create_commit(
        actor=Actor(user=owner), repository=repository, branch="main", parent=None, title="more",
        changes=[AddFile.of("notes.txt", b"the-secret-line\n"), AddLfsFile("large.bin", stored.sha256)],
    )  # fmt: skip
    indexing.index_commit(repository.pk, commit.oid)
    propose(
        actor=Actor(user=owner), repository=repository, base="main", parent=None, title="a proposal",
        changes=[AddFile.of("notes.txt", b"the-proposed-secret\n")],
    )  # fmt: skip
    run = runs.scored(repository, 500)
    editions.publish(actor=Actor(), board=run.suite_version, from_console=True)
    suites.synchronize()
    groups.synchronize()
    Run.objects.filter(pk=run.pk).update(log_tail="the-secret-of-the-log")
    Repository.objects.filter(pk=repository.pk).update(gated="manual")
    repository.refresh_from_db()
    DatasetTable.objects.create(
        repository=repository, commit=commit.oid, position=0, config="default", split="train", format="csv", file_count=1, size=9,
        columns=[{"name": "x", "type": "string", "top": [["the-secret-cell", 1]]}], rows=[{"x": "the-secret-cell"}],
    )  # fmt: skip
    log = TrainingLog.objects.create(content="0" * 40, form="events")
    TrainingScalar.objects.create(log=log, tag="the-secret-curve", count=1, points=[[1, None, 0.5]])
    TrainingFile.objects.create(
        repository=repository, commit=commit.oid, path="runs/a.tfevents", content="0" * 40, log=log
    )
    assert stored.xet_file is not None
    reader = make.user("reader")
    make.repository(reader, "own")
    return Gated(repository, run, stored.xet_file, stored.sha256, reader)


def let_in(gated: Gated, user: User) -> AccessRequest:
    return gating.grant(actor=Actor(user=gated.repository.creator), repository=gated.repository, username=user.username)


def rejected(gated: Gated, user: User) -> None:
    request = let_in(gated, user)
    gating.decide(
        actor=Actor(user=gated.repository.creator), repository=gated.repository, status="rejected",
        request_id=str(request.pk),
    )  # fmt: skip


def with_token(user: User, **fields: Any) -> Client:
    return Client(headers=make.bearer(make.token(user, **fields)))


def _nobody(gated: Gated) -> Client:
    return Client()


def _stranger(gated: Gated) -> Client:
    user = gated.reader
    return with_token(user)


def _in_a_browser(gated: Gated) -> Client:
    client = Client()
    client.force_login(gated.reader)
    return client


def _waiting(gated: Gated) -> Client:
    user = gated.reader
    gating.ask(actor=Actor(user=user), repository=gated.repository)
    return with_token(user)


def _revoked(gated: Gated) -> Client:
    user = gated.reader
    client = with_token(user)
    rejected(gated, user)
    return client


def _suspended(gated: Gated) -> Client:
    user = gated.reader
    client = with_token(user)
    let_in(gated, user)
    standing.suspend(actor=Actor(user=make.user(is_admin=True)), user=user, reason="spam")
    return client


def _with_a_token_for_another_repository(gated: Gated) -> Client:
    user = gated.reader
    let_in(gated, user)
    own = Repository.objects.get(key="own")
    return with_token(user, role="fine-grained", scopes=[{"action": "write", "repository": own.pk}])


def _after_the_gate_was_opened_and_closed(gated: Gated) -> Client:
    user = gated.reader
    rejected(gated, user)
    for gate in ("", "manual"):
        Repository.objects.filter(pk=gated.repository.pk).update(gated=gate)
    return with_token(user)


OUTSIDERS: list[Callable[[Gated], Client]] = [
    _nobody, _stranger, _in_a_browser, _waiting, _revoked, _suspended, _with_a_token_for_another_repository,
    _after_the_gate_was_opened_and_closed,
]  # fmt: skip


def call(client: Client, method: str, address: str, body: Any) -> Any:
    if address.endswith("/git-upload-pack"):
        return client.post(address, b"0000", content_type="application/x-git-upload-pack-request")
    sent = "" if body is None else json.dumps(body)
    return client.generic(method, address, sent, content_type="application/json")


def at(path: str) -> str:
    return f"/api/models/ada/shut{path[4:]}" if path.startswith("api:") else f"/ada/shut{path}"


def text_of(answer: Any) -> str:
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return " ".join(
        [answer.get("Location", ""), answer.get("Link", "").replace("/xet-read-token/", ""), body.decode("latin-1")]
    )


@pytest.mark.parametrize("outsider", OUTSIDERS)
def test_who_may_not_read_gets_content_at_no_door(outsider: Callable[[Gated], Client], gated: Gated) -> None:
    client = outsider(gated)
    for row, (method, path, body) in CALLS.items():
        answer = call(client, method, at(path), body)
        assert answer.status_code in {302, 401, 403}, (row, answer.status_code, answer.content[:200])
        assert answer.status_code != 302 or "/login" in answer["Location"], (row, answer["Location"])


def fillings(gated: Gated, route: str) -> Iterator[str]:
    """The address with every plausible value of its last part."""
    path = (
        route.replace("<plural:plural>", "models")
        .replace("<str:namespace>", "ada")
        .replace("<uuid:pk>", str(gated.run.pk))
        .replace("<uuid:other>", str(gated.run.pk))
    )
    path = re.sub(r"<(?:str|git_name):name>", "shut" if "<str:namespace>" in route else "ada", path)
    path = path.replace("<uuid:run_id>", str(gated.run.pk)).replace("<slug:suite>", gated.run.suite_version.suite.name)
    path = (
        path.replace("<int:number>", "1")
        .replace("<int:request_id>", "1")
        .replace("<int:finding>", "1")
        .replace("<int:rule_id>", "1")
        .replace("<str:status>", "accepted")
        .replace("<slug:group>", "tabular")
        .replace("<str:day>", str(timezone.localdate()))
    )
    path = path.replace("<str:what>", "read").replace("<str:signed>", "x")
    path = re.sub(r"<str:(?:event|public_id)>", "1", path) + (
        "?diff=1" if "api/" in path and "discussions" in path else ""
    )
    for rest in ("main", "main/notes.txt", "main/large.bin", "main/small.safetensors", "small.safetensors", "main..refs/pr/1",
                 "refs/pr/1", "refs%2Fpr%2F1/notes.txt"):  # fmt: skip
        yield "/" + path.replace("<path:rest>", rest)
        if "<path:rest>" not in path:
            return


@pytest.mark.parametrize("outsider", [_nobody, _stranger, _revoked])
def test_no_address_at_all_lets_a_secret_slip(outsider: Callable[[Gated], Client], gated: Gated) -> None:
    """Also the doors of facts and acts, and those that name no repository."""
    client = outsider(gated)
    routes = [route for named in rows_of_addresses().values() for route in named if "datasets/" not in route]
    objects = [{"oid": gated.sha256, "size": gated.xet.size}]
    body = {"paths": ["notes.txt", "large.bin"], "expand": True, "operation": "download", "objects": objects}
    for route in [*routes, *OTHERS]:
        for address in fillings(gated, route):
            counters.forget()
            for method, sent in (("GET", None), ("POST", body)):
                answer = call(client, method, address, sent)
                assert answer.status_code != 429
                said = text_of(answer)
                assert not [secret for secret in (*SECRETS, *OPENED) if secret in said], (method, address)


def test_every_door_of_content_opens_for_who_is_let_in_and_shuts_at_once_when_that_ends(gated: Gated) -> None:
    user = gated.reader
    client = with_token(user)
    let_in(gated, user)
    seen = ""
    elsewhere = {"api:/compare/<path:rest>", "api:/croissant"}  # needs another repository than this model
    calls = {row: call_ for row, call_ in CALLS.items() if row not in elsewhere}
    for row, (method, path, body) in calls.items():
        answer = call(client, method, at(path), body)
        assert answer.status_code < 400, (row, answer.status_code, text_of(answer)[:300])
        seen += text_of(answer)
    assert all(
        secret in seen for secret in ("the-secret-line", "the-older-secret", "the-proposed-secret", "secret_tensor")
    )
    gating.decide(
        actor=Actor(user=gated.repository.creator), repository=gated.repository, status="rejected", username="reader"
    )
    for row, (method, path, body) in calls.items():
        assert call(client, method, at(path), body).status_code == 403, row


def test_knowing_a_hash_gives_no_content(gated: Gated) -> None:
    """The list of files tells the hashes of a gated repository's contents to everybody."""
    client = _stranger(gated)
    known = {"oid": gated.sha256, "size": gated.xet.size}
    wanted = {"operation": "upload", "objects": [known]}
    told = call(client, "POST", "/reader/own.git/info/lfs/objects/batch", wanted).json()
    assert "upload" in told["objects"][0]["actions"]  # as if nobody had it
    header = {"key": "header", "value": {"summary": "x"}}
    file = {"key": "lfsFile", "value": {"path": "a.bin", "algo": "sha256", **known}}
    line = f"{json.dumps(header)}\n{json.dumps(file)}"
    answer = client.post("/api/models/reader/own/commit/main", line, content_type="application/x-ndjson")
    assert answer.status_code == 400
    own = Repository.objects.get(key="own")
    with pytest.raises(NotFound):
        reconstruct(caller(own), gated.xet.hash)


def test_a_token_of_the_cas_dies_with_the_grant(gated: Gated, settings: Settings) -> None:
    user = gated.reader
    let_in(gated, user)
    key = make.bearer(tokens.issue_read_token(Actor(user=user), gated.repository, "main").value)
    settings.ROOT_URLCONF, settings.MIDDLEWARE = cas_settings.ROOT_URLCONF, cas_settings.MIDDLEWARE
    client = Client(headers=key)
    for version in ("v1", "v2"):
        assert client.get(f"/{version}/reconstructions/{gated.xet.hash}").status_code == 200
    gating.decide(
        actor=Actor(user=gated.repository.creator), repository=gated.repository, status="rejected", username="reader"
    )
    for version in ("v1", "v2"):
        assert client.get(f"/{version}/reconstructions/{gated.xet.hash}").status_code == 403


def test_an_address_that_was_given_before_dies_with_the_grant(gated: Gated) -> None:
    user = gated.reader
    let_in(gated, user)
    token = AccessToken.objects.with_value(make.token(user))
    assert token is not None

    def given(actor: Actor) -> addresses.ContentAddress:
        guard = addresses.Guard(actor, gated.repository.pk)
        address = addresses.content_address(gated.xet.lfs_object, "large.bin", guard)
        return addresses.read_content_address(address.partition("signed=")[2])

    of_token, of_session = given(Actor(user=user, token=token)), given(Actor(user=user))
    assert of_token.is_open()
    token.delete()
    assert (of_token.is_open(), of_session.is_open()) == (False, True)
    gating.decide(
        actor=Actor(user=gated.repository.creator), repository=gated.repository, status="rejected", username="reader"
    )
    assert not of_session.is_open()


@pytest.mark.parametrize("page", ["/tree/main", "/blob/main/README.md", "/commits/main"])
@pytest.mark.parametrize("signed_in", [True, False])
def test_a_page_of_the_files_leads_who_may_not_read_them_to_the_gate(gated: Gated, page: str, signed_in: bool) -> None:
    client = _in_a_browser(gated) if signed_in else Client()
    answer = client.get(gated.repository.get_absolute_url() + page)
    assert answer.status_code == (403 if signed_in else 401)
    assert f'href="{gated.repository.get_absolute_url()}/access"' in answer.content.decode()


@pytest.mark.parametrize("how", ["/ada/shut/resolve/main/large.bin", "lfs"])
def test_what_the_hub_gives_for_a_gated_file_is_such_an_address(gated: Gated, how: str) -> None:
    user = gated.reader
    let_in(gated, user)
    client = with_token(user)
    if how == "lfs":
        body = {"operation": "download", "objects": [{"oid": gated.sha256, "size": gated.xet.size}]}
        told = client.post(
            "/ada/shut.git/info/lfs/objects/batch", json.dumps(body), content_type="application/json"
        ).json()
        address = told["objects"][0]["actions"]["download"]["href"]
    else:
        address = client.get(how)["Location"]
    assert dict(addresses.read_content_address(address.partition("signed=")[2]).claims)["user"] == user.pk
