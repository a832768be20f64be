"""Two runs on the same rows: where they differ, and whether that is more than chance."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

from django.core.cache import cache
from django.utils.translation import gettext as _

from accounts.models import Actor
from evaluations import outcomes
from evaluations.errors import NotComparable
from evaluations.models import Result, Run
from evaluations.services import sample_reading
from evaluations.services.sample_reading import Sample, Samples
from hub.errors import BadRequest

SHOWN = ("", "first", "second")
MOST_RESAMPLED = 20_000  # rows: the bootstrap holds a thousand resamples of them, 8 bytes each
REMEMBERED = 24 * 3600  # seconds; runs do not change


@dataclass(frozen=True, slots=True)
class Differing(Sequence[tuple[Sample, Sample]]):
    """Rows on which two runs differ, as each of them answered."""

    rows: Sequence[int]
    first: Samples
    second: Samples

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, place: int) -> tuple[Sample, Sample]: ...
    @overload
    def __getitem__(self, place: slice) -> list[tuple[Sample, Sample]]: ...
    def __getitem__(self, place: int | slice) -> tuple[Sample, Sample] | list[tuple[Sample, Sample]]:
        if isinstance(place, slice):
            rows = self.rows[place]
            first, second = self.first.of(rows), self.second.of(rows)
            return [(first[row], second[row]) for row in rows]
        return self[place : place + 1][0]


@dataclass(frozen=True, slots=True)
class Pairing:
    """Where rows are right or wrong, `both_right` and `both_wrong` count the rest, and `first_better` is how many the first
    alone has right; elsewhere it is how many it loses less on, and `equal` are the rest.

    `test`: "mcnemar" or "bootstrap", both paired and two-sided. `p_value`: None where there are too many rows to resample.
    """

    test: str
    rows: int
    first_better: int
    second_better: int
    both_right: int | None
    both_wrong: int | None
    equal: int
    p_value: float | None
    differing: Differing


def pair(actor: Actor, first: Run, second: Run, shown: str = "") -> Pairing:
    """shown: of the rows that differ, all, or those on which the "first" or the "second" is better; the most telling first.

    For whoever may read both models. Raises NotComparable, BadRequest, and as `samples_of`.
    """
    if first.suite_version_id != second.suite_version_id:
        raise NotComparable(_("Only runs on the same version of a suite answered the same rows."))
    if shown not in SHOWN:
        raise BadRequest(_("show can be first or second, not %(shown)r.") % {"shown": shown[:40]})
    results = sample_reading.result_of(actor, first), sample_reading.result_of(actor, second)
    if bool(results[0].outcomes) != bool(results[1].outcomes):
        raise NotComparable
    by = _by_outcomes if results[0].outcomes else _by_losses
    return by((first, second), results, shown)


def _by_outcomes(runs: tuple[Run, Run], results: tuple[Result, Result], shown: str) -> Pairing:
    from evaluations import ranks  # noqa: PLC0415 - numpy and scipy, which few pages need

    rows = runs[0].suite_version.rows
    first, second = (outcomes.bits(result.outcomes) for result in results)
    only_first, only_second = first & ~second, second & ~first
    listed = {"": only_first | only_second, "first": only_first, "second": only_second}[shown]
    counts = only_first.bit_count(), only_second.bit_count()
    return Pairing(
        test="mcnemar",
        rows=rows,
        first_better=counts[0],
        second_better=counts[1],
        both_right=(first & second).bit_count(),
        both_wrong=rows - (first | second).bit_count(),
        equal=rows - sum(counts),
        p_value=float(ranks.mcnemar(*counts)),
        differing=_differing(runs, results, outcomes.rows_of(listed)),
    )


def _by_losses(runs: tuple[Run, Run], results: tuple[Result, Result], shown: str) -> Pairing:
    rows = runs[0].suite_version.rows
    first, second = (outcomes.losses(result.losses) for result in results)
    gains = [two - one for one, two in zip(first, second, strict=True)]  # of the first over the second
    is_listed = {"": bool, "first": lambda gain: gain > 0, "second": lambda gain: gain < 0}[shown]
    listed = [row for row in range(rows) if is_listed(gains[row])]
    better = sum(gain > 0 for gain in gains), sum(gain < 0 for gain in gains)
    return Pairing(
        test="bootstrap",
        rows=rows,
        first_better=better[0],
        second_better=better[1],
        both_right=None,
        both_wrong=None,
        equal=rows - sum(better),
        p_value=_resampled(results) if rows <= MOST_RESAMPLED else None,
        differing=_differing(runs, results, sorted(listed, key=lambda row: -abs(gains[row]))),
    )


def _resampled(results: tuple[Result, Result]) -> float:
    key = f"evaluations:compared:{results[0].pk}:{results[1].pk}"
    known: float | None = cache.get(key)
    if known is None:
        import numpy as np  # noqa: PLC0415 - as above

        from evaluations import ranks  # noqa: PLC0415

        losses = np.stack([np.frombuffer(result.losses, "<f4") for result in results])
        known = float(ranks.bootstrap_neighbours(losses)[0])
        cache.set(key, known, REMEMBERED)
    return known


def _differing(runs: tuple[Run, Run], results: tuple[Result, Result], rows: Sequence[int]) -> Differing:
    """Of a hidden suite none are listed: see `sample_reading.samples_of`."""
    listed = [] if runs[0].suite_version.is_hidden else rows
    first, second = (Samples(result, listed) for result in results)
    return Differing(listed, first, second)
