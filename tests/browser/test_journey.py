"""What a community lives on, by clicks alone, in both languages: a model from signing up to its place on a leaderboard, a
change that somebody proposes and its owner merges, and a comment that is reported and hidden.

The hub is a running one, with its workers and its storage. Everything is named by the catalogue's texts: what a page says in
another language than its reader's is not found.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils.text import capfirst
from django.utils.translation import get_language, override, pgettext
from django.utils.translation import gettext as _
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests import services
from tests.browser.conftest import listen
from tests.evaluations.running import REFERENCE_MODELS
from tests.live import LiveHub, Member

pytestmark = [
    pytest.mark.live, pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.timeout(480),
    pytest.mark.usefixtures("_pages_may_be_slow"),
]  # fmt: skip

LOCALES = {"en": "en-GB", "zh-hans": "zh-CN"}
PASSWORD = "correct horse battery staple"
MODEL = REFERENCE_MODELS / "digits_cnn.safetensors"
SUITES = {"en": "Handwritten digits, 8×8", "zh-hans": "手写数字 8×8"}
CARDS = {
    "en": """# A small net for digits

## Intended use
Reading **handwritten digits**.

## Limitations and bias
Digits of one country.

## How to use it
Load it with safetensors.

## Training
Twenty epochs.

## Evaluation
By this hub.
""",
    "zh-hans": """# 识别数字的小网络

## 用途
识别**手写数字**。

## 局限与偏差
数字只来自一个国家。

## 用法
用 safetensors 加载。

## 训练
二十轮。

## 评测
由本站评测。
""",
}
QUESTION, PROPOSAL, ADDED = "Which seed was used?", "Say which seed it was", "The seed was 7."
INSULT, REASON = "Whoever made this cannot count to ten.", "One does not talk to others like that."
# Each page says in which language it is, the administration's, too; what is wrong ends up among the complaints.
SAYS_ITS_LANGUAGE = """addEventListener("DOMContentLoaded", () => {
    const { lang } = document.documentElement;
    if (location.protocol.startsWith("http") && lang !== "LANGUAGE") console.error(`This page is in "${lang}".`);
})"""


@pytest.fixture(params=LOCALES)
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    """Of the browsers, and of what this test looks for."""
    with override(request.param):
        yield request.param


@pytest.fixture
def browser_context_args(browser_context_args: dict[str, Any], language: str) -> dict[str, Any]:
    return {**browser_context_args, "locale": LOCALES[language]}


@pytest.fixture
def _pages_may_be_slow() -> Iterator[None]:
    """The hub's servers and workers share this machine with the browser."""
    expect.set_options(timeout=20_000)
    yield
    expect.set_options(timeout=None)


@pytest.fixture
def somebody(
    new_context: Callable[[], BrowserContext], live_hub: LiveHub, language: str
) -> Iterator[Callable[[], Page]]:
    """`somebody()`: a browser of their own, at the home page. None of them has anything to complain of."""
    found: list[str] = []

    def arrive() -> Page:
        context = new_context()
        context.add_init_script(SAYS_ITS_LANGUAGE.replace("LANGUAGE", language))
        page = context.new_page()
        listen(page, found)
        page.goto(live_hub.address)
        return page

    yield arrive
    assert not found


def test_from_signing_up_to_the_board_a_merged_proposal_and_a_hidden_comment(
    somebody: Callable[[], Page], live_hub: LiveHub, language: str
) -> None:
    services.require("bubblewrap")
    owner, owners_name, others_name = somebody(), f"wren-{language}", f"finch-{language}"
    model = f"{owners_name}/digits"
    sign_up(owner, owners_name)
    make_repository(owner, model)
    upload(owner)
    write_card(owner, CARDS[language])
    evaluate(owner)
    find_on_the_board(owner, model)

    other = somebody()
    sign_up(other, others_name)
    search(other, model)
    open_discussion(other)
    propose_a_change(other)
    read_and_merge(owner, model)
    expect_the_change(owner)

    insult(other)
    report_the_insult(owner, others_name)
    moderate(somebody(), live_hub.member(f"owl-{language}", admin=True), others_name)
    read_of_the_act(other)
    visitor = somebody()
    search(visitor, model)
    open_thread(visitor, QUESTION)
    expect(visitor.get_by_text(_("Hidden by a maintainer of this hub"))).to_be_visible()
    expect(visitor.get_by_text(INSULT)).to_have_count(0)


def sign_up(page: Page, name: str) -> None:
    page.get_by_role("link", name=_("Sign up")).click()
    page.get_by_label(_("Email")).fill(f"{name}@example.org")
    page.get_by_label(_("Username")).fill(name)
    page.get_by_label(_("Password"), exact=True).fill(PASSWORD)
    page.get_by_label(_("Password (again)")).fill(PASSWORD)
    page.get_by_role("button", name=_("Sign Up")).click()
    expect(page.get_by_label(_("Account: %(name)s") % {"name": name})).to_be_visible()


def make_repository(page: Page, full_name: str) -> None:
    page.get_by_role("link", name=_("New"), exact=True).click()
    page.get_by_label(_("Name"), exact=True).fill(full_name.partition("/")[2])
    expect(page.get_by_text(_("is free."))).to_be_visible()
    page.get_by_role("button", name=_("Make it")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(full_name)
    expect(page.get_by_role("heading", name=_("Nothing uploaded yet"))).to_be_visible()


def upload(page: Page) -> None:
    page.get_by_role("link", name=_("Upload in the browser")).click()
    page.get_by_label(_("Choose files"), exact=True).set_input_files(MODEL)
    beginning = _("Upload one file, {size}").partition("{")[0]
    page.get_by_role("button", name=re.compile(re.escape(beginning))).click()
    expect(page).to_have_url(re.compile(r"/tree/main$"))
    expect(page.get_by_role("link", name=MODEL.name, exact=True)).to_be_visible()


def write_card(page: Page, text: str) -> None:
    tab(page, _("Card"))
    page.get_by_role("link", name=_("Write the card")).click()
    licence = page.get_by_role("combobox", name=_("Licence"), exact=True)
    licence.fill("apache-2.0")
    licence.press("Tab")
    expect(page.get_by_text(_("Usable commercially"))).to_be_visible()
    page.get_by_role("combobox", name=_("Task"), exact=True).select_option("image-classification")
    for label, word in ((_("Datasets"), "uci/optical-digits"), (_("Tags"), "handwriting")):
        page.get_by_label(_("Add to: %(label)s") % {"label": label}).fill(word)
        page.get_by_role("button", name=f"{_('Add')} {label}").click()
        expect(page.get_by_role("checkbox", name=word, exact=True)).to_be_checked()
    page.get_by_label(_("The card, in Markdown")).fill(text)
    expect(page.get_by_text(_("%(done)s of %(counted)s") % {"done": 8, "counted": 8})).to_be_visible()
    page.get_by_role("button", name=_("Save the card")).click()
    shown = page.get_by_role("article", name=_("Card"), exact=True)
    expect(shown.locator("strong")).to_have_text(re.findall(r"\*\*(.+)\*\*", text))
    tags = page.get_by_role("list", name=_("Tags"))
    until(page, tags.get_by_role("link", name="apache-2.0"))
    expect(tags.get_by_role("link", name=_("Image classification"))).to_be_visible()


def suite() -> str:
    return SUITES[get_language() or ""]


def evaluate(page: Page) -> None:
    page.get_by_role("link", name=_("Evaluate"), exact=True).click()
    page.get_by_role("radio", name=re.compile(suite())).check()
    page.get_by_role("button", name=_("Evaluate")).click()
    expect(page.get_by_role("heading", level=2, name=suite())).to_be_visible()
    page.evaluate("window.isTheSamePage = true")
    expect(page.locator("#run").get_by_role("status")).to_have_text(_("Scored"), timeout=150_000)
    expect(page.get_by_role("row").filter(has_text="[0.9735, 0.9937]")).to_contain_text("0.9870")
    assert page.evaluate("window.isTheSamePage")


def find_on_the_board(page: Page, model: str) -> None:
    page.get_by_role("navigation", name=_("Main")).get_by_role("link", name=_("Leaderboards")).click()
    page.get_by_role("link", name=suite(), exact=True).click()
    expect(page.locator(".tag", has_text=pgettext("tier", "Sanity"))).to_be_visible()
    name = page.locator(".repo-name").get_by_role("link", name=model, exact=True)
    row = page.get_by_role("row").filter(has=name)  # others name it, too, where their weights are the same
    until(page, row)
    expect(row).to_contain_text("0.9870")
    interval = _("95 %% interval %(low)s to %(high)s") % {"low": "0.9735", "high": "0.9937"}
    expect(row.get_by_role("img", name=interval)).to_be_visible()
    name.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(model)


def search(page: Page, model: str) -> None:
    field = page.get_by_role("combobox", name=_("Search Grove"))
    field.fill(model)
    field.press("Enter")
    page.locator("#found").get_by_role("link", name=model).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(model)


def open_discussion(page: Page) -> None:
    tab(page, _("Community"))
    page.get_by_role("link", name=_("New discussion")).click()
    page.get_by_label(_("Title")).fill(QUESTION)
    page.get_by_role("textbox", name=_("Text, in Markdown")).fill("The card does not say.")
    page.get_by_role("button", name=_("Open the discussion")).click()
    expect(page.get_by_role("heading", level=2).first).to_contain_text(QUESTION)


def propose_a_change(page: Page) -> None:
    tab(page, _("Files"))
    page.get_by_role("link", name="README.md", exact=True).click()
    page.get_by_role("link", name=_("Edit"), exact=True).click()
    text = page.get_by_role("textbox", name=_("Content"))
    text.fill(f"{text.input_value()}\n{ADDED}\n")
    page.get_by_label(_("What changes")).fill(PROPOSAL)
    page.get_by_role("button", name=_("Save the change")).click()
    expect(page.get_by_role("heading", level=2).first).to_contain_text(PROPOSAL)


def read_and_merge(page: Page, model: str) -> None:
    """From the notification to the merge."""
    page.get_by_role("link", name=_("Notifications")).click()
    told = page.get_by_role("link", name=PROPOSAL, exact=True)
    until(page, told)
    told.click()
    page.get_by_role("link", name=_("Files changed")).click()
    expect(page.get_by_role("region", name="README.md")).to_contain_text(ADDED)
    page.get_by_role("link", name=_("Conversation")).click()
    comment(page, "So it was.")
    page.get_by_role("button", name=_("Merge"), exact=True).click()
    expect(page.locator(".state")).to_have_text(_("Merged"))


def expect_the_change(page: Page) -> None:
    tab(page, _("Files"))
    page.get_by_role("link", name="README.md", exact=True).click()
    expect(page.get_by_text(ADDED)).to_be_visible()
    tab(page, _("Card"))
    expect(page.get_by_role("article", name=_("Card"), exact=True)).to_contain_text(ADDED)


def insult(page: Page) -> None:
    open_thread(page, QUESTION)
    comment(page, INSULT)


def report_the_insult(page: Page, author: str) -> None:
    open_thread(page, QUESTION)
    said = page.get_by_role("article", name=_("Comment by %(name)s") % {"name": author}).filter(has_text=INSULT)
    said.get_by_label(_("More about this comment")).click()
    said.get_by_role("link", name=_("Report")).click()
    page.get_by_label(_("Insult, threat or harassment")).check()
    page.get_by_role("button", name=_("Report")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(_("Thank you"))


def moderate(page: Page, maintainer: Member, author: str) -> None:
    page.get_by_role("link", name=_("Sign in"), exact=True).click()
    page.get_by_label(pgettext("field label", "Login"), exact=True).fill(maintainer.name)
    page.get_by_label(_("Password"), exact=True).fill(maintainer.password)
    page.get_by_role("button", name=_("Sign In"), exact=True).click()
    page.get_by_label(_("Account: %(name)s") % {"name": maintainer.name}).click()
    page.get_by_role("link", name=_("Administration")).click()
    about = _("%(thread)s, comment of %(author)s") % {"thread": "", "author": author}
    page.get_by_role("link", name=about).click()
    expect(page.get_by_text(INSULT)).to_be_visible()
    page.locator("a").filter(has_text=re.compile(rf"^\s*{pgettext('report', 'Act')}(?!\w)")).click()
    page.get_by_text(_("Hide comment"), exact=True).click()
    page.get_by_label(_("In words")).fill(REASON)
    page.get_by_role("button", name=_("Hide"), exact=True).click()
    expect(page.get_by_text(_("The comment is hidden."))).to_be_visible()
    expect(page.locator(".mod-state")).to_contain_text(_("Resolved").lower())


def read_of_the_act(page: Page) -> None:
    page.get_by_role("link", name=_("Notifications")).click()
    told = page.get_by_role("listitem").filter(has_text=_("From the maintainers of this hub")).get_by_role("link").first
    until(page, told)
    told.click()
    expect(page.get_by_role("listitem").filter(has_text=REASON)).to_contain_text(capfirst(_("comment hidden")))


def comment(page: Page, text: str) -> None:
    page.get_by_role("textbox", name=_("Text, in Markdown")).fill(text)
    page.get_by_role("button", name=_("Comment"), exact=True).click()
    expect(page.get_by_role("article").get_by_text(text)).to_be_visible()


def open_thread(page: Page, title: str) -> None:
    """From a page of the repository."""
    tab(page, _("Community"))
    page.get_by_role("link", name=title).click()
    expect(page.get_by_role("heading", level=2).first).to_contain_text(title)


def tab(page: Page, title: str) -> None:
    page.get_by_role("navigation", name=_("Repository"), exact=True).get_by_role("link", name=title).click()


def until(page: Page, wanted: Locator) -> None:
    """Load the page again until a worker has seen to it, as somebody would who waits for it."""
    for _attempt in range(60):
        if wanted.count():
            return
        page.wait_for_timeout(500)
        page.reload()
    expect(wanted).to_be_visible()
