"""Branches, tags, pull requests, history."""

from steps import CONFLICT, FORBIDDEN, NO_REVISION, Place, main, refusal, step


@step(
    [
        ["dev", "feature/one", "main"],
        ["on dev", "first", "initial commit"],
        ["initial commit"],
        [".gitattributes"],
        True,
    ]
)
def branches(at: Place):
    name = at.api.create_repo(at.name("model")).repo_id
    first = at.api.model_info(name).sha
    at.api.upload_file(path_or_fileobj=b"1", path_in_repo="a.txt", repo_id=name, commit_message="first")
    at.api.create_branch(name, branch="dev")
    at.api.create_branch(name, branch="feature/one", revision=first)
    at.api.upload_file(
        path_or_fileobj=b"2", path_in_repo="a.txt", repo_id=name, revision="dev", commit_message="on dev"
    )
    return [
        sorted(branch.name for branch in at.api.list_repo_refs(name).branches),
        [commit.title for commit in at.api.list_repo_commits(name, revision="dev")],
        [commit.title for commit in at.api.list_repo_commits(name, revision="feature/one")],
        at.api.list_repo_files(name, revision="feature/one"),
        at.api.model_info(name, revision="refs/heads/dev").sha == at.api.model_info(name, revision="dev").sha,
    ]


@step(
    [
        CONFLICT,
        NO_REVISION,
        FORBIDDEN,
        NO_REVISION,
        FORBIDDEN,
    ]
)
def branches_refused(at: Place):
    name = at.name("model")
    at.api.create_branch(name, branch="dev", exist_ok=True)
    return [
        refusal(lambda: at.api.create_branch(name, branch="dev")),
        refusal(lambda: at.api.create_branch(name, branch="later", revision="nowhere")),
        refusal(lambda: at.api.delete_branch(name, branch="main")),
        refusal(lambda: at.api.delete_branch(name, branch="nowhere")),
        refusal(lambda: at.stranger.create_branch(name, branch="theirs")),
    ]


@step([["v0", "v1", "v2"], "refs/tags/v1", True, True, True, False])
def tags(at: Place):
    name = at.name("model")
    head = at.api.model_info(name).sha
    at.api.create_tag(name, tag="v1")
    at.api.create_tag(name, tag="v2", revision="dev", tag_message="The second.")
    at.api.create_tag(name, tag="v0", revision=head[:10])
    found = {tag.name: tag for tag in at.api.list_repo_refs(name).tags}
    return [
        sorted(found),
        found["v1"].ref,
        found["v1"].target_commit == found["v0"].target_commit == head,
        at.api.model_info(name, revision="v2").sha == at.api.model_info(name, revision="dev").sha,
        at.api.revision_exists(name, "v1"),
        at.api.revision_exists(name, "v9"),
    ]


@step(
    [
        CONFLICT,
        NO_REVISION,
        NO_REVISION,
        NO_REVISION,
        FORBIDDEN,
    ]
)
def tags_refused(at: Place):
    name = at.name("model")
    at.api.create_tag(name, tag="v1", exist_ok=True)
    return [
        refusal(lambda: at.api.create_tag(name, tag="v1")),
        refusal(lambda: at.api.create_tag(name, tag="v3", revision="nowhere")),
        refusal(lambda: at.api.delete_tag(name, tag="v9")),
        refusal(lambda: at.api.delete_tag(name, tag="dev")),
        refusal(lambda: at.stranger.create_tag(name, tag="theirs")),
    ]


@step([["v1", "v2"], ["dev", "main"]])
def deleted(at: Place):
    name = at.name("model")
    at.api.delete_tag(name, tag="v0")
    at.api.delete_branch(name, branch="feature/one")
    refs = at.api.list_repo_refs(name)
    return [sorted(tag.name for tag in refs.tags), sorted(branch.name for branch in refs.branches)]


@step([["first", "first", "initial commit"], True, True, ["first", "initial commit"], NO_REVISION])
def history(at: Place):
    name = at.name("model")
    newest, *_, oldest = at.api.list_repo_commits(name, formatted=True)
    return [
        [newest.title, newest.formatted_title, oldest.title],
        newest.authors == [at.namespace],
        newest.created_at.tzinfo is not None,
        [commit.title for commit in at.api.list_repo_commits(name, revision="v1")],
        refusal(lambda: at.api.list_repo_commits(name, revision="nowhere")),
    ]


@step(56)
def a_long_history_comes_by_pages(at: Place):
    name = at.api.create_repo(at.name("long")).repo_id
    for number in range(55):
        at.api.create_commit(name, [_add(f"{number}.txt", b"x")], commit_message=f"number {number}")
    return len(at.api.list_repo_commits(name))


def _add(path: str, content: bytes):
    from huggingface_hub import CommitOperationAdd

    return CommitOperationAdd(path, content)


@step([[1, "refs/pr/1", True], 2, ["refs/pr/1", "refs/pr/2"], None, True, True, False])
def proposed(at: Place):
    name = at.name("model")
    made = at.api.create_commit(name, [_add("b.txt", b"proposed")], commit_message="A proposal", create_pr=True)
    theirs = at.stranger.create_commit(name, [_add("c.txt", b"theirs")], commit_message="From outside", create_pr=True)
    refs = at.api.list_repo_refs(name, include_pull_requests=True)
    return [
        [made.pr_num, made.pr_revision, made.pr_url.endswith(f"/{name}/discussions/1")],
        theirs.pr_num,
        sorted(pull_request.ref for pull_request in refs.pull_requests),
        at.api.list_repo_refs(name).pull_requests,
        at.api.model_info(name, revision="refs/pr/1").sha == made.oid,
        at.api.file_exists(name, "b.txt", revision="refs/pr/1"),
        at.api.file_exists(name, "b.txt"),
    ]


@step([[".gitattributes", "a.txt", "b.txt", "d.txt"], NO_REVISION])
def proposed_again(at: Place):
    name = at.name("model")
    at.api.upload_file(path_or_fileobj=b"more", path_in_repo="d.txt", repo_id=name, revision="refs/pr/1")
    return [
        sorted(at.api.list_repo_files(name, revision="refs/pr/1")),
        refusal(
            lambda: at.api.create_commit(name, [_add("e.txt", b"")], commit_message="no", create_pr=True, revision="no")
        ),
    ]


@step([["Start again"], True, 3, FORBIDDEN, NO_REVISION])
def squashed(at: Place):
    name = at.name("model")
    before = sorted(at.api.list_repo_files(name))
    at.api.super_squash_history(name, commit_message="Start again")
    return [
        [commit.title for commit in at.api.list_repo_commits(name)],
        sorted(at.api.list_repo_files(name)) == before,
        len(at.api.list_repo_commits(name, revision="dev")),
        refusal(lambda: at.stranger.super_squash_history(name)),
        refusal(lambda: at.api.super_squash_history(name, branch="nowhere")),
    ]


if __name__ == "__main__":
    main()
