"""Files from the browser to the storage: through a lost network, a pause and a reload, and without a trace when given up."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Request, Route, expect
from pytest_django.live_server_helper import LiveServer

from models_registry import storage
from models_registry.models import LfsObject, PullRequest, Repository, UploadSession
from models_registry.services import references, trees, uploads
from tests import make
from tests.browser.conftest import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PART = 1024 * 1024
WEIGHTS = os.urandom(5 * PART + 1000)


@pytest.fixture
def repository(context: BrowserContext, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Its owner is signed in, and parts are small."""
    monkeypatch.setattr(uploads, "PART_SIZE", PART)
    monkeypatch.setattr(uploads, "SINGLE_PUT_LIMIT", PART)
    owner = make.user()
    sign_in(context, live_server, owner)
    made = make.repository(owner)
    make.commit(made, {"config.json": "{}", "same.txt": "the same\n", "taken": "a file"})
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "net"
    (made / "notes").mkdir(parents=True)
    (made / "weights.safetensors").write_bytes(WEIGHTS)
    (made / "notes" / "again.safetensors").write_bytes(WEIGHTS)
    (made / "notes" / "small.bin").write_bytes(b"\0\1\2" * 900)
    (made / "config.json").write_text('{"layers": 3}')
    (made / "same.txt").write_text("the same\n")
    (made / "taken").mkdir()
    (made / "taken" / "inner.txt").write_text("x")
    return made


def open_page(page: Page, live_server: LiveServer, repository: Repository) -> None:
    page.goto(f"{live_server.url}{repository.get_absolute_url()}/tree/main")
    page.get_by_text("Add files").click()
    page.get_by_role("link", name="Upload files").click()


def choose(page: Page, folder: Path) -> None:
    page.get_by_label("Choose a folder").set_input_files(folder)
    expect(page.get_by_label("without the folder’s own name, net/")).to_be_visible()


def shown(page: Page) -> Locator:
    """The uploader, without the form that takes its place where there is no script."""
    return page.locator("[data-uploader]")


def parts_sent(page: Page) -> Callable[[], list[int]]:
    """The numbers of the parts that the browser has begun to send."""
    seen: list[int] = []

    def note(request: Request) -> None:
        if request.method == "PUT" and (found := re.search(r"partNumber=(\d+)", request.url)):
            seen.append(int(found[1]))

    page.on("request", note)
    return lambda: sorted(seen)


def arrived() -> list[int]:
    session = UploadSession.objects.exclude(multipart_id="").get()
    return [part.number for part, _size in storage.parts_of(session.key, session.multipart_id)]


def content(repository: Repository, path: str, revision: str = "main") -> trees.TreeEntry:
    return trees.file(repository, references.resolve(repository, revision), path)


def test_a_folder_arrives_whatever_comes_between(
    page: Page, context: BrowserContext, live_server: LiveServer, repository: Repository, folder: Path
) -> None:
    open_page(page, live_server, repository)
    choose(page, folder)
    page.get_by_label("without the folder’s own name, net/").check()
    rows = page.locator("[data-part=rows] tr")
    expect(rows.filter(has_text="taken/inner.txt")).to_contain_text("is a file: it can hold no")
    expect(rows.filter(has_text="same.txt")).to_contain_text("Left out: it is there as it is")
    expect(rows.filter(has_text="config.json")).to_contain_text("Replaces the file that is there")
    shown(page).get_by_label("What changes").fill("First weights")

    def only_the_first_two(route: Route) -> None:
        if re.search(r"partNumber=[12]&", route.request.url) or "partNumber" not in route.request.url:
            route.continue_()
        else:
            route.abort("connectionfailed")

    page.route("**/*X-Amz-Signature*", only_the_first_two)
    page.get_by_role("button", name="Upload 4 files").click()
    summary = page.locator("[data-part=summary]")
    expect(summary).to_contain_text("the network is gone")
    page.wait_for_function("() => document.querySelector('[data-part=bar]').value > 2 * 1024 * 1024")
    page.get_by_role("button", name="Pause").click()
    expect(summary).to_contain_text("paused")
    assert arrived() == [1, 2]

    page.reload()
    expect(page.get_by_text("An upload was not finished: 6 of 6 files")).to_be_visible()
    expect(shown(page).get_by_label("What changes")).to_have_value("First weights")
    page.unroute("**/*X-Amz-Signature*")
    sent = parts_sent(page)
    choose(page, folder)
    expect(page.get_by_role("button", name="Upload 4 files")).to_be_visible()
    context.set_offline(True)
    page.get_by_role("button", name="Upload 4 files").click()
    expect(summary).to_contain_text("the network is gone")
    context.set_offline(False)
    expect(page).to_have_url(re.compile(r"/tree/main$"), timeout=20_000)

    assert sent() == [3, 4, 5, 6]
    commit = references.resolve(repository, "main")
    assert commit.title == "First weights"
    whole = content(repository, "weights.safetensors")
    assert whole.lfs is not None
    assert whole.size == len(WEIGHTS)
    assert content(repository, "notes/again.safetensors").lfs == whole.lfs
    assert content(repository, "config.json").size == len('{"layers": 3}')
    assert LfsObject.objects.count() == 2
    assert not UploadSession.objects.exists()

    open_page(page, live_server, repository)
    page.get_by_label("Choose files").set_input_files([folder / "weights.safetensors"])
    expect(page.get_by_text("Nothing is left to upload")).to_be_visible()
    shown(page).get_by_label("Folder optional").fill("copies")
    shown(page).get_by_label("Folder optional").press("Tab")
    make.commit(repository, {"copies/weights.safetensors": "theirs"}, title="Somebody else")
    shown(page).get_by_label("open a pull request to main").check()
    page.get_by_role("button", name="Upload one file").click()
    expect(page.get_by_text("Others have committed to main")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="copies/weights.safetensors")).to_contain_text(
        "you upload it too"
    )
    page.get_by_role("button", name="Put yours on top of it").click()
    expect(page).to_have_url(re.compile(r"/discussions/1$"))
    assert sent() == [3, 4, 5, 6]
    proposal = PullRequest.objects.get()
    assert content(repository, "copies/weights.safetensors", proposal.reference_name).lfs == whole.lfs


def test_what_is_given_up_leaves_nothing_behind(
    page: Page, live_server: LiveServer, repository: Repository, folder: Path
) -> None:
    page.goto(f"{live_server.url}{repository.get_absolute_url()}/upload/main")
    choose(page, folder)
    page.route("**/*partNumber=4&*", lambda route: route.abort("connectionfailed"))
    page.get_by_role("button", name=re.compile("Upload 6 files")).click()
    expect(page.locator("[data-part=summary]")).to_contain_text("the network is gone")
    session = UploadSession.objects.exclude(multipart_id="").get()
    page.get_by_role("button", name="Cancel, and take back what was sent").click()
    expect(page).to_have_url(re.compile(r"/tree/main$"))
    assert not UploadSession.objects.exists()
    with pytest.raises(storage.ObjectMissing):
        storage.parts_of(session.key, session.multipart_id)
    page.goto(f"{live_server.url}{repository.get_absolute_url()}/upload/main")
    expect(page.get_by_text("An upload was not finished")).to_be_hidden()


def held(page: Page, address: re.Pattern[str]) -> list[Route]:
    """Requests to it get no answer until they are gone on with."""
    found: list[Route] = []

    def hold(route: Route) -> None:
        found.append(route)

    page.route(address, hold)
    return found


def test_a_file_that_is_left_out_is_sent_no_further_unless_another_has_its_content(
    page: Page, live_server: LiveServer, repository: Repository, folder: Path
) -> None:
    page.goto(f"{live_server.url}{repository.get_absolute_url()}/upload/main")
    choose(page, folder)
    held(page, re.compile(r"partNumber=4&"))
    small = held(page, re.compile(r"/staging/"))
    page.get_by_role("button", name=re.compile("Upload 6 files")).click()
    rows = page.locator("[data-part=rows] tr")
    expect(rows.filter(has_text="net/weights.safetensors")).to_contain_text("Sending: 80")
    expect(rows.filter(has_text="small.bin")).to_contain_text("Sending: 0")
    page.get_by_role("button", name="Leave out net/notes/again.safetensors").click()
    expect(rows).to_have_count(5)
    assert arrived() == [1, 2, 3, 5, 6]
    with (
        page.expect_event("requestfailed", lambda request: "partNumber=4&" in request.url),
        page.expect_response("**/uploads/cancel"),
    ):
        page.get_by_role("button", name="Leave out net/weights.safetensors").click()
    assert not UploadSession.objects.exclude(multipart_id="").exists()
    small[0].continue_()
    expect(page).to_have_url(re.compile(r"/tree/main$"))
    assert not UploadSession.objects.exists()
    assert LfsObject.objects.count() == 1


def test_a_file_that_is_left_out_while_its_upload_begins_is_not_sent(
    page: Page, live_server: LiveServer, repository: Repository, folder: Path
) -> None:
    page.goto(f"{live_server.url}{repository.get_absolute_url()}/upload/main")
    page.get_by_label("Choose files").set_input_files([folder / "weights.safetensors", folder / "notes" / "small.bin"])
    expect(page.locator("[data-part=rows] tr[data-state=ready]")).to_have_count(2)
    beginning = held(page, re.compile(r"/uploads$"))
    sent = parts_sent(page)
    with page.expect_request("**/uploads"):
        page.get_by_role("button", name="Upload 2 files").click()
    page.get_by_role("button", name="Leave out weights.safetensors").click()
    beginning[0].continue_()
    expect(page).to_have_url(re.compile(r"/tree/main$"))
    assert not sent()
    assert not UploadSession.objects.exists()


def test_an_empty_file_is_committed_empty_whatever_address_the_browser_gives_it(
    page: Page, live_server: LiveServer, repository: Repository, tmp_path: Path
) -> None:
    page.add_init_script("Object.defineProperty(FileReader.prototype, 'result', { get: () => 'data:' })")  # as some do
    (tmp_path / "__init__.py").touch()
    page.goto(f"{live_server.url}{repository.get_absolute_url()}/upload/main")
    page.get_by_label("Choose files").set_input_files([tmp_path / "__init__.py"])
    page.get_by_role("button", name="Upload one file").click()
    expect(page).to_have_url(re.compile(r"/tree/main$"))
    assert content(repository, "__init__.py").size == 0


def test_two_tabs_of_one_repository_do_not_mix_their_files(
    page: Page, context: BrowserContext, live_server: LiveServer, repository: Repository, folder: Path
) -> None:
    address = f"{live_server.url}{repository.get_absolute_url()}/upload/main"
    page.goto(address)
    choose(page, folder)
    other = context.new_page()
    other.goto(address)
    other.get_by_label("Choose files").set_input_files([folder / "config.json"])
    expect(other.get_by_role("button", name="Upload one file")).to_be_enabled()
    while other.evaluate("navigator.locks.query().then(({ pending }) => pending.length)"):
        other.wait_for_timeout(50)
    page.reload()
    expect(page.get_by_text("An upload was not finished: 6 of 6 files")).to_be_visible()
    expect(page.locator("[data-part=rows] tr")).to_have_count(6)
    page.close()
    other.reload()
    expect(other.get_by_text("An upload was not finished: 6 of 6 files")).to_be_visible()
