"""Gated repositories: who asks, who is let in."""

import os
from pathlib import Path

from huggingface_hub.errors import HfHubHTTPError
from steps import FORBIDDEN, Place, ask, main, refusal, step


def usernames(requests) -> list[str]:
    return [request.username for request in requests]


def fetch(at: Place, api, number: int) -> str:
    return refusal(
        lambda: Path(api.hf_hub_download(at.name("gated"), "a.txt", cache_dir=at.folder / str(number))).read_text()
    )


@step(
    [
        "manual",
        [".gitattributes", "a.txt"],
        "no refusal: 'for some'",
        "GatedRepoError 403",
        "GatedRepoError 401",
        "GatedRepoError 403",
    ]
)
def closed(at: Place):
    name = at.api.create_repo(at.name("gated")).repo_id
    at.api.upload_file(path_or_fileobj=b"for some", path_in_repo="a.txt", repo_id=name)
    at.api.update_repo_settings(name, gated="manual")
    return [
        at.nobody.model_info(name).gated,
        at.stranger.list_repo_files(name),
        fetch(at, at.api, 1),
        fetch(at, at.stranger, 2),
        fetch(at, at.nobody, 3),
        refusal(lambda: at.stranger.auth_check(name)),
    ]


@step(True)
def what_is_said(at: Place):
    try:
        at.stranger.hf_hub_download(at.name("gated"), "a.txt", cache_dir=at.folder / "4")
    except HfHubHTTPError as error:
        return f"Access to model {at.name('gated')} is restricted and you are not in the authorized list" in str(error)


@step([200, True, [], FORBIDDEN, "GatedRepoError 403"])
def asked_for(at: Place):
    name = at.name("gated")
    status = ask("POST", f"/{name}/ask-access", os.environ["STRANGER_TOKEN"])
    stranger = at.stranger.whoami()["name"]
    return [
        status,
        usernames(at.api.list_pending_access_requests(name)) == [stranger],
        usernames(at.api.list_accepted_access_requests(name)),
        refusal(lambda: list(at.stranger.list_pending_access_requests(name))),
        fetch(at, at.stranger, 5),
    ]


@step(["no refusal: 'for some'", [], True, "HfHubHTTPError 404"])
def accepted(at: Place):
    name, stranger = at.name("gated"), at.stranger.whoami()["name"]
    at.api.accept_access_request(name, stranger)
    return [
        fetch(at, at.stranger, 6),
        usernames(at.api.list_pending_access_requests(name)),
        usernames(at.api.list_accepted_access_requests(name)) == [stranger],
        refusal(lambda: at.api.accept_access_request(name, stranger)),
    ]


@step(["GatedRepoError 403", True, "HfHubHTTPError 404"])
def cancelled(at: Place):
    name, stranger = at.name("gated"), at.stranger.whoami()["name"]
    at.api.cancel_access_request(name, stranger)
    return [
        fetch(at, at.stranger, 7),
        usernames(at.api.list_pending_access_requests(name)) == [stranger],
        refusal(lambda: at.api.cancel_access_request(name, stranger)),
    ]


@step(["GatedRepoError 403", True, "HfHubHTTPError 404", "HfHubHTTPError 404"])
def rejected(at: Place):
    name, stranger = at.name("gated"), at.stranger.whoami()["name"]
    at.api.reject_access_request(name, stranger, rejection_reason="not yet")
    return [
        fetch(at, at.stranger, 8),
        usernames(at.api.list_rejected_access_requests(name)) == [stranger],
        refusal(lambda: at.api.reject_access_request(name, stranger, rejection_reason=None)),
        refusal(lambda: at.api.accept_access_request(name, "nobody-of-that-name")),
    ]


@step(["BadRequestError 400", "BadRequestError 400", FORBIDDEN])
def granted(at: Place):
    name = at.api.create_repo(at.name("granted")).repo_id
    stranger = at.stranger.whoami()["name"]
    ungated = refusal(lambda: at.api.grant_access(name, stranger))
    at.api.update_repo_settings(name, gated="auto")
    at.api.grant_access(name, stranger)
    at.stranger.auth_check(name)
    return [
        ungated,
        refusal(lambda: at.api.grant_access(name, stranger)),
        refusal(lambda: at.stranger.grant_access(name, stranger)),
    ]


if __name__ == "__main__":
    main()
