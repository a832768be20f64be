"""What a pull request proposes: its own commits, and where they leave its base."""

from dataclasses import dataclass

from models_registry.models import Commit, PullRequest, Reference, Repository
from models_registry.services import ancestry, history, references

MOST_COMMITS = 250  # are told


@dataclass(frozen=True)
class Proposed:
    """`fork`: the commit it is compared with; None where it begins with a first commit. `commits`: newest first."""

    fork: Commit | None
    head: Commit
    commits: list[Commit]


def proposed(repository: Repository, found: PullRequest) -> Proposed:
    fork, head = compared(found)
    commits: list[Commit] = []
    for commit in history.commits_from(repository, head, MOST_COMMITS):
        if fork is not None and commit.oid == fork.oid:
            break
        commits.append(commit)
    return Proposed(fork, head, commits)


def compared(found: PullRequest) -> tuple[Commit | None, Commit]:
    """The commits between which lies what it proposes, or did before it was merged: where it left its base, and its head.

    Where its base is gone, the commit before its own; None where that has none.
    """
    repository = found.repository
    head = references.resolve(repository, found.reference_name)
    commits = Commit.objects.filter(repository=repository)
    oid = found.base_before
    if not found.merge_commit:
        oid = Reference.objects.filter(repository=repository, name=found.base).values_list("target", flat=True).first()
    base = commits.filter(oid=oid).first() if oid else None
    fork = ancestry.fork_of(repository, base, head) if base else None
    if fork is None and head.first_parent:
        fork = commits.filter(oid=head.first_parent).first()
    return fork, head
