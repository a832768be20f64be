"""Pull requests through the newest stock client: `create_pr`, and `refs/pr/N` as a revision."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError, RevisionNotFoundError

pytestmark = pytest.mark.live

WEIGHTS = hashlib.shake_128(b"weights").digest(150_000)


def propose(api: HfApi, repository: str, path: str = "a.txt", content: bytes = b"proposed", **options):
    return api.upload_file(
        path_or_fileobj=content, path_in_repo=path, repo_id=repository, create_pr=True, **options
    )  # fmt: skip


def test_a_reader_proposes_files_small_and_large(api: HfApi, as_stranger: HfApi, repository: str, tmp_path: Path):
    head = api.model_info(repository).sha
    made = as_stranger.create_commit(
        repository,
        [CommitOperationAdd("a.txt", b"small"), CommitOperationAdd("model.safetensors", WEIGHTS)],
        commit_message="two files",
        commit_description="for everybody",
        create_pr=True,
    )
    assert (made.pr_num, made.pr_revision) == (1, "refs/pr/1")
    assert made.pr_url is not None
    assert made.pr_url.endswith(f"/{repository}/discussions/1")
    assert api.model_info(repository).sha == head
    assert api.model_info(repository, revision="refs/pr/1").sha == made.oid
    for path, content in {"a.txt": b"small", "model.safetensors": WEIGHTS}.items():
        found = api.hf_hub_download(repository, path, revision="refs/pr/1", cache_dir=tmp_path)
        assert Path(found).read_bytes() == content
    refs = api.list_repo_refs(repository, include_pull_requests=True)
    assert [(ref.name, ref.ref, ref.target_commit) for ref in refs.pull_requests or []] == [
        ("pr/1", "refs/pr/1", made.oid)
    ]
    assert api.list_repo_refs(repository).pull_requests is None
    [first, _] = api.list_repo_commits(repository, revision="refs/pr/1")
    assert (first.title, first.message) == ("two files", "for everybody")


def test_only_its_author_and_the_repositorys_writers_add_to_it(
    api: HfApi, as_stranger: HfApi, live_hub, repository: str
):
    propose(as_stranger, repository)
    for other, path in ((as_stranger, "b.txt"), (api, "c.txt")):
        other.upload_file(path_or_fileobj=b"more", path_in_repo=path, repo_id=repository, revision="refs/pr/1")
    third = HfApi(endpoint=live_hub.address, token=live_hub.member().token)
    with pytest.raises(HfHubHTTPError, match="403"):
        third.upload_file(path_or_fileobj=b"x", path_in_repo="d.txt", repo_id=repository, revision="refs/pr/1")
    assert set(api.list_repo_files(repository, revision="refs/pr/1")) == {".gitattributes", "a.txt", "b.txt", "c.txt"}
    assert api.list_repo_files(repository) == [".gitattributes"]


def test_large_files_go_to_a_proposal_of_ones_own_later_too(as_stranger: HfApi, repository: str):
    propose(as_stranger, repository)
    as_stranger.upload_file(
        path_or_fileobj=WEIGHTS, path_in_repo="model.safetensors", repo_id=repository, revision="refs/pr/1"
    )
    (info,) = as_stranger.get_paths_info(repository, ["model.safetensors"], revision="refs/pr/1")
    assert info.lfs is not None


def test_what_a_reader_proposes_touches_no_branch(as_stranger: HfApi, repository: str):
    with pytest.raises(HfHubHTTPError, match="403"):
        as_stranger.upload_file(path_or_fileobj=b"x", path_in_repo="a.txt", repo_id=repository)


def test_a_proposal_is_built_on_the_branch_it_names(api: HfApi, repository: str):
    api.create_branch(repository, branch="v1")
    api.upload_file(path_or_fileobj=b"1", path_in_repo="only-v1.txt", repo_id=repository, revision="v1")
    made = propose(api, repository, revision="v1")
    assert "only-v1.txt" in api.list_repo_files(repository, revision=made.pr_revision)


@pytest.mark.parametrize("kind", ["sha", "tag", "missing"])
def test_a_proposal_is_built_on_a_branch_alone(api: HfApi, repository: str, kind: str):
    api.create_tag(repository, tag="fixed")
    base = {"sha": api.model_info(repository).sha, "tag": "fixed", "missing": "nowhere"}[kind]
    with pytest.raises(RevisionNotFoundError):
        propose(api, repository, revision=base)


def test_numbers_go_up_and_stale_parents_are_refused(api: HfApi, repository: str):
    stale = api.model_info(repository).sha
    assert propose(api, repository, parent_commit=stale).pr_num == 1
    api.upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id=repository)
    with pytest.raises(HfHubHTTPError, match="412"):
        propose(api, repository, path="b.txt", parent_commit=stale)
    assert propose(api, repository, path="c.txt").pr_num == 2


def test_files_are_deleted_in_a_proposal(api: HfApi, as_stranger: HfApi, repository: str):
    api.upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id=repository)
    made = as_stranger.create_commit(
        repository, [CommitOperationDelete("x.txt")], commit_message="without x", create_pr=True
    )
    assert api.list_repo_files(repository, revision=made.pr_revision) == [".gitattributes"]
    assert "x.txt" in api.list_repo_files(repository)


def test_a_proposal_outlives_its_base(api: HfApi, repository: str):
    api.create_branch(repository, branch="short")
    made = propose(api, repository, revision="short")
    api.delete_branch(repository, branch="short")
    api.upload_file(path_or_fileobj=b"2", path_in_repo="b.txt", repo_id=repository, revision=made.pr_revision)
    assert set(api.list_repo_files(repository, revision=made.pr_revision)) == {".gitattributes", "a.txt", "b.txt"}
    with pytest.raises(RevisionNotFoundError):
        propose(api, repository, revision="short")


def test_nobody_proposes_without_a_token_or_to_what_they_cannot_see(
    api: HfApi, as_nobody: HfApi, as_stranger: HfApi, repository: str, new_name: Callable[[], str]
):
    with pytest.raises(HfHubHTTPError, match="401"):
        propose(as_nobody, repository)
    private = api.create_repo(new_name(), private=True).repo_id
    with pytest.raises(RepositoryNotFoundError):
        propose(as_stranger, private)


def test_a_proposal_is_tagged_branched_and_squashed_as_any_revision(api: HfApi, repository: str):
    made = propose(api, repository)
    api.upload_file(path_or_fileobj=b"2", path_in_repo="b.txt", repo_id=repository, revision="refs/pr/1")
    api.create_tag(repository, tag="of-pr", revision="refs/pr/1", tag_message="annotated")
    api.create_branch(repository, branch="of-pr", revision=made.oid)
    assert set(api.list_repo_files(repository, revision="refs/tags/of-pr")) == {".gitattributes", "a.txt", "b.txt"}
    assert set(api.list_repo_files(repository, revision="refs/heads/of-pr")) == {".gitattributes", "a.txt"}
    api.super_squash_history(repository, branch="refs/pr/1", commit_message="all of it")
    assert [commit.title for commit in api.list_repo_commits(repository, revision="refs/pr/1")] == ["all of it"]
    assert set(api.list_repo_files(repository, revision="refs/pr/1")) == {".gitattributes", "a.txt", "b.txt"}
    assert len(api.list_repo_commits(repository)) == 1
