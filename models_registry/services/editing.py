"""Text files as a page shows them and takes them back."""

from dataclasses import dataclass

from accounts.models import Actor
from hub.errors import HubError
from models_registry import access
from models_registry.errors import BranchMoved, RevisionNotFound
from models_registry.models import Commit, PullRequest, Reference, Repository
from models_registry.services import objects, references, trees
from models_registry.services.changes import AddFile
from models_registry.services.commits import create_commit
from models_registry.services.pull_requests import propose
from models_registry.services.trees import TreeEntry

LONGEST = 512 * 1024  # bytes of text that a page shows


def text_of(repository: Repository, entry: TreeEntry) -> str | None:
    """The content, if it is text and short enough for a page. Raises StorageUnavailable."""
    if entry.lfs or entry.size > LONGEST:
        return None
    content = objects.inflate(trees.content_of(repository, entry))
    if b"\0" in content:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None


def branch_of(repository: Repository, revision: str) -> Reference | None:
    """What an edit made at this revision would move, or be proposed to: a branch, or a pull request's head."""
    try:
        return references.branch(repository, revision)
    except RevisionNotFound:
        return None


@dataclass(frozen=True)
class Ways:
    """How an actor may give back a file of a branch: as a commit on it, or as a pull request to it."""

    may_commit: bool
    may_propose: bool


def ways(actor: Actor, repository: Repository, branch: Reference) -> Ways:
    is_proposal = branch.name.startswith("refs/pr/")
    may_propose = not is_proposal and Repository.objects.filter(pk=repository.pk).proposable_by(actor).exists()
    try:
        access.require_write_to(actor, repository, branch.name)
    except HubError:
        return Ways(may_commit=False, may_propose=may_propose)
    return Ways(may_commit=True, may_propose=may_propose)


def as_sent(text: str, before: str) -> str:
    """What a browser's field gives back, with the line ends that the file had."""
    ends = "\r\n" if "\r\n" in before else "\n"
    return ends.join(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))


def give_back(
    *,
    actor: Actor,
    repository: Repository,
    branch: Reference,
    path: str,
    parent: str,
    text: str,
    title: str,
    body: str = "",
    as_proposal: bool = False,
) -> Commit | PullRequest:
    """The file with its new text, as a commit or a pull request; a file that is not there yet is made.

    parent: the commit at which it was opened. Others may have committed meanwhile, so long as they left this file alone.
    Raises BranchMoved if they did not; Forbidden and the rest as `create_commit` and `propose`.
    """
    head = references.resolve(repository, branch.name)
    if head.oid != parent and not _is_untouched(repository, path, references.resolve(repository, parent), head):
        raise BranchMoved(f"{path} was changed by somebody else since you opened it.")
    there = trees.find(repository, head, [path]).get(path)
    before = (text_of(repository, there) or "") if there else ""
    changes = [AddFile.of(path, as_sent(text, before).encode())]
    if as_proposal:
        return propose(
            actor=actor, repository=repository, base=branch.short_name, parent=head.oid, changes=changes, title=title,
            body=body,
        )[0]  # fmt: skip
    return create_commit(
        actor=actor, repository=repository, branch=branch.name, parent=head.oid, changes=changes, title=title, body=body
    )


def _is_untouched(repository: Repository, path: str, before: Commit, now: Commit) -> bool:
    there = [trees.find(repository, commit, [path]).get(path) for commit in (before, now)]
    return (there[0] and there[0].oid) == (there[1] and there[1].oid)
