"""The page of one repository, and the page that makes one."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import Organization
from accounts.requests import ActorRequest
from hub.errors import HubError
from hub.wire import rate_limits
from models_registry import panels
from models_registry.errors import RepositoryClosed
from models_registry.formats.card import facts
from models_registry.formats.licences import identify
from models_registry.models import Card, Kind, Repository, Standing
from models_registry.page_addresses import page_url
from models_registry.services import licences, references, trees
from models_registry.services.cards import render as render_markdown
from models_registry.services.markdown import Place
from models_registry.services.repositories import create_repository
from models_registry.web import data, gates, licence_words, search_engines, side_facts
from models_registry.web.addressing import of_address
from models_registry.web.forms import NewRepositoryForm
from models_registry.web.usage import first_steps, usages

CARD_SECONDS = 24 * 3600


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
        context["panels"] = panels.panels("repository-closed", request, repository)
        status = RepositoryClosed.page_status if repository.standing == Standing.TAKEN_DOWN else 200
        return render(request, "models_registry/repository_hidden.html", context, status=status)
    found = Card.objects.filter(repository=repository).first()
    commit = references.resolve(repository, repository.default_branch)
    entries, _more = trees.listing(repository, commit)
    paths = [entry.path for entry in entries if not entry.is_folder]
    context |= {
        "card": found,
        "card_html": card_html(repository, found) if found and found.text.strip() else "",
        "facts": facts(found.front_matter if found else {}),
        "is_empty": set(paths) <= {".gitattributes", "README.md"} and not any(entry.is_folder for entry in entries),
        "usages": usages(repository, paths),
        "first_steps": first_steps(repository),
        "licence": identify(repository.licence),
        "licence_choices": licence_words.summary(repository.licence),
        "licence_warnings": licence_words.warnings(licences.findings_of(request.actor, repository)),
        "tensors": list(repository.tensor_summaries.defer("tensors").order_by("path")[:8]),
        "panels": panels.panels("repository-side", request, repository),
        "last_panels": panels.panels("repository-foot", request, repository),
        "may_write": Repository.objects.filter(pk=repository.pk).writable_by(request.actor).exists(),
        **search_engines.context(request, repository, found),
        **gates.context(request, repository),
        **data.first_rows(request, repository),
        **side_facts.of(request, repository),
    }
    return render(request, "models_registry/repository_card.html", context)


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
                licence=form.cleaned_data["licence"],
            )
        except HubError as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect(made)
    context = {"form": form, "licence_groups": licence_words.grouped()}
    return render(request, "models_registry/repository_new.html", context)
