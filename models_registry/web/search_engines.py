"""What repositories tell those who do not read the page itself: search engines, and sites that show a link to it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import Actor
from accounts.requests import ActorRequest
from hub import previews
from hub.addresses import absolute
from hub.shared_answers import for_everybody
from hub.templatetags.grove import short_number
from models_registry import access
from models_registry.models import Card, DatasetTable, Kind, Repository
from models_registry.services import croissant, tables
from models_registry.templatetags.registry import task_title

MOST_SPLITS_TOLD, MOST_COLUMNS_TOLD = 5, 50  # in a page; the whole is at /croissant


def structured_data(repository: Repository, card: Card | None, splits: list[DatasetTable]) -> dict[str, Any]:
    """As schema.org says it: a dataset in Croissant's terms, a model as source code that one can get."""
    front_matter = card.front_matter if card else {}
    if repository.kind == Kind.DATASET:
        return croissant.describe(repository, splits, front_matter, most_columns=MOST_COLUMNS_TOLD)
    address = absolute(repository.get_absolute_url())
    described = {
        "@context": "https://schema.org",
        "@type": "SoftwareSourceCode",
        "name": repository.full_name,
        "description": repository.summary,
        "url": address,
        "codeRepository": address,
        "creator": croissant.creator(repository),
        "license": croissant.licence_url(repository.licence) if repository.licence else "",
        "keywords": [word for word in (repository.task, repository.library) if word],
        "dateCreated": repository.created_at.isoformat(),
        "dateModified": repository.updated_at.isoformat(),
        "image": absolute(preview_path(repository)),
    }
    return {name: value for name, value in described.items() if value}


def context(request: ActorRequest, repository: Repository, card: Card | None) -> dict[str, Any]:
    """For the page of a repository that everybody may see. What a gate keeps back is not told here either."""
    if not repository.is_public:
        return {}
    may_tell = repository.kind == Kind.DATASET and not repository.gated
    told = tables.of_repository(request.actor, repository, with_columns=True, most=MOST_SPLITS_TOLD) if may_tell else []
    return {
        "preview_path": preview_path(repository),
        "structured_data": structured_data(repository, card, told),
    }


def preview_path(repository: Repository) -> str:
    namespace = repository.namespace.name
    return reverse("repository-preview", args=[Kind(repository.kind).plural, namespace, repository.name])


@require_safe
@for_everybody(previews.MINUTES_FRESH)
def preview(request: HttpRequest, plural: str, namespace: str, name: str) -> HttpResponse:
    """For everybody: a picture of what is private is as missing as its page."""
    kind = {kind.plural: kind for kind in Kind}[plural]
    repository = access.repository_for(Actor(), kind, f"{namespace}/{name}")
    facts = [
        (task_title(repository.task), _("Task")),
        (short_number(repository.parameter_count), _("Parameters")),
        (repository.licence, _("Licence")),
        (short_number(repository.downloads) if repository.downloads else "", _("Downloads")),
    ]
    shown = [(value, meaning) for value, meaning in facts if value]
    return previews.answer(
        request, previews.Preview(repository.namespace.display_name, repository.name, repository.summary, shown)
    )
