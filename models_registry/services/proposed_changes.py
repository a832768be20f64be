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
    head = references.resolve(repository, found.reference_name)
    fork = _fork(repository, found, head)
    commits: list[Commit] = []
    for commit in history.commits_from(repository, head, MOST_COMMITS):
        if fork is not None and commit.oid == fork.oid:
            break
        commits.append(commit)
    return Proposed(fork, head, commits)


def _fork(repository: Repository, found: PullRequest, head: Commit) -> Commit | None:
    """Where it leaves its base: as that was before the merge. Where the base is gone, the commit before its own."""
    base = _base(repository, found)
    if base is not None and (fork := ancestry.fork_of(repository, base, head)):
        return fork
    return Commit.objects.filter(repository=repository, oid=head.first_parent).first() if head.first_parent else None


def _base(repository: Repository, found: PullRequest) -> Commit | None:
    commits = Commit.objects.filter(repository=repository)
    if found.merge_commit:
        return commits.filter(oid__in=commits.filter(oid=found.merge_commit).values("first_parent")).first()
    targets = Reference.objects.filter(repository=repository, name=found.base).values_list("target", flat=True)
    return commits.filter(oid__in=list(targets)).first()
