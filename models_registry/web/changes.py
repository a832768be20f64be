"""What changed: lines of commits, one commit, and two revisions compared."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.requests import ActorRequest
from hub.errors import BadRequest, HubError
from hub.wire import rate_limits
from models_registry import access
from models_registry.errors import RevisionNotFound
from models_registry.models import Commit, Kind, Reference, Repository
from models_registry.page_addresses import page_url
from models_registry.services import (
    ancestry,
    comparing,
    history,
    path_history,
    pull_requests,
    references,
    shown_changes,
)
from models_registry.services.shown_changes import ShownChanges
from models_registry.web.addressing import of_address
from models_registry.web.files import frame

COMMITS_PER_PAGE = 40
MOST_COMMITS = 250  # of a comparison
MOST_SUGGESTED = 200  # revisions


@require_safe
def commits(request: ActorRequest, kind: str, namespace: str, name: str, rest: str) -> HttpResponse:
    """The commits that led here, newest first; of a path, those that changed it. `?from=` names the first of a later page."""
    repository, commit, context = frame(request, kind, namespace, name, rest, switch="commits")
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
    context |= {"commits": found, "next": following, "is_later": after is not None}
    return render(request, "models_registry/commits.html", context)


@require_safe
def commit(request: ActorRequest, kind: str, namespace: str, name: str, rest: str) -> HttpResponse:
    """One commit: what it says, and how its files differ from those of the commit before."""
    repository, shown, context = frame(request, kind, namespace, name, rest)
    before = (
        Commit.objects.filter(repository=repository, oid=shown.first_parent).first() if shown.first_parent else None
    )
    context |= {"before": before, "changes": _changes(request, repository, before, shown)}
    return render(request, "models_registry/commit.html", context)


def _changes(request: ActorRequest, repository: Repository, old: Commit | None, new: Commit) -> ShownChanges:
    """The page of files that is asked for, or one file with all of its lines."""
    after, whole = request.GET.get("after", ""), request.GET.get("whole", "")
    return shown_changes.between(repository, old, new, after=after, whole=whole)


@require_safe
def choose(request: ActorRequest, kind: str, namespace: str, name: str) -> HttpResponse:
    """Two fields lead to the address of their comparison."""
    repository = of_address(request, kind, namespace, name)
    access.require_read(request.actor, repository)
    base, head = (request.GET.get(side, "").strip() or repository.default_branch for side in ("base", "head"))
    dots = ".." if request.GET.get("dots") == ".." else "..."
    return redirect(page_url(repository, "compare", f"{base}{dots}{head}"))


@rate_limits.under(writes="discussion")
@require_http_methods(["GET", "HEAD", "POST"])
def compare(request: ActorRequest, kind: str, namespace: str, name: str, rest: str) -> HttpResponse:
    """`base...head` shows what the head changed since it left the base, `base..head` how the two differ.

    What is sent opens a pull request of the head's commits.
    """
    repository = of_address(request, kind, namespace, name)
    access.require_read(request.actor, repository)
    context: dict[str, Any] = {"repository": repository, "section": Kind(kind).plural} | _asked(repository, rest)
    try:
        context |= _compared(request, repository, context["base"], context["head"], context["dots"])
    except (RevisionNotFound, BadRequest) as problem:
        return render(
            request, "models_registry/compare.html", context | {"problem": str(problem)}, status=problem.status
        )
    if request.method != "POST":
        return render(request, "models_registry/compare.html", context)
    sent = request.POST
    try:
        made = pull_requests.propose_commit(
            actor=request.actor, repository=repository, base=context["base"], head=context["new"],
            title=sent.get("title", "").strip() or context["new"].title, body=sent.get("body", ""),
        )  # fmt: skip
    except HubError as refusal:
        context |= {"error": str(refusal), "title": sent.get("title", ""), "body": sent.get("body", "")}
        return render(request, "models_registry/compare.html", context, status=refusal.status)
    messages.success(request, _("The pull request is open."))
    return redirect(made)


def _asked(repository: Repository, rest: str) -> dict[str, Any]:
    base, dots, head = comparing.parted(rest.strip("/"))
    listed = Reference.objects.filter(repository=repository, name__regex=r"^refs/(heads|tags)/").order_by("name")
    return {
        "base": base or repository.default_branch,
        "head": head or repository.default_branch,
        "dots": dots or "..",
        "suggested": [reference.short_name for reference in listed[:MOST_SUGGESTED]],
    }


def _compared(request: ActorRequest, repository: Repository, base: str, head: str, dots: str) -> dict[str, Any]:
    """Raises RevisionNotFound."""
    before, after = (references.resolve(repository, revision) for revision in (base, head))
    parting = ancestry.parting(repository, before, after, most=MOST_COMMITS)
    rows = Commit.objects.filter(repository=repository, oid__in=parting.commits).select_related("author")
    by_id = {row.oid: row for row in rows}
    old: Commit | None = before
    if dots == "...":
        old = Commit.objects.filter(repository=repository, oid=parting.fork).first() if parting.fork else None
    shows = before.oid != after.oid and old is not None
    return {
        "old": old,
        "new": after,
        "commit": after,
        "parting": parting,
        "is_same": before.oid == after.oid,
        "commits": [by_id[oid] for oid in parting.commits if oid in by_id],
        "changes": _changes(request, repository, old, after) if shows else None,
        "may_propose": bool(parting.distance.ahead) and dots == "..." and _may_propose(request, repository, base),
    }


def _may_propose(request: ActorRequest, repository: Repository, base: str) -> bool:
    is_branch = Reference.objects.branches().filter(repository=repository, name=f"refs/heads/{base}").exists()
    return is_branch and Repository.objects.filter(pk=repository.pk).proposable_by(request.actor).exists()
