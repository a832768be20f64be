"""From a slip of the pen in the header to one model, and through the facets of a list and back."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser.scene import Scene

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.timeout(300)]


def test_search_is_used_with_the_keyboard_and_lists_are_narrowed_and_left_by_the_back_button(
    page: Page, live_server: LiveServer, scene: Scene, complaints: list[str]
) -> None:
    page.goto(live_server.url + "/leaderboards")
    page.keyboard.press("/")
    field = page.get_by_role("combobox", name="Search Grove")
    expect(field).to_be_focused()
    page.keyboard.type("digits-cnn")
    wanted = page.get_by_role("option", name="birch-lab/digits-cnn").first
    expect(wanted).to_be_visible()
    expect(field).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Escape")
    expect(wanted).to_be_hidden()
    page.keyboard.press("ArrowDown")
    for _ in range(10):
        if wanted.get_attribute("aria-selected") == "true":
            break
        page.keyboard.press("ArrowDown")
    expect(field).to_have_attribute("aria-activedescendant", wanted.get_attribute("id") or "")
    page.keyboard.press("Enter")
    expect(page).to_have_url(live_server.url + scene.model.get_absolute_url())

    page.goto(live_server.url + "/models")
    everything = page.locator(".repo-list > li").count()
    licence = page.get_by_role("checkbox", name=re.compile("bsd-3-clause"))
    page.locator("#facet-tag summary").click()  # shut, and stays so
    licence.check()
    expect(page).to_have_url(re.compile(r"/models\?licence=bsd-3-clause$"))
    expect(page.locator(".repo-list > li")).to_have_count(1)
    expect(licence).to_be_focused()
    expect(page.locator("#facet-tag")).not_to_have_attribute("open", "")
    expect(page.locator(".repo-list .rank")).to_be_visible()
    page.get_by_label("Parameters from").press("ArrowRight")
    expect(page).to_have_url(re.compile(r"params_min=7"))
    expect(page.get_by_role("link", name="Remove from 3 K")).to_be_visible()
    page.go_back()
    expect(page).to_have_url(re.compile(r"/models\?licence=bsd-3-clause$"))
    expect(page.get_by_role("link", name="Remove from 3 K")).to_have_count(0)
    page.get_by_role("link", name="Remove bsd-3-clause").click()
    expect(page.locator(".repo-list > li")).to_have_count(everything)
    page.get_by_label("Filter models by name or words").fill("gru")
    expect(page).to_have_url(re.compile(r"/models\?q=gru$"))
    expect(page.locator(".repo-list > li")).to_have_count(1)


@pytest.mark.parametrize("has_script", [True, False])
def test_models_are_ticked_in_a_list_and_compared(
    browser: Browser, live_server: LiveServer, scene: Scene, has_script: bool
) -> None:
    context = browser.new_context(java_script_enabled=has_script)
    page = context.new_page()
    page.goto(live_server.url + "/models")
    one, other = scene.rival.repository.full_name, scene.model.full_name
    expect(page.get_by_role("checkbox", name=f"Compare {one}")).to_have_count(0)
    page.get_by_label("Compare models").press("Enter")
    page.get_by_role("checkbox", name=f"Compare {one}").check()
    if has_script:  # ticks outlive a swap of the list
        page.get_by_label("Filter models by name or words").fill(one)
        expect(page.locator(".repo-list > li")).to_have_count(1)
        expect(page.get_by_role("checkbox", name=f"Compare {one}")).to_be_checked()
        page.get_by_label("Filter models by name or words").fill("")
        expect(page.get_by_role("checkbox", name=f"Compare {other}")).not_to_be_checked()
    page.get_by_role("checkbox", name=f"Compare {other}").check()
    page.get_by_role("button", name="Compare 2 models" if has_script else "Compare", exact=True).click()
    expect(page).to_have_url(re.compile(rf"/compare\?models=({one},{other}|{other},{one})$"))
    context.close()
