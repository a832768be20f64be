"""What changed: lines of commits, one commit, a pull request."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.requests import ActorRequest
from models_registry import access
from models_registry.models import Commit, Kind, PullRequest, Reference, Repository
from models_registry.page_addresses import page_url
from models_registry.services import ancestry, diffs, history, path_history, references
from models_registry.services.diffs import Change
from models_registry.services.pull_requests import pull_request as find_pull_request
from models_registry.web.addressing import of_address
from models_registry.web.files import frame

COMMITS_PER_PAGE = 40
FILES_PER_PAGE = 50
MOST_PROPOSED = 100  # commits of a pull request, on its page


@require_safe
def commits(request: ActorRequest, kind: str, namespace: str, name: str, rest: str) -> HttpResponse:
    """The commits that led here, newest first; of a path, those that changed it. `?from=` names the first of a later page."""
    repository, commit, context = frame(request, kind, namespace, name, rest)
    later = request.GET.get("from")
    after = references.resolve(repository, later) if later else None
    if context["path"]:
        page = path_history.of_path(
            repository, after or commit, context["path"], limit=COMMITS_PER_PAGE, begins_here=after is not None
        )
        found, following = page.commits, page.next
    else:
        line = history.commits_from(repository, commit, COMMITS_PER_PAGE + 1, after=after)
        found, following = line[:COMMITS_PER_PAGE], line[-1].oid if len(line) > COMMITS_PER_PAGE else None
    context |= {"rows": _rows(repository, found), "next": following}
    return render(request, "models_registry/commits.html", context)


def _rows(repository: Repository, found: list[Commit]) -> list[tuple[Commit, str]]:
    return [(commit, page_url(repository, "commit", commit.oid)) for commit in found]


@require_safe
def commit(request: ActorRequest, kind: str, namespace: str, name: str, rest: str) -> HttpResponse:
    """One commit: what it says, and how its files differ from those of the commit before."""
    repository, shown, context = frame(request, kind, namespace, name, rest)
    before = (
        Commit.objects.filter(repository=repository, oid=shown.first_parent).first() if shown.first_parent else None
    )
    context |= _differences(request, repository, before, shown)
    return render(request, "models_registry/commit.html", context)


def _differences(request: HttpRequest, repository: Repository, old: Commit | None, new: Commit) -> dict[str, Any]:
    """What _changes.html needs."""
    comparison = diffs.between(repository, old, new, after=request.GET.get("after", ""), limit=FILES_PER_PAGE)
    return {
        "comparison": comparison,
        "changes": [(change, _file_url(repository, change, new)) for change in comparison.changes],
        "after": comparison.changes[-1].path if comparison.more else "",
    }


def _file_url(repository: Repository, change: Change, commit: Commit) -> str:
    return page_url(repository, "blob", commit.oid, change.new.path) if change.new else ""


@require_safe
def pull_request(request: ActorRequest, kind: str, namespace: str, name: str, number: int) -> HttpResponse:
    """What is proposed, by whom, for which branch, and how its files differ from those it was built on."""
    repository = of_address(request, kind, namespace, name)
    access.require_read(request.actor, repository)
    found = find_pull_request(repository, number)
    head = references.resolve(repository, found.reference_name)
    fork = _fork(repository, found, head)
    proposed: list[Commit] = []
    for shown in history.commits_from(repository, head, MOST_PROPOSED):
        if fork is not None and shown.oid == fork.oid:
            break
        proposed.append(shown)
    context = {
        "repository": repository,
        "section": Kind(kind).plural,
        "pull_request": found,
        "rows": _rows(repository, proposed),
        "files_url": page_url(repository, "tree", found.reference_name),
        "base_url": page_url(repository, "tree", found.base_name),
        **_differences(request, repository, fork, head),
    }
    return render(request, "models_registry/pull_request.html", context)


def _fork(repository: Repository, found: PullRequest, head: Commit) -> Commit | None:
    """Where it leaves its base; where the base is gone, the commit before its own."""
    if Reference.objects.filter(repository=repository, name=found.base).exists():
        base = references.resolve(repository, found.base)
        if fork := ancestry.fork_of(repository, base, head):
            return fork
    return Commit.objects.filter(repository=repository, oid=head.first_parent).first() if head.first_parent else None
