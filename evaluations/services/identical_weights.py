"""Which repositories hold the same weights under another name, found by the digest of their tensors."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Max, Min

from accounts.models import Actor
from evaluations.models import Run
from hub.batches import batches
from models_registry.models import Repository

ASKED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Twin:
    """`repository`: another one with the same weights, the oldest there is. `more`: how many others have them besides."""

    repository: Repository
    more: int


def twins_of(actor: Actor, runs: Iterable[Run]) -> dict[UUID, Twin]:
    """Of those runs whose weights other repositories have too, as far as this actor may know of them. Two queries."""
    shown = [run for run in runs if run.tensor_digest]
    found = {}
    for digests in batches(sorted({run.tensor_digest for run in shown if run.tensor_digest}), ASKED_AT_ONCE):
        holders = Run.objects.visible_to(actor).filter(tensor_digest__in=digests).order_by().values("tensor_digest")
        counted = holders.annotate(
            count=Count("repository", distinct=True), first=Min("repository"), last=Max("repository")
        )
        found.update({row["tensor_digest"]: row for row in counted if row["count"] > 1})
    others = {
        run.pk: (row["last"] if row["first"] == run.repository_id else row["first"], row["count"] - 2)
        for run in shown
        if (row := found.get(run.tensor_digest))
    }
    repositories = {
        repository.pk: repository
        for ids in batches(sorted({pk for pk, _ in others.values()}), ASKED_AT_ONCE)
        for repository in Repository.objects.filter(pk__in=ids).select_related("namespace")
    }
    return {run: Twin(repositories[pk], more) for run, (pk, more) in others.items() if pk in repositories}
