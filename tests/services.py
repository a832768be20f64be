"""What a test may need besides Python: one place that knows how each is found.

On a bare machine a test whose service is missing is skipped. Where HUB_REQUIRE_SERVICES is set (in CI) it fails,
so that nothing goes untested for want of a program.
"""

import functools
import os
import shutil
from collections.abc import Callable

import pytest

from evaluations import sandbox

REQUIRED = os.environ.get("HUB_REQUIRE_SERVICES", "") not in {"", "0"}


def _program(name: str) -> Callable[[], bool]:
    return lambda: shutil.which(name) is not None


_FOUND: dict[str, Callable[[], bool]] = {
    "bubblewrap": sandbox.bwrap_works,  # installed is not enough: many containers forbid new namespaces
    "chromium": lambda: chromium() is not None,
    "clamd": _program("clamd"),
    "git": _program("git"),
    "git-lfs": _program("git-lfs"),
    "postgresql": lambda: bool(os.environ.get("TEST_POSTGRES_URL")),
    "redis": lambda: bool(os.environ.get("TEST_REDIS_URL")),
}


def chromium() -> str | None:
    """The path of an installed Chromium."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@functools.cache
def available(service: str) -> bool:
    return _FOUND[service]()


def missing(reason: str) -> None:
    """End this test because something it needs is not there: a skip here, a failure where everything is required."""
    if REQUIRED:
        pytest.fail(f"{reason}, and HUB_REQUIRE_SERVICES is set", pytrace=False)
    pytest.skip(reason)


def require(*services: str) -> None:
    """End this test unless every one of `services` can be used."""
    for service in services:
        if not available(service):
            missing(f"needs {service}")
