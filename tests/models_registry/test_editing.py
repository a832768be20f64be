"""Editing a text file in the browser: as a commit or a pull request, and never over somebody else's change unseen."""

import pytest
from django.test import Client

from accounts.models import Actor, User
from models_registry.models import PullRequest, Repository
from models_registry.services import references, trees
from models_registry.services.editing import LONGEST, text_of
from tests import make


@pytest.fixture
def owner() -> User:
    return make.user()


@pytest.fixture
def repository(owner: User) -> Repository:
    made = make.repository(owner)
    make.commit(made, {"notes.md": "# Notes\n", "crlf.txt": "a\r\nb\r\n", "data.bin": b"\0\1"})
    return made


def content(repository: Repository, path: str, revision: str = "main") -> str | None:
    commit = references.resolve(repository, revision)
    return text_of(repository, trees.file(repository, commit, path))


def edit_url(repository: Repository, path: str = "notes.md", revision: str = "main") -> str:
    return f"{repository.get_absolute_url()}/edit/{revision}/{path}"


def head(repository: Repository) -> str:
    return references.resolve(repository, "main").oid


def test_a_file_is_edited_as_a_commit_on_its_branch(client: Client, repository: Repository, owner: User) -> None:
    client.force_login(owner)
    page = client.get(edit_url(repository)).content.decode()
    assert "# Notes" in page
    form = {"text": "# Notes\r\n\r\nMore.\r\n", "title": "Say more", "how": "commit", "parent": head(repository)}
    answer = client.post(edit_url(repository), form)
    assert answer.headers["Location"] == f"{repository.get_absolute_url()}/blob/main/notes.md"
    assert content(repository, "notes.md") == "# Notes\n\nMore.\n"
    assert references.resolve(repository, "main").title == "Say more"


def test_line_ends_stay_as_they_were(client: Client, repository: Repository, owner: User) -> None:
    client.force_login(owner)
    client.post(edit_url(repository, "crlf.txt"), {"text": "a\r\nc\r\n", "parent": head(repository), "how": "commit"})
    assert content(repository, "crlf.txt") == "a\r\nc\r\n"
    assert references.resolve(repository, "main").title == "Update crlf.txt"


def test_who_may_only_read_edits_by_a_pull_request(client: Client, repository: Repository) -> None:
    stranger = make.user()
    client.force_login(stranger)
    page = client.get(edit_url(repository)).content.decode()
    assert 'value="commit"' not in page
    assert 'value="propose"' in page
    form = {"text": "# Better\n", "title": "Better notes", "how": "commit", "parent": head(repository)}
    answer = client.post(edit_url(repository), form)
    made = PullRequest.objects.get(repository=repository)
    assert answer.headers["Location"] == made.get_absolute_url()
    assert made.author == stranger
    assert content(repository, "notes.md") == "# Notes\n"
    assert content(repository, "notes.md", made.reference_name) == "# Better\n"


def test_a_pull_requests_author_edits_it_further(client: Client, repository: Repository) -> None:
    stranger = make.user()
    client.force_login(stranger)
    client.post(edit_url(repository), {"text": "1\n", "parent": head(repository)})
    reference = PullRequest.objects.get(repository=repository).reference_name
    client.post(edit_url(repository, revision=reference), {"text": "2\n", "how": "commit"})
    assert content(repository, "notes.md", reference) == "2\n"
    client.force_login(make.user())
    assert client.post(edit_url(repository, revision=reference), {"text": "3\n", "how": "commit"}).status_code == 403


def test_a_change_of_the_same_file_meanwhile_is_shown_and_the_text_kept(
    client: Client, repository: Repository, owner: User
) -> None:
    client.force_login(owner)
    opened_at = head(repository)
    make.commit(repository, {"notes.md": "# Notes of another\n"})
    answer = client.post(edit_url(repository), {"text": "# Mine\n", "parent": opened_at, "how": "commit"})
    page = answer.content.decode()
    assert answer.status_code == 412
    assert "# Mine" in page
    assert "# Notes of another" in page
    assert content(repository, "notes.md") == "# Notes of another\n"
    client.post(edit_url(repository), {"text": "# Mine\n", "parent": head(repository), "how": "commit"})
    assert content(repository, "notes.md") == "# Mine\n"


def test_a_change_of_another_file_meanwhile_is_no_conflict(client: Client, repository: Repository, owner: User) -> None:
    client.force_login(owner)
    opened_at = head(repository)
    make.commit(repository, {"other.txt": "1"})
    client.post(edit_url(repository), {"text": "# Mine\n", "parent": opened_at, "how": "commit"})
    assert content(repository, "notes.md") == "# Mine\n"
    assert content(repository, "other.txt") == "1"


@pytest.mark.parametrize(("path", "revision"), [("data.bin", "main"), ("notes.md", "v1"), ("long.txt", "main")])
def test_what_is_no_text_of_a_branch_is_not_edited(
    client: Client, repository: Repository, owner: User, path: str, revision: str
) -> None:
    make.commit(repository, {"long.txt": "x" * (LONGEST + 1)})
    references.create_tag(actor=Actor(user=owner), repository=repository, name="v1", revision="main")
    client.force_login(owner)
    assert client.get(edit_url(repository, path, revision)).status_code == 422
    assert "/edit/" not in client.get(f"{repository.get_absolute_url()}/blob/{revision}/{path}").content.decode()


def test_strangers_without_an_account_are_asked_to_sign_in(client: Client, repository: Repository) -> None:
    assert client.get(edit_url(repository)).status_code == 401
    assert client.post(edit_url(repository), {"text": "x"}).status_code == 401
    assert "/edit/" not in client.get(f"{repository.get_absolute_url()}/blob/main/notes.md").content.decode()


def test_a_form_from_elsewhere_changes_nothing(repository: Repository, owner: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    assert client.post(edit_url(repository), {"text": "x", "parent": head(repository)}).status_code == 403
    assert content(repository, "notes.md") == "# Notes\n"


def test_a_gated_or_private_file_is_not_opened_for_editing(client: Client, owner: User) -> None:
    client.force_login(make.user())
    for repository in (make.repository(owner, private=True), make.repository(owner, gated="manual")):
        make.commit(repository, {"notes.md": "secret"})
        assert client.get(edit_url(repository)).status_code in {403, 404}
