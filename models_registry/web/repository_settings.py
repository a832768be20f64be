"""What who administers a repository may change: who sees it, its default branch, its licence; and its end."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.requests import ActorRequest
from hub.errors import HubError
from models_registry import access
from models_registry.models import Kind, Reference, Repository
from models_registry.page_addresses import page_url
from models_registry.services import licences
from models_registry.services.repositories import change_default_branch, change_settings, delete_repository
from models_registry.web import licence_words
from models_registry.web.addressing import of_address
from models_registry.web.forms import DefaultBranchForm, DeleteForm, LicenceForm, VisibilityForm

MOST_BRANCHES = 200


def administered(request: ActorRequest, kind: str, namespace: str, name: str) -> Repository:
    """Raises RepositoryNotFound, Forbidden."""
    repository = of_address(request, kind, namespace, name)
    access.require_administration(request.actor, repository)
    return repository


def frame(repository: Repository, page: str) -> dict[str, Any]:
    """What every page of the settings needs. page: "general", "licence", "access" or "transfer"."""
    return {"repository": repository, "section": Kind(repository.kind).plural, "settings_page": page}


@login_required
@require_safe
def general(request: ActorRequest, kind: str, namespace: str, name: str) -> HttpResponse:
    return _general_page(request, administered(request, kind, namespace, name))


def _general_page(request: ActorRequest, repository: Repository, deletion: DeleteForm | None = None) -> HttpResponse:
    context = frame(repository, "general") | {
        "visibility": VisibilityForm(initial={"private": "private" if repository.private else "public"}),
        "default_branch": _branch_form(repository),
        "deletion": deletion or DeleteForm(name=repository.full_name),
    }
    return render(request, "models_registry/repository_settings.html", context, status=400 if deletion else 200)


def _branch_form(repository: Repository, data: Any = None) -> DefaultBranchForm:
    listed = Reference.objects.filter(repository=repository, name__startswith="refs/heads/").order_by("name")
    branches = [reference.short_name for reference in listed[:MOST_BRANCHES]]
    if repository.default_branch not in branches:
        branches.insert(0, repository.default_branch)
    return DefaultBranchForm(data, branches=branches, initial={"branch": repository.default_branch})


@login_required
@require_POST
def visibility(request: ActorRequest, kind: str, namespace: str, name: str) -> HttpResponse:
    repository = administered(request, kind, namespace, name)
    form = VisibilityForm(request.POST)
    if form.is_valid():
        change_settings(actor=request.actor, repository=repository, private=form.cleaned_data["private"])
        messages.success(request, _("It is private now.") if repository.private else _("It is public now."))
    return redirect(page_url(repository, "settings"))


@login_required
@require_POST
def default_branch(request: ActorRequest, kind: str, namespace: str, name: str) -> HttpResponse:
    repository = administered(request, kind, namespace, name)
    form = _branch_form(repository, request.POST)
    if form.is_valid():
        branch = form.cleaned_data["branch"]
        change_default_branch(actor=request.actor, repository=repository, branch=branch)
        messages.success(request, _("The default branch is %(branch)s now.") % {"branch": branch})
    return redirect(page_url(repository, "settings"))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def licence(request: ActorRequest, kind: str, namespace: str, name: str) -> HttpResponse:
    """The card's licence, with what it means; changing it is a commit."""
    repository = administered(request, kind, namespace, name)
    form = LicenceForm(request.POST or None, initial={"licence": repository.licence})
    if request.method == "POST" and form.is_valid():
        try:
            licences.change_licence(actor=request.actor, repository=repository, licence=form.cleaned_data["licence"])
        except HubError as refusal:
            form.add_error("licence", str(refusal))
        else:
            messages.success(request, _("The card names it. This page shows it as soon as the commit is read."))
            return redirect(page_url(repository, "settings/licence"))
    context = frame(repository, "licence") | {
        "form": form,
        "licence_groups": licence_words.grouped(),
        "licence_choices": licence_words.summary(repository.licence),
        "licence_warnings": licence_words.warnings(licences.findings_of(request.actor, repository)),
    }
    return render(request, "models_registry/licence_settings.html", context, status=400 if form.errors else 200)


@login_required
@require_POST
def delete(request: ActorRequest, kind: str, namespace: str, name: str) -> HttpResponse:
    repository = administered(request, kind, namespace, name)
    form = DeleteForm(request.POST, name=repository.full_name)
    if not form.is_valid():
        return _general_page(request, repository, form)
    delete_repository(actor=request.actor, repository=repository)
    messages.success(request, _("%(name)s is deleted.") % {"name": repository.full_name})
    return redirect("namespace", repository.namespace.name)
