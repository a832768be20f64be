"""Files changed in the browser from the first line to the merge, and their history read on the way."""

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from models_registry.services import references
from tests import make
from tests.browser.conftest import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.usefixtures("complaints")]


def test_a_file_from_its_first_line_to_the_pull_request_that_deletes_it(
    page: Page, context: BrowserContext, live_server: LiveServer
) -> None:
    owner = make.user("alder")
    repository = make.repository(owner, "study")
    make.commit(repository, {"old/a.txt": "a\n"})
    address = live_server.url + repository.get_absolute_url()
    sign_in(context, live_server, owner)

    page.goto(f"{address}/tree/main")
    page.get_by_text("Add files").click()
    page.get_by_role("link", name="Create a new file").click()
    page.get_by_label("Path of the file").fill("lib/rate.py")
    text = page.get_by_role("textbox", name="Content")
    text.click()
    page.keyboard.type("def rate():")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("x = 1")
    page.keyboard.press("Enter")  # keeps the indent
    page.keyboard.type("return x\n")
    expect(text).to_have_value("def rate():\n  x = 1\n  return x\n  ")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")  # leaves the field now
    page.keyboard.press("Enter")
    expect(page.locator("#preview .diff-added")).to_have_count(3)
    warned: list[str] = []
    page.once("dialog", lambda dialog: (warned.append(dialog.type), dialog.dismiss()))
    page.get_by_role("link", name="Cancel").first.click()  # by mistake: nothing is lost
    assert warned == ["beforeunload"]
    page.get_by_role("button", name="Add the file").click()
    expect(page).to_have_url(f"{address}/blob/main/lib/rate.py")
    expect(page.get_by_text("Committed to main: Create rate.py")).to_be_visible()
    first = references.resolve(repository, "main").oid

    page.get_by_role("link", name="Edit", exact=True).click()
    page.get_by_role("textbox", name="Content").fill("def rate():\n  x = 2\n  return x\n")
    page.get_by_role("button", name="Save the change").click()
    page.locator("summary[aria-label=More]").click()
    page.get_by_role("link", name="Rename or move").click()
    page.get_by_label("New path").fill("lib/speed.py")
    page.get_by_role("button", name="Rename it").click()
    expect(page).to_have_url(f"{address}/blob/main/lib/speed.py")

    page.goto(f"{address}/compare/{first[:10]}..main")
    expect(page.get_by_text("main has 2 commits that")).to_be_visible()
    page.goto(f"{address}/commits/main")
    page.get_by_role("link", name="Update rate.py", exact=True).click()
    page.get_by_role("link", name="Side by side").click()
    expect(page).to_have_url(re.compile(r"diff=split"))
    expect(page.locator("td.split-code.diff-removed")).to_contain_text("x = 1")
    expect(page.locator("td.split-code.diff-added")).to_contain_text("x = 2")

    page.goto(f"{address}/tree/main/old")
    page.locator("summary[aria-label=More]").click()
    page.get_by_role("link", name="Delete", exact=True).click()
    page.get_by_label("Type the name to confirm").fill("old")
    page.get_by_label(re.compile("open a pull request to main")).check()
    page.get_by_role("button", name="Delete it").click()
    page.get_by_role("button", name=re.compile("^Merge")).first.click()
    expect(page.get_by_text("merged").first).to_be_visible()
    page.goto(f"{address}/tree/main")
    expect(page.get_by_role("link", name="lib", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="old", exact=True)).to_have_count(0)
