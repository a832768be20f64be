"""What a repository's page shows beside its card, of what indexing has found: sizes, use, format, lineage."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from accounts.requests import ActorRequest
from models_registry.models import Kind, LineageEdge, Relation, Repository, RepositoryFacts

RELATION_TITLES = {
    Relation.FINETUNE: _("Fine-tuned from"),
    Relation.ADAPTER: _("Adapter of"),
    Relation.QUANTIZED: _("Quantised from"),
    Relation.MERGE: _("Merged from"),
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


def of(request: ActorRequest, repository: Repository) -> dict[str, Any]:
    """For the card's template. Three queries."""
    facts = RepositoryFacts.objects.filter(repository=repository).first() or RepositoryFacts(repository=repository)
    is_model = repository.kind == Kind.MODEL
    return {
        "indexed": facts,
        "saved": saved_percent(repository),
        "bases": _bases(request, repository) if is_model else [],
        "children": _children(request, repository) if is_model else [],
    }


def saved_percent(repository: Repository) -> int:
    """How much of its content need not be stored again: 0 where hardly anything is saved."""
    if not repository.storage_logical:
        return 0
    return max(0, 100 - round(100 * repository.storage_stored / repository.storage_logical))


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
