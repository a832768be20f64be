"""The page of one repository, and the pages that make, change and delete one."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Organization
from accounts.requests import ActorRequest
from hub.errors import HubError
from hub.wire import rate_limits
from models_registry import access, panels
from models_registry.errors import GatedRepository
from models_registry.formats.card import facts
from models_registry.formats.licences import identify
from models_registry.models import Card, Kind, Repository
from models_registry.page_addresses import page_url
from models_registry.services import gating, references, trees
from models_registry.services.cards import render as render_markdown
from models_registry.services.markdown import Place
from models_registry.services.repositories import change_settings, create_repository, delete_repository
from models_registry.web import side_facts
from models_registry.web.forms import DeleteForm, NewRepositoryForm, VisibilityForm
from models_registry.web.usage import first_steps, usages

CARD_SECONDS = 24 * 3600


def of_address(request: ActorRequest, kind: str, namespace: str, name: str) -> Repository:
    """The repository of a page's address. Raises RepositoryNotFound, for a private one as for a missing one."""
    return access.repository_for(request.actor, kind, f"{namespace}/{name}")


def card_html(repository: Repository, card: Card) -> SafeString:
    """The card as HTML; rendered once for each commit, however often it is read."""
    key = f"card:1:{repository.pk}:{card.commit}:{repository.full_name}"  # its links hold the name
    html = cache.get(key)
    if html is None:
        branch = repository.default_branch
        place = Place(
            blob=page_url(repository, "blob", branch) + "/",
            resolve=f"{repository.get_absolute_url()}/resolve/{branch}/",
        )
        html = str(render_markdown(card.text, place))
        cache.set(key, html, CARD_SECONDS)
    return mark_safe(html)  # noqa: S308 - rendered and cleaned by services.cards


@require_safe
def card(request: ActorRequest, kind: str, namespace: str, name: str) -> HttpResponse:
    repository = of_address(request, kind, namespace, name)
    if repository.full_name != f"{namespace}/{name}":
        return redirect(repository)
    context: dict[str, Any] = {"repository": repository, "section": Kind(kind).plural}
    if repository.disabled_reason:
        return render(request, "models_registry/repository_hidden.html", context)
    found = Card.objects.filter(repository=repository).first()
    commit = references.resolve(repository, repository.default_branch)
    entries, _more = trees.listing(repository, commit)
    paths = [entry.path for entry in entries if not entry.is_folder]
    licence = identify(repository.licence)
    context |= {
        "card": found,
        "card_html": card_html(repository, found) if found and found.text.strip() else "",
        "facts": facts(found.front_matter if found else {}),
        "is_empty": set(paths) <= {".gitattributes", "README.md"} and not any(entry.is_folder for entry in entries),
        "usages": usages(repository, paths),
        "first_steps": first_steps(repository),
        "licence": licence,
        "tensors": list(repository.tensor_summaries.defer("tensors").order_by("path")[:8]),
        "panels": panels.panels("repository-side", request, repository),
        "may_write": Repository.objects.filter(pk=repository.pk).writable_by(request.actor).exists(),
        "gate_message": _gate_message(request, repository),
        **side_facts.of(request, repository),
        "access_request": gating.state_of(request.actor, repository) if repository.gated else None,
    }
    return render(request, "models_registry/repository_card.html", context)


def _gate_message(request: ActorRequest, repository: Repository) -> str:
    try:
        access.require_read(request.actor, repository)
    except GatedRepository as error:
        return str(error)
    return ""


@rate_limits.under(writes="repository")
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: ActorRequest) -> HttpResponse:
    owner = request.GET.get("namespace", request.user.get_username())
    is_private = Organization.objects.filter(namespace__key=owner.lower(), private_by_default=True).exists()
    initial = {"namespace": owner, "visibility": "private" if is_private else "public"}
    form = NewRepositoryForm(request.POST or None, actor=request.actor, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            made = create_repository(
                actor=request.actor,
                namespace=form.cleaned_data["namespace"].name,
                name=form.cleaned_data["name"],
                kind=form.cleaned_data["kind"],
                private=form.cleaned_data["visibility"] == "private",
            )
        except HubError as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect(made)
    return render(request, "models_registry/repository_new.html", {"form": form})


@login_required
@require_safe
def settings(request: ActorRequest, kind: str, namespace: str, name: str) -> HttpResponse:
    repository = of_address(request, kind, namespace, name)
    access.require_administration(request.actor, repository)
    return _settings_page(request, repository)


def _settings_page(request: ActorRequest, repository: Repository, deletion: DeleteForm | None = None) -> HttpResponse:
    initial = {"private": "private" if repository.private else "public"}
    context = {
        "repository": repository,
        "section": Kind(repository.kind).plural,
        "visibility": VisibilityForm(initial=initial),
        "deletion": deletion or DeleteForm(full_name=repository.full_name),
    }
    return render(request, "models_registry/repository_settings.html", context, status=400 if deletion else 200)


@login_required
@require_POST
def change_visibility(request: ActorRequest, kind: str, namespace: str, name: str) -> HttpResponse:
    repository = of_address(request, kind, namespace, name)
    form = VisibilityForm(request.POST)
    if form.is_valid():
        change_settings(actor=request.actor, repository=repository, private=form.cleaned_data["private"])
        messages.success(request, _("It is private now.") if repository.private else _("It is public now."))
    return redirect(page_url(repository, "settings"))


@login_required
@require_POST
def delete(request: ActorRequest, kind: str, namespace: str, name: str) -> HttpResponse:
    repository = of_address(request, kind, namespace, name)
    access.require_administration(request.actor, repository)
    form = DeleteForm(request.POST, full_name=repository.full_name)
    if not form.is_valid():
        return _settings_page(request, repository, form)
    delete_repository(actor=request.actor, repository=repository)
    messages.success(request, _("%(name)s is deleted.") % {"name": repository.full_name})
    return redirect("namespace", repository.namespace.name)
