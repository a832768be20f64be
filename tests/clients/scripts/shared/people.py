"""Members, organisations, likes."""

import os

from steps import UNAUTHENTICATED, Place, ask, main, refusal, soon, step


@step([True, "user", True, "write", UNAUTHENTICATED])
def me(at: Place):
    found = at.api.whoami()
    return [
        found["name"] == at.namespace,
        found["type"],
        at.organization in [organization["name"] for organization in found["orgs"]],
        found["auth"]["accessToken"]["role"],
        refusal(lambda: at.nobody.whoami(token="hf_wrong")),
    ]


@step([True, 2, True, 1, True])
def likes(at: Place):
    name = at.api.create_repo(at.name("model")).repo_id
    stranger = at.stranger.whoami()["name"]
    for token in (os.environ["HF_TOKEN"], os.environ["STRANGER_TOKEN"]):
        assert ask("POST", f"/api/models/{name}/like", token) == 200
    assert ask("POST", f"/api/models/{name}/like", os.environ["HF_TOKEN"]) == 200
    liked = at.api.list_liked_repos(stranger)
    before = [
        sorted(user.username for user in at.api.list_repo_likers(name)) == sorted([at.namespace, stranger]),
        at.api.model_info(name).likes,
        name in liked.models,
    ]
    at.stranger.unlike(name)
    return [
        *before,
        at.api.model_info(name).likes,
        [user.username for user in at.api.list_repo_likers(name)] == [at.namespace],
    ]


@step([True, True, True, True, "HfHubHTTPError 404"])
def a_member(at: Place):
    seen = at.api.get_user_overview(at.namespace)
    return [
        seen.username == at.namespace,
        seen.num_models >= 1,
        seen.num_likes >= 1,
        at.organization in [organization.name for organization in seen.orgs],
        refusal(lambda: at.api.get_user_overview("nobody-of-that-name")),
    ]


@step([True, True, True, [], [], "HfHubHTTPError 404"])
def an_organisation(at: Place):
    members = [user.username for user in at.api.list_organization_members(at.organization)]
    seen = at.api.get_organization_overview(at.organization)
    return [
        at.namespace in members,
        seen.name == at.organization,
        seen.num_users == len(members),
        list(at.api.list_user_followers(at.namespace)),
        list(at.api.list_user_following(at.namespace)),
        refusal(lambda: at.api.get_organization_overview("nobody-of-that-name")),
    ]


@step([True, True, True, True, True, 200, 400, True, True, [], []], needs="list_organization_followers")
def follows(at: Place):
    mine, theirs = os.environ["HF_TOKEN"], os.environ["STRANGER_TOKEN"]
    stranger = at.stranger.whoami()["name"]
    for method in ("POST", "POST"):
        assert ask(method, f"/api/users/{at.namespace}/follow", theirs) == 200
    ask("POST", f"/api/organizations/{at.organization}/follow", theirs)
    followed = [user.username for user in at.api.list_user_following(stranger)]
    answer = [
        [user.username for user in at.api.list_user_followers(at.namespace)] == [stranger],
        followed == [at.namespace],
        [user.username for user in at.api.list_organization_followers(at.organization)] == [stranger],
        at.api.get_user_overview(at.namespace).num_followers == 1,
        at.stranger.get_user_overview(at.namespace).is_following,
        ask("POST", f"/api/models/{at.name('model')}/follow", theirs),
        ask("POST", f"/api/users/{at.namespace}/follow", mine),  # nobody follows themselves
        at.stranger.get_organization_overview(at.organization).num_followers == 1,
        at.api.get_user_overview(stranger).num_following == 2,
    ]
    for address in (f"users/{at.namespace}", f"organizations/{at.organization}"):
        assert ask("DELETE", f"/api/{address}/follow", theirs) == 200
    return [
        *answer,
        list(at.api.list_user_followers(at.namespace)),
        list(at.api.list_organization_followers(at.organization)),
    ]


@step(["model", "public", True, []], needs="list_user_repos")
def my_repositories(at: Place):
    at.api.upload_file(path_or_fileobj=b"w" * 1000, path_in_repo="w.bin", repo_id=at.name("model"))

    def stored():
        return [
            repository
            for repository in at.api.list_user_repos()
            if repository.id == at.name("model") and repository.storage
        ]

    (mine,) = soon(stored)
    return [mine.type, mine.visibility, mine.storage > 1000, list(at.api.list_user_repos(at.organization))]


if __name__ == "__main__":
    main()
