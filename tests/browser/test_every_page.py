"""What holds on every page: no barrier that axe finds, no sideways scrolling on a phone, nothing for the console, no weight."""

import gzip

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, Response
from pytest_django.live_server_helper import LiveServer

from models_registry.community.models import Collection, CollectionItem, Discussion, Notice, Webhook
from tests.browser import scene as scenes
from tests.browser.conftest import sign_in
from tests.browser.scene import Scene

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.timeout(600)]

PARTS = 4
PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 900}
# Bytes of HTML, CSS and JS as gzip would send them, all of them fetched anew.
LIGHT = 150_000
OF_SIZES = ["target-size"]  # of WCAG 2.2 AA; axe runs it only where it is asked to
OF_COLOURS = ["color-contrast", "link-in-text-block"]  # what axe can say of a theme: the page is the same in each
# All that the theme is: an attribute of the root. Nothing is judged half-way between two colours.
DARKEN = """() => {
    document.documentElement.dataset.bsTheme = "dark";
    document.getAnimations().filter((one) => one instanceof CSSTransition).forEach((one) => one.finish());
}"""

FETCHED = """() => performance.getEntriesByType("resource").filter((one) => one.initiatorType !== "img")
    .map((one) => ({url: one.name, size: one.decodedBodySize}))"""


class Scales:
    """What the page on view has fetched, but for pictures."""

    def __init__(self, page: Page):
        self._page = page
        self._known: dict[str, int] = {}

    def weight(self, document: Response) -> int:
        fetched = self._page.evaluate(FETCHED)
        return len(gzip.compress(document.body())) + sum(self._weigh(one["url"], one["size"]) for one in fetched)

    def _weigh(self, url: str, size: int) -> int:
        """Files once each; what was asked for since the page came, as large as it is."""
        if "/static/" not in url:
            return size
        if url not in self._known:
            file = self._page.request.get(url)
            is_picture = file.headers["content-type"].startswith("image/")
            self._known[url] = 0 if is_picture else len(gzip.compress(file.body()))
        return self._known[url]


def every_page(scene: Scene, visitor: bool) -> dict[str, str]:
    return scenes.entrance_pages() if visitor else scenes.pages(scene)


def part_of(pages: dict[str, str], part: int) -> dict[str, str]:
    """Every so many of the pages: there are more of them than one test has time for."""
    return dict(list(pages.items())[part::PARTS])


def barriers(page: Page, *, rules: list[str] | None = None) -> list[str]:
    """What axe finds, in one line each; by these rules alone, or by all that it runs by default and those of sizes."""
    wanted = {"runOnly": rules} if rules else {"rules": {rule: {"enabled": True} for rule in OF_SIZES}}
    options = {"resultTypes": ["violations"]} | wanted
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{rule['id']}: {node['target']} {node.get('failureSummary', '')[:300]}"
        for rule in found
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("visitor", [True, False])
@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_is_open_to_all_quiet_light_and_fits_a_phone(
    page: Page,
    context: BrowserContext,
    live_server: LiveServer,
    scene: Scene,
    complaints: list[str],
    visitor: bool,
    part: int,
) -> None:
    """All that one visit of a page can show; what is drawn dark or narrow is drawn so in place."""
    if not visitor:
        sign_in(context, live_server, scene.member)
    context.add_cookies([{"name": "theme", "value": "light", "url": live_server.url}])
    scales = Scales(page)
    found = []
    for name, address in part_of(every_page(scene, visitor), part).items():
        page.set_viewport_size(DESKTOP)
        document = page.goto(live_server.url + address)
        assert document is not None
        found += [f"{name} (light): {barrier}" for barrier in barriers(page)]
        page.evaluate(DARKEN)
        found += [f"{name} (dark): {barrier}" for barrier in barriers(page, rules=OF_COLOURS)]
        page.set_viewport_size(PHONE)
        if (width := page.evaluate("document.documentElement.scrollWidth")) > PHONE["width"]:
            found.append(f"{name} scrolls sideways on a phone: {width} pixels")
        found += [f"{name} (narrow): {barrier}" for barrier in barriers(page, rules=OF_SIZES)]
        if (weight := scales.weight(document)) >= LIGHT:
            found.append(f"{name} weighs {weight} bytes")
    assert not found, "\n".join(found)


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
    wide = []
    for name, address in every_page(scene, visitor).items():
        page.goto(live_server.url + address)
        if page.evaluate("document.documentElement.scrollWidth") > PHONE["width"]:
            wide.append(name)
    assert not wide
