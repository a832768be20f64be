"""Boards ranked from the scores of verified runs, by a worker: it alone holds numpy and scipy, and has the time."""

from collections.abc import Sequence
from uuid import UUID

import numpy as np
from django.db import transaction
from django.db.models import Count, F, Q, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from accounts.models import Actor
from evaluations import ranks
from evaluations.models import Board, Result, Score, Standing, State, SuiteVersion, Trust
from evaluations.services.board_filters import choices
from hub.batches import batches
from models_registry.models import Repository

WRITTEN_AT_ONCE = 1000
READ_AT_ONCE = 500


def rank(version: SuiteVersion) -> None:
    """Find out anew who stands where: of public repositories, each with its best run."""
    order = _best_runs(version)
    agreeing = _agreeing(version)
    standings = [
        Standing(
            run_id=pk,
            suite_version=version,
            position=position,
            first=first,
            last=last,
            trust=Trust.REPRODUCED if agreeing.get(pk, 0) > 1 else Trust.VERIFIED,
        )
        for position, (pk, (first, last)) in enumerate(zip(order, _intervals(version, order), strict=True), 1)
    ]
    with transaction.atomic():
        there = set(Standing.objects.filter(suite_version=version).values_list("pk", flat=True))
        for gone in batches(sorted(there - set(order)), WRITTEN_AT_ONCE):
            Standing.objects.filter(pk__in=gone).delete()
        Standing.objects.bulk_create(
            standings,
            batch_size=WRITTEN_AT_ONCE,
            update_conflicts=True,
            unique_fields=["run"],
            update_fields=["position", "first", "last", "trust"],
        )
        Board.objects.update_or_create(
            suite_version=version,
            defaults={
                "model_count": len(standings),
                "choices": choices(Standing.objects.filter(suite_version=version)),
                "ranked_at": timezone.now(),
            },
        )


def _best_runs(version: SuiteVersion) -> list[UUID]:
    """Ids of each repository's best run, best first; of equals the one that was first."""
    public = Repository.objects.visible_to(Actor())
    scored = Score.objects.filter(
        run__suite_version=version, run__state=State.SCORED, run__repository__in=public, primary=True
    )
    value = F("value").desc() if version.primary_metric["higher_is_better"] else F("value").asc()
    best_first = (value, F("run__finished_at").asc(), F("run_id").asc())
    place = Window(RowNumber(), partition_by=[F("run__repository_id")], order_by=best_first)
    best = scored.annotate(place=place).filter(place=1).order_by(*best_first)
    return list(best.values_list("run_id", flat=True))


def _intervals(version: SuiteVersion, order: Sequence[UUID]) -> list[tuple[int, int]]:
    """The ranks of these runs in this order. Who has kept no rows is told apart from nobody."""
    if not order:
        return []
    correct, losses = np.zeros((len(order), version.rows), bool), np.zeros((0, 0), np.float32)
    known = np.zeros(len(order), bool)
    place = {pk: index for index, pk in enumerate(order)}
    for chunk in batches(order, READ_AT_ONCE):
        kept = Result.objects.filter(run__in=chunk).values_list("run_id", "outcomes", "losses")
        for pk, bits, numbers in kept:
            if bits:
                packed = np.frombuffer(bits, np.uint8)
                correct[place[pk]] = np.unpackbits(packed, count=version.rows, bitorder="little")
            elif numbers:
                losses = losses if losses.size else np.zeros(correct.shape, np.float32)
                losses[place[pk]] = np.frombuffer(numbers, "<f4", count=version.rows)
            known[place[pk]] = bool(bits or numbers)
    p_values = ranks.bootstrap_neighbours(losses) if losses.size else ranks.mcnemar_neighbours(correct)
    p_values[~(known[:-1] & known[1:])] = 1.0
    return ranks.intervals(p_values.tolist())


def _agreeing(version: SuiteVersion) -> dict[UUID, int]:
    """{run: how many scored runs of the same commit found the same value, itself included}"""
    same = Q(
        run__repository__runs__commit=F("run__commit"),
        run__repository__runs__suite_version=F("run__suite_version"),
        run__repository__runs__state=State.SCORED,
        run__repository__runs__scores__name=F("name"),
        run__repository__runs__scores__value=F("value"),
    )
    counted = Score.objects.filter(primary=True, run__suite_version=version, run__state=State.SCORED).annotate(
        agreeing=Count("run__repository__runs", filter=same, distinct=True)
    )
    return dict(counted.values_list("run_id", "agreeing"))
