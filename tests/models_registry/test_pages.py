"""The registry's pages, as a visitor's browser asks for them."""

import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import Actor, AuditEntry
from models_registry.models import Kind, Repository
from models_registry.services import tagging
from models_registry.services.references import create_branch
from tests import make


def text_of(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, answer.content[:500]
    return answer.content.decode()


def test_the_home_page_shows_what_everybody_may_see(client: Client) -> None:
    shown = make.repository()
    hidden = make.repository(private=True)
    page = text_of(client, "/")
    assert shown.full_name in page.replace("/</span><b>", "/")
    assert hidden.name not in page


@pytest.mark.parametrize("suffix", ["", "/tree/main", "/blob/main/README.md", "/commits/main", "/commit/main"])
@pytest.mark.parametrize("kind", [Kind.MODEL, Kind.DATASET])
@pytest.mark.parametrize("signed_in", [True, False])
def test_a_private_repository_answers_exactly_like_a_missing_one(
    client: Client, suffix: str, kind: Kind, signed_in: bool
) -> None:
    private = make.repository(private=True, kind=kind)
    make.commit(private, {"README.md": "# Secret"})
    if signed_in:
        client.force_login(make.user())
    there = client.get(private.get_absolute_url() + suffix)
    missing = client.get(private.get_absolute_url() + "x" + suffix)
    assert there.status_code == missing.status_code == (404 if signed_in else 401)

    def without_what_differs(page: bytes) -> str:
        page_text = re.sub(r'name="csrfmiddlewaretoken" value="\w+"|<code>\w{32}</code>', "", page.decode())
        return page_text.replace(private.name + "x", private.name)

    assert without_what_differs(there.content) == without_what_differs(missing.content)


def test_members_see_their_private_repository(client: Client) -> None:
    owner = make.user()
    private = make.repository(owner, private=True)
    client.force_login(owner)
    assert private.name in text_of(client, private.get_absolute_url())
    assert private.name in text_of(client, "/models")


def test_a_card_is_rendered_clean_and_its_links_lead_into_the_repository(client: Client) -> None:
    repository = make.repository()
    text = "# Digits\n\n[train](train.py) <script>alert(1)</script> ![plot](plot.png)"
    make.commit(repository, {"README.md": text})  # no worker has read it: it is shown as it was saved
    page = text_of(client, repository.get_absolute_url())
    assert f'href="{repository.get_absolute_url()}/blob/main/train.py"' in page
    assert f'src="{repository.get_absolute_url()}/resolve/main/plot.png"' in page
    assert "alert(1)" not in page


def test_a_folder_lists_its_entries_with_sizes_and_last_commits(client: Client) -> None:
    repository = make.repository()
    make.commit(repository, {"onnx/model.txt": "x" * 2000, "a b.txt": "1"}, title="Add two files")
    page = text_of(client, f"{repository.get_absolute_url()}/tree/main")
    assert "Add two files" in page
    assert f"{repository.get_absolute_url()}/blob/main/a%20b.txt" in page
    inside = text_of(client, f"{repository.get_absolute_url()}/tree/main/onnx")
    assert "2.0" in inside
    assert "model.txt" in inside


def test_a_branch_with_a_slash_in_its_name_has_pages(client: Client) -> None:
    repository = make.repository()
    make.commit(repository, {"a.txt": "1"})
    create_branch(actor=Actor(user=repository.creator), repository=repository, name="try/this")
    assert "a.txt" in text_of(client, f"{repository.get_absolute_url()}/tree/try/this")
    assert "row-of-code" in text_of(client, f"{repository.get_absolute_url()}/blob/try/this/a.txt")


def test_source_is_shown_escaped_and_numbered(client: Client) -> None:
    repository = make.repository()
    make.commit(repository, {"train.py": "print('<script>alert(1)</script>')\nx = 1\n"})
    page = text_of(client, f"{repository.get_absolute_url()}/blob/main/train.py")
    assert "<script>alert" not in page
    assert 'id="L2"' in page
    assert 'id="L3"' not in page


def test_a_markdown_file_is_rendered_or_shown_as_source(client: Client) -> None:
    repository = make.repository()
    make.commit(repository, {"docs/use.md": "# Use\n\n[up](../train.py)"})
    address = f"{repository.get_absolute_url()}/blob/main/docs/use.md"
    assert f'href="{repository.get_absolute_url()}/blob/main/train.py"' in text_of(client, address)
    assert "row-of-code" in text_of(client, address + "?plain=1")


@pytest.mark.parametrize(
    "address", ["tree/nope", "tree/main/nope", "blob/main/nope.txt", "commits/nope", "blob/main/../../x"]
)
def test_what_does_not_exist_is_a_page_that_says_so(client: Client, address: str) -> None:
    client.force_login(make.user())
    repository = make.repository()
    assert "nothing here" in text_of(client, f"{repository.get_absolute_url()}/{address}", 404)


def test_lists_are_searched_narrowed_and_sorted_by_their_address(client: Client) -> None:
    one = make.repository(name="alpha-net", task="image-classification", licence="mit", downloads=5)
    two = make.repository(name="beta-net", task="text-generation", licence="mit", downloads=9)
    tagging.write(one, ["vision"])

    def names(query: str) -> list[str]:
        return re.findall(r"<b>(\w+-net)</b>", text_of(client, f"/models?{query}"))

    assert names("q=alpha") == ["alpha-net"]
    assert names("q=vision") == ["alpha-net"]
    assert names(f"q={two.full_name}") == ["beta-net"]
    assert names("task=text-generation") == ["beta-net"]
    assert names("licence=mit&sort=downloads") == ["beta-net", "alpha-net"]
    assert names("tag=vision&tag=other") == ["alpha-net"]
    assert names("q=nothing-like-this") == []
    assert names("sort=nonsense&page=99&task=") != []


def test_a_list_takes_the_same_number_of_queries_however_long_it_is(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(3):
        make.repository(task="a", licence="mit")
    client.get("/models")
    with django_assert_max_num_queries(18) as few:  # one for each facet
        client.get("/models")
    for _ in range(12):
        make.repository(task="b", licence="mit")
    with django_assert_max_num_queries(len(few)):
        client.get("/models")


def test_a_folder_takes_the_same_number_of_queries_however_many_entries_it_has(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    repository = make.repository()
    make.commit(repository, {"a.txt": "1"})
    address = f"{repository.get_absolute_url()}/tree/main"
    with django_assert_max_num_queries(20) as few:
        client.get(address)
    make.commit(repository, {f"f{number}.txt": str(number) for number in range(40)})
    with django_assert_max_num_queries(len(few)):
        client.get(address)


def test_a_repository_is_made_by_the_form(client: Client) -> None:
    user = make.user()
    client.force_login(user)
    form = {"kind": "model", "namespace": user.username, "name": "digits", "visibility": "private"}
    assert client.post("/new", form).headers["Location"] == f"/{user.username}/digits"
    assert Repository.objects.get(name="digits").private
    assert "already created" in client.post("/new", form).content.decode()


def test_nobody_makes_a_repository_in_a_foreign_namespace(client: Client) -> None:
    other = make.user()
    client.force_login(make.user())
    form = {"kind": "model", "namespace": other.username, "name": "digits", "visibility": "public"}
    assert client.post("/new", form).status_code == 200
    assert not Repository.objects.filter(name="digits").exists()


def test_visibility_changes_are_written_down(client: Client) -> None:
    repository = make.repository()
    client.force_login(repository.creator)
    client.post(f"{repository.get_absolute_url()}/settings/visibility", {"private": "private"})
    repository.refresh_from_db()
    assert repository.private
    assert AuditEntry.objects.filter(action="repository.visibility", target=repository.full_name).exists()


def test_deletion_asks_for_the_full_name(client: Client) -> None:
    repository = make.repository()
    client.force_login(repository.creator)
    address = f"{repository.get_absolute_url()}/settings/delete"
    assert client.post(address, {"confirmation": repository.name}).status_code == 400
    assert Repository.objects.filter(pk=repository.pk).exists()
    assert client.post(address, {"confirmation": repository.full_name}).status_code == 302
    assert not Repository.objects.filter(pk=repository.pk).exists()


@pytest.mark.parametrize("address", ["settings", "settings/visibility", "settings/delete"])
def test_strangers_reach_no_settings(client: Client, address: str) -> None:
    repository = make.repository()
    client.force_login(make.user())
    method = client.get if address == "settings" else client.post
    data = {"private": "private", "confirmation": repository.full_name}
    assert method(f"{repository.get_absolute_url()}/{address}", data).status_code == 403
    repository.refresh_from_db()
    assert not repository.private


def test_a_hidden_repository_shows_its_reason_to_members_alone(client: Client) -> None:
    owner = make.user()
    repository = make.repository(owner, disabled_reason="Stolen weights")
    assert client.get(repository.get_absolute_url()).status_code == 401
    client.force_login(owner)
    assert "Stolen weights" in text_of(client, repository.get_absolute_url())
    assert client.get(f"{repository.get_absolute_url()}/tree/main").status_code == 403


def test_a_namespace_shows_what_the_visitor_may_see(client: Client) -> None:
    owner = make.user()
    public, private = make.repository(owner), make.repository(owner, private=True)
    page = text_of(client, f"/{owner.username}")
    assert public.name in page
    assert private.name not in page
    make.organization("lab-one", write=owner)
    assert owner.username in text_of(client, "/lab-one")
    assert client.get("/LAB-one").headers["Location"] == "/lab-one"
    assert client.get("/nobody-here").status_code == 404


def test_addresses_in_other_letters_lead_to_the_one_address(client: Client) -> None:
    repository = make.repository(name="Digits-CNN")
    assert client.get(repository.get_absolute_url().lower()).headers["Location"] == repository.get_absolute_url()
