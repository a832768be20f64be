"""Pages that change files: edit, add, move, delete; each as a commit on its branch, or as a pull request to it."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.requests import ActorRequest
from hub.errors import HubError, Invalid
from hub.typed_name import TypedName
from hub.wire import rate_limits
from models_registry.errors import BranchMoved, EntryNotFound
from models_registry.formats import text_diff
from models_registry.models import Commit, PullRequest
from models_registry.page_addresses import page_url
from models_registry.services import editing, file_templates, references, trees
from models_registry.services.trees import TreeEntry
from models_registry.web.commit_forms import CommitForm

MOST_LISTED = 200  # files of a folder that is to go


def entry_of(form: CommitForm) -> TreeEntry:
    """What the address names, as it is, or as it was when the page was opened. Raises EntryNotFound."""
    found = _found(form)
    if found is None:
        raise EntryNotFound(
            _("There is no file or folder %(path)r at revision %(revision)s.")
            % {"path": form.path, "revision": form.revision}
        )
    return found


def _found(form: CommitForm) -> TreeEntry | None:
    for revision in (form.commit.oid, form.parent):
        found = trees.find(form.repository, references.resolve(form.repository, revision), [form.path]).get(form.path)
        if found is not None:
            return found
    return None


@rate_limits.under(writes="commit")
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: ActorRequest, kind: str, namespace: str, name: str, rest: str) -> HttpResponse:
    """A text, and its path: another one renames the file."""
    form = CommitForm.of(request, kind, namespace, name, rest)
    # A text that is sent twice, because its file was deleted before the first time, makes it anew.
    entry = _found(form) if request.method == "POST" else entry_of(form)
    if entry is not None and entry.is_folder:
        raise EntryNotFound(
            _("There is no file %(path)r at revision %(revision)s.") % {"path": form.path, "revision": form.revision}
        )
    before = editing.text_of(form.repository, entry) if entry is not None else ""
    if before is None:
        raise Invalid(_("%(path)s is not text, or too long to be edited here.") % {"path": form.path})
    sent = request.POST
    to = sent.get("path", form.path).strip()
    file_name = form.path.rpartition("/")[2]
    otherwise = f"Update {file_name}" if to == form.path else f"Rename {form.path} to {to}"
    text = editing.typed(sent.get("text", before))
    form.context.update(
        crumbs=form.context["crumbs"][:-1], text=text, file_path=to, placeholder=otherwise, name=file_name,
        back_url=page_url(form.repository, "blob", form.revision, form.path),
        card_url=page_url(form.repository, "edit-card", form.revision),
    )  # fmt: skip
    if not form.is_sent:
        return form.page("edit_file.html", preview=_preview(before, text) if request.method == "POST" else None)
    try:
        made = editing.give_back(path=form.path, to=to, parent=form.parent, text=text, **form.said(otherwise))
    except BranchMoved as refusal:
        return _moved(form, refusal, text)
    except HubError as refusal:
        return form.page("edit_file.html", refusal.status, error=str(refusal))
    return form.done(made, "blob", to or form.path)


def _preview(before: str, text: str) -> list[text_diff.Hunk]:
    return text_diff.hunks(before, editing.as_sent(text, before))


def _moved(form: CommitForm, refusal: BranchMoved, text: str) -> HttpResponse:
    """Somebody else's change beside the own text; what is sent next is meant for the file as it is now."""
    now = references.resolve(form.repository, form.branch.name)
    theirs = trees.find(form.repository, now, [form.path]).get(form.path)
    as_it_is = editing.text_of(form.repository, theirs) if theirs is not None and not theirs.is_folder else None
    return form.page(
        "edit_file.html", refusal.status, moved=str(refusal), opened_at=form.parent, is_gone=theirs is None, parent=now.oid,
        hunks=_preview(as_it_is or "", text),
    )  # fmt: skip


@rate_limits.under(writes="commit")
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: ActorRequest, kind: str, namespace: str, name: str, rest: str) -> HttpResponse:
    """A text file; the address names the branch, and the folder that its path begins with.

    `?template=` is the name of a file to start from.
    """
    form = CommitForm.of(request, kind, namespace, name, rest)
    sent = request.POST
    offered = [] if form.path else file_templates.offered(form.repository, form.commit)
    template = request.GET.get("template", "")
    start = template if template in offered else ""
    path = sent.get("path", f"{form.path}/" if form.path else start).strip()
    text = editing.typed(sent.get("text", file_templates.text_for(form.repository, start)))
    otherwise = f"Create {path.rpartition('/')[2]}"
    form.context.update(
        is_new=True, templates=offered, template=start, name="", text=text, file_path=path, placeholder=otherwise.strip(),
        back_url=page_url(form.repository, "tree", form.revision, form.path),
    )  # fmt: skip
    if not form.is_sent:
        return form.page("edit_file.html", preview=_preview("", text) if request.method == "POST" else None)
    try:
        made = editing.add_file(path=path, text=text, **form.said(otherwise))
    except HubError as refusal:
        return form.page("edit_file.html", refusal.status, error=str(refusal))
    return form.done(made, "blob", path)


@rate_limits.under(writes="commit")
@require_http_methods(["GET", "HEAD", "POST"])
def move(request: ActorRequest, kind: str, namespace: str, name: str, rest: str) -> HttpResponse:
    """A file, large or small, or a folder, under another path."""
    form = CommitForm.of(request, kind, namespace, name, rest)
    entry = entry_of(form)
    page = "tree" if entry.is_folder else "blob"
    to = request.POST.get("path", form.path).strip()
    otherwise = f"Rename {form.path} to {to}"
    form.context.update(
        entry=entry, to=to, placeholder="" if to == form.path else otherwise, crumbs=form.context["crumbs"][:-1],
        back_url=page_url(form.repository, page, form.revision, form.path),
    )  # fmt: skip
    if not form.is_sent:
        return form.page("move_file.html")
    return _act(
        form, "move_file.html", lambda: editing.move(path=form.path, to=to, parent=form.parent, **form.said(otherwise)),
        page, to,
    )  # fmt: skip


@rate_limits.under(writes="commit")
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: ActorRequest, kind: str, namespace: str, name: str, rest: str) -> HttpResponse:
    """A file goes when asked twice; a folder when its path is typed, too."""
    form = CommitForm.of(request, kind, namespace, name, rest)
    entry = entry_of(form)
    otherwise = f"Delete {form.path}"
    confirmation = TypedName(request.POST if form.is_sent else None, name=form.path) if entry.is_folder else None
    form.context.update(
        entry=entry, confirmation=confirmation, placeholder=otherwise, crumbs=form.context["crumbs"][:-1],
        back_url=page_url(form.repository, "tree" if entry.is_folder else "blob", form.revision, form.path),
    )  # fmt: skip
    if entry.is_folder:
        form.context.update(_inside(form))
    if not form.is_sent:
        return form.page("delete_file.html")
    if confirmation is not None and not confirmation.is_valid():
        return form.page("delete_file.html", 400)
    return _act(
        form, "delete_file.html", lambda: editing.delete(path=form.path, parent=form.parent, **form.said(otherwise)),
        "tree", _nearest_folder,
    )  # fmt: skip


def _act(
    form: CommitForm,
    template: str,
    act: Callable[[], Commit | PullRequest],
    page: str,
    path: str | Callable[[CommitForm, Commit | PullRequest], str],
) -> HttpResponse:
    try:
        made = act()
    except BranchMoved as refusal:
        now = references.resolve(form.repository, form.branch.name)
        is_gone = form.path not in trees.find(form.repository, now, [form.path])
        return form.page(
            template, refusal.status, moved=str(refusal), opened_at=form.parent, is_gone=is_gone, parent=now.oid
        )
    except HubError as refusal:
        return form.page(template, refusal.status, error=str(refusal))
    return form.done(made, page, path if isinstance(path, str) else path(form, made))


def _inside(form: CommitForm) -> dict[str, Any]:
    """The files of a folder that is to go."""
    try:
        listed, more = trees.listing(form.repository, form.commit, form.path, recursive=True, limit=MOST_LISTED)
    except EntryNotFound:  # it is gone already
        return {}
    files = [one for one in listed if not one.is_folder]
    return {"files": files, "is_cut": more, "total_size": sum(one.size for one in files)}


def _nearest_folder(form: CommitForm, made: Commit | PullRequest) -> str:
    """git knows no empty folders: what held the last file of one is gone with it."""
    names = form.path.split("/")[:-1]
    above = ["/".join(names[:depth]) for depth in range(len(names), 0, -1)]
    there = trees.find(form.repository, made, above) if isinstance(made, Commit) else {}
    return next((folder for folder in above if folder in there), "")
