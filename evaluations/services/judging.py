"""What a challenge's worker does: divide the rows, score submissions on their part, rank the boards, and end it.

It alone reads labels, and holds numpy and scipy. All of it is found anew at any time, until the results are published.
"""

import io
import logging
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import numpy as np
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts.models import User
from evaluations import ranks, splits
from evaluations.models import (
    BoardKind,
    Challenge,
    EntrantState,
    FinalBy,
    Measure,
    Place,
    Result,
    Run,
    SealedResult,
    Submission,
)
from evaluations.services import fetching, sealing
from hub.kept_sentences import sentence
from models_registry.community.models import NoticeKind
from models_registry.community.services.notifications import notify

logger = logging.getLogger(__name__)

_PUBLISHED = sentence(gettext_noop("The results of %(challenge)s are published"))

Rows = dict[UUID, np.ndarray]


def judge(challenge_id: int, now: datetime | None = None) -> None:
    """Score what is not scored yet, rank the boards, and publish the results if they are due. Raises StorageUnavailable."""
    now = now or timezone.now()
    challenge = Challenge.objects.published().select_related("suite_version").filter(pk=challenge_id).first()
    if challenge is None:
        return
    if challenge.public_rows is None:
        _divide(challenge)
    with transaction.atomic():
        challenge = (
            Challenge.objects.select_for_update(no_key=True, of=("self",))
            .select_related("suite_version")
            .get(pk=challenge_id)
        )
        rows = _rows_of(challenge)
        public = splits.unpack(bytes(challenge.public_rows or b""), challenge.suite_version.rows)
        _score(challenge, rows, public, "public")
        _rank(challenge, BoardKind.PUBLIC, rows, public)
        if challenge.results_at is None and not _is_due(challenge, now):
            return
        _score(challenge, rows, ~public, "hidden")
        _rank(challenge, BoardKind.FINAL, rows, ~public)
        if challenge.results_at is None:
            _publish(challenge, now)


def _divide(challenge: Challenge) -> None:
    """Find out which rows are public, once."""
    version = challenge.suite_version
    labels = np.load(io.BytesIO(fetching.read_labels(version)), allow_pickle=False)
    chosen = splits.public_rows(version.rows, challenge.public_percent, challenge.seed, labels)
    Challenge.objects.filter(pk=challenge.pk, public_rows=None).update(public_rows=splits.pack(chosen))


def _is_due(challenge: Challenge, now: datetime) -> bool:
    """Whether it is over and no submission of it is still measured."""
    if challenge.ends_at is None or now < challenge.ends_at:
        return False
    return not Run.objects.unfinished().filter(submissions__entry__challenge=challenge).exists()


def _rows_of(challenge: Challenge) -> Rows:
    """{run: (rows,) whether each is right, or how bad it is} of the submissions that a board may look at."""
    runs = set(Submission.objects.filter(entry__challenge=challenge).standing().values_list("run_id", flat=True))
    results = list(Result.objects.filter(run__in=runs))
    for sealed in SealedResult.objects.filter(run__in=runs):
        results += [row for row in sealing.found_by(sealed) if isinstance(row, Result)]
    found: Rows = {}
    for result in results:
        if result.outcomes:
            found[result.run_id] = splits.unpack(bytes(result.outcomes), challenge.suite_version.rows)
        elif result.losses:
            found[result.run_id] = np.frombuffer(bytes(result.losses), "<f4", count=challenge.suite_version.rows)
    if found and not challenge.measure:
        is_right = next(iter(found.values())).dtype == bool
        challenge.measure = Measure.ACCURACY if is_right else Measure.MEAN_LOSS
        challenge.save(update_fields=["measure"])
    return found


def _score(challenge: Challenge, rows: Rows, part: np.ndarray, name: str) -> None:
    """Write what each submission reached on a part of the rows, where it is not written yet. name: "public" or "hidden"."""
    unscored = Submission.objects.filter(entry__challenge=challenge, run__in=rows, **{f"{name}_value": None})
    submissions = list(unscored)
    for submission in submissions:
        of_rows = rows[submission.run_id][part]  # type: ignore[index]  # those without a run are not among them
        score = splits.accuracy(of_rows) if of_rows.dtype == bool else splits.mean_loss(of_rows)
        for fact in ("value", "low", "high", "stderr"):
            setattr(submission, f"{name}_{fact}", getattr(score, fact))
    facts = [f"{name}_{fact}" for fact in ("value", "low", "high", "stderr")]
    Submission.objects.bulk_update(submissions, facts, batch_size=500)


def _rank(challenge: Challenge, board: BoardKind, rows: Rows, part: np.ndarray) -> None:
    """Write the board anew: of each entry its best, ranks as far as paired tests on these rows tell them apart."""
    best = _best(challenge, board, rows)
    p_values: Sequence[float] = []
    if len(best) > 1:
        stacked = np.stack([rows[submission.run_id][part] for submission in best])  # type: ignore[index]
        neighbours = ranks.mcnemar_neighbours if stacked.dtype == bool else ranks.bootstrap_neighbours
        p_values = neighbours(stacked).tolist()
    Place.objects.filter(entry__challenge=challenge, board=board).delete()
    Place.objects.bulk_create(
        Place(
            entry_id=submission.entry_id, board=board, submission=submission, position=position, first=first, last=last
        )
        for position, (submission, (first, last)) in enumerate(
            zip(best, ranks.intervals(p_values) if best else [], strict=True), 1
        )
    )


def _best(challenge: Challenge, board: BoardKind, rows: Rows) -> list[Submission]:
    """Each entry's submission that stands on the board, best first; of equals the one that was first."""
    submissions = Submission.objects.filter(entry__challenge=challenge, run__in=rows).standing()
    if board == BoardKind.FINAL:
        submissions = submissions.filter(phase__counts=True)
    sign = -1 if challenge.higher_is_better else 1

    def by_public(submission: Submission) -> tuple[float, datetime]:
        return sign * (submission.public_value or 0.0), submission.created_at

    def by_hidden(submission: Submission) -> tuple[float, datetime]:
        return sign * (submission.hidden_value or 0.0), submission.created_at

    of_entry: dict[int, list[Submission]] = {}
    for submission in submissions:
        of_entry.setdefault(submission.entry_id, []).append(submission)
    order = by_public if board == BoardKind.PUBLIC else by_hidden
    best = []
    for candidates in of_entry.values():
        if board == BoardKind.FINAL and challenge.final_by == FinalBy.SELECTED:
            selected = [submission for submission in candidates if submission.selected]
            candidates = selected or [min(candidates, key=by_public)]  # noqa: PLW2901 - what is left of them
        best.append(min(candidates, key=order))
    return sorted(best, key=order)


def _publish(challenge: Challenge, now: datetime) -> None:
    """The challenge has its results, and nothing of it is secret any more."""
    challenge.results_at = now
    challenge.save(update_fields=["results_at"])
    sealing.release(challenge)
    entrants = User.objects.filter(
        entrants__challenge=challenge, entrants__state__in=[EntrantState.MEMBER, EntrantState.LEFT]
    )
    notify(
        kind=NoticeKind.EVALUATION,
        key=f"challenge:{challenge.pk}",
        users=entrants,
        text=_PUBLISHED % {"challenge": challenge.title},
        url=challenge.get_absolute_url(),
    )
    logger.info("challenge %s has its results", challenge.slug)
