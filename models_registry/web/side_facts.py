"""What a repository's page shows beside its card, of what indexing has found: sizes, use, format, lineage."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.requests import ActorRequest
from models_registry.formats import languages
from models_registry.formats.card import CardFacts
from models_registry.models import Kind, LineageEdge, Relation, Repository, RepositoryFacts, TensorSummary

RELATION_TITLES = {
    Relation.FINETUNE: _("fine-tune"),
    Relation.ADAPTER: _("adapter"),
    Relation.QUANTIZED: _("quantised"),
    Relation.MERGE: _("merge"),
}
CHILDREN_TITLES = {
    Relation.FINETUNE: _("Fine-tunes"),
    Relation.ADAPTER: _("Adapters"),
    Relation.QUANTIZED: _("Quantised versions"),
    Relation.MERGE: _("Merges"),
}


@dataclass(frozen=True)
class Base:
    """`url` is "" where this hub has no such repository, or the reader may not know of it."""

    name: str
    relation: str
    url: str


@dataclass(frozen=True)
class Children:
    """Models made from this one; `tag` is what lists find them by."""

    title: Any
    tag: str
    count: int


@dataclass(frozen=True)
class Share:
    """Of the parameters, those of one dtype. `start`, `width`: where its part of the bar lies, in percent."""

    dtype: str
    count: int
    start: float
    width: float


def of(request: ActorRequest, repository: Repository, card: CardFacts, tensors: list[TensorSummary]) -> dict[str, Any]:
    """For the card's template. Four queries."""
    facts = RepositoryFacts.objects.filter(repository=repository).first() or RepositoryFacts(repository=repository)
    is_model = repository.kind == Kind.MODEL
    locale = get_language() or "en"
    return {
        "indexed": facts,
        "saved": saved_percent(repository),
        "shares": _shares(facts, tensors),
        "datasets": _datasets(request, card.datasets),
        "languages": [(tag, languages.name_of(tag, locale=locale)) for tag in card.languages],
        "bases": _bases(request, repository) if is_model else [],
        "children": _children(request, repository) if is_model else [],
    }


def saved_percent(repository: Repository) -> int:
    """How much of its content need not be stored again: 0 where hardly anything is saved."""
    if not repository.storage_logical:
        return 0
    return max(0, 100 - round(100 * repository.storage_stored / repository.storage_logical))


def _shares(facts: RepositoryFacts, tensors: list[TensorSummary]) -> list[Share]:
    """By dtype, the largest part first: of all safetensors, else of the first file whose header says so."""
    counts: dict[str, int] = facts.safetensors.get("parameters") or next((file.parameters for file in tensors), {})
    total, start, shares = sum(counts.values()), 0.0, []
    for dtype, count in sorted(counts.items(), key=lambda entry: -entry[1]):
        width = 100 * count / total if total else 0.0
        shares.append(Share(dtype, count, start, width))
        start += width
    return shares


def _datasets(request: ActorRequest, names: Sequence[str]) -> list[tuple[str, str]]:
    """(name, address) of what the card says it was trained on; "" where this hub has none, or the reader may not know of it."""
    visible = Repository.objects.visible_to(request.actor).filter(kind=Kind.DATASET).select_related("namespace")
    found = visible.filter(full_key__in=[name.lower() for name in names]) if names else []
    addresses = {dataset.full_key: dataset.get_absolute_url() for dataset in found}
    return [(name, addresses.get(name.lower(), "")) for name in names]


def _bases(request: ActorRequest, repository: Repository) -> list[Base]:
    visible = Repository.objects.visible_to(request.actor)
    edges = LineageEdge.objects.filter(repository=repository).select_related("base__namespace").order_by("pk")
    shown = set(visible.filter(children__repository=repository).values_list("pk", flat=True))
    return [
        Base(
            edge.base_name,
            str(RELATION_TITLES[Relation(edge.relation)]),
            edge.base.get_absolute_url() if edge.base and edge.base.pk in shown else "",
        )
        for edge in edges
    ]


def _children(request: ActorRequest, repository: Repository) -> list[Children]:
    visible = Repository.objects.visible_to(request.actor).values("pk")
    counted = dict(
        LineageEdge.objects.filter(base=repository, repository__in=visible)
        .order_by()
        .values_list("relation")
        .annotate(Count("pk"))
    )
    name = repository.full_name
    return [
        Children(CHILDREN_TITLES[relation], f"base_model:{relation.value}:{name}", counted[relation])
        for relation in Relation
        if relation in counted
    ]
