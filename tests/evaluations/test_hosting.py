"""A suite's data in their repository: committed once, named by revision, checked by every run, and without labels."""

import json

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import Actor, Membership, Namespace, Role
from evaluations.errors import SuitesHomeless
from evaluations.models import FailureKind, Run, State, SuiteVersion
from evaluations.services import executing, fetching, hosting
from evaluations.suite_files import digest_of_data
from models_registry.models import Commit, Quarantine, Reference, Repository
from models_registry.services import quarantine, reading, references, trees
from models_registry.services.changes import AddFile
from models_registry.services.commits import create_commit
from models_registry.services.repositories import delete_repository
from tests import make
from tests.evaluations import building, rows


@pytest.fixture
def hosted(digits: SuiteVersion) -> SuiteVersion:
    return rows.hosted(digits)


def home(version: SuiteVersion) -> Repository:
    assert version.data_repository is not None
    return version.data_repository


def contents(version: SuiteVersion) -> dict[str, bytes]:
    repository = home(version)
    commit = Commit.objects.get(repository=repository, oid=version.data_revision)
    return {
        entry.path: reading.read_range(trees.stored(repository, entry), 0, entry.size)
        for entry in trees.files(repository, commit)
    }


def test_the_inputs_lie_in_a_dataset_repository_with_card_licence_and_hash(hosted: SuiteVersion) -> None:
    files = contents(hosted)
    assert home(hosted).full_name == "grove/digits-image-classification"
    assert files.keys() == {".gitattributes", "README.md", "data/test.npy"}
    assert digest_of_data(files["data/test.npy"]) == hosted.definition["data"][0]["sha256"]
    card = files["README.md"].decode()
    assert "license: cc-by-4.0" in card
    assert hosted.definition["source"] in card
    assert str(hosting.canary(hosted.digest)) in card
    assert hosted.definition["data"][0]["sha256"] in card


def test_no_label_is_in_the_repository(hosted: SuiteVersion) -> None:
    labels = fetching.read_labels(hosted)
    assert hosted.labels_key.startswith("labels/")
    assert not [path for path, content in contents(hosted).items() if labels in content or "label" in path]


def test_doing_it_again_changes_nothing(hosted: SuiteVersion) -> None:
    before = hosted.data_revision, Commit.objects.filter(repository=home(hosted)).count()
    hosting.host(hosted, contents(hosted)["data/test.npy"])
    hosted.refresh_from_db()
    assert (hosted.data_revision, Commit.objects.filter(repository=home(hosted)).count()) == before
    assert hosting.is_hosted(hosted)


def test_a_suite_that_hides_its_inputs_has_a_private_repository(digits: SuiteVersion) -> None:
    digits.definition["tier"] = "hidden"
    assert home(rows.hosted(digits)).private
    assert digits.open_data is None


def test_the_commit_stays_when_its_branch_goes_on(hosted: SuiteVersion) -> None:
    keeper = Actor(user=home(hosted).creator)
    create_commit(
        actor=keeper, repository=home(hosted), branch="main", parent=None, title="worse",
        changes=[AddFile.of("data/test.npy", b"other bytes")],
    )  # fmt: skip
    assert Reference.objects.filter(repository=home(hosted), name=f"refs/scores/{hosted.data_revision}").exists()
    assert digest_of_data(fetching.fetch_inputs(hosted, lambda: None).read_bytes()).startswith("8a53b25f")


def test_the_home_is_never_somebody_elses(digits: SuiteVersion, settings: Settings) -> None:
    squatter = make.user("suites-of-mine")
    settings.SUITE_NAMESPACE = squatter.username
    with pytest.raises(SuitesHomeless):
        rows.hosted(digits)
    make.organization("theirs", admin=squatter)
    settings.SUITE_NAMESPACE = "theirs"
    with pytest.raises(SuitesHomeless):
        rows.hosted(digits)


def test_a_superusers_organisation_takes_them_in(digits: SuiteVersion, settings: Settings) -> None:
    make.organization("institute", admin=make.user(is_admin=True))
    settings.SUITE_NAMESPACE = "institute"
    assert home(rows.hosted(digits)).full_name == "institute/digits-image-classification"
    keeper = Membership.objects.get(organization__namespace__key="institute", user__namespace__key="institute-keeper")
    assert keeper.role == Role.WRITE
    assert not keeper.user.has_usable_password()


def delete_it(version: SuiteVersion) -> None:
    delete_repository(actor=Actor(user=home(version).creator), repository=home(version))


def point_elsewhere(version: SuiteVersion) -> None:
    """The version's row names a commit that holds other bytes: whoever did that, no score comes of it."""
    changed = create_commit(
        actor=Actor(user=home(version).creator), repository=home(version), branch="main", parent=None, title="worse",
        changes=[AddFile.of("data/test.npy", contents(version)["data/test.npy"][:-4] + b"\0\0\0\1")],
    )  # fmt: skip
    SuiteVersion.objects.filter(pk=version.pk).update(data_revision=changed.oid)


def take_the_file_away(version: SuiteVersion) -> None:
    SuiteVersion.objects.filter(pk=version.pk).update(data_path="data/gone.npy")


def forget_the_commit(version: SuiteVersion) -> None:
    SuiteVersion.objects.filter(pk=version.pk).update(data_revision="0" * 40)


def put_it_into_quarantine(version: SuiteVersion) -> None:
    entry = trees.file(home(version), references.resolve(home(version), "main"), "data/test.npy")
    Quarantine.objects.create(content=entry.oid, reason="a test")
    quarantine.forget()
    quarantine.holds("")


@pytest.mark.parametrize(
    "spoil", [delete_it, point_elsewhere, take_the_file_away, forget_the_commit, put_it_into_quarantine]
)
def test_data_that_are_gone_or_changed_fail_the_run_as_the_hubs_fault(spoil, digits: SuiteVersion) -> None:
    run = building.request(building.model(), digits)
    spoil(SuiteVersion.objects.get(pk=digits.pk))
    run = building.execute(run)
    assert (run.state, run.failure_kind, run.failure_code) == (State.FAILED, FailureKind.INFRASTRUCTURE, "suite_data")
    assert "digits-image-classification" in run.failure_reason or "data" in run.failure_reason
    assert not run.scores.exists()
    assert not Run.objects.counted_for_quota().filter(pk=run.pk).exists()


def test_a_suite_whose_data_are_on_their_way_is_waited_for(digits: SuiteVersion) -> None:
    run = building.request(building.model(), digits)
    SuiteVersion.objects.filter(pk=digits.pk).update(data_repository=None, data_revision="")
    executing.execute(str(run.pk))
    run.refresh_from_db()
    assert (run.state, run.attempt) == (State.QUEUED, 1)


def test_shipped_suites_are_hosted_where_they_are_not(digits: SuiteVersion) -> None:
    rows.suite("iris-classification")
    hosting.host_shipped()
    versions = SuiteVersion.objects.filter(current=True)
    assert {version.suite.name: hosting.is_hosted(version) for version in versions} == {
        "digits-image-classification": True,
        "iris-classification": True,
    }
    first = dict(versions.values_list("suite__name", "data_revision"))
    delete_it(versions.get(suite__name="iris-classification"))
    hosting.host_shipped()
    now = dict(versions.values_list("suite__name", "data_revision"))
    assert now["digits-image-classification"] == first["digits-image-classification"]
    assert all(hosting.is_hosted(version) for version in versions.all())
    assert Namespace.objects.filter(key="grove").count() == 1


def test_pages_and_api_name_the_data(hosted: SuiteVersion) -> None:
    address = f"{home(hosted).get_absolute_url()}/tree/{hosted.data_revision}"
    assert f'href="{address}"' in Client().get("/leaderboards/digits-image-classification").content.decode()
    assert Client().get(address).status_code == 200
    suites = {suite["id"]: suite for suite in Client().get("/api/suites").json()}
    (data,) = suites["digits-image-classification"]["data"]
    assert (data["repository"], data["revision"]) == ("grove/digits-image-classification", hosted.data_revision)


@pytest.mark.django_db(transaction=True)
def test_the_result_names_revision_and_hash(digits: SuiteVersion) -> None:
    run = building.execute(building.request(building.model(), digits))
    digits.refresh_from_db()
    document = json.loads(run.result.document)
    (data,) = document["suite"]["data"]
    expected = digits.definition["data"][0]["sha256"]
    assert data == {"name": "digits", "revision": digits.data_revision, "sha256": expected, "n": 540}
    assert digits.data_revision
    assert f'/tree/{digits.data_revision}"' in Client().get(run.get_absolute_url()).content.decode()
