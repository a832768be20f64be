"""Pages of pull requests besides their talk: a new one, its commits, its files; and the acts of merging."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.requests import ActorRequest
from hub.errors import HubError
from hub.wire import rate_limits
from models_registry.access import require_proposal, require_read
from models_registry.community.models import Discussion
from models_registry.community.services import pull_requests
from models_registry.community.web import merge_box
from models_registry.community.web.discussions import thread_page
from models_registry.community.web.reading import Address, Rights, composer, frame
from models_registry.models import Kind
from models_registry.services import shown_changes
from models_registry.services.proposed_changes import MOST_COMMITS, Proposed, proposed
from models_registry.services.pull_requests import open_draft


@rate_limits.under(writes="discussion")
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: ActorRequest, kind: str, namespace: str, name: str) -> HttpResponse:
    """A draft without commits, and how to make a pull request otherwise."""
    repository = Address(kind, namespace, name).repository(request)
    require_proposal(request.actor, repository)
    title, base = request.POST.get("title", ""), request.POST.get("base", repository.default_branch)
    error, status = "", 200
    if request.POST.get("act") == "open":
        try:
            made = open_draft(
                actor=request.actor,
                repository=repository,
                title=title,
                description=request.POST.get("text", ""),
                base=base,
            )
        except HubError as refusal:
            error, status = str(refusal), refusal.status
        else:
            return redirect(made)
    option = "" if repository.kind == Kind.MODEL else f" --repo-type {repository.kind}"
    url = f"{settings.BASE_URL}{repository.get_absolute_url()}"
    context = frame(
        repository, title=title, base=base, branches=merge_box.branches(repository),
        composer=composer(request, repository, error=error),
        client_command=f"hf upload {repository.full_name} .{option} --create-pr",
        git_commands=f"git clone {url}\ncd {repository.name}\ngit push origin HEAD:refs/for/{repository.default_branch}",
    )  # fmt: skip
    return render(request, "community/new_pull_request.html", context, status=status)


@require_safe
def commits(request: ActorRequest, kind: str, namespace: str, name: str, number: int) -> HttpResponse:
    _discussion, changes, context = _proposal(request, Address(kind, namespace, name), number)
    context |= {"commits": changes.commits, "is_cut": len(changes.commits) >= MOST_COMMITS}
    return render(request, "community/pull_request_commits.html", context)


@require_safe
def files(request: ActorRequest, kind: str, namespace: str, name: str, number: int) -> HttpResponse:
    """How its files differ from those it was built on."""
    discussion, changes, context = _proposal(request, Address(kind, namespace, name), number)
    found = context["pull_request"]
    is_gone = not found.merge_commit and not pull_requests.base_exists(discussion.repository, found)
    after, whole = request.GET.get("after", ""), request.GET.get("whole", "")
    context |= {
        "changes": shown_changes.between(discussion.repository, changes.fork, changes.head, after=after, whole=whole),
        "conflicts": [] if is_gone or not found.is_open else pull_requests.conflicts(discussion),
        "base_is_gone": is_gone,
    }
    return render(request, "community/pull_request_files.html", context)


def _proposal(request: ActorRequest, address: Address, number: int) -> tuple[Discussion, Proposed, dict[str, Any]]:
    """Raises GatedRepository, RepositoryDisabled; WrongState for a plain discussion."""
    discussion = address.discussion(request, number)
    require_read(request.actor, discussion.repository)
    found = pull_requests.pull_request_of(discussion)
    context = frame(
        discussion.repository, discussion=discussion, pull_request=found, rights=Rights.of(request.actor, discussion)
    )
    return discussion, proposed(discussion.repository, found), context


@rate_limits.under(writes="commit")
@require_POST
def merge(request: ActorRequest, kind: str, namespace: str, name: str, number: int) -> HttpResponse:
    """What was looked at, and nothing that came in since."""
    discussion = Address(kind, namespace, name).discussion(request, number)
    head = request.POST.get("head") or None
    try:
        pull_requests.merge(actor=request.actor, discussion=discussion, text=request.POST.get("text", ""), head=head)
    except HubError as refusal:
        if refusal.status not in {404, 409, 412}:
            raise
        discussion.refresh_from_db()
        return thread_page(request, discussion, error=str(refusal), status=refusal.status)
    return redirect(f"{discussion.get_absolute_url()}#merge")


@rate_limits.under(writes="comment")
@require_POST
def change_base(request: ActorRequest, kind: str, namespace: str, name: str, number: int) -> HttpResponse:
    discussion = Address(kind, namespace, name).discussion(request, number)
    pull_requests.retarget(actor=request.actor, discussion=discussion, base=request.POST.get("base", ""))
    return redirect(discussion)
