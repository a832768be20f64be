"""The uploader: `static/js/upload/` sends files from the browser to the storage; without script, a form takes small ones."""

from django.http import HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.views.decorators.http import require_http_methods

from accounts.requests import ActorRequest
from hub.errors import HubError
from hub.wire import rate_limits
from models_registry.models import Kind, PullRequest
from models_registry.page_addresses import page_url
from models_registry.services import small_uploads
from models_registry.services.changes import MAX_CHANGES
from models_registry.services.small_uploads import NewFile
from models_registry.web.commit_forms import CommitForm
from models_registry.web.upload_words import words
from models_registry.web.usage import first_steps


@rate_limits.under(writes="commit")
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: ActorRequest, kind: str, namespace: str, name: str, rest: str) -> HttpResponse:
    """`path` is the folder that the files go to, which need not exist."""
    form = CommitForm.of(request, kind, namespace, name, rest)
    repository, revision, path = form.repository, form.revision, form.path
    folder = request.POST.get("folder", path)
    form.context.update(
        folder=folder,
        tree_url=page_url(repository, "tree", revision, path),
        api=f"/api/{Kind(kind).plural}/{repository.full_name}",
        draft=f"{request.actor.require_user().username} {repository.kind} {repository.pk} {form.branch.name}",
        worker=static("js/upload/hashing-worker.js"),
        words=words(),
        most_files=MAX_CHANGES,
        form_files=small_uploads.MOST_FILES,
        form_bytes=small_uploads.MOST_BYTES,
        commands=first_steps(repository),
    )
    if not form.is_sent:
        return form.page("upload.html")
    try:
        made = small_uploads.add(
            parent=form.parent,
            files=[
                NewFile(small_uploads.path_in(folder, file.name or ""), file.size or 0, file)
                for file in request.FILES.getlist("files")
            ],
            **form.said(otherwise=""),
        )
    except HubError as refusal:  # files are chosen anew for each attempt, so it is meant for the branch as it is now
        return form.page("upload.html", refusal.status, error=str(refusal), parent=form.commit.oid)
    if isinstance(made, PullRequest):
        return redirect(made)
    return redirect(page_url(repository, "tree", revision, folder.strip("/")))
