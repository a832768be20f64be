"""Too many requests: who is counted together, what is answered, and that nothing is left out."""

import os
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.conf import LazySettings
from django.test import Client
from django.urls import URLPattern, get_resolver

from hub.schema import description
from hub.wire import rate_limits
from hub.wire.rate_limits import Counters, block_of, bucket_of
from hub.wire.rate_policies import DEFAULTS, Limit, Policy, parsed
from tests import make, services
from tests.environment import free_port

_WRITES = {"post", "put", "patch", "delete"}


@pytest.fixture
def limits(settings: LazySettings) -> Any:
    def use(rules: str) -> None:
        settings.RATE_LIMITS = parsed(rules)

    return use


def statuses(client: Client, address: str, times: int, **headers: Any) -> list[int]:
    return [client.get(address, **headers).status_code for _ in range(times)]


def test_a_rule_changes_its_bucket_and_no_other() -> None:
    found = parsed("api=7/s, search:visitors=8/2h,comment=off")
    assert found["api"] == Policy(Limit(7, 1), DEFAULTS["api"].visitors)
    assert found["search"] == Policy(DEFAULTS["search"].members, Limit(8, 7200))
    assert found["comment"].members is None
    assert found["git"] == DEFAULTS["git"]
    assert parsed("off") == {}


@pytest.mark.parametrize(
    "rule", ["api", "api=5", "api=5/0m", "api=-1/m", "nothing=5/m", "api=5/w", "API=5/m", "api:all=1/m"]
)
def test_a_wrong_rule_is_named(rule: str) -> None:
    with pytest.raises(ValueError, match=r"is no rule"):
        parsed(f"git=1/m,{rule}")


def test_programs_are_told_what_is_left_and_then_when_to_come_back(client: Client, limits: Any) -> None:
    limits("api:visitors=2/h")
    first, _, refused = (client.get("/api/suites") for _ in range(3))
    left = first.headers["RateLimit"]
    assert left.startswith('"api";r=1;t=')
    assert first.headers["RateLimit-Policy"] == '"fixed window";"api";q=2;w=3600'
    assert refused.status_code == 429
    assert refused.json()["error"].startswith("At most 2 in 1 hour")
    assert refused.headers["RateLimit"] == f'"api";r=0;t={refused.headers["Retry-After"]}'
    assert 0 < int(refused.headers["Retry-After"]) <= 3600
    assert refused.headers["X-Error-Message"] == refused.json()["error"]


def test_people_get_a_page(client: Client, limits: Any) -> None:
    limits("pages:visitors=1/h")
    client.get("/")
    refused = client.get("/")
    assert refused.status_code == 429
    assert "Too many requests" in refused.content.decode()
    assert "Retry-After" in refused.headers


def test_a_refused_write_writes_nothing(client: Client, limits: Any) -> None:
    member = make.user()
    token = make.bearer(make.token(member))
    limits("repository=1/h")
    for name, status in (("one", 200), ("two", 429)):
        body = {"name": name, "type": "model"}
        assert (
            client.post("/api/repos/create", body, headers=token, content_type="application/json").status_code == status
        )
    assert [repository.name for repository in member.namespace.repositories.all()] == ["one"]


def test_all_credentials_of_a_member_count_together_and_members_apart(client: Client, limits: Any) -> None:
    ada, ben = make.user(), make.user()
    limits("api=2/h")
    answers = [
        client.get("/api/whoami-v2", headers=make.bearer(value)).status_code
        for value in (make.token(ada), make.token(ada), make.token(ada), make.token(ben))
    ]
    assert answers == [200, 200, 429, 200]
    client.force_login(ada)
    assert client.get("/api/whoami-v2").status_code == 429


@pytest.mark.parametrize(
    ("first", "second", "together"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("unix", "unix", True),
    ],
)
def test_visitors_are_counted_by_address_and_a_household_of_ipv6_as_one(
    limits: Any, first: str, second: str, together: bool
) -> None:
    assert (block_of(first) == block_of(second)) == together
    limits("api:visitors=1/h")
    assert statuses(Client(REMOTE_ADDR=first), "/api/suites", 1) == [200]
    assert statuses(Client(REMOTE_ADDR=second), "/api/suites", 1) == [429 if together else 200]


def test_a_window_ends(client: Client, limits: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    limits("api:visitors=1/m")
    assert statuses(client, "/api/suites", 2) == [200, 429]
    later = time.time() + 61
    monkeypatch.setattr(rate_limits.time, "time", lambda: later)
    assert statuses(client, "/api/suites", 2) == [200, 429]


def test_an_address_that_tries_tokens_is_not_looked_up_any_more(
    client: Client, limits: Any, django_assert_num_queries: Any
) -> None:
    good = make.bearer(make.token(make.user()))
    limits("wrong_token=2/h,wrong_token:visitors=2/h")
    assert statuses(client, "/api/whoami-v2", 3, headers=make.bearer("hf_wrong")) == [401, 401, 429]
    with django_assert_num_queries(0):
        assert statuses(client, "/api/whoami-v2", 1, headers=good) == [429]


def test_health_is_asked_as_often_as_one_likes(client: Client, limits: Any) -> None:
    limits("api:visitors=1/h,pages:visitors=1/h")
    assert statuses(client, "/health/live", 3) == [200] * 3


def patterns(found: list[Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for pattern in found:
        address = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield address, pattern.callback
        else:
            yield from patterns(pattern.url_patterns, address)


SITE = list(patterns(get_resolver().url_patterns))


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_every_address_is_under_a_bucket_that_there_is(method: str) -> None:
    free = {address for address, view in SITE if bucket_of(view, method, f"/{address}") not in DEFAULTS}
    assert free == ({"health/live", "health/ready"} if method == "GET" else set())


@pytest.mark.parametrize(
    ("address", "bucket"),
    [
        ("accounts/signup/", "sign_up"),
        ("accounts/login/", "sign_in"),
        ("api/<plural:plural>/<str:namespace>/<str:name>/commit/<path:rest>", "commit"),
        ("api/repos/create", "repository"),
        ("api/evaluations", "evaluation"),
        ("api/<plural:plural>/<str:namespace>/<str:name>/like", "like"),
        ("report", "report"),
        ("<str:namespace>/<str:name>/discussions/new", "discussion"),
        ("<str:namespace>/<str:name>/discussions/<int:number>/comment", "comment"),
        ("settings/account/export", "export"),
        ("settings/invitations", "invitation"),
        ("preferences", "write"),
        ("admin/login/", "write"),
    ],
)
def test_what_is_written_is_under_the_bucket_of_its_kind(address: str, bucket: str) -> None:
    (view,) = [view for known, view in SITE if known == address]
    assert bucket_of(view, "POST", f"/{address}") == bucket


def test_every_address_of_the_api_says_that_it_may_refuse_for_now() -> None:
    for path, operations in description()["paths"].items():
        for method, operation in operations.items():
            if method in _WRITES | {"get"}:
                assert "429" in operation["responses"], (method, path)
    refusal = description()["components"]["responses"]["RateLimited"]
    assert {"Retry-After", "RateLimit", "RateLimit-Policy"} <= refusal["headers"].keys()


def shared_by(settings: LazySettings, address: str) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": address}}
    rate_limits._shared.cache_clear()


@pytest.fixture
def _no_shared_server_afterwards() -> Iterator[None]:
    yield
    rate_limits._shared.cache_clear()


@pytest.mark.usefixtures("_no_shared_server_afterwards")
def test_processes_count_together_by_redis(settings: LazySettings) -> None:
    services.require("redis")
    address = os.environ["TEST_REDIS_URL"]
    shared_by(settings, address)
    ada, ben = uuid.uuid4().hex, uuid.uuid4().hex
    one, other = Counters(), Counters()
    limit = Limit(10, 3600)
    assert [one.hit("comment", ada, limit)[0] for _ in range(4)] == [1, 2, 3, 4]
    assert [other.hit("comment", ada, limit)[0] for _ in range(2)] == [5, 6]
    assert one.hit("comment", ada, limit)[0] == 7
    assert other.hit("comment", ben, limit)[0] == 1
    large = Limit(1000, 3600)  # told in steps of twenty
    for _ in range(200):
        one.hit("resolve", ada, large)
        last = other.hit("resolve", ada, large)[0]
    assert 380 <= last <= 400
    server = redis.Redis.from_url(address)
    assert {0 < server.ttl(key) <= 3660 for key in server.scan_iter(f"rate:*:{ada}:*")} == {True}


@pytest.mark.usefixtures("_no_shared_server_afterwards")
def test_a_redis_that_is_down_stops_nobody(settings: LazySettings, caplog: pytest.LogCaptureFixture) -> None:
    shared_by(settings, f"redis://127.0.0.1:{free_port()}/0")
    counters, limit = Counters(), Limit(10, 3600)
    began = time.monotonic()
    assert [counters.hit("comment", "u1", limit)[0] for _ in range(100)] == list(range(1, 101))
    assert time.monotonic() - began < 2
    assert len([line for line in caplog.messages if "counted by each process alone" in line]) == 1
