"""Files added, renamed, moved and deleted from pages: as commits or pull requests, and never over somebody else's change."""

import re
from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import Actor, User
from models_registry.errors import BranchMoved
from models_registry.models import PullRequest, Repository
from models_registry.services import editing, path_history, quarantine, references, trees
from models_registry.services.changes import AddLfsFile, Change
from models_registry.services.commits import create_commit
from tests import make
from tests.models_registry.xet.sending import caller, send_file, some_xorb

FILES: dict[str, bytes | str] = {
    "notes.md": "# Notes\n", "onnx/a.txt": "a\n", "onnx/deep/b.txt": "b\n", "data.bin": b"\0\1",
}  # fmt: skip


@pytest.fixture
def owner() -> User:
    return make.user()


@pytest.fixture
def repository(owner: User) -> Repository:
    made = make.repository(owner)
    make.commit(made, FILES)
    return made


@pytest.fixture
def member(client: Client, owner: User) -> Client:
    client.force_login(owner)
    return client


def paths(repository: Repository, revision: str = "main") -> set[str]:
    return {file.path for file in trees.files(repository, references.resolve(repository, revision))} - {
        ".gitattributes"
    }


def at(repository: Repository, rest: str) -> str:
    return f"{repository.get_absolute_url()}/{rest}"


def head(repository: Repository) -> str:
    return references.resolve(repository, "main").oid


def content(repository: Repository, path: str, revision: str = "main") -> str | None:
    return editing.text_of(repository, trees.file(repository, references.resolve(repository, revision), path))


@pytest.mark.parametrize("kind", ["model", "dataset"])
def test_a_new_file_is_a_commit_with_its_folders(member: Client, owner: User, kind: str) -> None:
    repository = make.repository(owner, kind=kind)
    page = member.get(at(repository, "new/main/onnx")).content.decode()
    assert 'value="onnx/"' in page
    form = {"path": " onnx/new/c.txt ", "text": "1\r\n2\r\n", "how": "commit"}
    answer = member.post(at(repository, "new/main/onnx"), form)
    assert answer.headers["Location"] == at(repository, "blob/main/onnx/new/c.txt")
    assert content(repository, "onnx/new/c.txt") == "1\n2\n"
    assert references.resolve(repository, "main").title == "Create c.txt"


def test_a_new_file_may_start_from_a_template_where_there_is_none_yet(
    member: Client, repository: Repository, owner: User
) -> None:
    def offered(page: str) -> list[str]:
        return re.findall(r'href="\?template=([^"]+)"', page)

    page = member.get(at(repository, "new/main")).content.decode()
    assert offered(page) == ["README.md", ".gitignore"]
    page = member.get(at(repository, "new/main?template=.gitignore")).content.decode()
    assert 'name="path" maxlength="1024"' in page
    assert 'value=".gitignore"' in page
    assert "__pycache__/" in page
    card = member.get(at(repository, "new/main?template=README.md")).content.decode()
    assert f"# {repository.name}\n\n&lt;!--" in card
    branch = references.branch(repository, "main")
    editing.delete(
        actor=Actor(user=owner), repository=repository, branch=branch, path=".gitattributes", parent=head(repository),
        title="Rules go",
    )  # fmt: skip
    rules = member.get(at(repository, "new/main?template=.gitattributes")).content.decode()
    assert "*.safetensors filter=lfs" in rules
    for address in ("new/main?template=notes.md", "new/main/onnx?template=.gitignore"):
        page = member.get(at(repository, address)).content.decode()
        assert 'spellcheck="false" autocapitalize="off" autocomplete="off">\n</textarea>' in page
    assert not offered(page)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("notes.md", 409), ("onnx", 409), ("", 422), ("a/", 422), ("../x", 422), (".git/config", 422), ("a\\b", 422),
        ("notes.md/x", 422), ("NOTES.md", 422), ("x" * 256, 422), ("a\u200bb", 422),
    ],
)  # fmt: skip
@pytest.mark.parametrize("act", ["new/main", "move/main/onnx/a.txt"])
def test_a_path_that_cannot_be_is_refused_and_the_text_kept(
    member: Client, repository: Repository, path: str, status: int, act: str
) -> None:
    form = {"path": path, "text": "what was typed", "title": "My title", "parent": head(repository), "how": "commit"}
    answer = member.post(at(repository, act), form)
    page = answer.content.decode()
    assert (answer.status_code, "errors" in page, "My title" in page) == (status, True, True)
    assert act.startswith("move") or "what was typed" in page
    assert paths(repository) == FILES.keys()


def test_an_edit_with_another_path_renames_the_file(member: Client, repository: Repository) -> None:
    form = {"path": "docs/notes.md", "text": "# More\n", "parent": head(repository), "how": "commit"}
    answer = member.post(at(repository, "edit/main/notes.md"), form)
    assert answer.headers["Location"] == at(repository, "blob/main/docs/notes.md")
    assert content(repository, "docs/notes.md") == "# More\n"
    assert "notes.md" not in paths(repository)


@pytest.mark.parametrize("page", ["edit/main/notes.md", "new/main"])
def test_what_changes_in_the_lines_is_shown_before_it_is_saved(
    member: Client, repository: Repository, page: str
) -> None:
    before = head(repository)
    form = {"path": "notes.md", "text": "# Notes\nmore\n", "parent": before, "act": "preview", "title": "kept"}
    shown = member.post(at(repository, page), form).content.decode()
    assert "diff-added" in shown
    assert "more" in shown
    assert 'value="kept"' in shown
    assert head(repository) == before


@pytest.mark.parametrize(
    ("path", "to", "now"),
    [
        ("data.bin", "weights/data.bin", {"notes.md", "onnx/a.txt", "onnx/deep/b.txt", "weights/data.bin"}),
        ("onnx", "old/onnx", {"notes.md", "data.bin", "old/onnx/a.txt", "old/onnx/deep/b.txt"}),
        ("onnx/deep", "deep", {"notes.md", "data.bin", "onnx/a.txt", "deep/b.txt"}),
        ("notes.md", "Notes.md", {"Notes.md", "data.bin", "onnx/a.txt", "onnx/deep/b.txt"}),
    ],
)
def test_files_and_folders_are_moved_and_their_history_goes_on(
    member: Client, repository: Repository, path: str, to: str, now: set[str]
) -> None:
    assert member.get(at(repository, f"move/main/{path}")).status_code == 200
    answer = member.post(at(repository, f"move/main/{path}"), {"path": to, "parent": head(repository), "how": "commit"})
    assert answer.headers["Location"].endswith(f"/main/{to}")
    assert paths(repository) == now
    commit = references.resolve(repository, "main")
    assert commit.title == f"Rename {path} to {to}"
    assert [one.oid for one in path_history.of_path(repository, commit, to, limit=5).commits] == [commit.oid]
    assert member.get(answer.headers["Location"]).status_code == 200


@pytest.mark.parametrize("to", ["onnx", "onnx/deep/onnx"])
def test_a_folder_is_not_moved_into_itself(member: Client, repository: Repository, to: str) -> None:
    form = {"path": to, "parent": head(repository), "how": "commit"}
    assert member.post(at(repository, "move/main/onnx"), form).status_code == 422
    assert paths(repository) == FILES.keys()


def test_a_large_file_is_moved_without_its_bytes(member: Client, owner: User) -> None:
    repository = make.repository(owner)
    stored = send_file(caller(repository), (some_xorb(1), 0, 6))
    changes: list[Change] = [AddLfsFile("large.bin", stored.sha256)]
    create_commit(
        actor=Actor(user=owner), repository=repository, branch="main", parent=None, title="large", changes=changes
    )
    form = {"path": "weights/large.bin", "parent": head(repository), "how": "commit"}
    assert member.post(at(repository, "move/main/large.bin"), form).status_code == 302
    entry = trees.file(repository, references.resolve(repository, "main"), "weights/large.bin")
    assert entry.lfs is not None
    assert entry.lfs.sha256 == stored.sha256


def test_malware_is_not_moved(member: Client, repository: Repository) -> None:
    entry = trees.file(repository, references.resolve(repository, "main"), "data.bin")
    quarantine.put(content=entry.oid, reason="malware", repository=repository, path="data.bin")
    quarantine.forget()
    form = {"path": "x.bin", "parent": head(repository), "how": "commit"}
    assert member.post(at(repository, "move/main/data.bin"), form).status_code == 403
    assert "data.bin" in paths(repository)


def test_a_file_is_deleted_after_a_page_that_asks(member: Client, repository: Repository) -> None:
    page = member.get(at(repository, "delete/main/onnx/deep/b.txt")).content.decode()
    assert "Delete this file" in page
    answer = member.post(at(repository, "delete/main/onnx/deep/b.txt"), {"parent": head(repository), "how": "commit"})
    assert answer.headers["Location"] == at(repository, "tree/main/onnx")  # the folder below is gone with its last file
    assert paths(repository) == FILES.keys() - {"onnx/deep/b.txt"}


@pytest.mark.parametrize(("typed", "goes"), [("onnx", True), ("", False), ("Onnx", False), ("main", False)])
def test_a_folder_is_deleted_when_its_path_is_typed(
    member: Client, repository: Repository, typed: str, goes: bool
) -> None:
    form = {"parent": head(repository), "how": "commit", "confirmation": typed, "title": "Clear up"}
    answer = member.post(at(repository, "delete/main/onnx"), form)
    assert answer.status_code == (302 if goes else 400)
    assert ("onnx/a.txt" in paths(repository)) is not goes


@pytest.mark.parametrize(
    ("act", "form", "made"),
    [
        ("new/main", {"path": "c.txt", "text": "c"}, "c.txt"),
        ("move/main/notes.md", {"path": "n.md"}, "n.md"),
        ("delete/main/notes.md", {}, ""),
        ("delete/main/onnx", {"confirmation": "onnx"}, ""),
        ("edit/main/notes.md", {"path": "n.md", "text": "x"}, "n.md"),
    ],
)
def test_who_may_only_read_proposes_it(
    client: Client, repository: Repository, act: str, form: dict[str, str], made: str
) -> None:
    client.force_login(make.user())
    assert 'value="commit"' not in client.get(at(repository, act)).content.decode()
    sent = form | {"title": "Please", "how": "commit", "parent": head(repository)}
    answer = client.post(at(repository, act), sent)
    found = PullRequest.objects.get(repository=repository)
    assert answer.headers["Location"] == found.get_absolute_url()
    assert paths(repository) == FILES.keys()
    proposed = paths(repository, found.reference_name)
    assert proposed != FILES.keys()
    assert not made or made in proposed


@pytest.mark.parametrize("act", ["new/main", "move/main/notes.md", "delete/main/notes.md"])
def test_visitors_are_asked_to_sign_in_and_tags_are_not_changed(
    client: Client, repository: Repository, owner: User, act: str
) -> None:
    for answer in (client.get(at(repository, act)), client.post(at(repository, act), {"path": "x", "how": "commit"})):
        assert answer.status_code == 401
    references.create_tag(actor=Actor(user=owner), repository=repository, name="v1", revision="main")
    client.force_login(owner)
    assert client.get(at(repository, act.replace("main", "v1"))).status_code == 422
    assert client.get(at(repository, f"{act}-missing/x")).status_code == 404


@pytest.mark.parametrize(
    ("act", "form", "theirs"),
    [
        ("edit/main/notes.md", {"text": "# Mine\n"}, {"notes.md": "# Theirs\n"}),
        ("move/main/notes.md", {"path": "n.md"}, {"notes.md": "# Theirs\n"}),
        ("delete/main/notes.md", {}, {"notes.md": "# Theirs\n"}),
        ("delete/main/onnx", {"confirmation": "onnx"}, {"onnx/deep/new.txt": "new"}),
        ("move/main/onnx", {"path": "old"}, {"onnx/new.txt": "new"}),
    ],
)
def test_what_somebody_else_changed_meanwhile_is_told_and_done_only_when_sent_again(
    member: Client, repository: Repository, act: str, form: dict[str, str], theirs: dict[str, bytes | str]
) -> None:
    opened_at = head(repository)
    make.commit(repository, theirs)
    now = head(repository)
    answer = member.post(at(repository, act), form | {"parent": opened_at, "how": "commit", "title": "Mine"})
    page = answer.content.decode()
    assert answer.status_code == 412
    assert f'name="parent" value="{now}"' in page
    assert f"/compare/{opened_at}..{now}" in page
    assert 'value="Mine"' in page
    assert head(repository) == now
    assert member.post(at(repository, act), form | {"parent": now, "how": "commit"}).status_code == 302
    assert head(repository) != now


def test_a_text_whose_file_was_deleted_meanwhile_is_kept_and_may_be_there_anew(
    member: Client, repository: Repository, owner: User
) -> None:
    opened_at = head(repository)
    editing.delete(
        actor=Actor(user=owner), repository=repository, branch=references.branch(repository, "main"), path="notes.md",
        parent=opened_at, title="Gone",
    )  # fmt: skip
    form = {"text": "# Mine\n", "how": "commit"}
    answer = member.post(at(repository, "edit/main/notes.md"), form | {"parent": opened_at})
    assert answer.status_code == 412
    assert "# Mine" in answer.content.decode()
    sent = form | {"parent": head(repository)}
    assert member.post(at(repository, "edit/main/notes.md"), sent).status_code == 302
    assert content(repository, "notes.md") == "# Mine\n"


@pytest.mark.parametrize(("others", "outcome"), [(1, "made"), (9, "refused")])
def test_commits_of_others_between_look_and_lock_are_taken_in_a_few_times(
    repository: Repository, owner: User, monkeypatch: pytest.MonkeyPatch, others: int, outcome: str
) -> None:
    """Somebody else commits just before each of our attempts."""
    made: Callable[..., object] = editing.create_commit
    left = iter(range(others))

    def slower(**arguments: object) -> object:
        if next(left, None) is not None:
            make.commit(repository)
        return made(**arguments)

    monkeypatch.setattr(editing, "create_commit", slower)

    def add() -> None:
        editing.add_file(
            actor=Actor(user=owner), repository=repository, branch=references.branch(repository, "main"), path="c.txt",
            text="c", title="Add c",
        )  # fmt: skip

    if outcome == "refused":
        with pytest.raises(BranchMoved):
            add()
    else:
        add()
    assert ("c.txt" in paths(repository)) is (outcome == "made")


def test_two_who_add_the_same_file_get_one_each_told(member: Client, repository: Repository) -> None:
    form = {"path": "c.txt", "text": "mine", "how": "commit"}
    assert member.post(at(repository, "new/main"), form).status_code == 302
    answer = member.post(at(repository, "new/main"), form | {"text": "the other one"})
    assert answer.status_code == 409
    assert "the other one" in answer.content.decode()
    assert content(repository, "c.txt") == "mine"


@pytest.mark.parametrize("signed_in", [True, False])
def test_buttons_stand_where_something_may_be_changed(
    client: Client, repository: Repository, owner: User, signed_in: bool
) -> None:
    if signed_in:
        client.force_login(owner)
    for page, links in (
        ("tree/main/onnx", ["new/main/onnx", "upload/main/onnx", "move/main/onnx", "delete/main/onnx"]),
        ("blob/main/data.bin", ["move/main/data.bin", "delete/main/data.bin"]),
    ):
        text = client.get(at(repository, page)).content.decode()
        assert [at(repository, link) in text for link in links] == [signed_in] * len(links)
