"""The uploader: `static/js/upload/` sends files from the browser to the storage; without script, a form takes small ones."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.views.decorators.http import require_http_methods

from accounts.requests import ActorRequest
from hub.errors import Forbidden, HubError, Invalid
from hub.wire import rate_limits
from models_registry.errors import ContentTooLarge
from models_registry.models import Kind, PullRequest
from models_registry.page_addresses import page_url
from models_registry.services import editing, small_uploads
from models_registry.services.changes import MAX_CHANGES
from models_registry.services.small_uploads import NewFile
from models_registry.web.files import frame
from models_registry.web.upload_words import words
from models_registry.web.usage import first_steps

_ENVELOPE = 64 * 1024  # of a form, around its files


@rate_limits.under(writes="commit")
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: ActorRequest, kind: str, namespace: str, name: str, rest: str) -> HttpResponse:
    """`path` is the folder that the files go to, which need not exist."""
    repository, commit, context = frame(request, kind, namespace, name, rest)
    request.actor.require_writer()
    revision, folder = context["revision"], context["path"]
    branch = editing.branch_of(repository, revision)
    if branch is None:
        raise Invalid(f"{revision} is no branch: files can be added to a branch alone.")
    ways = editing.ways(request.actor, repository, branch)
    if not ways.may_commit and not ways.may_propose:
        raise Forbidden(f"You may not change {repository.full_name} with this account.")
    if request.method == "POST" and int(request.META.get("CONTENT_LENGTH") or 0) > small_uploads.MOST_BYTES + _ENVELOPE:
        raise ContentTooLarge(f"A form takes at most {small_uploads.MOST_BYTES // 2**20} MB: send more with hf or git.")
    sent = request.POST
    context |= {
        "branch": branch,
        "ways": ways,
        "parent": commit.oid,
        "folder": sent.get("folder", folder),
        "title": sent.get("title", ""),
        "body": sent.get("body", ""),
        "as_proposal": sent.get("how") == "propose" or not ways.may_commit,
        "tree_url": page_url(repository, "tree", revision, folder),
        "api": f"/api/{Kind(kind).plural}/{repository.full_name}",
        "draft": f"{request.actor.require_user().username} {repository.kind} {repository.pk} {branch.name}",
        "worker": static("js/upload/hashing-worker.js"),
        "words": words(),
        "most_files": MAX_CHANGES,
        "form_files": small_uploads.MOST_FILES,
        "form_bytes": small_uploads.MOST_BYTES,
        "commands": first_steps(repository),
    }
    if request.method != "POST":
        return render(request, "models_registry/upload.html", context)
    try:
        made = small_uploads.add(
            actor=request.actor, repository=repository, branch=branch, parent=sent.get("parent") or commit.oid,
            files=[
                NewFile(small_uploads.path_in(context["folder"], file.name or ""), file.size or 0, file)
                for file in request.FILES.getlist("files")
            ],
            title=context["title"].strip(), body=context["body"], as_proposal=context["as_proposal"],
        )  # fmt: skip
    except HubError as refusal:
        context["error"] = str(refusal)
        return render(request, "models_registry/upload.html", context, status=refusal.status)
    if isinstance(made, PullRequest):
        return redirect(made)
    return redirect(page_url(repository, "tree", revision, context["folder"].strip("/")))
