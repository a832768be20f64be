"""Pictures of the main pages, wide and narrow, light and dark, to be looked at: `make screenshots` fills `screenshots/`.

`make screenshots PAGES="guide status"` draws those alone, and `LANGUAGE_OF_PAGES=zh-hans` in another language.
"""

import os
from pathlib import Path

import pytest
from django.utils.translation import gettext, override, pgettext
from playwright.sync_api import BrowserContext, Page
from pytest_django.live_server_helper import LiveServer

from tests.browser import scene as scenes
from tests.browser.conftest import sign_in
from tests.browser.scene import Scene

pytestmark = [pytest.mark.screenshots, pytest.mark.timeout(1800)]

WANTED = os.environ.get("PAGES", "").split()
FOLDER = Path(__file__).resolve().parents[2] / "screenshots"


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_draw(
    page: Page, context: BrowserContext, live_server: LiveServer, scene: Scene, theme: str, width: int
) -> None:
    FOLDER.mkdir(exist_ok=True)
    language = os.environ.get("LANGUAGE_OF_PAGES", "en")
    context.add_cookies([{"name": "django_language", "value": language, "url": live_server.url}])
    context.add_cookies([{"name": "theme", "value": theme, "url": live_server.url}])
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    for is_member, pages in (
        (False, scenes.entrance_pages()),
        (True, scenes.pages(scene) | scenes.staff_pages()),
    ):
        if is_member:
            sign_in(context, live_server, scene.member)
        for name, address in pages.items():
            if WANTED and name not in WANTED:
                continue
            page.goto(live_server.url + address)
            page.screenshot(path=FOLDER / f"{name}-{width}-{theme}.png", full_page=True)
    if width >= 1280 and not WANTED:
        with override(language):
            _draw_an_act(page, live_server.url + scenes.staff_pages()["admin-report"], theme)


def _draw_an_act(page: Page, address: str, theme: str) -> None:
    """What a moderator is asked for: a fragment in a dialog over the report."""
    page.goto(address)
    page.get_by_role("link", name=pgettext("report", "Dismiss")).click()
    page.get_by_role("heading", name=gettext("There is nothing to do")).wait_for()
    page.screenshot(path=FOLDER / f"admin-dismiss-1280-{theme}.png")
