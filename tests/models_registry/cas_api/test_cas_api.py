import io
import json
import time
import uuid
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import AccessToken, Actor, TokenRole
from models_registry.cas_api import settings as cas_settings
from models_registry.cas_api import views
from models_registry.models import Repository, XetFile, Xorb
from models_registry.services import signed
from models_registry.services.xet import dedup, registration, tokens, xorbs
from tests import make
from tests.models_registry.formats.xet_bytes import MadeFile, make_shard
from tests.models_registry.xet.sending import some_xorb, text

MADE = some_xorb(1)
NAME = text(MADE.hash)
FILE = MadeFile([(MADE, 0, 6)])
FILE_NAME = text(FILE.true_hash())
SHARD = make_shard([FILE], [MADE])


@pytest.fixture
def repository() -> Repository:
    return make.repository(private=True)


@pytest.fixture
def writing(repository: Repository) -> str:
    return tokens.issue_write_token(Actor(user=repository.creator), repository, "main").value


@pytest.fixture
def reading(repository: Repository) -> str:
    return tokens.issue_read_token(Actor(user=repository.creator), repository, "main").value


class Cas:
    def __init__(self, client: Client):
        self._client = client

    def __call__(self, method: str, path: str, body: bytes = b"", token: str | None = None, **headers: str) -> Any:
        headers |= make.bearer(token) if token else {}
        headers["Content-Length"] = str(len(body))
        return self._client.generic(method, path, body, "application/octet-stream", headers=headers)


@pytest.fixture
def cas(settings: Settings) -> Cas:
    settings.ROOT_URLCONF = cas_settings.ROOT_URLCONF
    settings.MIDDLEWARE = cas_settings.MIDDLEWARE
    return Cas(Client(enforce_csrf_checks=True))


def test_an_upload_without_grants_and_the_way_back(cas: Cas, writing: str, reading: str):
    assert cas("GET", f"/v1/chunks/default/{NAME}", token=writing).status_code == 404
    sent = cas("POST", f"/v1/xorbs/default/{NAME}", MADE.data, writing)
    assert (sent.status_code, sent.json()) == (200, {"was_inserted": True})
    assert cas("POST", f"/v1/xorbs/default-merkledb/{NAME}", MADE.data, writing).json() == {"was_inserted": False}
    assert cas("POST", "/v1/shards", SHARD, writing).json() == {"result": 1}

    first = cas("GET", f"/v1/reconstructions/{FILE_NAME}", token=reading, Range="bytes=0-99").json()
    assert first["offset_into_first_range"] == 0
    assert first["terms"][0]["hash"] == NAME
    (fetch,) = first["fetch_info"][NAME]
    assert fetch["range"]["start"] == fetch["url_range"]["start"] == 0

    second = cas("GET", f"/v2/reconstructions/{FILE_NAME}", token=reading, Range="bytes=0-99").json()
    assert second["terms"] == first["terms"]
    (entry,) = second["xorbs"][NAME]
    assert entry["ranges"] == [{"chunks": fetch["range"], "bytes": fetch["url_range"]}]


def test_a_grant_names_an_address_and_is_not_given_for_what_was_sent_before(cas: Cas, writing: str):
    asked = json.dumps({"length": len(MADE.data), "checksum": {"algo": "crc64nvme", "value": "1"}}).encode()
    granted = cas("POST", f"/v1/xorb-grants/default/{NAME}", asked, writing)
    assert granted.status_code == 201
    assert granted.json()["method"] == "PUT"
    assert granted.json()["headers"] == {}
    nothing_yet = cas("POST", f"/v1/xorb-commits/default/{NAME}/grant/{granted.json()['id']}", b"", writing)
    assert nothing_yet.status_code == 404
    cas("POST", f"/v1/xorbs/default/{NAME}", MADE.data, writing)
    assert cas("POST", f"/v1/xorb-grants/default/{NAME}", asked, writing).status_code == 200


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"length": "9"}', b'{"length": null}', b"\xff", b"9"])
def test_a_grant_without_a_length_is_a_bad_request(cas: Cas, writing: str, body: bytes):
    assert cas("POST", f"/v1/xorb-grants/default/{NAME}", body, writing).status_code == 400


@pytest.mark.django_db(transaction=True)  # the work is done in a thread
def test_progress_comes_by_the_line_and_ends_with_the_result(cas: Cas, writing: str):
    cas("POST", f"/v1/xorbs/default/{NAME}", MADE.data, writing)
    answer = cas("POST", "/v2/shards", SHARD, writing)
    assert answer["Content-Type"] == "application/x-ndjson"
    frames = [json.loads(line) for line in b"".join(answer.streaming_content).splitlines()]
    assert frames[0]["type"] == "validating"
    assert frames[-1] == {"type": "result"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("slow", ["_known_xorbs", "_checked_files", "_verify", "_register"])
def test_a_client_hears_of_the_hub_in_every_phase(cas: Cas, writing: str, slow: str, monkeypatch: pytest.MonkeyPatch):
    """It gives up after five minutes without a word."""
    cas("POST", f"/v1/xorbs/default/{NAME}", MADE.data, writing)
    real = getattr(registration, slow)

    def slowly(*arguments: Any) -> Any:
        time.sleep(0.3)
        return real(*arguments)

    monkeypatch.setattr(registration, slow, slowly)
    monkeypatch.setattr(views, "_HEARTBEAT_SECONDS", 0.03)
    answer = cas("POST", "/v2/shards", SHARD, writing)
    frames = [json.loads(line) for line in b"".join(answer.streaming_content).splitlines()]
    assert len(frames) > 6
    assert frames[-1] == {"type": "result"}
    assert {"type": "committing", "stage": "syncing"} in frames
    assert all(frame["verified"] <= frame["total"] for frame in frames if frame["type"] == "validating")


@pytest.mark.django_db(transaction=True)
def test_what_a_client_began_and_left_is_done_all_the_same(cas: Cas, writing: str):
    cas("POST", f"/v1/xorbs/default/{NAME}", MADE.data, writing)
    answer = cas("POST", "/v2/shards", SHARD, writing)
    frames = iter(answer.streaming_content)
    next(frames)
    next(frames)
    answer.close()
    deadline = time.monotonic() + 10
    while not XetFile.objects.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert XetFile.objects.get().hash == FILE_NAME


@pytest.mark.django_db(transaction=True)
def test_progress_ends_with_the_refusal(cas: Cas, writing: str):
    frames = b"".join(cas("POST", "/v2/shards", SHARD, writing).streaming_content).splitlines()
    last = json.loads(frames[-1])
    assert last["type"] == "error"
    assert last["retryable"] is False
    assert NAME in last["message"]


def test_a_body_without_a_length_is_read_to_its_end(cas: Cas, writing: str):
    """Chunked: Django itself would take it for empty."""
    answer = Client().post(
        f"/v1/xorbs/default/{NAME}",
        headers=make.bearer(writing),
        **{"wsgi.input": io.BytesIO(MADE.data), "CONTENT_LENGTH": ""},
    )
    assert (answer.status_code, answer.json()) == (200, {"was_inserted": True})


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (f"/v1/xorbs/default/{NAME}", MADE.data[:-1], 400),
        (f"/v1/xorbs/default/{NAME}", b"", 400),
        (f"/v1/xorbs/default/{'0' * 64}", MADE.data, 400),
        ("/v1/shards", b"garbage", 400),
        ("/v1/shards", SHARD, 400),
        (f"/v1/xorb-commits/default/{NAME}/grant/{uuid.uuid4()}", b"", 404),
        (f"/v1/xorbs/other/{NAME}", MADE.data, 404),
        (f"/v1/xorbs/default/{NAME.upper()}", MADE.data, 404),
        ("/v3/shards", SHARD, 404),
    ],
)
def test_bad_requests_are_refused(cas: Cas, writing: str, path: str, body: bytes, status: int):
    answer = cas("POST", path, body, writing)
    assert answer.status_code == status
    assert answer.json()["error"]
    assert not Xorb.objects.exists()


def test_a_body_over_the_limit_is_refused(cas: Cas, writing: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(views.xorb, "MAX_SERIALIZED", 100)
    assert cas("POST", f"/v1/xorbs/default/{NAME}", MADE.data, writing).status_code == 413


WRITES = [
    f"/v1/xorbs/default/{NAME}",
    "/v1/shards",
    "/v2/shards",
    f"/v1/xorb-grants/default/{NAME}",
    f"/v1/xorb-commits/default/{NAME}/grant/{uuid.uuid4()}",
]


@pytest.mark.parametrize("path", WRITES)
def test_a_read_token_may_not_write(cas: Cas, reading: str, path: str):
    assert cas("POST", path, b'{"length": 9}', reading).status_code == 403


@pytest.mark.parametrize("path", WRITES)
def test_without_a_good_token_nothing_is_accepted(cas: Cas, repository: Repository, path: str):
    expired, _ = signed.sign("cas", {"repository": repository.pk, "user": None, "token": None}, seconds=-10)
    other_purpose, _ = signed.sign("content", {"repository": repository.pk}, seconds=100)
    for token in (None, "nonsense", expired, other_purpose):
        assert cas("POST", path, b"{}", token).status_code == 401


def test_a_revoked_access_token_ends_the_tokens_made_with_it(cas: Cas, repository: Repository):
    value = make.token(repository.creator)
    row = make.token_row(value)
    token = tokens.issue_write_token(Actor(user=repository.creator, token=row), repository, "main").value
    assert cas("POST", "/v1/shards", b"", token).status_code == 400
    AccessToken.objects.all().delete()
    assert cas("POST", "/v1/shards", b"", token).status_code == 401


def test_reconstruction_refuses_politely(cas: Cas, writing: str, reading: str):
    cas("POST", f"/v1/xorbs/default/{NAME}", MADE.data, writing)
    cas("POST", "/v1/shards", SHARD, writing)
    for version in ("v1", "v2"):
        path = f"/{version}/reconstructions/{FILE_NAME}"
        assert cas("GET", path, token=reading, Range=f"bytes={len(FILE.content)}-").status_code == 416
        assert cas("GET", path, token=reading, Range="lines=1-2").status_code == 400
        assert cas("GET", f"/{version}/reconstructions/{'0' * 64}", token=reading).status_code == 404
        stranger = make.repository()
        foreign = tokens.issue_read_token(Actor(user=stranger.creator), stranger, "main").value
        assert cas("GET", path, token=foreign).status_code == 404


def test_telemetry_is_swallowed(cas: Cas):
    assert cas("POST", "/v1/telemetry", b"{}").status_code == 200


@pytest.mark.parametrize("scope", ["read", "write"])
def test_the_hub_answers_a_token_in_body_and_headers(client: Client, repository: Repository, scope: str):
    path = f"{repository.api_path}/xet-{scope}-token/main"
    answer = client.get(path, headers=make.bearer(make.token(repository.creator)))
    assert answer.status_code == 200
    assert answer["X-Xet-Access-Token"] == answer.json()["accessToken"]
    assert answer["X-Xet-Cas-Url"] == answer.json()["casUrl"]
    assert answer["X-Xet-Token-Expiration"] == str(answer.json()["exp"])
    assert tokens.caller_with(answer.json()["accessToken"]).writes is (scope == "write")


def test_the_hub_gives_no_token_to_who_has_no_right(client: Client, repository: Repository):
    private = f"{repository.api_path}/xet-read-token/main"
    assert client.get(private).status_code == 401
    stranger = make.bearer(make.token(make.user()))
    assert client.get(private, headers=stranger).status_code == 404
    reader = make.bearer(make.token(repository.creator, role=TokenRole.READ))
    assert client.get(f"{repository.api_path}/xet-write-token/main", headers=reader).status_code == 403
    public = make.repository()
    path = f"{public.api_path}/xet-write-token"
    assert client.get(f"{path}/main", headers=stranger).status_code == 403
    assert client.get(f"{path}/None?create_pr=1", headers=stranger).status_code == 200
    assert client.get(f"{path}/None?create_pr=1").status_code == 401


def test_a_read_token_is_for_a_revision_that_there_is(client: Client, repository: Repository):
    headers = make.bearer(make.token(repository.creator))
    for revision, status in (("main", 200), ("None", 200), ("nonsense", 404), (repository.commits.get().oid, 200)):
        answer = client.get(f"{repository.api_path}/xet-read-token/{revision}", headers=headers)
        assert answer.status_code == status
    assert client.get(f"{repository.api_path}/xet-read-token/x", headers=headers)["X-Error-Code"] == "RevisionNotFound"


def test_how_long_a_token_is_good_is_a_setting(client: Client, repository: Repository, settings: Settings):
    settings.XET_TOKEN_SECONDS = 90
    answer = client.get(
        f"{repository.api_path}/xet-write-token/main", headers=make.bearer(make.token(repository.creator))
    )
    assert 80 < answer.json()["exp"] - time.time() < 91


def test_who_asks_for_too_many_chunks_or_grants_is_told_the_limit(
    cas: Cas, writing: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(dedup, "MOST_QUESTIONS", 2)
    statuses = [cas("GET", f"/v1/chunks/default/{NAME}", token=writing).status_code for _ in range(3)]
    assert statuses == [404, 404, 429]
    monkeypatch.setattr(xorbs, "MOST_GRANTS", 1)
    answers = [cas("POST", f"/v1/xorb-grants/default/{NAME}", b'{"length": 9}', writing) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 429]
    assert "At most 1 xorbs" in answers[1].json()["error"]
