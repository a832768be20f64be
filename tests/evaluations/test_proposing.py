"""A member's suite from the proposal to the board."""

import copy
import gzip
import io
import json
from typing import Any

import numpy as np
import pytest
import yaml
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import Actor, AuditEntry, User
from evaluations.errors import InvalidProposal, ProposalIsDecided, ProposalNotFound, SuiteChanged
from evaluations.models import Suite, SuiteProposal, SuiteVersion
from evaluations.services import fetching, hosting, proposing, suites
from evaluations.suite_files import digest_of_data
from hub.errors import Forbidden
from models_registry.community.models import Notice
from models_registry.errors import RepositoryNotFound
from models_registry.models import Commit, Repository
from models_registry.services import reading, trees
from models_registry.services.repositories import delete_repository
from tests import make
from tests.evaluations import rows


def npy(values: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, values)
    return file.getvalue()


INPUTS = npy(np.arange(24, dtype="<f4").reshape(8, 3))
LABELS = npy(np.array([0, 1, 0, 1, 1, 0, 0, 1], "<i8"))
DEFINITION: dict[str, Any] = {
    "id": "tea", "version": "1.0.0", "title": "Kinds of tea", "summary": "Which kind of tea is it?", "license": "CC-BY-4.0",
    "source": "Measured by hand.", "tier": "standard", "task": "tabular-classification", "engine": "native",
    "accepts": {"formats": ["onnx"], "max_params": 1000, "max_bytes": 1_000_000},
    "io": {"input": {"name": "x", "dtype": "float32", "shape": ["N", 3]},
           "output": {"name": "y", "dtype": "float32", "shape": ["N", 2]}},
    "data": [{
        "name": "tea", "split": "test", "n": 8, "inputs": "tea.inputs.npy", "sha256": digest_of_data(INPUTS),
        "labels": "tea.labels.npy", "labels_sha256": digest_of_data(LABELS), "hidden_labels": True,
    }],
    "metrics": [{"name": "accuracy", "primary": True, "higher_is_better": True, "chance": 0.5, "ci": "wilson"}],
    "run": {"seed": 0, "dtype": "float32", "batch_size": 4, "deterministic": True, "threads": 1},
    "limits": {"wall_s": 60, "idle_s": 30, "memory_gb": 2}, "resources": {"queue": "any", "gpus": 0},
    "quota": {"per_user_day": 5, "per_repository_day": 5},
}  # fmt: skip


def changed(**changes: Any) -> dict[str, Any]:
    """The definition with some of it changed: `a__b=1` is {"a": {"b": 1}}, `data__…` its one entry."""
    made = copy.deepcopy(DEFINITION)
    for path, value in changes.items():
        place: Any = made
        *above, last = path.split("__")
        for step in above:
            place = place[step][0] if isinstance(place[step], list) else place[step]
        place[last] = value
    return made


def offered(
    definition: dict[str, Any] | str | None = None,
    *,
    owner: User | None = None,
    files: dict[str, bytes] | None = None,
    **fields: Any,
) -> Repository:
    repository = make.repository(owner, kind="dataset", private=fields.pop("private", True))
    text = definition if isinstance(definition, str) else yaml.safe_dump(definition or DEFINITION)
    make.commit(repository, {"suite.yaml": text, "tea.inputs.npy": INPUTS, "tea.labels.npy": LABELS, **(files or {})})
    return repository


def propose(repository: Repository) -> SuiteProposal:
    return proposing.propose(actor=Actor(user=repository.creator), repository=repository, revision="main")


@pytest.fixture
def maintainer() -> Actor:
    user = make.user("maintainer")
    User.objects.filter(pk=user.pk).update(is_staff=True)
    user.groups.add(Group.objects.get(name="evaluator"))
    return Actor(user=User.objects.get(pk=user.pk))


def test_a_proposal_is_kept_with_its_definition_and_a_preview() -> None:
    repository = offered()
    proposal = propose(repository)
    assert (proposal.state, proposal.title, proposal.definition) == ("proposed", "tea 1.0.0", DEFINITION)
    assert proposal.preview["inputs"][0] == "[0.0, 1.0, 2.0]"
    assert proposal.preview["labels"] == ["0", "1", "0", "1", "1"]
    assert AuditEntry.objects.filter(action="suite.proposed", target=repository.full_name).exists()
    assert not Suite.objects.filter(name="tea").exists()


def test_proposing_again_replaces_what_waits() -> None:
    repository = offered()
    first = propose(repository)
    make.commit(repository, {"suite.yaml": yaml.safe_dump(changed(title="Teas"))})
    second = propose(repository)
    assert (second.pk, second.definition["title"]) == (first.pk, "Teas")


def test_packed_data_and_texts_are_taken() -> None:
    texts = b'"good"\n"bad"\n'
    labels = npy(np.array([1, 0], "<i8"))
    definition = changed(
        task="text-classification", io__input={"name": "text", "dtype": "text", "shape": ["N"]}, data__n=2,
        data__inputs="t.jsonl.gz", data__sha256=digest_of_data(texts), data__labels="l.npy.gz",
        data__labels_sha256=digest_of_data(labels),
    )  # fmt: skip
    proposal = propose(
        offered(definition, files={"t.jsonl.gz": gzip.compress(texts), "l.npy.gz": gzip.compress(labels)})
    )
    assert proposal.preview["inputs"] == ["good", "bad"]


BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"
OTHER = npy(np.arange(8, dtype="<f4"))


@pytest.mark.parametrize(
    ("definition", "files", "said"),
    [
        ("a: [", {}, "not valid YAML on line"),
        (BOMB, {}, "anchors and aliases"),
        ("[" * 5000, {}, "not valid YAML"),
        ("- 1\n", {}, "is not of type 'object'"),
        (changed(engine="lm_eval"), {}, "lm_eval"),
        (changed(task="world-domination"), {}, "task"),
        (changed(limits__wall_s=10**6), {}, "limits/wall_s: at most 3600"),
        (changed(limits__memory_gb=float("nan")), {}, ".nan"),
        (changed(metrics=[{"name": "mae", "primary": True, "higher_is_better": False, "ci": "bootstrap", "resamples": 100}]), {},
         "tabular-classification is scored by accuracy, f1_macro, not by mae"),
        (changed(data__n=10**6), {}, "at most 100000 rows"),
        (changed(data__sha256="0" * 64), {}, "its SHA-256 is"),
        (changed(data__inputs="../../etc/passwd"), {}, "There is no file"),
        (changed(data__labels="missing.npy"), {}, "There is no file 'missing.npy'"),
        (changed(data__n=9), {}, "with the shape [9, 3]"),
        (changed(io__output__shape=["N", 1]), {}, "labels go from 0 to 0"),
        (changed(data__sha256=digest_of_data(OTHER)), {"tea.inputs.npy": OTHER}, "with the shape [8, 3]"),
        (DEFINITION, {"tea.inputs.npy": b"no array"}, "its SHA-256 is"),
        (changed(data__inputs="x.npy.gz"), {"x.npy.gz": gzip.compress(bytes(20_000_000))}, "more than 10 MiB"),
        (changed(data__inputs="x.npy.gz"), {"x.npy.gz": b"no gzip"}, "is no gzip file"),
    ],
    ids=range(19),
)  # fmt: skip
def test_what_is_no_suite_is_refused_with_the_reason(definition: Any, files: dict[str, bytes], said: str) -> None:
    with pytest.raises(InvalidProposal) as refusal:
        propose(offered(definition, files=files))
    assert said in " ".join(refusal.value.faults)
    assert not SuiteProposal.objects.exists()


def test_hidden_labels_do_not_lie_open() -> None:
    with pytest.raises(InvalidProposal, match="lie open"):
        propose(offered(private=False))


def test_a_shipped_suites_name_is_not_taken(digits: SuiteVersion) -> None:
    with pytest.raises(InvalidProposal, match="somebody else's"):
        propose(offered(changed(id=digits.suite.name)))


def test_only_who_may_write_the_repository_proposes_it() -> None:
    stranger = Actor(user=make.user())
    with pytest.raises(Forbidden):
        proposing.propose(actor=stranger, repository=offered(), revision="main")
    proposal = propose(offered())
    with pytest.raises(ProposalNotFound):
        proposing.proposal_for(stranger, proposal.pk)
    assert proposing.proposal_for(Actor(user=proposal.author), proposal.pk) == proposal


def test_publishing_makes_a_suite_with_its_labels_apart(maintainer: Actor) -> None:
    proposal = propose(offered())
    version = proposing.publish(actor=maintainer, proposal=proposal)
    assert (version.suite.name, version.version, version.current, version.digest) == (
        "tea",
        "1.0.0",
        True,
        proposal.digest,
    )
    assert version.suite.proposer == proposal.author
    assert fetching.read_labels(version) == LABELS
    assert version.labels_key.startswith("labels/")
    home = version.data_repository
    assert home is not None
    assert home.full_name == "grove/tea"
    commit = Commit.objects.get(repository=home, oid=version.data_revision)
    contents = [reading.read_range(trees.stored(home, file), 0, file.size) for file in trees.files(home, commit)]
    assert INPUTS in contents
    assert not [content for content in contents if LABELS[-64:] in content]
    assert fetching.fetch_inputs(version, lambda: None).read_bytes() == INPUTS
    assert proposal.state == "published"
    assert AuditEntry.objects.filter(action="suite.published").exists()
    notice = Notice.objects.get(key=f"proposal:{proposal.pk}")
    assert notice.users == [proposal.author_id]
    assert suites.current_version("tea") == version


def test_declining_tells_the_author_why(maintainer: Actor) -> None:
    proposal = propose(offered())
    proposing.decline(actor=maintainer, proposal=proposal, reason="The licence does not allow it.")
    assert (proposal.state, proposal.reason) == ("declined", "The licence does not allow it.")
    assert "The licence" in Notice.objects.get(key=f"proposal:{proposal.pk}").text
    with pytest.raises(ProposalIsDecided):
        proposing.publish(actor=maintainer, proposal=proposal)
    assert not Suite.objects.filter(name="tea").exists()
    assert propose(proposal.repository).pk != proposal.pk  # type: ignore[arg-type]


def test_nobody_else_decides() -> None:
    proposal = propose(offered())
    with pytest.raises(Forbidden):
        proposing.publish(actor=Actor(user=proposal.author), proposal=proposal)
    with pytest.raises(Forbidden):
        proposing.decline(actor=Actor(user=proposal.author), proposal=proposal, reason="no")


def test_a_changed_suite_needs_a_new_version_of_the_same_author(maintainer: Actor) -> None:
    proposal = propose(offered())
    first = proposing.publish(actor=maintainer, proposal=proposal)
    repository = proposal.repository
    assert repository is not None
    make.commit(repository, {"suite.yaml": yaml.safe_dump(changed(title="Teas"))})
    with pytest.raises(InvalidProposal, match="needs a higher version"):
        propose(repository)
    with pytest.raises(InvalidProposal, match="somebody else's"):
        propose(offered(changed(version="2.0.0")))
    make.commit(repository, {"suite.yaml": yaml.safe_dump(changed(title="Teas", version="1.1.0"))})
    second = proposing.publish(actor=maintainer, proposal=propose(repository))
    first.refresh_from_db()
    assert (first.current, second.current, second.suite_id) == (False, True, first.suite_id)


def test_what_is_gone_or_changed_since_is_not_published(maintainer: Actor) -> None:
    proposal = propose(offered())
    SuiteProposal.objects.filter(pk=proposal.pk).update(digest="0" * 64)
    proposal.refresh_from_db()
    assert proposing.faults_now(proposal)
    with pytest.raises(InvalidProposal, match="not the one that was proposed"):
        proposing.publish(actor=maintainer, proposal=proposal)
    assert proposal.repository is not None
    delete_repository(actor=Actor(user=proposal.author), repository=proposal.repository)
    proposal.refresh_from_db()
    with pytest.raises(InvalidProposal, match="was deleted"):
        proposing.publish(actor=maintainer, proposal=proposal)
    proposing.decline(actor=maintainer, proposal=proposal, reason="It is gone.")


def test_a_shipped_file_takes_over_no_members_suite(maintainer: Actor, tmp_path: Any) -> None:
    proposing.publish(actor=maintainer, proposal=propose(offered()))
    (tmp_path / "tea.yaml").write_text(yaml.safe_dump(changed(version="3.0.0")))
    with pytest.raises(SuiteChanged, match="member's suite"):
        suites.synchronize(tmp_path)


def browser(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_the_page_takes_a_proposal_and_tells_all_faults() -> None:
    repository = offered(changed(limits__wall_s=10**6, quota__per_user_day=10**6))
    client = browser(repository.creator)
    assert "Propose a suite" in client.get("/leaderboards").content.decode()
    asked = {"repository": repository.full_name, "revision": "main"}
    answer = client.post("/suites/propose", asked)
    assert answer.status_code == 422
    assert "limits/wall_s" in answer.content.decode()
    assert "quota/per_user_day" in answer.content.decode()
    make.commit(repository, {"suite.yaml": yaml.safe_dump(changed(summary="<b>bold</b>"))})
    page = client.post("/suites/propose", asked, follow=True).content.decode()
    assert "Kinds of tea" in page
    assert "<b>bold</b>" not in page
    assert "tea 1.0.0" in client.get("/suites/propose").content.decode()


def test_pages_are_for_members_and_those_concerned() -> None:
    proposal = propose(offered())
    assert Client().get("/suites/propose").status_code == 302
    assert browser(make.user()).get(proposal.get_absolute_url()).status_code == 404
    assert browser(proposal.author).get(proposal.get_absolute_url()).status_code == 200


def test_the_list_costs_the_same_whatever_its_length(django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    owner = make.user()
    propose(offered(owner=owner))
    client = browser(owner)
    client.get("/suites/propose")
    with django_assert_max_num_queries(40) as few:
        client.get("/suites/propose")
    for number in range(3):
        propose(offered(changed(id=f"tea-{number}"), owner=owner))
    with django_assert_max_num_queries(len(few)):
        client.get("/suites/propose")


def test_the_api_takes_lists_and_shows_proposals() -> None:
    repository = offered()
    client = Client(headers=make.bearer(make.token(repository.creator)))
    address = "/api/suites/proposals"
    made = client.post(address, json.dumps({"repository": repository.full_name}), content_type="application/json")
    assert made.status_code == 201
    body = made.json()
    assert (body["suite"], body["version"], body["state"]) == ("tea", "1.0.0", "proposed")
    assert client.get(address).json() == [body]
    assert client.get(f"{address}/{body['id']}").json() == body
    make.commit(repository, {"suite.yaml": "a: ["})
    wrong = client.post(address, json.dumps({"repository": repository.full_name}), content_type="application/json")
    assert (wrong.status_code, len(wrong.json()["faults"])) == (422, 1)
    stranger = Client(headers=make.bearer(make.token(make.user())))
    assert stranger.get(address).json() == []
    assert stranger.get(f"{address}/{body['id']}").status_code == 404
    hidden = stranger.post(address, json.dumps({"repository": repository.full_name}), content_type="application/json")
    assert hidden.status_code == RepositoryNotFound.status
    assert Client().get(address).status_code == 401
    assert Client().get("/api/suites/schema").json()["title"] == "A suite of Grove"


def test_the_admin_previews_publishes_and_declines(maintainer: Actor) -> None:
    assert maintainer.user is not None
    client = browser(maintainer.user)
    proposal = propose(offered())
    page = client.get(reverse("admin:evaluations_suiteproposal_change", args=[proposal.pk])).content.decode()
    assert "It can be published." in page
    assert "Kinds of tea" in page
    assert "[0.0, 1.0, 2.0]" in page
    client.post(reverse("admin:evaluations_suiteproposal_publish", args=[proposal.pk]), {"_form_submitted": "1"})
    proposal.refresh_from_db()
    assert proposal.state == "published"
    version = client.get(reverse("admin:evaluations_suiteversion_change", args=[proposal.version_id])).content.decode()
    assert DEFINITION["data"][0]["sha256"] in version
    assert "[0.0, 1.0, 2.0]" in version
    other = propose(offered(changed(id="coffee")))
    address = reverse("admin:evaluations_suiteproposal_decline", args=[other.pk])
    client.post(address, {"reason": "No.", "_form_submitted": "1"})
    other.refresh_from_db()
    assert (other.state, other.reason) == ("declined", "No.")


def test_the_admin_shows_every_version_of_the_hub(maintainer: Actor, digits: SuiteVersion) -> None:
    assert maintainer.user is not None
    client = browser(maintainer.user)
    address = reverse("admin:evaluations_suiteversion_change", args=[digits.pk])
    assert "not stored yet" in client.get(address).content.decode()
    rows.hosted(digits)
    page = client.get(address).content.decode()
    assert digits.data_revision in page
    assert hosting.is_hosted(digits)


@pytest.mark.parametrize(
    ("definition", "said"),
    [
        (changed(data__n=9), "它必须是"),
        (changed(io__output__shape=["N", 1]), "标签"),
        (changed(limits__wall_s=10**5), "最多"),
        ("a: &x 1\nb: *x", "锚点"),
    ],
)
def test_the_page_tells_faults_in_the_readers_language(definition: Any, said: str) -> None:
    repository = offered(definition)
    asked = {"repository": repository.full_name, "revision": "main"}
    page = browser(repository.creator).post("/suites/propose", asked, headers={"Accept-Language": "zh-hans"})
    assert said in page.content.decode()
