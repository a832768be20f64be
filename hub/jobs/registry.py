"""Which function does which kind of work, and how patient the hub is with it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Kind:
    """One kind of work: done by `function(key)`, again after `retry_on` errors, at most `attempts` times."""

    name: str
    function: Callable[[str], None]
    lease: timedelta
    attempts: int
    retry_on: tuple[type[Exception], ...]


class NotNow(Exception):
    """Raised by a function whose work has to wait for something else: it is asked again, and no attempt is counted."""


_kinds: dict[str, Kind] = {}


def job(
    name: str, *, lease: timedelta, attempts: int = 5, retry_on: tuple[type[Exception], ...] = ()
) -> Callable[[Callable[[str], None]], Callable[[str], None]]:
    """Register a function as the one that does `name`. It gets the job's key, and must bear being run twice."""

    def register(function: Callable[[str], None]) -> Callable[[str], None]:
        _kinds[name] = Kind(name, function, lease, attempts, retry_on)
        return function

    return register


def kind_of(name: str) -> Kind:
    return _kinds[name]


def known_names() -> list[str]:
    return list(_kinds)
