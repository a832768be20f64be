"""Every refusal as the newest stock client raises it: the class, the status, and the words."""

import contextlib
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from huggingface_hub import HfApi, hf_hub_url
from huggingface_hub.errors import (
    BadRequestError,
    DisabledRepoError,
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import get_session, hf_raise_for_status

from hub.embedded import ports
from tests.live import LiveHub, started_hub

pytestmark = pytest.mark.live


def status_of(caught: pytest.ExceptionInfo[HfHubHTTPError]) -> int:
    return caught.value.response.status_code


def put(api: HfApi, repository: str, path: str = "a.txt", **options):
    return api.upload_file(path_or_fileobj=b"a", path_in_repo=path, repo_id=repository, **options)


@pytest.mark.parametrize("call", ["info", "tree", "download", "paths", "refs", "commits", "tag"])
def test_a_missing_revision_is_called_one(api: HfApi, repository: str, tmp_path: Path, call: str):
    calls: dict[str, Callable[[], object]] = {
        "info": lambda: api.model_info(repository, revision="nowhere"),
        "tree": lambda: list(api.list_repo_tree(repository, revision="nowhere")),
        "download": lambda: api.hf_hub_download(repository, "a.txt", revision="nowhere", cache_dir=tmp_path),
        "paths": lambda: api.get_paths_info(repository, ["a"], revision="nowhere"),
        "commits": lambda: api.list_repo_commits(repository, revision="nowhere"),
        "tag": lambda: api.create_tag(repository, tag="v1", revision="nowhere"),
        "refs": lambda: api.delete_branch(repository, branch="nowhere"),
    }
    with pytest.raises(RevisionNotFoundError, match="Invalid rev id: nowhere") as caught:
        calls[call]()
    assert status_of(caught) == 404


def test_a_missing_file_is_called_one_and_remembered_with_its_commit(api: HfApi, repository: str, tmp_path: Path):
    with pytest.raises(RemoteEntryNotFoundError) as caught:
        api.hf_hub_download(repository, "config.json", cache_dir=tmp_path)
    assert status_of(caught) == 404
    head = api.model_info(repository).sha
    assert caught.value.response.headers["X-Repo-Commit"] == head
    assert list(tmp_path.glob(f"**/.no_exist/{head}/config.json"))
    with pytest.raises(EntryNotFoundError):
        list(api.list_repo_tree(repository, "nowhere"))
    with pytest.raises(EntryNotFoundError, match="A file with this name doesn't exist"):
        api.delete_file("nowhere", repository)


@pytest.fixture
def gated(api: HfApi, repository: str) -> str:
    put(api, repository)
    api.update_repo_settings(repository, gated="manual")
    return repository


def test_gated_files_are_refused_in_the_words_that_tests_know(
    api: HfApi, as_stranger: HfApi, as_nobody: HfApi, gated: str, tmp_path: Path
):
    words = f"Access to model {gated} is restricted and you are not in the authorized list"
    for other, status in ((as_stranger, 403), (as_nobody, 401)):
        assert other.model_info(gated).gated == "manual"
        assert "a.txt" in other.list_repo_files(gated)
        assert other.list_repo_refs(gated).branches
        with pytest.raises(GatedRepoError, match=words) as caught:
            other.hf_hub_download(gated, "a.txt", cache_dir=tmp_path / str(status))
        assert status_of(caught) == status
        with pytest.raises(GatedRepoError):
            other.auth_check(gated)
    with pytest.raises(GatedRepoError):
        put(as_stranger, gated, "b.txt", create_pr=True)
    api.hf_hub_download(gated, "a.txt", cache_dir=tmp_path / "own")
    api.auth_check(gated)


def test_what_a_moderator_has_hidden_is_disabled_to_its_owner_and_gone_to_others(
    api: HfApi, as_stranger: HfApi, live_hub: LiveHub, repository: str
):
    put(api, repository)
    namespace, _, name = repository.partition("/")
    hidden = f"Repository.objects.named('model', '{namespace}', '{name}').update(disabled_reason='x')"
    live_hub.manage("shell", "-c", f"from models_registry.models import Repository; {hidden}")
    for refused in (
        lambda: api.get_hf_file_metadata(url=hf_hub_url(repository, "a.txt", endpoint=api.endpoint)),
        lambda: put(api, repository, "b.txt"),
        lambda: api.auth_check(repository),
    ):
        with pytest.raises(DisabledRepoError) as caught:
            refused()
        assert caught.value.response.headers["X-Error-Message"] == "Access to this resource is disabled."
        assert status_of(caught) == 403
    with pytest.raises(RepositoryNotFoundError):
        as_stranger.model_info(repository)


def test_what_is_taken_down_says_why_to_client_git_and_page(
    api: HfApi, as_stranger: HfApi, live_hub: LiveHub, repository: str, tmp_path: Path
):
    put(api, repository)
    notice = "Closed on request of the Ministry."
    take_down = f"""
from accounts.models import Actor
from accounts.services.accounts import create_account
from models_registry.community.services.moderation import acts
from models_registry.models import Repository, Standing
actor = Actor(user=create_account(name="m{uuid.uuid4().hex[:8]}", email="{uuid.uuid4().hex}@example.org", is_admin=True))
repository = Repository.objects.get(full_key="{repository.lower()}")
order = acts.Order(actor=actor, reason="Stolen")
acts.close_repository(order, repository, standing=Standing.TAKEN_DOWN, notice="{notice}", legal_basis="§ 1")
"""
    live_hub.manage("shell", "-c", take_down)
    for asking in (api, as_stranger):
        for refused in (
            lambda asking=asking: asking.get_hf_file_metadata(
                url=hf_hub_url(repository, "a.txt", endpoint=asking.endpoint)
            ),
            lambda asking=asking: asking.auth_check(repository),
        ):
            with pytest.raises(DisabledRepoError) as caught:
                refused()
            assert status_of(caught) == 403
    with pytest.raises(DisabledRepoError) as caught:
        as_stranger.model_info(repository)
    assert caught.value.response.json()["notice"] == notice
    assert repository not in [model.id for model in as_stranger.list_models(author=repository.partition("/")[0])]
    page = requests.get(f"{api.endpoint}/{repository}", timeout=30)
    assert (page.status_code, notice in page.text) == (451, True)
    clone = subprocess.run(
        ["git", "clone", f"{api.endpoint}/{repository}", str(tmp_path / "clone")],
        env={"GIT_TERMINAL_PROMPT": "0", "PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert clone.returncode != 0
    assert f"remote: {notice}" in clone.stderr


@pytest.mark.parametrize("is_there", [True, False], ids=["private", "missing"])
def test_a_private_repository_and_a_missing_one_look_alike(
    api: HfApi, as_stranger: HfApi, as_nobody: HfApi, new_name: Callable[[], str], tmp_path: Path, is_there: bool
):
    name = new_name()
    if is_there:
        api.create_repo(name, private=True)
    for other, status in ((as_stranger, 404), (as_nobody, 401)):
        for asked in (
            lambda other=other: other.model_info(name),
            lambda other=other: other.hf_hub_download(name, "a.txt", cache_dir=tmp_path),
            lambda other=other: other.list_repo_refs(name),
            lambda other=other: list(other.list_lfs_files(name)),
            lambda other=other: other.list_repo_commits(name),
        ):
            with pytest.raises(RepositoryNotFoundError) as caught:
                asked()
            assert status_of(caught) == status
            assert caught.value.response.headers["X-Error-Code"] == "RepoNotFound"
    assert not as_stranger.repo_exists(name)
    for path in ("compare/main..main", "raw/main/a", "discussions/1", "safetensors-metadata/x"):
        api_path = f"/api/models/{name}/{path}" if path.startswith(("compare", "safe")) else f"/{name}/{path}"
        assert requests.get(as_nobody.endpoint + api_path, timeout=30).status_code == 401


def test_an_unknown_token_is_told_so_even_for_public_data(live_hub: LiveHub, repository: str, tmp_path: Path):
    api = HfApi(endpoint=live_hub.address, token="hf_" + "x" * 34)
    for refused in (lambda: api.model_info(repository), api.whoami, lambda: list(api.list_models())):
        with pytest.raises(HfHubHTTPError) as caught:
            refused()
        assert status_of(caught) == 401
        assert not isinstance(caught.value, RepositoryNotFoundError)
        assert "Invalid credentials in Authorization header" in caught.value.response.headers["X-Error-Message"]


def test_a_reader_who_writes_is_forbidden(as_stranger: HfApi, repository: str):
    for refused in (
        lambda: put(as_stranger, repository),
        lambda: as_stranger.create_branch(repository, branch="x"),
        lambda: as_stranger.create_tag(repository, tag="x"),
        lambda: as_stranger.delete_repo(repository),
        lambda: as_stranger.update_repo_settings(repository, private=True),
    ):
        with pytest.raises(HfHubHTTPError, match="403 Forbidden: You may not") as caught:
            refused()
        assert status_of(caught) == 403


def test_what_exists_is_told_with_409(api: HfApi, repository: str):
    api.create_tag(repository, tag="v1")
    api.create_branch(repository, branch="b")
    for refused, words in (
        (lambda: api.create_branch(repository, branch="b"), "Reference refs/heads/b already exists"),
        (lambda: api.create_tag(repository, tag="v1"), "Reference refs/tags/v1 already exists"),
        (lambda: api.create_repo(repository), "You already created this model repo"),
    ):
        with pytest.raises(HfHubHTTPError, match=words) as caught:
            refused()
        assert status_of(caught) == 409
    assert api.create_repo(repository, exist_ok=True).repo_id == repository


def test_a_stale_parent_is_told_with_412_and_its_retry_is_no_second_commit(api: HfApi, repository: str):
    head = api.model_info(repository).sha
    first = put(api, repository, parent_commit=head).oid
    with pytest.raises(HfHubHTTPError, match="The branch was updated since you opened this page") as caught:
        put(api, repository, "b.txt", parent_commit=head)
    assert status_of(caught) == 412
    lines = [
        {"key": "header", "value": {"summary": "Upload a.txt with huggingface_hub", "parentCommit": head}},
        {"key": "file", "value": {"path": "a.txt", "content": "YQ==", "encoding": "base64"}},
    ]
    again = requests.post(
        f"{api.endpoint}/api/models/{repository}/commit/main", data="\n".join(map(json.dumps, lines)), timeout=30,
        headers={"Authorization": f"Bearer {api.token}"},
    )  # fmt: skip
    assert again.json()["commitOid"] == first == api.model_info(repository).sha


def test_a_range_past_the_end_is_told_with_416(api: HfApi, repository: str):
    put(api, repository)
    url = hf_hub_url(repository, "a.txt", endpoint=api.endpoint)
    answer = requests.get(url, headers={"Range": "bytes=5-"}, timeout=30)
    assert (answer.status_code, answer.headers["Content-Range"]) == (416, "bytes */1")


@pytest.mark.parametrize("path", ["..\\\\ddd", "a/../../b", ".git/config"])
def test_a_path_that_cannot_be_kept_is_told_with_422(api: HfApi, repository: str, path: str):
    answer = requests.post(
        f"{api.endpoint}/api/models/{repository}/preupload/main",
        json={"files": [{"path": path, "size": 1, "sample": ""}]},
        headers={"Authorization": f"Bearer {api.token}"},
        timeout=30,
    )
    assert answer.status_code == 422
    assert answer.json()["error"] == answer.headers["X-Error-Message"]


def test_a_body_that_cannot_be_understood_is_a_bad_request(api: HfApi, repository: str):
    with pytest.raises(BadRequestError) as caught:
        list(api.list_models(expand=["nothing"]))
    assert isinstance(caught.value, ValueError)
    assert status_of(caught) == 400


def test_a_commit_to_a_branch_that_was_deleted_is_refused(api: HfApi, repository: str):
    api.create_branch(repository, branch="gone")
    put(api, repository, revision="gone")
    api.delete_branch(repository, branch="gone")
    with pytest.raises(RevisionNotFoundError):
        put(api, repository, "b.txt", revision="gone")
    with pytest.raises(RevisionNotFoundError):
        put(api, repository, "b.txt", revision=api.model_info(repository).sha)


@pytest.mark.parametrize("header", ["X-Amzn-Trace-Id", "x-request-id"])
def test_the_id_of_a_request_stands_in_its_error(api: HfApi, repository: str, header: str):
    identity = str(uuid.uuid4())
    answer = get_session().get(f"{api.endpoint}/api/models/{repository}/revision/nowhere", headers={header: identity})
    assert identity in answer.headers["X-Request-Id"]
    with pytest.raises(RevisionNotFoundError, match=identity):
        hf_raise_for_status(answer)


@contextlib.contextmanager
def s3_server(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, str]]]:
    """A storage of one's own, to be stopped, and the settings that name it."""
    (folder / "bucket").mkdir(parents=True)
    address = f"127.0.0.1:{ports.any_free(taken=())}"
    rclone = str(Path(sys.executable).parent / "rclone")
    arguments = ["serve", "s3", "--no-checksum", "--addr", address, "--auth-key", "key,a-secret", str(folder)]
    server = subprocess.Popen([rclone, *arguments], stderr=subprocess.DEVNULL)
    settings = {
        "S3_ENDPOINT_URL": f"http://{address}", "S3_BUCKET": "bucket", "S3_ACCESS_KEY_ID": "key",
        "S3_SECRET_ACCESS_KEY": "a-secret",
    }  # fmt: skip
    try:
        yield server, settings
    finally:
        server.kill()
        server.wait()


def test_without_storage_writes_are_told_to_come_again_and_rows_are_read(tmp_path: Path):
    with s3_server(tmp_path / "s3") as (server, settings), started_hub(tmp_path / "hub", **settings) as hub:
        member = hub.member()
        api = HfApi(endpoint=hub.address, token=member.token)
        repository = api.create_repo(f"{member.name}/net").repo_id
        head = put(api, repository).oid
        server.kill()
        server.wait()
        assert api.model_info(repository).sha == head
        assert api.list_repo_files(repository) == [".gitattributes", "a.txt"]
        assert Path(api.hf_hub_download(repository, "a.txt", cache_dir=tmp_path)).read_bytes() == b"a"
        assert api.list_repo_commits(repository)[0].commit_id == head
        lines = [
            {"key": "header", "value": {"summary": "a text that lies in storage"}},
            {"key": "file", "value": {"path": "long.txt", "content": "x" * 2_000_000, "encoding": "utf-8"}},
        ]
        headers = {"Authorization": f"Bearer {member.token}"}
        refused = requests.post(
            f"{hub.address}/api/models/{repository}/commit/main", data="\n".join(map(json.dumps, lines)), headers=headers,
            timeout=120,
        )  # fmt: skip
        assert refused.status_code == 503
        assert int(refused.headers["Retry-After"]) > 0
        assert "storage" in refused.json()["error"]
        assert api.model_info(repository).sha == head
