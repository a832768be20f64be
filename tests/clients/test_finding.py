"""Repositories found, moved, copied, gated and liked, through the stock client."""

import itertools
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from huggingface_hub import HfApi
from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError

from tests.clients.conftest import SCRIPTS, Client
from tests.live import LiveHub, Member

pytestmark = pytest.mark.live
_number = itertools.count(1)


@pytest.fixture
def stamp() -> str:
    """A word that no other repository of this session has in its name."""
    return f"stamp{os.getpid()}x{next(_number)}"


def test_pages_are_followed_to_the_end(live_hub: LiveHub, stamp: str):
    member = live_hub.member()
    api = HfApi(endpoint=live_hub.address, token=member.token)
    made = [api.create_repo(f"{member.name}/{stamp}-{number}").repo_id for number in range(5)]
    first = requests.get(
        f"{live_hub.address}/api/models", params={"author": member.name, "limit": 2, "sort": "createdAt"}, timeout=30
    )
    assert first.links["next"]["url"].startswith(live_hub.address)
    found, address = [], first.url
    while address:
        page = requests.get(address, timeout=30)
        found += [model["id"] for model in page.json()]
        address = page.links.get("next", {}).get("url")
    assert found == made[::-1]
    assert [model.id for model in api.list_models(author=member.name, sort="created_at")] == made[::-1]


def test_an_unknown_sort_is_refused(api: HfApi):
    with pytest.raises(HfHubHTTPError, match="sort must be one of"):
        list(api.list_models(sort="size"))  # type: ignore[arg-type]


def test_a_moved_private_repository_stays_hidden(
    api: HfApi, as_stranger: HfApi, as_nobody: HfApi, new_name: Callable[[], str]
):
    old, new = new_name(), new_name()
    api.create_repo(old, private=True)
    api.move_repo(old, new)
    assert api.model_info(old).id == new
    for other in (as_stranger, as_nobody):
        with pytest.raises(RepositoryNotFoundError):
            other.model_info(old)


def test_a_move_to_a_name_that_is_taken_is_refused(api: HfApi, new_name: Callable[[], str]):
    one, other = (api.create_repo(new_name()).repo_id for _ in range(2))
    with pytest.raises(HfHubHTTPError, match=f"A model repository called {other} already exists"):
        api.move_repo(one, other)


def test_a_duplicate_is_a_repository_of_its_own(api: HfApi, repository: str, new_name: Callable[[], str]):
    api.upload_file(path_or_fileobj=os.urandom(100_000), path_in_repo="model.bin", repo_id=repository)
    copy = api.duplicate_repo(repository, new_name(), private=True)
    assert not copy.files_copy_pending
    ours, theirs = api.model_info(copy.repo_id, files_metadata=True), api.model_info(repository, files_metadata=True)
    assert (ours.sha, ours.siblings, ours.private) == (theirs.sha, theirs.siblings, True)
    api.delete_repo(repository)
    assert Path(api.hf_hub_download(copy.repo_id, "model.bin")).stat().st_size == 100_000
    with pytest.raises(HfHubHTTPError, match="409"):
        api.duplicate_repo(copy.repo_id, copy.repo_id)
    assert api.duplicate_repo(copy.repo_id, copy.repo_id, exist_ok=True).repo_id == copy.repo_id


def test_access_to_a_gated_repository_is_asked_for_and_given(
    live_hub: LiveHub, api: HfApi, as_stranger: HfApi, stranger: Member, repository: str
):
    api.update_repo_settings(repository, gated="manual")
    with pytest.raises(GatedRepoError, match="is restricted and you are not in the authorized list"):
        as_stranger.auth_check(repository)
    asked = requests.post(
        f"{live_hub.address}/{repository}/ask-access", headers={"Authorization": f"Bearer {stranger.token}"}, timeout=30
    )
    assert asked.json() == {"status": "pending"}
    (request,) = api.list_pending_access_requests(repository)
    assert (request.username, request.status) == (stranger.name, "pending")
    assert request.email
    with pytest.raises(HfHubHTTPError, match="403"):
        list(as_stranger.list_pending_access_requests(repository))
    api.accept_access_request(repository, stranger.name)
    as_stranger.auth_check(repository)
    with pytest.raises(HfHubHTTPError, match="404"):
        api.accept_access_request(repository, stranger.name)
    api.cancel_access_request(repository, stranger.name)
    with pytest.raises(HfHubHTTPError, match="404"):
        api.cancel_access_request(repository, stranger.name)
    api.reject_access_request(repository, stranger.name, rejection_reason="Not you.")
    with pytest.raises(HfHubHTTPError, match="404"):
        api.reject_access_request(repository, stranger.name, rejection_reason="Not you.")
    assert [request.username for request in api.list_rejected_access_requests(repository)] == [stranger.name]
    api.grant_access(repository, stranger.name)
    with pytest.raises(HfHubHTTPError, match=r"has access to .* already"):
        api.grant_access(repository, stranger.name)
    as_stranger.auth_check(repository)
    with pytest.raises(HfHubHTTPError, match="404"):
        api.grant_access(repository, "nobody-of-this-name")
    api.update_repo_settings(repository, gated=False)
    with pytest.raises(HfHubHTTPError, match="is not gated"):
        list(api.list_accepted_access_requests(repository))


def test_a_token_may_be_checked_for_writing(api: HfApi, as_stranger: HfApi, repository: str):
    api.auth_check(repository, write=True)
    as_stranger.auth_check(repository)
    with pytest.raises(HfHubHTTPError, match="403"):
        as_stranger.auth_check(repository, write=True)


def test_likes_are_listed_and_taken_back(live_hub: LiveHub, as_stranger: HfApi, stranger: Member, repository: str):
    liked = requests.post(
        f"{live_hub.address}/api/models/{repository}/like",
        headers={"Authorization": f"Bearer {stranger.token}"},
        timeout=30,
    )
    assert liked.status_code == 200
    assert repository in as_stranger.list_liked_repos(stranger.name).models
    assert [user.username for user in as_stranger.list_repo_likers(repository)] == [stranger.name]
    assert as_stranger.model_info(repository).likes == 1
    as_stranger.unlike(repository)
    assert as_stranger.model_info(repository).likes == 0


def test_members_and_organisations_are_described(live_hub: LiveHub, author: Member, api: HfApi):
    lab = live_hub.organization(**{author.name: "write"})
    assert lab in {org.name for org in api.get_user_overview(author.name).orgs}
    assert api.get_organization_overview(lab).num_users == 1
    assert [user.username for user in api.list_organization_members(lab)] == [author.name]
    assert list(api.list_organization_followers(lab)) == []
    assert list(api.list_user_followers(author.name)) == list(api.list_user_following(author.name)) == []
    api.create_repo(f"{lab}/net", private=True)
    (stored,) = api.list_user_repos(lab)
    assert (stored.id, stored.type, stored.visibility) == (f"{lab}/net", "model", "private")


def test_whatever_may_be_expanded_can_be_read(api: HfApi, repository: str):
    from typing import get_args

    from huggingface_hub.hf_api import ExpandDatasetProperty_T, ExpandModelProperty_T

    models = list(get_args(ExpandModelProperty_T))
    assert api.model_info(repository, expand=models).sha
    assert next(iter(api.list_models(search=repository, expand=models))).id == repository
    api.create_repo(repository, repo_type="dataset")
    datasets = list(get_args(ExpandDatasetProperty_T))
    assert api.dataset_info(repository, expand=datasets).sha
    assert next(iter(api.list_datasets(search=repository, expand=datasets))).id == repository


def test_what_the_hub_has_not_is_said_in_a_sentence(api: HfApi, repository: str):
    for ask in (
        lambda: api.space_info(repository),
        lambda: list(api.list_spaces()),
    ):
        with pytest.raises(HfHubHTTPError, match=r"(?s)501 .*This hub"):
            ask()


@pytest.mark.parametrize(
    "client", ["current", pytest.param("1.29.0", marks=pytest.mark.old_client)], indirect=True
)  # older ones ask for a token
def test_a_program_is_signed_in_by_a_browser(client: Client, live_hub: LiveHub, author: Member, tmp_path: Path):
    browser = requests.Session()
    sign_in = f"{live_hub.address}/accounts/login/"
    browser.get(sign_in, timeout=30)

    def send(address: str, **form: str) -> requests.Response:
        form["csrfmiddlewaretoken"] = browser.cookies["csrftoken"]
        return browser.post(address, data=form, headers={"Referer": address}, timeout=30)

    assert send(sign_in, login=author.name, password=author.password).status_code == 200
    environment = live_hub.client_environment(None, tmp_path / "home") | client.environment
    program = subprocess.Popen(
        [client.python, SCRIPTS / "device_login.py"], env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )  # fmt: skip
    assert program.stdin is not None
    assert program.stdout is not None
    codes = json.loads(program.stdout.readline())
    assert browser.get(codes["verification_uri_complete"], timeout=30).ok
    assert send(codes["verification_uri"], user_code=codes["user_code"], answer="yes", role="write").ok
    told, _ = program.communicate("\n", timeout=60)
    assert json.loads(told.splitlines()[-1]) == [author.name, author.name]
