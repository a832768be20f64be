"""Each refusal arrives as the exception that the client has for it."""

from huggingface_hub.errors import HfHubHTTPError
from steps import (
    FORBIDDEN,
    HIDDEN,
    NO_ENTRY,
    NO_REPOSITORY,
    NO_REVISION,
    NOT_OFFERED,
    UNAUTHENTICATED,
    Place,
    main,
    refusal,
    step,
)


@step(
    [
        NO_REPOSITORY,
        HIDDEN,
        NO_REPOSITORY,
        NO_REVISION,
        NO_ENTRY,
        NO_REVISION,
        NO_REPOSITORY,
        NO_REPOSITORY,
        NO_REVISION,
    ]
)
def what_is_not_there(at: Place):
    name = at.api.create_repo(at.name("model")).repo_id
    folder = at.folder / "cache"
    return [
        refusal(lambda: at.api.model_info(at.name("nowhere"))),
        refusal(lambda: at.nobody.model_info(at.name("nowhere"))),
        refusal(lambda: at.api.dataset_info(name)),
        refusal(lambda: at.api.model_info(name, revision="nowhere")),
        refusal(lambda: at.api.hf_hub_download(name, "nowhere.txt", cache_dir=folder)),
        refusal(lambda: at.api.hf_hub_download(name, ".gitattributes", revision="nowhere", cache_dir=folder)),
        refusal(lambda: at.api.hf_hub_download(at.name("nowhere"), "a.txt", cache_dir=folder)),
        refusal(lambda: at.api.model_info("without-namespace")),
        refusal(lambda: at.api.snapshot_download(name, revision="nowhere", cache_dir=folder)),
    ]


@step([FORBIDDEN, FORBIDDEN, UNAUTHENTICATED, FORBIDDEN])
def what_one_may_not(at: Place):
    name = at.name("model")
    return [
        refusal(lambda: at.stranger.upload_file(path_or_fileobj=b"", path_in_repo="a.txt", repo_id=name)),
        refusal(lambda: at.stranger.upload_file(path_or_fileobj=b"w" * 9999, path_in_repo="a.bin", repo_id=name)),
        refusal(lambda: at.nobody.upload_file(path_or_fileobj=b"", path_in_repo="a.txt", repo_id=name)),
        refusal(lambda: at.stranger.delete_repo(name)),
    ]


@step([UNAUTHENTICATED, UNAUTHENTICATED, UNAUTHENTICATED])
def a_wrong_token(at: Place):
    return [
        refusal(lambda: at.api.model_info(at.name("model"), token="hf_wrong")),
        refusal(lambda: at.api.whoami(token="hf_wrong")),
        refusal(lambda: at.api.hf_hub_download(at.name("model"), ".gitattributes", token="hf_wrong")),
    ]


@step(["HfHubHTTPError 422", "ValueError", "HfHubHTTPError 422", "HfHubHTTPError 422"])
def what_is_wrong(at: Place):
    name = at.name("model")
    return [
        refusal(lambda: at.api.upload_file(path_or_fileobj=b"x", path_in_repo="a\\..\\b", repo_id=name)),
        refusal(
            lambda: at.api.upload_file(
                path_or_fileobj=b"---\ntags: [unclosed\n---\n# Card\n", path_in_repo="README.md", repo_id=name
            )
        ),
        refusal(lambda: at.api.create_tag(name, tag="a tag")),
        refusal(lambda: at.api.create_branch(name, branch="a..b")),
    ]


@step([True, True])
def the_sentence_and_the_request_id_are_shown(at: Place):
    try:
        at.api.model_info(at.name("nowhere"))
    except HfHubHTTPError as error:
        return ["Request ID:" in str(error), at.name("nowhere") in str(error)]


@step([NOT_OFFERED, NOT_OFFERED, NOT_OFFERED])
def what_this_hub_does_not_offer(at: Place):
    return [
        refusal(lambda: at.api.get_space_runtime(at.name("space"))),
        refusal(lambda: at.api.list_papers(query="x")),
        refusal(lambda: at.api.space_info(at.name("space"))),
    ]


if __name__ == "__main__":
    main()
