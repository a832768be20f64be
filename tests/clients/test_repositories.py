"""Repositories through the newest stock client: made, described, refused, deleted."""

import os
from collections.abc import Callable

import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError, RevisionNotFoundError

from tests.live import LiveHub, Member

pytestmark = pytest.mark.live


def test_who_am_i_names_the_member_the_token_and_its_organisations(live_hub: LiveHub):
    member = live_hub.member()
    organization = live_hub.organization(**{member.name: "write"})
    me = HfApi(endpoint=live_hub.address, token=member.token).whoami()
    assert (me["type"], me["name"], me["auth"]["accessToken"]["role"]) == ("user", member.name, "write")
    assert [org["name"] for org in me["orgs"]] == [organization]


def test_a_new_repository_has_one_initial_commit(api: HfApi, repository: str):
    (commit,) = api.list_repo_commits(repository)
    assert commit.title == "initial commit"
    assert api.list_repo_files(repository) == [".gitattributes"]


def test_making_it_twice_is_a_conflict_unless_that_is_fine(api: HfApi, repository: str):
    with pytest.raises(HfHubHTTPError, match="409"):
        api.create_repo(repository)
    assert api.create_repo(repository, exist_ok=True).repo_id == repository


def test_names_are_found_in_any_case(api: HfApi, repository: str):
    assert api.model_info(repository.upper()).id == repository


def test_nobody_makes_a_repository_in_a_namespace_of_others(as_stranger: HfApi, author: Member):
    with pytest.raises(HfHubHTTPError, match="403"):
        as_stranger.create_repo(f"{author.name}/intruder")


def test_a_member_who_writes_for_an_organisation_makes_repositories_there(
    live_hub: LiveHub, author: Member, api: HfApi
):
    organization = live_hub.organization(**{author.name: "write"})
    made = api.create_repo(f"{organization}/model").repo_id
    assert made == f"{organization}/model"
    assert api.model_info(made).author == organization


@pytest.mark.parametrize("name", ["a--b", "-a", "a.git", "a..b", "x" * 97])
def test_a_bad_name_is_refused(live_hub: LiveHub, author: Member, name: str):
    import requests

    answer = requests.post(
        f"{live_hub.address}/api/repos/create",
        json={"name": name},
        headers={"Authorization": f"Bearer {author.token}"},
        timeout=30,
    )
    assert 400 <= answer.status_code < 500
    assert answer.json()["error"]


def test_a_private_repository_looks_missing_to_everybody_else(
    api: HfApi, as_stranger: HfApi, as_nobody: HfApi, new_name: Callable[[], str]
):
    private, missing = new_name(), new_name()
    api.create_repo(private, private=True)
    assert api.model_info(private).private
    for other in (as_stranger, as_nobody):
        refusals = []
        for name in (private, missing):
            with pytest.raises(RepositoryNotFoundError) as refusal:
                other.model_info(name)
            refusals.append((refusal.value.response.status_code, str(refusal.value.server_message).replace(name, "…")))
        assert refusals[0] == refusals[1]
        assert not other.repo_exists(private)


def test_a_public_one_is_read_by_everybody_and_written_by_none(as_stranger: HfApi, as_nobody: HfApi, repository: str):
    for other in (as_stranger, as_nobody):
        assert other.list_repo_files(repository) == [".gitattributes"]
        with pytest.raises(HfHubHTTPError):
            other.upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id=repository)
    assert as_nobody.list_repo_files(repository) == [".gitattributes"]


def test_a_wrong_token_is_called_a_wrong_token(live_hub: LiveHub, repository: str):
    with pytest.raises(HfHubHTTPError, match="Invalid credentials in Authorization header"):
        HfApi(endpoint=live_hub.address, token="hf_not_a_token").model_info(repository)


def test_a_missing_revision_is_called_one(api: HfApi, repository: str):
    with pytest.raises(RevisionNotFoundError, match="nowhere"):
        api.model_info(repository, revision="nowhere")
    assert not api.revision_exists(repository, "nowhere")


def test_any_name_of_a_commit_leads_to_it(api: HfApi, repository: str):
    head = api.model_info(repository).sha
    assert head is not None
    for revision in ("main", head, head[:8]):
        assert api.model_info(repository, revision=revision).sha == head


def test_a_deleted_repository_is_gone(api: HfApi, repository: str):
    api.delete_repo(repository)
    assert not api.repo_exists(repository)
    with pytest.raises(RepositoryNotFoundError):
        api.delete_repo(repository)
    api.delete_repo(repository, missing_ok=True)


def test_what_a_request_is_called_comes_back_with_it(live_hub: LiveHub):
    import requests

    asked = {"X-Request-Id": f"test-{os.getpid()}"}
    answer = requests.get(f"{live_hub.address}/api/models/no/such", headers=asked, timeout=30)
    assert asked["X-Request-Id"] in answer.headers["X-Request-Id"]


def test_the_card_is_described(api: HfApi, repository: str):
    card = "---\nlicense: mit\npipeline_tag: image-classification\ntags: [digits]\n---\n# Card\n"
    api.upload_file(path_or_fileobj=card.encode(), path_in_repo="README.md", repo_id=repository)
    assert api.model_info(repository, files_metadata=True).siblings is not None
    assert {file.rfilename for file in api.model_info(repository).siblings} == {".gitattributes", "README.md"}


def test_datasets_live_beside_models_of_the_same_name(api: HfApi, repository: str):
    api.create_repo(repository, repo_type="dataset")
    api.upload_file(path_or_fileobj=b"a,b\n1,2\n", path_in_repo="rows.csv", repo_id=repository, repo_type="dataset")
    assert "rows.csv" in api.list_repo_files(repository, repo_type="dataset")
    assert "rows.csv" not in api.list_repo_files(repository)
