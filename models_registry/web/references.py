"""Branches and tags of a repository: looked at, made, deleted."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.requests import ActorRequest
from hub.errors import Forbidden, HubError
from hub.typed_name import TypedName
from hub.wire import rate_limits
from models_registry import access
from models_registry.errors import RevisionNotFound
from models_registry.models import Commit, Kind, PullRequest, Reference, Repository
from models_registry.page_addresses import page_url
from models_registry.services import ancestry, references
from models_registry.services.ancestry import Distance
from models_registry.web.addressing import of_address

PER_PAGE = 30


@dataclass(frozen=True)
class Row:
    """`distance`: of a branch, from the default one."""

    name: str
    commit: Commit
    is_default: bool
    distance: Distance | None
    url: str
    delete_url: str
    compare_url: str


@rate_limits.under(writes="write")
@require_http_methods(["GET", "HEAD", "POST"])
def branches(request: ActorRequest, kind: str, namespace: str, name: str) -> HttpResponse:
    """The default branch first. What is sent makes a branch."""
    return _listing(request, _readable(request, kind, namespace, name), "branches")


@rate_limits.under(writes="write")
@require_http_methods(["GET", "HEAD", "POST"])
def tags(request: ActorRequest, kind: str, namespace: str, name: str) -> HttpResponse:
    """What is sent makes a tag, an annotated one if it has a message."""
    return _listing(request, _readable(request, kind, namespace, name), "tags")


def _readable(request: ActorRequest, kind: str, namespace: str, name: str) -> Repository:
    repository = of_address(request, kind, namespace, name)
    access.require_read(request.actor, repository)
    return repository


def _listing(request: ActorRequest, repository: Repository, page: str) -> HttpResponse:
    sent = request.POST
    error, status = "", 200
    if request.method == "POST":
        request.actor.require_writer()
        try:
            made = _make(request, repository, page)
        except HubError as refusal:
            error, status = str(refusal), refusal.status
        else:
            text = _("The branch %(name)s is there.") if page == "branches" else _("The tag %(name)s is there.")
            messages.success(request, text % {"name": made.short_name})
            return redirect(page_url(repository, page))
    rows = Reference.objects.filter(repository=repository)
    rows = (rows.branches() if page == "branches" else rows.tags()).order_by("name")
    query = request.GET.get("q", "").strip()
    if query:
        rows = rows.filter(name__icontains=query)
    shown = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    context = _frame(repository, page) | {
        "page": shown,
        "rows": _rows(repository, list(shown.object_list), page),
        "query": query,
        "may_write": _may_write(request, repository),
        "error": error,
        "made": sent.get("name", ""),
        "start": sent.get("start", repository.default_branch),
        "message": sent.get("message", ""),
    }
    return render(request, "models_registry/references.html", context, status=status)


def _frame(repository: Repository, page: str) -> dict[str, Any]:
    return {"repository": repository, "section": Kind(repository.kind).plural, "is_branches": page == "branches"}


def _may_write(request: ActorRequest, repository: Repository) -> bool:
    return Repository.objects.filter(pk=repository.pk).writable_by(request.actor).exists()


def _make(request: ActorRequest, repository: Repository, page: str) -> Reference:
    sent = request.POST
    name, start = sent.get("name", "").strip(), sent.get("start", "").strip() or repository.default_branch
    if page == "branches":
        return references.create_branch(actor=request.actor, repository=repository, name=name, start=start)
    return references.create_tag(
        actor=request.actor, repository=repository, name=name, revision=start,
        message=sent.get("message", "").strip() or None,
    )  # fmt: skip


def _rows(repository: Repository, listed: list[Reference], page: str) -> list[Row]:
    default = repository.default_branch
    peeled = references.peeled(repository, listed) if page == "tags" else {}
    at = {reference.name: peeled.get(reference.target, reference.target) for reference in listed}
    head = Reference.objects.filter(repository=repository, name=f"refs/heads/{default}").values_list(
        "target", flat=True
    )
    wanted = {*at.values(), *head}
    commits = {
        row.oid: row for row in Commit.objects.filter(repository=repository, oid__in=wanted).select_related("author")
    }
    base = next((commits[oid] for oid in head if oid in commits), None)
    distances: dict[str, Distance] = {}
    if page == "branches" and base is not None:
        distances = ancestry.distances(repository, base, [commits[oid] for oid in set(at.values()) if oid in commits])
    rows = [
        Row(
            reference.short_name,
            commits[at[reference.name]],
            reference.name == f"refs/heads/{default}",
            distances.get(at[reference.name]),
            page_url(repository, "tree", reference.short_name),
            page_url(repository, f"{page}/delete", reference.short_name),
            page_url(repository, "compare", f"{default}...{reference.short_name}"),
        )
        for reference in listed
        if at[reference.name] in commits
    ]
    return sorted(rows, key=lambda row: not row.is_default)


@rate_limits.under(writes="write")
@require_http_methods(["GET", "HEAD", "POST"])
def delete_branch(request: ActorRequest, kind: str, namespace: str, name: str, rest: str) -> HttpResponse:
    return _delete(request, _readable(request, kind, namespace, name), "branches", rest)


@rate_limits.under(writes="write")
@require_http_methods(["GET", "HEAD", "POST"])
def delete_tag(request: ActorRequest, kind: str, namespace: str, name: str, rest: str) -> HttpResponse:
    return _delete(request, _readable(request, kind, namespace, name), "tags", rest)


def _delete(request: ActorRequest, repository: Repository, page: str, name: str) -> HttpResponse:
    """Asks for its name, and says which commits only it leads to."""
    access.require_write(request.actor, repository)
    is_branch = page == "branches"
    full_name = f"refs/{'heads' if is_branch else 'tags'}/{name}"
    found = Reference.objects.filter(repository=repository, name=full_name).first()
    if found is None:
        raise RevisionNotFound(name)
    if is_branch and name == repository.default_branch:
        raise Forbidden(_("%(name)s is the default branch: make another one the default first.") % {"name": name})
    form = TypedName(request.POST or None, name=name)
    error, status = "", 400 if form.errors else 200
    if request.method == "POST" and form.is_valid():
        delete = references.delete_branch if is_branch else references.delete_tag
        try:
            delete(actor=request.actor, repository=repository, name=name)
        except HubError as refusal:
            error, status = str(refusal), refusal.status
        else:
            messages.success(request, _("%(name)s is deleted.") % {"name": name})
            return redirect(page_url(repository, page))
    (row,) = _rows(repository, [found], page) or (None,)
    context = _frame(repository, page) | {
        "name": name,
        "row": row,
        "form": form,
        "error": error,
        "waiting": PullRequest.objects.filter(repository=repository, base=full_name, is_open=True).count(),
        "back_url": page_url(repository, page),
    }
    return render(request, "models_registry/reference_delete.html", context, status=status)
