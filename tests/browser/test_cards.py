"""From a new repository to a card that is worth reading, in the browser."""

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from models_registry.formats.card import parse
from models_registry.models import Repository
from models_registry.services import card_editing, references
from tests.browser.conftest import sign_in
from tests.browser.scene import Scene

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.usefixtures("complaints")]


def test_a_repository_is_made_and_its_card_written_by_fields(
    page: Page, context: BrowserContext, live_server: LiveServer, scene: Scene
) -> None:
    sign_in(context, live_server, scene.member)
    page.goto(live_server.url + "/new")
    page.get_by_label("Name", exact=True).fill("seedling")
    expect(page.get_by_text("is a model that exists already.")).to_be_visible()
    page.get_by_label("Name", exact=True).fill("sapling")
    expect(page.get_by_text("is free.")).to_be_visible()
    page.get_by_label("Licence", exact=True).fill("apache-2.0")
    page.get_by_label("Licence", exact=True).press("Tab")
    page.get_by_label("Task").select_option("image-classification")
    expect(page.get_by_text("Usable commercially")).to_be_visible()
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("alder/sapling")

    page.goto(live_server.url + "/alder/sapling/edit-card/main")
    expect(page.locator("#card-license")).to_have_value("apache-2.0")
    page.get_by_label("The card, in Markdown").fill("# Sapling\n\nIt **grows**.\n")
    page.get_by_role("button", name="Add Limitations and bias").click()
    expect(page.get_by_label("The card, in Markdown")).to_have_value(re.compile("## Limitations and bias"))
    page.get_by_label("Add to: Languages").fill("en, de")
    page.get_by_role("button", name="Add Languages").click()
    expect(page.get_by_role("checkbox", name="de", exact=True)).to_be_checked()
    page.get_by_label("Add to: Languages").fill("english")
    page.get_by_role("button", name="Add Languages").click()
    expect(page.get_by_text("is no language tag")).to_be_visible()
    page.get_by_role("checkbox", name="english").uncheck()
    page.get_by_label("Add to: Base models").press_sequentially("digits-cnn")
    expect(page.locator("#base_model-names option[value='birch-lab/digits-cnn']")).to_have_count(1)
    page.get_by_label("Add to: Base models").fill("birch-lab/digits-cnn")
    page.locator("#card-pane-preview").check(force=True)
    expect(page.locator("#card-shown strong")).to_have_text("grows")
    page.get_by_role("button", name="As YAML").click()
    yaml = page.get_by_label("Metadata as YAML")
    expect(yaml).to_have_value(re.compile("base_model: birch-lab/digits-cnn"))
    yaml.fill(yaml.input_value().rstrip() + "\nmy-key: kept  # as it is\n")
    page.get_by_role("button", name="As fields").click()
    expect(page.get_by_text("Kept as written:")).to_contain_text("my-key")
    page.get_by_label("What changes").fill("Describe it")
    page.get_by_role("button", name="Save the card").click()
    expect(page).to_have_url(live_server.url + "/alder/sapling")

    made = Repository.objects.get(full_key="alder/sapling")
    written = card_editing.read_readme(made, references.resolve(made, "main")) or ""
    assert "my-key: kept  # as it is\n" in written
    assert parse(written).metadata == {
        "license": "apache-2.0", "pipeline_tag": "image-classification", "language": ["en", "de"],
        "base_model": "birch-lab/digits-cnn", "my-key": "kept",
    }  # fmt: skip
