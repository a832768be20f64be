"""The page of one repository, and the page that makes one."""

import re
from dataclasses import dataclass
from html import unescape
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.html import strip_tags
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import Organization, Role
from accounts.requests import ActorRequest
from hub.errors import HubError
from hub.wire import rate_limits
from models_registry import panels
from models_registry.errors import RepositoryClosed, StorageUnavailable
from models_registry.formats.card import facts
from models_registry.formats.licences import identify
from models_registry.models import Card, Commit, Gate, Kind, Repository, Standing
from models_registry.page_addresses import page_url
from models_registry.services import licences, references, trees
from models_registry.services.cards import render as render_markdown
from models_registry.services.indexing.card import read_card
from models_registry.services.markdown import Place
from models_registry.services.repositories import create_repository, is_free
from models_registry.services.trees import TreeEntry
from models_registry.web import data, downloads, gates, licence_words, search_engines, side_facts
from models_registry.web.addressing import of_address
from models_registry.web.forms import NewRepositoryForm
from models_registry.web.usage import first_steps, usages

CARD_SECONDS = 24 * 3600
MOST_WEIGHTS = 8
FEWEST_HEADINGS = 4  # of a card that gets a table of contents
_HEADING = re.compile(r'<h(?P<level>[1-4]) id="(?P<id>[^"]+)"[^>]*>(?P<title>.*?)</h(?P=level)>', re.DOTALL)


@dataclass(frozen=True)
class Heading:
    """`depth`: 0 for the card's own highest level."""

    depth: int
    id: str
    title: str


def headings_of(html: str) -> list[Heading]:
    """The table of contents of a card as `card_html` gives it; [] for one that needs none."""
    found = [(int(match["level"]), match["id"], match["title"]) for match in _HEADING.finditer(html)]
    # A title above all others names the card, and leads nowhere.
    found = found[1:] if found and [level for level, _id, _title in found].count(found[0][0]) == 1 else found
    if len(found) < FEWEST_HEADINGS:
        return []
    highest = min(level for level, _id, _title in found)
    return [
        Heading(level - highest, place, unescape(strip_tags(title)).strip())
        for level, place, title in found
        if level - highest < 2
    ]


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


def _card_at(repository: Repository, commit: Commit, entries: list[TreeEntry]) -> Card | None:
    """The card as it was saved, also before a worker has read it for the lists."""
    known = Card.objects.filter(repository=repository).first()
    if known is not None and known.commit == commit.oid:
        return known
    try:
        return read_card(repository, commit, entries)[0]
    except StorageUnavailable:
        return known


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
    commit = references.resolve(repository, repository.default_branch)
    entries, _more = trees.listing(repository, commit)
    found = _card_at(repository, commit, entries)
    paths = [entry.path for entry in entries if not entry.is_folder]
    tensors = list(repository.tensor_summaries.defer("tensors").order_by("path")[:MOST_WEIGHTS])
    html = card_html(repository, found) if found and found.text.strip() else SafeString("")
    card_facts = facts(found.front_matter if found else {})
    beside = side_facts.of(request, repository, card_facts, tensors)
    loadable = list(dict.fromkeys([*paths, *(summary.path for summary in tensors)]))
    context |= {
        "card": found,
        "card_html": html,
        "headings": headings_of(html),
        "facts": card_facts,
        "is_empty": set(paths) <= {".gitattributes", "README.md"} and not any(entry.is_folder for entry in entries),
        "usages": usages(repository, loadable, beside["indexed"]),
        "first_steps": first_steps(repository),
        "licence": identify(repository.licence),
        "licence_choices": licence_words.summary(repository.licence),
        "licence_warnings": licence_words.warnings(licences.findings_of(request.actor, repository)),
        "tensors": tensors,
        "panels": panels.panels("repository-side", request, repository),
        "last_panels": panels.panels("repository-foot", request, repository),
        "may_write": Repository.objects.filter(pk=repository.pk).writable_by(request.actor).exists(),
        "edit_url": page_url(repository, "edit-card", repository.default_branch) if request.actor.user else "",
        "upload_url": page_url(repository, "upload", repository.default_branch),
        **search_engines.context(request, repository, found),
        **gates.context(request, repository),
        **data.first_rows(request, repository),
        **beside,
        **downloads.spark(repository),
    }
    return render(request, "models_registry/repository_card.html", context)


@rate_limits.under(writes="repository")
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: ActorRequest) -> HttpResponse:
    owner = request.GET.get("namespace", request.user.get_username())
    is_private = Organization.objects.filter(namespace__key=owner.lower(), private_by_default=True).exists()
    kind = Kind.DATASET if request.GET.get("kind") == Kind.DATASET else Kind.MODEL
    initial = {"namespace": owner, "kind": kind, "visibility": "private" if is_private else "public"}
    form = NewRepositoryForm(request.POST or None, actor=request.actor, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            made = create_repository(
                actor=request.actor,
                namespace=form.cleaned_data["namespace"].name,
                name=form.cleaned_data["name"],
                kind=form.cleaned_data["kind"],
                private=form.cleaned_data["visibility"] == "private",
                gated=Gate(form.cleaned_data["gated"]),
                licence=form.cleaned_data["licence"],
                task=form.cleaned_data["task"],
                from_template=form.cleaned_data["from_template"],
            )
        except HubError as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect(made)
    written = form["licence"].value() or ""
    context = {
        "form": form,
        "licence_groups": licence_words.grouped(),
        "written": written,
        "licence_choices": licence_words.summary(written),
        "may_have_organizations": form.fields["namespace"].queryset.count() > 1,  # type: ignore[attr-defined]
    }
    return render(request, "models_registry/repository_new.html", context)


@login_required
@require_safe
def availability(request: ActorRequest) -> HttpResponse:
    """Whether `?namespace=`, `?name=` and `?kind=` can be made, as a line below the field."""
    name = request.GET.get("name", "").strip()
    owner = request.actor.namespaces(Role.CONTRIBUTOR).filter(name=request.GET.get("namespace", "")).first()
    kind = Kind.DATASET if request.GET.get("kind") == Kind.DATASET else Kind.MODEL
    context: dict[str, Any] = {"name": name, "owner": owner, "kind": kind}
    if name and owner is not None:
        try:
            context["is_free"] = is_free(owner, kind, name)
        except HubError as refusal:
            context["refusal"] = str(refusal)
    return render(request, "models_registry/_name_state.html", context)
