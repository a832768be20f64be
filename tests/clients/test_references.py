"""Branches, tags and history through the newest stock client."""

import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, RevisionNotFoundError

pytestmark = pytest.mark.live


def put(api: HfApi, repository: str, path: str, **options) -> str:
    return api.upload_file(path_or_fileobj=path.encode(), path_in_repo=path, repo_id=repository, **options).oid


def branches(api: HfApi, repository: str) -> dict[str, str]:
    return {branch.name: branch.target_commit for branch in api.list_repo_refs(repository).branches}


def test_a_branch_starts_where_it_is_told_and_moves_alone(api: HfApi, repository: str):
    first = put(api, repository, "a.txt")
    put(api, repository, "b.txt")
    api.create_branch(repository, branch="feature/one", revision=first)
    moved = put(api, repository, "c.txt", revision="feature/one")
    assert branches(api, repository)["feature/one"] == moved
    assert set(api.list_repo_files(repository, revision="feature/one")) == {".gitattributes", "a.txt", "c.txt"}
    assert "c.txt" not in api.list_repo_files(repository)


def test_a_branch_is_made_once_unless_that_is_fine(api: HfApi, repository: str):
    api.create_branch(repository, branch="twice")
    with pytest.raises(HfHubHTTPError, match="409"):
        api.create_branch(repository, branch="twice")
    api.create_branch(repository, branch="twice", exist_ok=True)


def test_a_branch_is_deleted_but_never_the_default_one(api: HfApi, repository: str):
    api.create_branch(repository, branch="gone")
    api.delete_branch(repository, branch="gone")
    assert set(branches(api, repository)) == {"main"}
    with pytest.raises(HfHubHTTPError, match="403"):
        api.delete_branch(repository, branch="main")
    with pytest.raises(HfHubHTTPError, match="404"):
        api.delete_branch(repository, branch="gone")


def test_a_tag_stays_where_it_was_put(api: HfApi, repository: str):
    first = put(api, repository, "a.txt")
    api.create_tag(repository, tag="v1", tag_message="the first")
    put(api, repository, "b.txt")
    assert api.model_info(repository, revision="v1").sha == first
    assert [tag.name for tag in api.list_repo_refs(repository).tags] == ["v1"]
    with pytest.raises(HfHubHTTPError, match="409"):
        api.create_tag(repository, tag="v1")
    api.delete_tag(repository, tag="v1")
    with pytest.raises(RevisionNotFoundError):
        api.model_info(repository, revision="v1")


def test_history_is_listed_newest_first(api: HfApi, repository: str):
    oids = [put(api, repository, f"{number}.txt", commit_message=f"commit {number}") for number in range(3)]
    listed = api.list_repo_commits(repository)
    assert [commit.commit_id for commit in listed[:3]] == oids[::-1]
    assert [commit.title for commit in listed] == ["commit 2", "commit 1", "commit 0", "initial commit"]


def test_a_commit_to_a_branch_that_does_not_exist_is_refused(api: HfApi, repository: str):
    with pytest.raises(RevisionNotFoundError):
        put(api, repository, "a.txt", revision="nowhere")
