"""What a pull request's page says of merging it: whether it can be, what that does, what stands against it."""

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from accounts.requests import ActorRequest
from models_registry.community.models import Discussion
from models_registry.community.services import pull_requests
from models_registry.models import Kind, PullRequest, Reference, Repository
from models_registry.services.proposed_changes import proposed

MOST_BRANCHES = 200


@dataclass(frozen=True)
class MergeBox:
    """`state`: merged, closed, no-base, empty, conflicts, draft or ready. `head`: the commit that would be merged."""

    state: str
    commits: int = 0
    head: str = ""
    conflicts: list[str] = field(default_factory=list)

    @property
    def look(self) -> str:
        if self.state in {"no-base", "conflicts", "closed"}:
            return "stopped"
        return {"merged": "done", "ready": "ready"}.get(self.state, "waiting")


def of(request: ActorRequest, discussion: Discussion) -> dict[str, Any]:
    """What the templates of a pull request's page need, but for who may not read the repository's content."""
    repository = discussion.repository
    found = pull_requests.pull_request_of(discussion)
    context: dict[str, Any] = {"pull_request": found, "branches": branches(repository), **commands(repository, found)}
    if Repository.objects.filter(pk=repository.pk).readable_by(request.actor).exists():
        context["merge_box"] = _box(discussion, found)
    return context


def branches(repository: Repository) -> list[str]:
    """By name."""
    names = Reference.objects.branches().filter(repository=repository).order_by("name").values_list("name", flat=True)
    return [name.removeprefix("refs/heads/") for name in names[:MOST_BRANCHES]]


def _box(discussion: Discussion, found: PullRequest) -> MergeBox:
    if found.merge_commit:
        return MergeBox("merged")
    if not found.is_open:
        return MergeBox("closed")
    repository = discussion.repository
    if not pull_requests.base_exists(repository, found):
        return MergeBox("no-base")
    changes = proposed(repository, found)
    if not changes.commits:
        return MergeBox("empty")
    if conflicts := pull_requests.conflicts(discussion):
        return MergeBox("conflicts", conflicts=conflicts)
    state = "draft" if discussion.status == Discussion.Status.DRAFT else "ready"
    return MergeBox(state, len(changes.commits), changes.head.oid)


def commands(repository: Repository, found: PullRequest) -> dict[str, str]:
    """What to type to get a proposal, add to it, and settle its conflicts."""
    url = f"{settings.BASE_URL}{repository.get_absolute_url()}"
    reference, number = found.reference_name, found.number
    kind = "" if repository.kind == Kind.MODEL else f" --repo-type {repository.kind}"
    fetch = f"git fetch {url} {reference}:pr/{number}\ngit checkout pr/{number}"
    push = f"git push {url} pr/{number}:{reference}"
    return {
        "fetch_command": fetch,
        "client_command": f"hf upload {repository.full_name} .{kind} --revision {reference}",
        "git_commands": f'{fetch}\ngit commit -am "What changes, and why"\n{push}',
        "resolve_commands": f"{fetch}\ngit fetch {url} {found.base_name}\ngit merge FETCH_HEAD\n{push}",
    }
