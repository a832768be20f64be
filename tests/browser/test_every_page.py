"""What holds on every page: no barrier that axe finds, no sideways scrolling on a phone, nothing for the console."""

import gzip

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page
from pytest_django.live_server_helper import LiveServer

from models_registry.community.models import Collection, CollectionItem, Discussion, Notice, Webhook
from tests.browser import scene as scenes
from tests.browser.conftest import sign_in
from tests.browser.scene import Scene

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.timeout(600)]

PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 900}


def every_page(scene: Scene, visitor: bool) -> dict[str, str]:
    return scenes.entrance_pages() if visitor else scenes.pages(scene)


def barriers(page: Page) -> list[str]:
    """What axe finds, in one line each."""
    found = Axe().run(page).response["violations"]
    return [
        f"{rule['id']}: {node['target']} {node.get('failureSummary', '')[:300]}"
        for rule in found
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("visitor", [True, False])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_barrier_and_the_console_stays_quiet(
    page: Page,
    context: BrowserContext,
    live_server: LiveServer,
    scene: Scene,
    complaints: list[str],
    theme: str,
    visitor: bool,
) -> None:
    if not visitor:
        sign_in(context, live_server, scene.member)
    context.add_cookies([{"name": "theme", "value": theme, "url": live_server.url}])
    page.set_viewport_size(DESKTOP)
    found = []
    for name, address in every_page(scene, visitor).items():
        page.goto(live_server.url + address)
        found += [f"{name} ({theme}): {barrier}" for barrier in barriers(page)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("visitor", [True, False])
def test_no_page_scrolls_sideways_on_a_phone(
    page: Page, context: BrowserContext, live_server: LiveServer, scene: Scene, visitor: bool
) -> None:
    if not visitor:
        sign_in(context, live_server, scene.member)
    page.set_viewport_size(PHONE)
    assert not wide_ones(page, live_server, scene, visitor)


@pytest.mark.parametrize("visitor", [True, False])
def test_what_members_write_without_a_space_widens_no_page(
    page: Page, context: BrowserContext, live_server: LiveServer, scene: Scene, visitor: bool
) -> None:
    """Else one member's title could push everybody's list out of sight."""
    if not visitor:
        sign_in(context, live_server, scene.member)
    for collection in Collection.objects.all():
        Collection.objects.filter(pk=collection.pk).update(title=f"{collection.pk}" + "W" * 100, description="D" * 150)
    CollectionItem.objects.update(note="N" * 500)
    Discussion.objects.update(title="T" * 200)
    Notice.objects.update(text="W" * 500)
    Webhook.objects.update(url="https://example.org/" + "u" * 1900)
    page.set_viewport_size(PHONE)
    scene.collection.refresh_from_db()
    assert not wide_ones(page, live_server, scene, visitor)


def wide_ones(page: Page, live_server: LiveServer, scene: Scene, visitor: bool) -> list[str]:
    wide = []
    for name, address in every_page(scene, visitor).items():
        page.goto(live_server.url + address)
        if page.evaluate("document.documentElement.scrollWidth") > PHONE["width"]:
            wide.append(name)
    return wide


@pytest.mark.parametrize("name", ["home", "model", "discussion", "pull-request-files"])
def test_the_first_view_of_a_page_is_light(
    page: Page, context: BrowserContext, live_server: LiveServer, scene: Scene, name: str
) -> None:
    """HTML, CSS and JS under 150 KB compressed; here measured as gzip would send them."""
    size = 0

    def weigh(response: object) -> None:
        nonlocal size
        if "image" not in response.headers.get("content-type", ""):  # type: ignore[attr-defined]
            size += len(gzip.compress(response.body()))  # type: ignore[attr-defined]

    sign_in(context, live_server, scene.member)
    page.on("response", weigh)
    page.goto(live_server.url + scenes.pages(scene)[name], wait_until="networkidle")
    assert size < 150_000
