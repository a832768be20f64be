"""Requests are counted by who sends them; too many within a window are refused by 429, with headers that say when to come back.

Every address is under a bucket of `rate_policies` without asking for it: pages and API by themselves, apart for reading and
writing. A view names another one by `@under(writes="comment")`, or spends from one where only the request's content tells:
`spend(request, "search")`.

Counting is done in this process, and told to Redis (CACHE_URL) in steps of a fiftieth of the limit, so small limits are exact
for all processes together and large ones nearly. Without Redis, each process counts for itself. A Redis that is down stops
nobody. (The library `limits` asks Redis each time, and its memory is swept by a thread that walks over all counters.)
"""

import ipaddress
import logging
import math
import threading
import time
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any, NamedTuple, TypeVar

import redis
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from rest_framework.request import Request

from hub.error_responses import to_json_response, to_page
from hub.errors import RateLimited
from hub.wire.addresses import FOR_PROGRAMS
from hub.wire.client_address import client_address
from hub.wire.rate_policies import Limit

logger = logging.getLogger(__name__)

F = TypeVar("F", bound=Callable[..., Any])
_SAFE = {"GET", "HEAD", "OPTIONS"}
_STEPS = 50  # a window's limit is told to Redis in so many steps
_SYNC_SECONDS = 2.0
_REST_AFTER_FAILURE = 30.0
_REDIS_PATIENCE = 0.25
_MOST_COUNTERS = 100_000


class Spent(NamedTuple):
    """What is left in a bucket. `reset`: seconds until it is full again."""

    bucket: str
    limit: Limit
    remaining: int
    reset: int

    @property
    def headers(self) -> dict[str, str]:
        return {
            "RateLimit": f'"{self.bucket}";r={self.remaining};t={self.reset}',
            "RateLimit-Policy": _policy(self.bucket, self.limit),
        }


@cache
def _policy(bucket: str, limit: Limit) -> str:
    return f'"fixed window";"{bucket}";q={limit.requests};w={limit.seconds}'


class _Counter:
    __slots__ = ("count", "ends", "synced", "unsent")

    def __init__(self, ends: float) -> None:
        self.ends = ends
        self.count = 0
        self.unsent = 0
        self.synced = 0.0


class Counters:
    """Fixed windows, the same for everybody: from one multiple of their length to the next, so processes agree on them."""

    def __init__(self) -> None:
        self._counters: dict[tuple[str, str], _Counter] = {}
        self._lock = threading.Lock()
        self._rests_until = 0.0

    def forget(self) -> None:
        """For tests: everybody begins anew."""
        self._counters.clear()

    def hit(self, bucket: str, who: str, limit: Limit) -> tuple[int, float]:
        """How many there were in this window, with this one, and when it ends (Unix seconds)."""
        now = time.time()
        key = (bucket, who)
        with self._lock:
            counter = self._counters.get(key)
            if counter is None or counter.ends <= now:
                counter = self._begin(key, now, limit)
            counter.count += 1
            counter.unsent += 1
            is_due = counter.unsent * _STEPS >= limit.requests or now - counter.synced > _SYNC_SECONDS
            count = counter.count
        if is_due and (shared := _shared()) is not None and now >= self._rests_until:
            self._tell(shared, key, counter, now, limit)
            count = counter.count
        return count, counter.ends

    def count(self, bucket: str, who: str) -> int:
        """How many there were in this window, as far as this process knows."""
        counter = self._counters.get((bucket, who))
        return counter.count if counter is not None and counter.ends > time.time() else 0

    def _begin(self, key: tuple[str, str], now: float, limit: Limit) -> _Counter:
        if len(self._counters) >= _MOST_COUNTERS:
            self._counters = {one: counter for one, counter in self._counters.items() if counter.ends > now}
            if len(self._counters) >= _MOST_COUNTERS:  # that many at once: remember the newest
                self._counters.clear()
        counter = self._counters[key] = _Counter((now // limit.seconds + 1) * limit.seconds)
        return counter

    def _tell(self, shared: "redis.Redis", key: tuple[str, str], counter: _Counter, now: float, limit: Limit) -> None:
        with self._lock:
            unsent, counter.unsent, counter.synced = counter.unsent, 0, now
        try:
            pipeline = shared.pipeline(transaction=False)
            name = f"rate:{key[0]}:{key[1]}:{int(counter.ends)}"
            pipeline.incrby(name, unsent)
            pipeline.expire(name, limit.seconds + 60)
            total = int(pipeline.execute()[0])
        except redis.RedisError as error:
            self._rests_until = now + _REST_AFTER_FAILURE
            logger.warning("rate limits are counted by each process alone for a while: %s", error)
            return
        with self._lock:
            counter.count = max(counter.count, total + counter.unsent)


counters = Counters()


@cache
def _shared() -> "redis.Redis | None":
    cache_settings: dict[str, Any] = settings.CACHES["default"]
    if "redis" not in str(cache_settings["BACKEND"]).lower():
        return None
    location = cache_settings["LOCATION"]
    address = location if isinstance(location, str) else location[0]
    return redis.Redis.from_url(address, socket_timeout=_REDIS_PATIENCE, socket_connect_timeout=_REDIS_PATIENCE)


@lru_cache(maxsize=4096)
def block_of(address: str) -> str:
    """Whom an address stands for: one household has a whole /64 of IPv6."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((int(parsed) >> 64 << 64, 64)))
    return address


def under(*, reads: str | None = None, writes: str | None = None) -> Callable[[F], F]:
    """Of a view, function or class: the buckets of its safe methods and of the others. "" is none at all."""

    def decorate(view: F) -> F:
        view.buckets = (reads, writes)  # type: ignore[attr-defined]
        return view

    return decorate


def bucket_of(view: Any, method: str, path: str) -> str:
    """The bucket of a request, "" for none."""
    buckets: Any = getattr(view, "buckets", None)
    if buckets is None:  # a class's function
        target = getattr(view, "cls", None) or getattr(view, "view_class", None)
        buckets = getattr(target, "buckets", (None, None))
    named: str | None = buckets[0] if method in _SAFE else buckets[1]
    if named is not None:
        return named
    if method not in _SAFE:
        return "write"
    return "api" if _is_for_programs(view, path) else "pages"


def _is_for_programs(view: Any, path: str) -> bool:
    return hasattr(view, "cls") or FOR_PROGRAMS.match(path) is not None


def spend_as(bucket: str, user_id: int | None, address: str) -> Spent | None:
    """One of the bucket's; None where it has no limit. Raises RateLimited with the headers that clients wait by."""
    policy = settings.RATE_LIMITS.get(bucket)
    if policy is None:
        return None
    limit = policy.visitors if user_id is None else policy.members
    if limit is None:
        return None
    count, ends = counters.hit(bucket, block_of(address) if user_id is None else f"u{user_id}", limit)
    reset = max(1, math.ceil(ends - time.time()))
    if count > limit.requests:
        raise refusal(bucket, limit, reset=reset)
    return Spent(bucket, limit, limit.requests - count, reset)


def refusal(bucket: str, limit: Limit, *, reset: int) -> RateLimited:
    """Of who has spent the whole limit. reset: in how many seconds there is something left again."""
    message = _("At most %(most)s in %(window)s: try again in %(rest)s.")
    told = {"most": limit.requests, "window": _duration(limit.seconds), "rest": _duration(reset)}
    return RateLimited(message % told, headers={"Retry-After": str(reset), **Spent(bucket, limit, 0, reset).headers})


def spend(request: HttpRequest | Request, bucket: str) -> None:
    """One of this bucket's for who sends the request. Raises RateLimited."""
    user = request.actor.user  # type: ignore[union-attr]  # set by a middleware of the accounts, which this room may not know
    django_request: Any = getattr(request, "_request", request)
    django_request.spent = spend_as(bucket, user.pk if user is not None else None, client_address(django_request))


def is_spent(bucket: str, address: str) -> bool:
    """Whether visitors of this address have nothing left in the bucket, before anything is done for them."""
    policy = settings.RATE_LIMITS.get(bucket)
    return (
        policy is not None
        and policy.visitors is not None
        and counters.count(bucket, block_of(address)) >= policy.visitors.requests
    )


def _duration(seconds: int) -> str:
    if seconds and seconds % 86400 == 0:
        return ngettext("%(count)s day", "%(count)s days", seconds // 86400) % {"count": seconds // 86400}
    if seconds and seconds % 3600 == 0:
        return ngettext("%(count)s hour", "%(count)s hours", seconds // 3600) % {"count": seconds // 3600}
    if seconds and seconds % 60 == 0:
        return ngettext("%(count)s minute", "%(count)s minutes", seconds // 60) % {"count": seconds // 60}
    return ngettext("%(count)s second", "%(count)s seconds", seconds) % {"count": seconds}


class RateLimitMiddleware:
    """Below the one that sets `request.actor`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        spent: Spent | None = getattr(request, "spent", None)
        if spent is not None and "RateLimit" not in response.headers:
            for name, value in spent.headers.items():
                response.headers[name] = value
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponseBase | None:
        if not settings.RATE_LIMITS:
            return None
        bucket = bucket_of(view, request.method or "GET", request.path)
        try:
            if bucket:
                spend(request, bucket)
        except RateLimited as refusal:
            return to_json_response(refusal) if _is_for_programs(view, request.path) else to_page(request, refusal)
        return None
