"""The card editor: metadata by fields or as YAML, Markdown with preview; nothing typed is lost, nothing unknown rewritten."""

import re
from typing import Any

import pytest
from django.test import Client

from accounts.models import Actor, User
from models_registry.formats.card import parse
from models_registry.models import Kind, PullRequest, Repository
from models_registry.services import references, trees
from models_registry.services.editing import text_of
from models_registry.services.references import create_branch
from tests import make

CARD = """---
# who may use it
license: mit   # for now
language: en
tags: [vision,  "digits"]
my-key: {a: 1}   # ours
pipeline_tag: image-classification
model-index:
- name: net
  results:
  - task: {type: image-classification}
    dataset: {name: Digits, type: digits}
    metrics:
    - {type: accuracy, value: 0.98}
---
# Net

Text.
"""


@pytest.fixture
def owner(client: Client) -> User:
    member = make.user()
    client.force_login(member)
    return member


@pytest.fixture
def repository(owner: User) -> Repository:
    made = make.repository(owner, name="net")
    make.commit(made, {"README.md": CARD})
    return made


def url(repository: Repository, branch: str = "main") -> str:
    return f"{repository.get_absolute_url()}/edit-card/{branch}"


def readme(repository: Repository, revision: str = "main") -> str | None:
    return text_of(repository, trees.file(repository, references.resolve(repository, revision), "README.md"))


def sent_back(page: str) -> dict[str, Any]:
    """The editor's form as a browser without script would send it, with nothing changed."""
    form = page[page.index('<form class="card-editor') :]
    data: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        found = {name: re.search(rf'\b{name}="([^"]*)"', tag) for name in ("name", "value", "type")}
        if found["name"] is None:
            continue
        kind = found["type"][1] if found["type"] else "text"
        if kind in {"radio", "checkbox"} and " checked" not in tag:
            continue
        data.setdefault(found["name"][1], []).append(_plain(found["value"][1]) if found["value"] else "")
    for name, text in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>\n?(.*?)</textarea>', form, re.DOTALL):
        data[name] = [_plain(text)]
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        data[name] = [chosen[1] if chosen else ""]
    return data


def _plain(text: str) -> str:
    for escaped, plain in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#x27;", "'"), ("&amp;", "&")):
        text = text.replace(escaped, plain)
    return text


def opened(client: Client, repository: Repository, branch: str = "main") -> dict[str, Any]:
    answer = client.get(url(repository, branch))
    assert answer.status_code == 200, answer.content[:400]
    return sent_back(answer.content.decode())


def test_a_card_saved_as_it_was_opened_is_the_same_to_the_byte(client: Client, repository: Repository) -> None:
    data = opened(client, repository)
    assert data["license"] == ["mit"]
    assert data["tags"] == ["vision", "digits"]
    answer = client.post(url(repository), data | {"act": "save"})
    assert answer.headers["Location"] == repository.get_absolute_url()
    assert readme(repository) == CARD


def test_only_what_was_changed_is_written_again(client: Client, repository: Repository) -> None:
    data = opened(client, repository)
    data |= {"language-new": ["zh-Hans, no"], "text": ["# Net\n\nMore.\n"], "title": ["Say more"], "act": "save"}
    client.post(url(repository), data)
    expected = CARD.replace("language: en\n", "language:\n- en\n- zh-Hans\n- 'no'\n").replace("Text.", "More.")
    assert readme(repository) == expected
    assert references.resolve(repository, "main").title == "Say more"


@pytest.mark.parametrize(
    ("fields", "metadata"),
    [
        ({"license": "apache-2.0"}, {"license": "apache-2.0"}),
        ({"license": "mit, apache-2.0"}, {"license": ["mit", "apache-2.0"]}),
        ({"license": "my-terms"}, {"license": "other", "license_name": "my-terms"}),
        (
            {"license": "other", "license_name": "x-1", "license_link": "LICENSE"},
            {"license": "other", "license_name": "x-1", "license_link": "LICENSE"},
        ),
        ({"license": ""}, {"license": None}),
        ({"base_model-new": "a/b", "base_model_relation": "adapter"}, {"base_model": "a/b", "base_model_relation": "adapter"}),
        ({"datasets-new": "a/b\nc/d"}, {"datasets": ["a/b", "c/d"]}),
        ({"tags": []}, {"tags": None}),
        ({"pipeline_tag": ""}, {"pipeline_tag": None}),
        ({"library_name": "diffusers", "thumbnail": "a.png"}, {"library_name": "diffusers", "thumbnail": "a.png"}),
    ],
)  # fmt: skip
def test_fields_become_metadata(
    client: Client, repository: Repository, fields: dict[str, Any], metadata: dict[str, Any]
) -> None:
    client.post(url(repository), opened(client, repository) | fields | {"act": "save"})
    expected = parse(CARD).metadata | metadata
    assert parse(readme(repository) or "").metadata == {
        key: value for key, value in expected.items() if value is not None
    }


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"language-new": "klingonese"}, "no language tag"),
        ({"base_model-new": "a/b/c"}, "no name of a repository"),
        ({"license": "mit*"}, "Use letters"),
        ({"pipeline_tag": "nonsense"}, "Select a valid choice"),
        ({"tags-new": "x" * 300}, "too long"),
        ({"mode": "yaml", "matter": "license: [mit"}, "not valid YAML on line"),
        ({"mode": "yaml", "matter": "model-index: 3"}, "&quot;model-index&quot; must be an array"),
    ],
)
def test_what_cannot_be_is_refused_by_name_and_kept_in_the_form(
    client: Client, repository: Repository, fields: dict[str, Any], complaint: str
) -> None:
    data = opened(client, repository) | {"text": ["# Mine <b>\n"]} | fields
    answer = client.post(url(repository), data | {"act": "save"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert complaint in page
    assert "# Mine &lt;b&gt;" in page
    assert readme(repository) == CARD
    typed = next(iter(fields.values()))
    assert str(typed)[:100] in page or "pipeline_tag" in fields or fields.get("mode") == "yaml"


def test_the_metadata_can_be_written_as_yaml_and_back(client: Client, repository: Repository) -> None:
    data = opened(client, repository) | {"license": ["apache-2.0"]}
    page = client.post(url(repository), data | {"act": "yaml"}).content.decode()
    assert "license: apache-2.0" in page
    assert "my-key: {a: 1}   # ours" in page
    data = sent_back(page)
    assert data["mode"] == ["yaml"]
    data["matter"] = [data["matter"][0].replace("apache-2.0", "bsd-3-clause")]
    back = sent_back(client.post(url(repository), data | {"act": "fields"}).content.decode())
    assert back["license"] == ["bsd-3-clause"]
    client.post(url(repository), back | {"act": "save"})
    assert "license: bsd-3-clause\n" in (readme(repository) or "")
    assert "my-key: {a: 1}   # ours" in (readme(repository) or "")


def test_a_card_whose_metadata_cannot_be_read_opens_as_yaml(client: Client, repository: Repository) -> None:
    make.commit(repository, {"README.md": "---\nlicense: [mit\n---\n# Net\n"})
    data = opened(client, repository)
    assert data["mode"] == ["yaml"]
    client.post(url(repository), data | {"matter": ["license: mit"], "act": "save"})
    assert readme(repository) == "---\nlicense: mit\n---\n# Net\n"


def test_what_a_field_cannot_show_is_left_to_the_yaml(client: Client, repository: Repository) -> None:
    odd = "---\ntags:\n- {a: b}\nlicense: mit\n---\n"
    make.commit(repository, {"README.md": odd})
    data = opened(client, repository)
    assert "tags-new" not in data
    client.post(url(repository), data | {"license": ["apache-2.0"], "act": "save"})
    assert readme(repository) == odd.replace("mit", "apache-2.0")


@pytest.mark.parametrize("kind", [Kind.MODEL, Kind.DATASET])
def test_a_first_card_starts_from_the_template(client: Client, owner: User, kind: Kind) -> None:
    repository = make.repository(owner, name="first", kind=kind)
    data = opened(client, repository)
    data = sent_back(client.post(url(repository), data | {"act": "template"}).content.decode())
    assert data["text"][0].startswith("# first\n")
    client.post(url(repository), data | {"license": ["mit"], "act": "save"})
    assert (readme(repository) or "").startswith("---\nlicense: mit\n---\n\n# first\n")


def test_a_card_starts_in_the_language_of_the_page(client: Client, owner: User) -> None:
    repository = make.repository(owner, name="first")
    data = opened(client, repository)
    chinese = {"Accept-Language": "zh-CN,zh;q=0.9"}
    page = client.post(url(repository), data | {"act": "template"}, headers=chinese).content.decode()
    text = sent_back(page)["text"][0]
    assert text.startswith("# first\n\n<!-- 用一两句话说明")
    assert "## 局限与偏差\n" in text
    data |= {"text": ["# first\n\n文字。\n"], "act": "section:limitations"}
    page = client.post(url(repository), data, headers=chinese).content.decode()
    assert sent_back(page)["text"][0].startswith("# first\n\n文字。\n\n## 局限与偏差\n")
    form = {
        "kind": "dataset",
        "namespace": owner.username,
        "name": "rows",
        "visibility": "public",
        "from_template": "on",
    }
    client.post("/new", form, headers=chinese)
    written = readme(Repository.objects.get(name="rows")) or ""
    assert "## 来源与收集\n" in written


def test_a_missing_section_is_put_in_by_its_link(client: Client, repository: Repository) -> None:
    page = client.post(url(repository), opened(client, repository) | {"act": "section:limitations"}).content.decode()
    text = sent_back(page)["text"][0]
    assert text.startswith("# Net\n\nText.\n\n## Limitations and bias\n")
    assert "write below its heading" in page
    assert "2 of 8" in page


def test_who_may_only_read_proposes_the_card(client: Client, repository: Repository) -> None:
    stranger = make.user()
    client.force_login(stranger)
    answer = client.post(url(repository), opened(client, repository) | {"license": ["apache-2.0"], "act": "save"})
    made = PullRequest.objects.get(repository=repository)
    assert answer.headers["Location"] == made.get_absolute_url()
    assert readme(repository) == CARD
    assert "license: apache-2.0" in (readme(repository, made.reference_name) or "")


def test_a_card_changed_meanwhile_is_shown_and_not_overwritten(client: Client, repository: Repository) -> None:
    data = opened(client, repository) | {"text": ["# Net\n\nMine.\n"], "act": "save"}
    make.commit(repository, {"README.md": CARD.replace("Text.", "Theirs.")})
    answer = client.post(url(repository), data)
    page = answer.content.decode()
    assert answer.status_code == 412
    assert "Theirs." in page
    assert "Mine." in sent_back(page)["text"][0]
    assert "Theirs." in (readme(repository) or "")
    client.post(url(repository), sent_back(page) | {"act": "save"})
    assert "Mine." in (readme(repository) or "")


def test_line_ends_stay_as_they_were(client: Client, repository: Repository) -> None:
    make.commit(repository, {"README.md": CARD.replace("\n", "\r\n")})
    client.post(url(repository), opened(client, repository) | {"license": ["apache-2.0"], "act": "save"})
    assert readme(repository) == CARD.replace("license: mit   # for now", "license: apache-2.0").replace("\n", "\r\n")


def test_a_branch_with_a_slash_has_its_own_card(client: Client, repository: Repository) -> None:
    create_branch(actor=Actor(user=repository.creator), repository=repository, name="try/this")
    data = opened(client, repository, "try/this") | {"text": ["# There\n"], "act": "save"}
    answer = client.post(url(repository, "try/this"), data)
    assert answer.headers["Location"] == f"{repository.get_absolute_url()}/blob/try/this/README.md"
    assert readme(repository) == CARD
    assert client.get(url(repository, "no-branch")).status_code == 404
    assert client.get(url(repository, "main/README.md")).status_code == 404


def test_who_may_not_see_it_is_told_of_nothing(client: Client) -> None:
    private = make.repository(private=True)
    client.force_login(make.user())
    for path in ("edit-card/main", "card-parts"):
        assert client.post(f"{private.get_absolute_url()}/{path}").status_code == 404


def test_pieces_come_back_for_what_was_sent(client: Client, repository: Repository) -> None:
    data = opened(client, repository)
    address = f"{repository.get_absolute_url()}/card-parts"
    preview = client.post(address + "?part=preview", data | {"text": ["**bold** [x](train.py)"]}).content.decode()
    assert "<strong>bold</strong>" in preview
    assert f'href="{repository.get_absolute_url()}/blob/main/train.py"' in preview
    assert "<html" not in preview
    fields = client.post(address + "?part=fields", data | {"tags-new": ["new one"]}).content.decode()
    assert 'name="tags" value="new one" checked' in fields
    review = client.post(address + "?part=review", data | {"license": [""]}).content.decode()
    assert "names no licence" in review
    assert client.post(address + "?part=other", data).status_code == 404
    assert readme(repository) == CARD


def test_the_licence_that_is_being_written_is_held_against_what_the_draft_names(
    client: Client, repository: Repository
) -> None:
    ada = make.user("ada")
    for name, fields in (("base", {}), ("hidden", {"private": True}), ("data", {"kind": Kind.DATASET})):
        make.repository(ada, name, licence="cc-by-nc-sa-4.0", **fields)
    address = f"{repository.get_absolute_url()}/card-parts?part=review"
    data = opened(client, repository)
    assert "The licence of" not in client.post(address, data).content.decode()
    data |= {"base_model-new": ["ada/base, ada/hidden, ada/nowhere"], "datasets-new": ["ada/data"]}
    review = client.post(address, data).content.decode()
    assert "The licence of ada/base, CC-BY-NC-SA-4.0, does not allow commercial use" in review
    assert "The licence of ada/data, CC-BY-NC-SA-4.0, does not allow commercial use" in review
    assert "ada/hidden" not in review
    for does_not_contradict in ("cc-by-nc-sa-4.0", "my-terms", ""):
        review = client.post(address, data | {"license": [does_not_contradict]}).content.decode()
        assert "The licence of" not in review


@pytest.mark.parametrize(
    ("matter", "text", "told"),
    [
        ("license: mit", "MIT License\n", ""),
        ("license: mit", "Our own terms\n", ""),
        ("license: mit", "Apache License\nVersion 2.0\n", "LICENSE.txt is Apache-2.0, but the card says MIT."),
        ("license: other", "MIT License\n", "give the licence its own name"),
        ("license: other\nlicense_name: my-terms", "Our terms\n", "Say where the text of “my-terms” is"),
        ("license: other\nlicense_name: my-terms\nlicense_link: LICENSE.txt", "MIT License\n", ""),
    ],
)
def test_a_licence_that_no_reader_could_be_sure_of_is_asked_about(
    client: Client, owner: User, matter: str, text: str, told: str
) -> None:
    repository = make.repository(owner)
    make.commit(repository, {"README.md": f"---\n{matter}\n---\n# Net\n", "LICENSE.txt": text})
    page = client.get(url(repository)).content.decode()
    review = page[page.index('id="card-review"') : page.index('id="card-fields"')]
    assert told in review
    assert bool(told) == ("exclamation-triangle" in review)


def test_names_of_repositories_are_offered_to_who_may_see_them(client: Client, owner: User) -> None:
    make.repository(owner, name="leaf-net")
    make.repository(owner, name="leaf-set", kind=Kind.DATASET)
    make.repository(name="leaf-hidden", private=True)
    page = client.get("/new/names?kind=model&base_model-new=leaf").content.decode()
    assert re.findall(r'value="\w+/([\w-]+)"', page) == ["leaf-net"]
    page = client.get("/new/names?kind=dataset&q=leaf").content.decode()
    assert re.findall(r'value="\w+/([\w-]+)"', page) == ["leaf-set"]
