"""What people do in the browser, from the first click to the last."""

import re

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Actor, User
from evaluations.models import Run, State
from models_registry.community.models import Event
from models_registry.community.services import discussions
from models_registry.models import Repository
from tests import hostile
from tests.browser import scene as scenes
from tests.browser.conftest import sign_in
from tests.browser.scene import Scene

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.usefixtures("complaints")]


def test_from_signing_up_to_a_token_and_a_repository(page: Page, live_server: LiveServer) -> None:
    page.goto(live_server.url)
    page.get_by_role("link", name="Sign up").first.click()
    page.get_by_label("Email").fill("new@example.org")
    page.get_by_label("Username").fill("new-comer")
    page.get_by_label("Password", exact=True).fill(scenes.PASSWORD)
    page.get_by_label("Password (again)").fill(scenes.PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_label("Account: new-comer")).to_be_visible()

    page.goto(live_server.url + "/settings/tokens")
    page.get_by_label("Name", exact=True).fill("laptop")
    page.get_by_label("read and write everything").check()
    page.get_by_role("button", name="Make a token").click()
    token = page.get_by_text(re.compile(r"^hf_\w{30,}$")).inner_text()
    page.get_by_role("button", name="Copy the command").first.click()
    assert page.evaluate("navigator.clipboard.readText()") == token

    page.get_by_role("link", name="New", exact=True).click()
    page.get_by_label("Name", exact=True).fill("digits")
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("new-comer/digits")
    expect(page.get_by_text("Nothing uploaded yet")).to_be_visible()

    page.get_by_label("Account: new-comer").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in").first).to_be_visible()


def test_signing_in_by_the_form_leads_back_to_where_one_wanted_to_go(
    page: Page, live_server: LiveServer, scene: Scene
) -> None:
    page.goto(live_server.url + "/settings/tokens")
    page.get_by_label("Login").fill("alder")
    page.get_by_label("Password").fill(scenes.PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page).to_have_url(live_server.url + "/settings/tokens")


def test_a_slash_leads_to_the_search_and_filters_change_the_address(
    page: Page, live_server: LiveServer, scene: Scene
) -> None:
    page.goto(live_server.url + "/models")
    page.keyboard.press("/")
    page.keyboard.type("digits")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/search\?q=digits"))
    page.goto(live_server.url + "/models?q=digits")
    expect(page.locator(".repo-list > li")).to_have_count(3)
    page.get_by_role("checkbox", name="bsd-3-clause").check()
    expect(page).to_have_url(re.compile(r"q=digits&licence=bsd-3-clause$"))
    expect(page.locator(".repo-list > li")).to_have_count(1)
    page.get_by_role("link", name="Remove bsd-3-clause").click()
    expect(page.locator(".repo-list > li")).to_have_count(3)


def test_the_open_tab_is_in_sight_on_a_phone(
    page: Page, context: BrowserContext, live_server: LiveServer, scene: Scene
) -> None:
    sign_in(context, live_server, scene.member)
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{live_server.url}/{scene.model.full_name}/settings")
    tabs = page.get_by_role("navigation", name="Repository")
    expect(tabs.get_by_role("link", name="Settings")).to_be_in_viewport(ratio=0.99)
    expect(tabs.get_by_role("link", name="Card")).not_to_be_in_viewport()


def test_the_theme_and_the_language_are_switched_at_the_foot(page: Page, live_server: LiveServer) -> None:
    page.goto(live_server.url + "/models")
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(17, 22, 20)"
    page.get_by_role("button", name="简体中文").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    expect(page).to_have_url(live_server.url + "/models")


def test_a_menu_is_used_with_the_keyboard_alone(
    page: Page, context: BrowserContext, live_server: LiveServer, scene: Scene
) -> None:
    sign_in(context, live_server, scene.member)
    page.goto(live_server.url + f"{scene.model.get_absolute_url()}/tree/main")
    page.locator("details.menu-start > summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/tree/v1\.1$"))


def test_a_runs_page_follows_its_run_without_a_reload(page: Page, live_server: LiveServer, scene: Scene) -> None:
    page.goto(live_server.url + scene.running.get_absolute_url())
    expect(page.locator("main").get_by_role("status")).to_contain_text("Running")
    Run.objects.filter(pk=scene.running.pk).update(state=State.CANCELLED)
    expect(page.locator("main").get_by_role("status").first).to_contain_text("Cancelled", timeout=8000)


def test_a_deletion_takes_the_full_name(
    page: Page, context: BrowserContext, live_server: LiveServer, scene: Scene
) -> None:
    sign_in(context, live_server, scene.member)
    page.goto(live_server.url + f"{scene.empty.get_absolute_url()}/settings")
    page.get_by_label("Type the full name").fill("seedling")
    page.get_by_role("button", name="Delete it").click()
    expect(page.get_by_text("nothing was deleted")).to_be_visible()
    page.get_by_label("Type the full name").fill("alder/seedling")
    page.get_by_role("button", name="Delete it").click()
    expect(page).to_have_url(live_server.url + "/alder")
    assert not Repository.objects.filter(pk=scene.empty.pk).exists()


def test_a_moderator_hides_a_repository_in_the_administration(
    page: Page, context: BrowserContext, live_server: LiveServer, scene: Scene
) -> None:
    sign_in(context, live_server, scene.member)
    page.goto(f"{live_server.url}/admin/models_registry/repository/{scene.model.pk}/change/")
    page.locator("a", has_text="Moderate").click()
    page.get_by_text("Hide", exact=True).click()
    page.get_by_label("In words").fill("Stolen weights")
    page.get_by_role("button", name="Hide").click()
    expect(page.get_by_text("is hidden")).to_be_visible()
    scene.model.refresh_from_db()
    assert scene.model.disabled_reason == "Stolen weights"
    assert User.objects.filter(pk=scene.member.pk).exists()


def test_a_question_is_asked_previewed_answered_and_closed(
    page: Page, context: BrowserContext, live_server: LiveServer, scene: Scene
) -> None:
    sign_in(context, live_server, scene.member)
    page.goto(f"{live_server.url}{scene.model.get_absolute_url()}/discussions")
    page.get_by_role("link", name="New discussion").click()
    page.get_by_label("Title").fill("Which seed was used?")
    text = page.get_by_role("textbox", name="Text, in Markdown")
    text.fill("The card says **nothing**.\nAsk @hazel, see #1.")
    page.locator("label", has_text="Preview").click()
    shown = page.get_by_role("region", name="Preview")
    expect(shown.locator("strong")).to_have_text("nothing")
    expect(shown.get_by_role("link", name="@hazel")).to_have_attribute("href", "/hazel")
    page.locator("label", has_text="Write").click()
    page.get_by_role("button", name="Open the discussion").click()
    expect(page.get_by_role("heading", level=2).first).to_contain_text("Which seed was used?")

    text.fill("Seed 1, I think.")
    text.press("Control+Enter")
    answer = page.get_by_role("article", name="Comment by alder").nth(1)
    expect(answer).to_contain_text("Seed 1, I think.")

    answer.get_by_label("React", exact=True).click()
    answer.get_by_role("button", name="React with 🎉").click()
    mine = answer.get_by_role("button", name="🎉 1")
    expect(mine).to_have_attribute("aria-pressed", "true")
    mine.click()
    expect(mine).to_have_count(0)

    answer.get_by_label("More about this comment").click()
    answer.get_by_role("link", name="Edit").click()
    text.fill("Seed 1.")
    page.get_by_role("button", name="Save").click()
    expect(answer.get_by_role("link", name="edited")).to_be_visible()

    answer.get_by_label("More about this comment").click()
    answer.get_by_role("link", name="Quote in a reply").click()
    expect(text).to_have_value(re.compile(r"@alder:\n\n> Seed 1\.\n"))
    text.fill("Settled then.")
    page.get_by_role("button", name="Close").click()
    expect(page.locator(".state")).to_have_text("Closed")
    expect(page.get_by_text("Settled then.")).to_be_visible()


def test_a_pull_request_is_read_and_merged(
    page: Page, context: BrowserContext, live_server: LiveServer, scene: Scene
) -> None:
    sign_in(context, live_server, scene.member)
    page.goto(f"{live_server.url}{scene.model.get_absolute_url()}/discussions/1")
    page.get_by_role("link", name="Files changed").click()
    expect(page.get_by_role("region", name="train.py")).to_contain_text("epochs: int = 20")
    page.get_by_role("link", name="Conversation").click()
    page.get_by_label("Comment optional").fill("Just what it needed.")
    page.get_by_role("button", name="Merge").click()
    expect(page.locator(".state")).to_have_text("Merged")
    expect(page.get_by_text("Just what it needed.")).to_be_visible()
    page.get_by_role("link", name="Files", exact=True).first.click()
    expect(page.get_by_text("docs", exact=True)).to_be_visible()


def test_a_file_is_edited_in_the_browser_as_a_pull_request(
    page: Page, context: BrowserContext, live_server: LiveServer, scene: Scene
) -> None:
    sign_in(context, live_server, scene.member)
    page.goto(f"{live_server.url}{scene.model.get_absolute_url()}/blob/main/train.py")
    page.get_by_role("link", name="Edit").click()
    field = page.get_by_role("textbox", name="Content")
    field.fill(field.input_value().replace("2e-3", "1e-3"))
    page.get_by_label("What changes").fill("Learn more slowly")
    page.get_by_label("open a pull request to main").check()
    page.get_by_role("button", name="Save the change").click()
    expect(page.get_by_role("heading", level=2).first).to_contain_text("Learn more slowly")
    page.get_by_role("link", name="Files changed").click()
    expect(page.get_by_role("region", name="train.py")).to_contain_text("self.rate = 1e-3")


def test_pictures_are_attached_and_tasks_ticked_in_place(
    page: Page, context: BrowserContext, live_server: LiveServer, scene: Scene
) -> None:
    sign_in(context, live_server, scene.member)
    page.goto(live_server.url + scene.thread.get_absolute_url())
    text = page.get_by_role("textbox", name="Text, in Markdown")
    text.fill("- [ ] look at it\n\n")
    picture = {"name": "a [plot].png", "mimeType": "image/png", "buffer": scenes.picture()}
    page.locator("input[data-attach]").set_input_files([picture])
    expect(text).to_have_value(re.compile(r"!\[a plot\]\(/uploads/[\w-]{43}\)"))
    page.get_by_role("button", name="Comment", exact=True).click()
    comment = page.get_by_role("article", name="Comment by alder").last
    expect(comment.get_by_role("img", name="a plot")).to_be_visible()
    page.wait_for_function("[...document.querySelectorAll('.comment img')].every((image) => image.naturalWidth === 64)")
    with page.expect_response(lambda answer: answer.request.method == "POST"):  # kept, before the page is left
        comment.get_by_role("checkbox").check()
    expect(comment.get_by_role("checkbox")).to_be_checked()
    page.reload()
    expect(comment.get_by_role("checkbox")).to_be_checked()
    expect(comment.get_by_role("link", name="edited")).to_be_visible()


def test_a_long_thread_loads_its_middle_and_finds_a_comment_in_it(
    page: Page, live_server: LiveServer, scene: Scene
) -> None:
    rows = [
        Event(discussion=scene.thread, author=scene.member, kind="comment", text=f"number {n}.") for n in range(300)
    ]
    middle = Event.objects.bulk_create(rows)[150]
    page.goto(live_server.url + scene.thread.get_absolute_url())
    assert page.locator(".comment").count() < 100
    page.get_by_role("link", name="load the next ones").click()
    expect(page.get_by_text("number 50.", exact=True)).to_be_visible()
    page.goto(f"{live_server.url}{scene.thread.get_absolute_url()}#{middle.public_id}")
    expect(page.get_by_text("number 150.", exact=True)).to_be_in_viewport()


def test_nothing_hostile_runs_in_a_real_browser(page: Page, live_server: LiveServer, scene: Scene) -> None:
    """The fixture `complaints` fails for whatever the policy had to stop; here nothing may even try."""
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    foreign: list[str] = []
    page.on(
        "request", lambda request: foreign.append(request.url) if not request.url.startswith(live_server.url) else None
    )
    author = Actor(user=scene.member)
    for start in range(0, len(hostile.TEXTS), 60):
        texts = [text.replace("\0", "") for text in hostile.TEXTS[start : start + 60]]
        thread = discussions.open_discussion(
            actor=author, repository=scene.empty, title=f"<img src=x onerror=alert(1)> {start}", text="\n\n".join(texts)
        )
        for text in texts[:20]:
            discussions.comment(actor=author, discussion=thread, text=text)
        page.goto(live_server.url + thread.get_absolute_url(), wait_until="networkidle")
        for link in page.locator(".prose a[href]").all()[:5]:
            link.hover()
        assert (
            page.evaluate(
                "document.querySelectorAll('.prose :is(script, iframe, object, embed, form, style, svg)').length"
            )
            == 0
        )
    assert not foreign


def test_threads_work_without_script(browser: Browser, live_server: LiveServer, scene: Scene) -> None:
    context = browser.new_context(java_script_enabled=False)
    sign_in(context, live_server, scene.member)
    page = context.new_page()
    page.goto(live_server.url + scene.thread.get_absolute_url())
    text = page.locator("textarea[name=text]")
    text.fill("so *much*")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator(".composer .prose em")).to_have_text("much")
    page.locator("label", has_text="Write").click()
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.locator(".comment em").last).to_have_text("much")
    page.get_by_label("React", exact=True).last.click()
    page.get_by_role("button", name="React with 🚀").last.click()
    expect(page.get_by_role("button", name="🚀 1")).to_be_visible()
    context.close()


def test_asking_for_access_and_being_let_in(
    page: Page, context: BrowserContext, live_server: LiveServer, scene: Scene
) -> None:
    member = User.objects.get(username="hazel")
    sign_in(context, live_server, member)
    page.goto(live_server.url + "/birch-lab/herbarium")
    page.get_by_label("Institute").fill("The garden")
    page.get_by_label("Country").select_option("DE")
    page.get_by_label("Needed from").fill("2026-03-01")
    page.get_by_label("I want to use it for").select_option("Research")
    page.get_by_label("I will not publish exact places").check()
    page.get_by_label("I have read these terms and accept them.").check()
    page.get_by_role("button", name="Send the request").click()
    expect(page.get_by_text("You have asked for access.")).to_be_visible()

    context.clear_cookies()
    sign_in(context, live_server, scene.member)
    page.goto(live_server.url + "/birch-lab/herbarium/settings/access")
    page.get_by_role("button", name="Accept hazel").click()
    expect(page.get_by_text("hazel: Accepted")).to_be_visible()

    context.clear_cookies()
    sign_in(context, live_server, member)
    page.goto(live_server.url + "/birch-lab/herbarium/blob/main/LICENSE")
    expect(page.get_by_text("Use the notes for what you said.")).to_be_visible()


def test_a_licence_is_explained_as_soon_as_it_is_chosen(
    page: Page, context: BrowserContext, live_server: LiveServer, scene: Scene
) -> None:
    sign_in(context, live_server, scene.member)
    page.goto(live_server.url + "/new")
    page.get_by_label("Licence").fill("cc-by-nc-4.0")
    page.get_by_label("Licence").press("Tab")
    expect(page.get_by_text("Not commercially")).to_be_visible()


def test_liking_and_following_change_the_button_in_its_place(
    page: Page, context: BrowserContext, live_server: LiveServer, scene: Scene
) -> None:
    sign_in(context, live_server, scene.member)
    page.goto(live_server.url + scene.model.get_absolute_url())
    like = page.get_by_role("button", name="Like")
    before = scene.model.likes
    page.evaluate("window.isTheSamePage = true")
    like.click()
    expect(like).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("link", name=f"{before + 1} likes")).to_be_visible()
    page.get_by_role("button", name=f"Follow {scene.model.full_name}").click()
    expect(page.get_by_role("button", name=f"Stop following {scene.model.full_name}")).to_be_visible()
    like.click()
    expect(like).to_have_attribute("aria-pressed", "false")
    assert page.evaluate("window.isTheSamePage")


def test_a_notification_leads_to_its_comment_and_is_read(
    page: Page, context: BrowserContext, live_server: LiveServer, scene: Scene
) -> None:
    sign_in(context, live_server, scene.member)
    page.goto(live_server.url)
    bell = page.get_by_role("link", name=re.compile(r"Notifications, \d+ unread"))
    count = int(re.sub(r"\D", "", bell.get_attribute("aria-label") or ""))
    bell.click()
    page.get_by_role("link", name="Is 0.6 points less on ARM expected?").click()
    expect(page.get_by_text("With static int8 it does not.")).to_be_visible()
    expect(page.get_by_role("link", name=f"Notifications, {count - 1} unread")).to_be_visible()
    page.goto(live_server.url + "/notifications")
    page.get_by_role("button", name="Mark all as read").click()
    expect(page.get_by_text("Nothing is waiting for you")).to_be_visible()
