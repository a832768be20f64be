"""Discussions and pull requests: opened, answered, changed, merged."""

import subprocess

from huggingface_hub import CommitOperationAdd
from steps import ENDPOINT, FORBIDDEN, NO_REPOSITORY, Place, main, refusal, step

CONFLICT = "HfHubHTTPError 409"


def kinds(thread) -> list[str]:
    return [event.type for event in thread.events]


@step([1, "open", False, "A question", "Why?", True])
def asked(at: Place):
    name = at.api.create_repo(at.name("threads")).repo_id
    made = at.stranger.create_discussion(name, "A question", description="Why?")
    (first,) = made.events
    return [
        made.num, made.status, made.is_pull_request, made.title, first.content,
        made.author == at.stranger.whoami()["name"],
    ]  # fmt: skip


@step(["**Because**", True, "Because", True, 1, True, ["A question", "An answer"], "closed", "open"])
def answered(at: Place):
    name = at.name("threads")
    said = at.api.comment_discussion(name, 1, comment="**Because**")
    rendered = "<strong>Because</strong>" in said.rendered
    edited = at.api.edit_discussion_comment(name, 1, said.id, new_content="Because")
    hidden = at.api.hide_discussion_comment(name, 1, said.id)
    title = at.api.rename_discussion(name, 1, new_title="An answer")
    closed = at.stranger.change_discussion_status(name, 1, new_status="closed", comment="Thanks")
    opened = at.api.change_discussion_status(name, 1, new_status="open")
    return [
        said.content, rendered, edited.content, edited.edited, edited.number_of_edits, hidden.hidden,
        [title.old_title, title.new_title], closed.new_status, opened.new_status,
    ]  # fmt: skip


@step([["comment", "comment", "title-change", "comment", "status-change", "status-change"], True, "open", None])
def read_back(at: Place):
    details = at.nobody.get_discussion_details(at.name("threads"), 1)
    return [kinds(details), details.events[1].hidden, details.status, details.diff]


@step([FORBIDDEN, FORBIDDEN, True])
def refused(at: Place):
    name = at.name("threads")
    first = at.api.get_discussion_details(name, 1).events[0]
    return [
        refusal(lambda: at.api.edit_discussion_comment(name, 1, first.id, new_content="Not mine")),
        refusal(lambda: at.stranger.merge_pull_request(name, 1)),
        refusal(lambda: at.nobody.comment_discussion(name, 1, comment="x")).endswith(" 401"),
    ]


@step([2, "refs/pr/2", "open", "a proposal", ["comment", "commit"]])
def proposed(at: Place):
    name = at.name("threads")
    made = at.stranger.create_commit(
        name, [CommitOperationAdd("a.txt", b"one\n")], commit_message="a proposal", create_pr=True
    )
    details = at.api.get_discussion_details(name, 2)
    return [made.pr_num, made.pr_revision, details.status, details.title, kinds(details)]


@step([["a proposal", "changed"], True, False, "refs/heads/main"])
def changed(at: Place):
    name = at.name("threads")
    at.stranger.upload_file(
        path_or_fileobj=b"two\n", path_in_repo="a.txt", repo_id=name, revision="refs/pr/2", commit_message="changed"
    )
    details = at.api.get_discussion_details(name, 2)
    subjects = [event.summary for event in details.events if event.type == "commit"]
    return [subjects, "+two" in details.diff, details.conflicting_files, details.target_branch]


@step(["merged", True, ["Merge pull request #2: a proposal", "changed", "a proposal"], CONFLICT])
def merged(at: Place):
    name = at.name("threads")
    at.api.merge_pull_request(name, 2, comment="Thank you")
    details = at.api.get_discussion_details(name, 2)
    commits = at.api.list_repo_commits(name)
    return [
        details.status, details.merge_commit_oid == commits[0].commit_id, [commit.title for commit in commits[:3]],
        refusal(lambda: at.api.merge_pull_request(name, 2)),
    ]  # fmt: skip


@step(["Merge pull request #2: a proposal", "changed", "a proposal"])
def in_git_log(at: Place):
    folder = at.folder / "clone"
    subprocess.run(["git", "clone", "-q", f"{ENDPOINT}/{at.name('threads')}", folder], check=True)
    log = subprocess.run(
        ["git", "log", "--topo-order", "--format=%s"], cwd=folder, check=True, capture_output=True, text=True
    )
    return log.stdout.splitlines()[:3]


@step([3, "draft", True, CONFLICT, "open", "merged"])
def drafted(at: Place):
    name = at.name("threads")
    made = at.stranger.create_pull_request(name, "A draft", description="Not yet")
    head = at.api.model_info(name).sha == at.api.model_info(name, revision="refs/pr/3").sha
    at.stranger.upload_file(path_or_fileobj=b"3", path_in_repo="c.txt", repo_id=name, revision="refs/pr/3")
    too_early = refusal(lambda: at.api.merge_pull_request(name, 3))
    ready = at.stranger.change_discussion_status(name, 3, new_status="open")
    at.api.merge_pull_request(name, 3)
    return [
        made.num, made.status, head, too_early, ready.new_status, at.api.get_discussion_details(name, 3).status,
    ]  # fmt: skip


@step([[".gitattributes", "b.txt", "w.safetensors"], [".gitattributes"], True])
def folder_proposed(at: Place):
    name = at.api.create_repo(at.name("folder")).repo_id
    at.file("sent/b.txt", b"b")
    at.file("sent/w.safetensors", bytes(range(256)) * 800)
    at.stranger.upload_folder(repo_id=name, folder_path=at.folder / "sent", create_pr=True)
    return [
        sorted(at.api.list_repo_files(name, revision="refs/pr/1")),
        at.api.list_repo_files(name),
        at.api.get_discussion_details(name, 1).is_pull_request,
    ]


@step([["a.txt"], CONFLICT])
def in_conflict(at: Place):
    name = at.name("threads")
    at.stranger.create_commit(
        name, [CommitOperationAdd("a.txt", b"theirs\n")], commit_message="in conflict", create_pr=True
    )
    at.api.upload_file(path_or_fileobj=b"ours\n", path_in_repo="a.txt", repo_id=name)
    conflicting = at.api.get_discussion_details(name, 4).conflicting_files
    return [conflicting, refusal(lambda: at.api.merge_pull_request(name, 4))]


@step([[4, 3, 2, 1], [4, 3, 2], [1], [3, 2], [4, 3, 2, 1]])
def listed(at: Place):
    name, stranger = at.name("threads"), at.stranger.whoami()["name"]

    def numbers(**filters) -> list[int]:
        return [thread.num for thread in at.nobody.get_repo_discussions(name, **filters)]

    return [
        numbers(), numbers(discussion_type="pull_request"), numbers(discussion_type="discussion"),
        numbers(discussion_status="closed"), numbers(author=stranger),
    ]  # fmt: skip


@step([NO_REPOSITORY, NO_REPOSITORY])
def private(at: Place):
    name = at.api.create_repo(at.name("private-threads"), private=True).repo_id
    at.api.create_discussion(name, "A secret")
    return [
        refusal(lambda: at.stranger.get_discussion_details(name, 1)),
        refusal(lambda: at.stranger.get_repo_discussions(name)),
    ]


@step(True, needs="upload_attachment")
def picture(at: Place):
    path = at.file("shot.png", b"\x89PNG\r\n\x1a\n" + bytes(100))
    return at.stranger.upload_attachment(path).startswith(f"{ENDPOINT}/uploads/")


if __name__ == "__main__":
    main()
