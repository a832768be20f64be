"""Repositories: made, seen, hidden, moved, copied, deleted."""

from pathlib import Path

from steps import (
    CONFLICT,
    ENDPOINT,
    FORBIDDEN,
    HIDDEN,
    NO_REPOSITORY,
    NOT_OFFERED,
    UNAUTHENTICATED,
    Place,
    main,
    refusal,
    step,
)


@step([True, True])
def created(at: Place):
    made = at.api.create_repo(at.name("model"))
    return [made.repo_id == at.name("model"), str(made) == f"{ENDPOINT}/{at.name('model')}"]


@step([[".gitattributes"], ["initial commit"]])
def begins_with_one_commit(at: Place):
    commits = at.api.list_repo_commits(at.name("model"))
    return [at.api.list_repo_files(at.name("model")), [commit.title for commit in commits]]


@step([CONFLICT, True])
def created_twice(at: Place):
    return [
        refusal(lambda: at.api.create_repo(at.name("model"))),
        at.api.create_repo(at.name("model"), exist_ok=True).repo_id == at.name("model"),
    ]


@step([True, FORBIDDEN, UNAUTHENTICATED])
def created_elsewhere(at: Place):
    return [
        at.api.create_repo(at.name("shared", at.organization)).repo_id == at.name("shared", at.organization),
        refusal(lambda: at.stranger.create_repo(at.name("foreign"))),
        refusal(lambda: at.nobody.create_repo(at.name("foreign"))),
    ]


@step([True, False, True, NOT_OFFERED])
def kinds_are_apart(at: Place):
    at.api.create_repo(at.name("data"), repo_type="dataset")
    return [
        at.api.repo_exists(at.name("data"), repo_type="dataset"),
        at.api.repo_exists(at.name("data")),
        at.api.repo_info(at.name("data"), repo_type="dataset").id == at.name("data"),
        refusal(lambda: at.api.create_repo(at.name("space"), repo_type="space", space_sdk="gradio")),
    ]


@step(True)
def names_are_matched_whatever_their_case(at: Place):
    return at.api.model_info(at.name("model").upper()).id == at.name("model")


@step([[[True, True], [False, False], [False, False]], True, True])
def made_private(at: Place):
    at.api.create_repo(at.name("private"), private=True)
    at.api.update_repo_settings(at.name("model"), private=True)
    hidden = [at.name("private"), at.name("model")]
    seen = [[api.repo_exists(name) for name in hidden] for api in (at.api, at.stranger, at.nobody)]
    private = at.api.model_info(at.name("model")).private
    at.api.update_repo_settings(at.name("model"), private=False)
    return [seen, private, at.nobody.repo_exists(at.name("model"))]


@step(["auto", "manual", False], needs="update_repo_settings")
def made_gated(at: Place):
    seen = []
    for gate in ("auto", "manual", False):
        at.api.update_repo_settings(at.name("model"), gated=gate)
        seen.append(at.api.model_info(at.name("model")).gated)
    return seen


@step([FORBIDDEN, NO_REPOSITORY])
def settings_are_for_those_who_may(at: Place):
    return [
        refusal(lambda: at.stranger.update_repo_settings(at.name("model"), private=True)),
        refusal(lambda: at.stranger.update_repo_settings(at.name("private"), private=False)),
    ]


@step([True, "moved along", True, CONFLICT, FORBIDDEN])
def moved(at: Place):
    at.api.upload_file(path_or_fileobj=b"moved along", path_in_repo="a.txt", repo_id=at.name("model"))
    at.api.move_repo(at.name("model"), at.name("renamed"))
    old = at.name("model")
    return [
        at.api.model_info(old).id == at.name("renamed"),
        Path(at.api.hf_hub_download(old, "a.txt", cache_dir=at.folder / "moved")).read_text(),
        at.api.upload_file(path_or_fileobj=b"by the old name", path_in_repo="b.txt", repo_id=old).oid
        == at.api.model_info(at.name("renamed")).sha,
        refusal(lambda: at.api.move_repo(at.name("renamed"), at.name("private"))),
        refusal(lambda: at.stranger.move_repo(at.name("renamed"), at.name("stolen"))),
    ]


@step([True, CONFLICT, True, NO_REPOSITORY], needs="duplicate_repo")
def duplicated(at: Place):
    at.api.duplicate_repo(at.name("renamed"), at.name("copy"))
    return [
        sorted(at.api.list_repo_files(at.name("copy"))) == sorted(at.api.list_repo_files(at.name("renamed"))),
        refusal(lambda: at.api.duplicate_repo(at.name("renamed"), at.name("copy"))),
        at.api.duplicate_repo(at.name("renamed"), at.name("copy"), exist_ok=True).repo_id == at.name("copy"),
        refusal(lambda: at.stranger.duplicate_repo(at.name("private"), at.name("stolen"))),
    ]


@step([NO_REPOSITORY, HIDDEN])
def may_i(at: Place):
    at.api.auth_check(at.name("renamed"))
    at.nobody.auth_check(at.name("renamed"))
    return [
        refusal(lambda: at.stranger.auth_check(at.name("private"))),
        refusal(lambda: at.nobody.auth_check(at.name("private"))),
    ]


@step([FORBIDDEN, False, False, NO_REPOSITORY, NO_REPOSITORY])
def deleted(at: Place):
    stranger = refusal(lambda: at.stranger.delete_repo(at.name("renamed")))
    at.api.delete_repo(at.name("renamed"))
    at.api.delete_repo(at.name("data"), repo_type="dataset")
    at.api.delete_repo(at.name("renamed"), missing_ok=True)
    return [
        stranger,
        at.api.repo_exists(at.name("renamed")),
        at.api.repo_exists(at.name("data"), repo_type="dataset"),
        refusal(lambda: at.api.delete_repo(at.name("renamed"))),
        refusal(lambda: at.stranger.delete_repo(at.name("private"))),
    ]


if __name__ == "__main__":
    main()
