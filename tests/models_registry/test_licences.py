"""Licences of repositories: shown in plain words, held against those of what a model was made from, changed, filtered by."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import Actor, AuditEntry, User
from hub.errors import Forbidden, Invalid
from hub.jobs.models import Job
from hub.jobs.registry import kind_of
from models_registry.events import licence_changed, licence_contradicted
from models_registry.formats.licence_conflicts import Rule
from models_registry.formats.licence_terms import TABLE
from models_registry.models import Commit, Repository
from models_registry.services import licences, references
from models_registry.services.indexing import index_commit, reindex
from models_registry.web import licence_words
from tests import make


@pytest.fixture
def owner() -> User:
    return make.user("ada")


def with_card(owner: User, name: str, matter: str, **fields: Any) -> Repository:
    repository = make.repository(owner, name, **fields)
    rewrite(repository, matter)
    return repository


def rewrite(repository: Repository, matter: str) -> Commit:
    commit = make.commit(repository, {"README.md": f"---\n{matter}\n---\n# {repository.name}\n"})
    index_commit(repository.pk, commit.oid, by=repository.creator_id)
    repository.refresh_from_db()
    return commit


def heard(signal: Any) -> list[dict[str, Any]]:
    """What a signal tells from now on, until the end of the test."""
    told: list[dict[str, Any]] = []

    def listen(sender: object, **facts: Any) -> None:
        told.append(facts)

    signal.connect(listen, weak=False, dispatch_uid="test")
    return told


@pytest.fixture(autouse=True)
def _nobody_listens_on() -> Any:
    yield
    for signal in (licence_changed, licence_contradicted):
        signal.disconnect(dispatch_uid="test")


def rules(actor: Actor, repository: Repository) -> list[tuple[Rule, str]]:
    return [(finding.rule, finding.parent.name) for finding in licences.findings_of(actor, repository)]


def test_a_derivative_is_held_against_its_base_and_its_data(owner: User, client: Client) -> None:
    base = with_card(owner, "base", "license: cc-by-nc-4.0")
    with_card(owner, "digits", "license: cc-by-sa-4.0", kind="dataset")
    child = with_card(owner, "child", "license: mit\nbase_model: ada/base\ndatasets: [ada/digits, ada/nowhere]")
    expected = [(Rule.COMMERCIAL_ON_NONCOMMERCIAL, "ada/base"), (Rule.SHARE_ALIKE_OF_DATA, "ada/digits")]
    assert rules(Actor(), child) == expected
    page = client.get("/ada/child").content.decode()
    assert "does not allow commercial use, which this licence allows." in page
    assert "Usable commercially" in page
    info = client.get("/api/models/ada/child?expand=licenseInfo").json()["licenseInfo"]
    assert info["commercialUse"] == "yes"
    assert [(found["rule"], found["certain"]) for found in info["contradictions"]] == [
        ("commercial-on-noncommercial", True), ("share-alike-of-data", False),
    ]  # fmt: skip
    rewrite(base, "license: mit")
    assert rules(Actor(), child) == expected[1:]


def test_a_base_that_the_reader_may_not_see_is_not_named(owner: User, client: Client) -> None:
    with_card(owner, "secret-base", "license: cc-by-nc-4.0", private=True)
    child = with_card(owner, "child", "license: mit\nbase_model: ada/secret-base")
    assert rules(Actor(), child) == []
    assert rules(Actor(user=owner), child) == [(Rule.COMMERCIAL_ON_NONCOMMERCIAL, "ada/secret-base")]
    assert client.get("/api/models/ada/child?expand=licenseInfo").json()["licenseInfo"]["contradictions"] == []


def test_owners_are_told_once_when_the_licence_of_a_base_changes(owner: User) -> None:
    base = with_card(owner, "base", "license: mit")
    child = with_card(owner, "child", "license: mit\nbase_model: ada/base")
    data = with_card(owner, "data", "license: cc0-1.0", kind="dataset")
    trained = with_card(owner, "trained", "license: mit\ndatasets: ada/data")
    for repository in (child, trained):
        licences.check(repository.pk)
    told = heard(licence_contradicted)
    rewrite(base, "license: cc-by-nc-4.0")
    rewrite(data, "license: cc-by-nc-4.0")
    for repository in (base, data):
        licences.check_below(repository.pk)
    keys = set(Job.objects.filter(kind="check_licence").values_list("key", flat=True))
    assert {str(child.pk), str(trained.pk)} <= keys
    for _ in range(2):
        for repository in (child, trained):
            licences.check(repository.pk)
    assert [(facts["repository"], [found.rule for found in facts["findings"]]) for facts in told] == [
        (child, [Rule.COMMERCIAL_ON_NONCOMMERCIAL]), (trained, [Rule.COMMERCIAL_ON_NONCOMMERCIAL]),
    ]  # fmt: skip


def test_every_change_of_a_licence_is_on_record(owner: User) -> None:
    told = heard(licence_changed)
    repository = with_card(owner, "net", "license: mit")
    commit = rewrite(repository, "license: gpl-3.0")
    rewrite(repository, "license: gpl-3.0\ntags: [a]")
    reindex(repository)
    entries = AuditEntry.objects.filter(action="licence.changed").order_by("pk")
    assert [(entry.details["old"], entry.details["new"]) for entry in entries] == [("", "mit"), ("mit", "gpl-3.0")]
    last = entries.last()
    assert last
    assert (last.details["commit"], last.user) == (commit.oid, owner)
    assert [(facts["old"], facts["new"]) for facts in told] == [("", "mit"), ("mit", "gpl-3.0")]


def test_the_record_accuses_nobody_whose_address_a_pushed_commit_bears(owner: User) -> None:
    colleague = make.user()
    repository = with_card(owner, "net", "license: mit")
    forged = make.commit(repository, {"README.md": "---\nlicense: gpl-3.0\n---\n"})
    Commit.objects.filter(pk=forged.pk).update(author=colleague)  # as a push with their address makes it
    for job in Job.objects.filter(kind="index_commit", key__contains=forged.oid):
        kind_of("index_commit").function(job.key)
    last = AuditEntry.objects.filter(action="licence.changed").latest("pk")
    assert (last.details["new"], last.user) == ("gpl-3.0", owner)


def test_a_licence_is_changed_by_a_commit_that_changes_nothing_else(owner: User, client: Client) -> None:
    repository = make.repository(owner, "net")
    text = "---\n# mine\ntags:   [a,b] # both\nlicense: other\nlicense_name: my-terms\n---\n# Net\r\n"
    make.commit(repository, {"README.md": text})
    client.force_login(owner)
    answer = client.post("/ada/net/settings/licence", {"licence": "apache-2.0"})
    assert answer.status_code == 302
    head = references.resolve(repository, "main")
    assert (head.title, head.author) == ("Set the licence to apache-2.0", owner)
    expected = "---\n# mine\ntags:   [a,b] # both\nlicense: apache-2.0\n---\n# Net\r\n"
    assert client.get("/ada/net/raw/main/README.md").content.decode() == expected
    client.post("/ada/net/settings/licence", {"licence": "my-own-terms"})
    assert "license: other\nlicense_name: my-own-terms\n" in client.get("/ada/net/raw/main/README.md").content.decode()
    client.post("/ada/net/settings/licence", {"licence": ""})
    assert "license" not in client.get("/ada/net/raw/main/README.md").content.decode()


def test_a_card_that_cannot_be_edited_is_left_alone(owner: User, client: Client) -> None:
    repository = make.repository(owner, "net")
    commit = make.commit(repository, {"README.md": "---\n{license: mit\n---\n"})
    with pytest.raises(Invalid):
        licences.change_licence(actor=Actor(user=owner), repository=repository, licence="mit")
    with pytest.raises(Forbidden):
        licences.change_licence(actor=Actor(user=make.user()), repository=repository, licence="mit")
    client.force_login(owner)
    assert client.post("/ada/net/settings/licence", {"licence": "mit"}).status_code == 400
    assert client.post("/ada/net/settings/licence", {"licence": "<b>"}).status_code == 400
    assert references.resolve(repository, "main").oid == commit.oid


@pytest.mark.parametrize(
    ("chosen", "files"), [("", {".gitattributes"}), ("cc-by-4.0", {".gitattributes", "README.md"})]
)
def test_a_new_repository_has_one_commit_with_or_without_a_licence(
    owner: User, client: Client, chosen: str, files: set[str]
) -> None:
    client.force_login(owner)
    sent = {"kind": "model", "namespace": "ada", "name": "fresh", "visibility": "public", "licence": chosen}
    assert client.post("/new", sent).status_code == 302
    repository = Repository.objects.get(key="fresh")
    (commit,) = Commit.objects.filter(repository=repository)
    assert commit.title == "initial commit"
    listed = client.get("/api/models/ada/fresh").json()
    assert {file["rfilename"] for file in listed["siblings"]} == files
    index_commit(repository.pk, commit.oid, by=repository.creator_id)
    repository.refresh_from_db()
    assert repository.licence == chosen


@pytest.mark.parametrize(
    ("asked", "expected"),
    [("1", {"free", "either"}), ("yes", {"free", "either"}), ("conditional", {"llama"}), ("no", {"closed"}),
     ("yes,conditional", {"free", "either", "llama"}), ("", {"free", "either", "llama", "closed", "odd", "silent"})],
)  # fmt: skip
def test_lists_are_narrowed_to_what_may_be_used_commercially(
    owner: User, client: Client, asked: str, expected: set[str]
) -> None:
    for name, licence in [("free", "mit"), ("either", "MIT OR cc-by-nc-4.0"), ("llama", "llama3.1"),
                          ("closed", "cc-by-nc-4.0"), ("odd", "my-terms")]:  # fmt: skip
        with_card(owner, name, f"license: {licence}")
    make.repository(owner, "silent")
    found = {model["id"].partition("/")[2] for model in client.get(f"/api/models?commercial={asked}").json()}
    assert found == expected
    if "," not in asked:
        page = client.get(f"/models?commercial={asked}")
        assert {row.name for row in page.context["page"]} == expected
        assert "Commercial use" in page.content.decode()


def test_what_means_nothing_is_refused_by_the_api(client: Client) -> None:
    assert client.get("/api/models?commercial=maybe").status_code == 400


@pytest.mark.parametrize(
    ("licence", "shown"),
    [
        (
            "llama3.1",
            ["Commercially, with conditions", "700 million users", "Pass its restrictions on", "uses are forbidden"],
        ),
        ("cc-by-nc-nd-4.0", ["Not commercially", "You may not share changed versions"]),
        ("MIT OR GPL-3.0-only", ["You may choose one of these", "Share what you make of it alike"]),
        ("cc0-1.0", ["No credit is asked for", "Patents are not included"]),
        ("my-terms", ["is not known here"]),
    ],
)
def test_licences_are_explained_in_words_beside_a_field_and_on_a_page(
    client: Client, licence: str, shown: list[str]
) -> None:
    for headers in ({}, {"HX-Request": "true"}):
        page = client.get("/licences", {"licence": licence}, headers=headers).content.decode()
        assert all(words in page for words in shown)
        assert ("<html" in page) == (not headers)


def test_every_licence_of_the_table_has_its_words(client: Client) -> None:
    for name in TABLE:
        (choice,) = licence_words.summary(name)
        assert choice.facts
        assert choice.name
    grouped = licence_words.grouped()
    assert sum(len(entries) for _title, entries in grouped) == len(TABLE)
