"""What a reader does with the page of a file."""

import re

import pytest
from django.conf import settings
from playwright.sync_api import BrowserContext, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Actor
from models_registry.models import Repository
from models_registry.services import uploads
from models_registry.services.changes import AddLfsFile
from models_registry.services.commits import create_commit
from tests import make
from tests.browser.conftest import sign_in
from tests.browser.more import viewers
from tests.browser.scene import Scene
from tests.models_registry import file_samples as samples

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.usefixtures("complaints")]

# Whether the browser has a viewer is for the test to say (`shows`), and what a frame is given is kept (`framed`).
WATCHED = """
Object.defineProperty(Navigator.prototype, "pdfViewerEnabled", { get: () => window.shows });
const addressed = URL.createObjectURL;
URL.createObjectURL = (file) => addressed.call(URL, (window.framed = file));
"""


def test_lines_are_linked_views_are_switched_and_tensors_found(
    page: Page, context: BrowserContext, live_server: LiveServer, scene: Scene
) -> None:
    sign_in(context, live_server, scene.member)
    repository = Repository.objects.get(namespace=scene.member.namespace, name=viewers.NAME)
    files = f"{live_server.url}{repository.get_absolute_url()}/blob/main"

    page.goto(f"{files}/notebook.ipynb")
    expect(page.get_by_role("img", name="Output of cell 4")).to_have_js_property("naturalWidth", 320)
    page.get_by_role("link", name="Source", exact=True).click()
    page.locator("#L1 > a").click()
    expect(page).to_have_url(re.compile(r"#L1$"))

    page.goto(f"{files}/long.log")
    page.locator("#L3 > a").click()
    page.locator("#L9 > a").click(modifiers=["Shift"])
    expect(page).to_have_url(re.compile(r"#L3-L9$"))
    expect(page.locator(".is-chosen")).to_have_count(7)
    page.get_by_label("Line", exact=True).fill("3900")
    page.keyboard.press("Enter")
    expect(page.locator("#L3900")).to_be_in_viewport()

    page.goto(f"{files}/logo.svg")
    expect(page.get_by_role("img", name="logo.svg")).to_have_js_property("naturalWidth", 40)
    page.goto(f"{files}/chime.wav")
    page.wait_for_function("document.querySelector('audio').duration === 0.5")

    page.goto(f"{files}/model.safetensors")
    page.get_by_label("Find tensors by name or type").type("layers.17 q_proj")
    expect(page).to_have_url(re.compile(r"q=layers\.17\+q_proj"))
    expect(page.locator(".tensor-table tbody tr:not(.tensor-group)")).to_have_count(1)


def test_a_pdf_is_shown_by_the_browsers_own_viewer_and_nothing_else_is_framed(
    page: Page, live_server: LiveServer, scene: Scene
) -> None:
    page.add_init_script(WATCHED)
    repository = Repository.objects.get(namespace=scene.member.namespace, name=viewers.NAME)
    files = f"{live_server.url}{repository.get_absolute_url()}/blob/main"
    link = page.get_by_role("link", name="Download the PDF")

    page.goto(f"{files}/paper.pdf")  # where there is no viewer
    expect(page.locator(".viewer-pdf")).to_have_count(0)
    expect(link).to_be_visible()

    page.add_init_script("window.shows = true")
    page.reload()
    expect(page.get_by_title("paper.pdf", exact=True)).to_have_attribute("src", re.compile("^blob:"))
    assert page.evaluate("async () => [framed.type, await framed.text()]") == [
        "application/pdf",
        samples.pdf("Lichens of the north").decode(),
    ]

    def lie(route: Route) -> None:
        route.fulfill(body="<script>alert(1)</script>", content_type="application/pdf")

    def refuse(route: Route) -> None:
        route.fulfill(status=404)

    for answer in (lie, refuse):
        page.route("**/resolve/main/paper.pdf", answer)
        page.reload()
        expect(page.locator(".viewer-pdf")).to_have_count(0)
        expect(link).to_be_visible()
        expect(page.locator("iframe")).to_have_count(0)

    page.goto(f"{files}/lies.pdf")
    expect(page.get_by_role("region", name="Source")).to_contain_text("<script>alert(1)</script>")
    expect(page.locator("iframe")).to_have_count(0)


def test_a_pdf_that_lies_in_the_storage_is_shown_from_there(page: Page, live_server: LiveServer, scene: Scene) -> None:
    """The redirect leads to another origin, which must let pages of this one read it."""
    repository, content = make.repository(scene.member), samples.pdf("Lichens of the south")
    actor = Actor(user=scene.member)
    change = AddLfsFile("paper.pdf", uploads.store(actor=actor, repository=repository, content=content), len(content))
    create_commit(actor=actor, repository=repository, branch="main", parent=None, changes=[change], title="a paper")
    page.add_init_script(WATCHED + "window.shows = true")
    with page.expect_response(lambda answer: answer.url.startswith(settings.S3_PUBLIC_ENDPOINT_URL)) as answered:
        page.goto(f"{live_server.url}{repository.get_absolute_url()}/blob/main/paper.pdf")
    assert answered.value.ok
    expect(page.get_by_title("paper.pdf", exact=True)).to_have_attribute("src", re.compile("^blob:"))
    assert page.evaluate("async () => await framed.text()") == content.decode()
