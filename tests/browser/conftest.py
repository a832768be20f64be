"""Chromium against a live server in this process."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.test import Client
from playwright.sync_api import BrowserContext, ConsoleMessage, Page
from pytest_django.live_server_helper import LiveServer

from tests import services
from tests.browser.keeping import KeptScene
from tests.browser.scene import Scene

os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright keeps an event loop on this thread; our queries still block

QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    services.require("chromium")
    return {**browser_type_launch_args, "executable_path": services.chromium(), "args": QUIET}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "locale": "en-GB", "permissions": ["clipboard-read", "clipboard-write"]}


@pytest.fixture(scope="session", autouse=True)
def _static_files_are_fetched_once() -> Iterator[None]:
    """As browsers do in life; the live server would have them ask for each, on each page."""
    serve = StaticFilesHandler.serve

    def kept(self: StaticFilesHandler, request: HttpRequest) -> HttpResponseBase:
        answer = serve(self, request)
        answer["Cache-Control"] = "max-age=3600"
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StaticFilesHandler, "serve", kept)
        yield


@pytest.fixture(scope="session")
def kept_scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeptScene]:
    kept = KeptScene(tmp_path_factory.mktemp("scene"))
    yield kept
    kept.forget()


@pytest.fixture
def scene(live_server: LiveServer, kept_scene: KeptScene) -> Scene:
    """The same for every test, whatever the tests before have done to it."""
    return kept_scene.into_the_empty_database()


@pytest.fixture
def complaints(page: Page) -> Iterator[list[str]]:
    found: list[str] = []
    listen(page, found)
    yield found
    assert not found


def listen(page: Page, found: list[str]) -> None:
    """Note what the browser complains of: errors of scripts, and whatever the Content-Security-Policy stops."""

    def note(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and "status of 4" not in message.text:
            found.append(f"{page.url}: {message.text}")

    page.on("console", note)
    page.on("pageerror", lambda error: found.append(f"{page.url}: {error}"))


def sign_in(context: BrowserContext, live_server: LiveServer, member: Any) -> None:
    """By cookie, as the form would have set it; the form itself has a test of its own."""
    client = Client()
    client.force_login(member)
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
