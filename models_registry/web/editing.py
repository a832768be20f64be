"""A page to edit a text file: as a commit on its branch, or as a pull request to it."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.requests import ActorRequest
from hub.errors import Forbidden, HubError, Invalid
from hub.wire import rate_limits
from models_registry.errors import BranchMoved
from models_registry.formats import text_diff
from models_registry.models import PullRequest
from models_registry.page_addresses import page_url
from models_registry.services import editing, references, trees
from models_registry.web.files import frame


@rate_limits.under(writes="commit")
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: ActorRequest, kind: str, namespace: str, name: str, rest: str) -> HttpResponse:
    """`parent` is the commit at which it was opened: who changes the same file meanwhile is not overwritten unseen."""
    repository, commit, context = frame(request, kind, namespace, name, rest)
    request.actor.require_writer()
    revision, path = context["revision"], context["path"]
    branch = editing.branch_of(repository, revision)
    if branch is None:
        raise Invalid(f"{revision} is no branch: open the file on a branch to edit it.")
    entry = trees.file(repository, commit, path)
    text = editing.text_of(repository, entry)
    if text is None:
        raise Invalid(f"{path} is not text, or too long to be edited here.")
    ways = editing.ways(request.actor, repository, branch)
    if not ways.may_commit and not ways.may_propose:
        raise Forbidden(f"You may not change {repository.full_name} with this account.")
    sent = request.POST
    context |= {
        "entry": entry,
        "crumbs": context["crumbs"][:-1],
        "branch": branch,
        "ways": ways,
        "text": sent.get("text", text),
        "parent": commit.oid,
        "title": sent.get("title", ""),
        "placeholder": f"Update {entry.name}",
        "body": sent.get("body", ""),
        "as_proposal": sent.get("how") == "propose" or not ways.may_commit,
        "file_url": page_url(repository, "blob", revision, path),
        "card_url": page_url(repository, "edit-card", revision),
    }
    if request.method != "POST":
        return render(request, "models_registry/edit_file.html", context)
    try:
        made = editing.give_back(
            actor=request.actor, repository=repository, branch=branch, path=path,
            parent=sent.get("parent") or commit.oid, text=context["text"],
            title=context["title"].strip() or context["placeholder"], body=context["body"],
            as_proposal=context["as_proposal"],
        )  # fmt: skip
    except BranchMoved as refusal:
        now = references.resolve(repository, branch.name)
        theirs = editing.text_of(repository, trees.file(repository, now, path)) or ""
        context |= {
            "moved": str(refusal),
            "parent": now.oid,
            "hunks": text_diff.hunks(theirs, editing.as_sent(context["text"], theirs)),
        }
        return render(request, "models_registry/edit_file.html", context, status=refusal.status)
    except HubError as refusal:
        context["error"] = str(refusal)
        return render(request, "models_registry/edit_file.html", context, status=refusal.status)
    if isinstance(made, PullRequest):
        return redirect(made)
    return redirect(context["file_url"])
