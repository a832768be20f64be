"""What changed: lines of commits, and one commit."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.requests import ActorRequest
from models_registry.models import Commit
from models_registry.services import diffs, history, path_history, references
from models_registry.web.files import frame

COMMITS_PER_PAGE = 40
FILES_PER_PAGE = 50


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
    context |= {"commits": found, "next": following}
    return render(request, "models_registry/commits.html", context)


@require_safe
def commit(request: ActorRequest, kind: str, namespace: str, name: str, rest: str) -> HttpResponse:
    """One commit: what it says, and how its files differ from those of the commit before."""
    repository, shown, context = frame(request, kind, namespace, name, rest)
    before = (
        Commit.objects.filter(repository=repository, oid=shown.first_parent).first() if shown.first_parent else None
    )
    after = request.GET.get("after", "")
    context["comparison"] = diffs.between(repository, before, shown, after=after, limit=FILES_PER_PAGE)
    return render(request, "models_registry/commit.html", context)
