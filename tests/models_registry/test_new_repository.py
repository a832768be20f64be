"""A repository made from its page, and what its page shows before and after it is filled."""

import re

import pytest
from django.test import Client

from accounts.models import User
from models_registry.formats.card import parse
from models_registry.models import Gate, Kind, Repository, RepositoryFacts
from models_registry.services import indexing, references, trees
from models_registry.services.editing import text_of
from models_registry.web.repositories import headings_of
from models_registry.web.usage import usages
from tests import make


@pytest.fixture
def member(client: Client) -> User:
    made = make.user("ann")
    client.force_login(made)
    return made


def card_of(repository: Repository) -> str:
    head = references.resolve(repository, "main")
    return text_of(repository, trees.file(repository, head, "README.md")) or ""


@pytest.mark.parametrize("kind", [Kind.MODEL, Kind.DATASET])
def test_it_is_made_with_a_card_a_licence_a_task_and_a_gate(client: Client, member: User, kind: Kind) -> None:
    form = {
        "kind": kind, "namespace": "ann", "name": "leaf", "visibility": "private", "gated": "manual", "licence": "mit",
        "task": "image-classification", "from_template": "on",
    }  # fmt: skip
    answer = client.post("/new", form)
    made = Repository.objects.get(key="leaf")
    assert answer.headers["Location"] == made.get_absolute_url()
    assert (made.kind, made.private, made.gated) == (kind, True, Gate.MANUAL)
    task = (
        {"task_categories": ["image-classification"]}
        if kind == Kind.DATASET
        else {"pipeline_tag": "image-classification"}
    )
    assert parse(card_of(made)).metadata == {"license": "mit", **task}
    assert "## Limitations and bias" in card_of(made)


def test_without_any_of_these_it_holds_the_rules_for_large_files_alone(client: Client, member: User) -> None:
    client.post("/new", {"kind": "model", "namespace": "ann", "name": "leaf", "visibility": "public"})
    made = Repository.objects.get(key="leaf")
    files = trees.files(made, references.resolve(made, "main"))
    assert [entry.path for entry in files] == [".gitattributes"]


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("namespace=ann&name=fresh&kind=model", "is free"),
        ("namespace=ann&name=Taken&kind=model", "is a model that exists already"),
        ("namespace=ann&name=taken&kind=dataset", "is free"),
        ("namespace=ann&name=a--b&kind=model", "is no name for a repository"),
        ("namespace=ann&name=", ""),
        ("namespace=bea&name=secret", ""),
    ],
)
def test_whether_a_name_is_free_is_told_to_who_may_use_it(
    client: Client, member: User, query: str, answer: str
) -> None:
    make.repository(member, "taken")
    make.repository(make.user("bea"), "secret", private=True)
    page = client.get(f"/new/availability?{query}").content.decode().strip()
    assert answer in page
    assert answer or not page


def test_a_name_that_is_taken_is_refused_and_what_was_typed_stays(client: Client, member: User) -> None:
    make.repository(member, "taken")
    form = {"kind": "model", "namespace": "ann", "name": "taken", "visibility": "private", "licence": "mit"}
    page = client.post("/new", form).content.decode()
    assert "already created" in page
    assert 'value="mit"' in page
    assert "Usable commercially" in page


def test_an_empty_repository_leads_to_every_way_in(client: Client, member: User) -> None:
    made = make.repository(member, "leaf")
    page = client.get(made.get_absolute_url()).content.decode()
    for way in (
        "/ann/leaf/upload/main", "/ann/leaf/edit-card/main", "hf upload ann/leaf ./folder", "upload_folder", "git clone http",
    ):  # fmt: skip
        assert way in page
    client.logout()
    page = client.get(made.get_absolute_url()).content.decode()
    assert "edit-card" not in page
    assert "No card yet" in page


@pytest.mark.parametrize(
    ("library", "paths", "info", "tools"),
    [
        ("", ["notes.txt"], {}, ["Python", "hf", "git", "curl"]),
        ("transformers", ["model.safetensors"], {}, ["transformers", "Python", "hf", "git", "curl"]),
        ("diffusers", [], {}, ["diffusers", "Python", "hf", "git"]),
        ("sentence-transformers", [], {}, ["sentence-transformers", "Python", "hf", "git"]),
        ("", ["a.safetensors", "onnx/a.onnx"], {}, ["safetensors", "onnxruntime", "Python", "hf", "git", "curl"]),
        ("gguf", ["a b.gguf"], {}, ["llama.cpp", "Python", "hf", "git", "curl"]),
        ("peft", [], {}, ["peft", "Python", "hf", "git"]),
    ],
)
def test_a_model_is_opened_by_its_own_library_at_this_hub(
    library: str, paths: list[str], info: dict[str, str], tools: list[str]
) -> None:
    repository = make.repository(name="leaf", library=library)
    found = usages(repository, paths, RepositoryFacts(repository=repository, transformers=info))
    assert [usage.tool for usage in found] == tools
    assert all("http://testserver" in usage.text for usage in found)
    for usage in found:
        if usage.text.startswith(("import", "from")):
            compile(usage.text, usage.tool, "exec")


def test_transformers_are_called_by_pipeline_and_class() -> None:
    repository = make.repository(library="transformers")
    info = {"auto_model": "AutoModelForCausalLM", "pipeline_tag": "text-generation", "processor": "AutoTokenizer"}
    text = usages(repository, [], RepositoryFacts(transformers=info))[0].text
    assert '"text-generation"' in text
    assert f'AutoModelForCausalLM.from_pretrained("{repository.full_name}")' in text


def test_a_long_card_has_a_table_of_contents(client: Client) -> None:
    repository = make.repository()
    text = "# Net\n" + "".join(f"\n## Part {part} &amp; more\n\nText.\n" for part in range(5))
    commit = make.commit(repository, {"README.md": text, "a.txt": "1"})
    indexing.index_commit(repository.pk, commit.oid)
    page = client.get(repository.get_absolute_url()).content.decode()
    assert '<a href="#card-part-3--more">Part 3 &amp; more</a>' in page
    assert headings_of('<h2 id="a">A</h2><h3 id="b">B</h3>') == []


def test_what_this_hub_lacks_is_named_without_a_link(client: Client) -> None:
    there, hidden = (
        make.repository(name="there", kind=Kind.DATASET),
        make.repository(name="hidden", kind=Kind.DATASET, private=True),
    )
    repository = make.repository()
    card = f"---\ndatasets: [{there.full_name}, {hidden.full_name}, far/away]\nbase_model: no/where\n---\n# Net\n"
    commit = make.commit(repository, {"README.md": card, "a.txt": "1"})
    indexing.index_commit(repository.pk, commit.oid)
    page = client.get(repository.get_absolute_url()).content.decode()
    assert f'href="{there.get_absolute_url()}"' in page
    for name in (hidden.full_name, "far/away", "no/where"):
        assert name in page
        assert f'href="/datasets/{name}"' not in page
        assert f'href="/{name}"' not in page


def test_the_tabs_of_a_member_lead_to_all_that_is_theirs(client: Client, member: User) -> None:
    make.repository(member, "leaf")
    for address, current in (
        ("/ann", "Models"), ("/users/ann/collections", "Collections"), ("/users/ann/likes", "Likes"),
        ("/users/ann/activity", "Activity"),
    ):  # fmt: skip
        page = client.get(address).content.decode()
        tabs = re.findall(
            r'<a href="([^"]+)"( aria-current="page")?>(\w+)', page[page.index('aria-label="What is shown"') :]
        )
        assert [title for _url, _here, title in tabs[:5]] == ["Models", "Datasets", "Collections", "Likes", "Activity"]
        assert [title for _url, here, title in tabs[:5] if here] == [current]


def test_a_profile_without_anything_says_how_to_begin(client: Client, member: User) -> None:
    assert "hf upload ann/my-model ./folder" in client.get("/ann").content.decode()
    client.logout()
    assert "hf upload" not in client.get("/ann").content.decode()
