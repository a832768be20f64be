"""What a run said of each row, a page at a time: only those groups of rows are read from storage that the page shows."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, overload

from django.utils.translation import gettext as _

from accounts.models import Actor
from evaluations import outcomes
from evaluations.errors import ResultNotReady
from evaluations.models import Result, Run
from evaluations.models.run import State
from hub.errors import BadRequest, Forbidden
from models_registry import storage
from models_registry.access import require_read
from models_registry.services.random_access import opened

SHOWN = ("", "wrong", "worst")


@dataclass(frozen=True, slots=True)
class Sample:
    """One row. Of `correct` and `loss` one is None."""

    row: int
    correct: bool | None
    loss: float | None
    predicted: Any


class Samples(Sequence[Sample]):
    """These rows of one run, read when they are asked for. Reading raises StorageUnavailable."""

    def __init__(self, result: Result, rows: Sequence[int]) -> None:
        self._result, self._rows = result, rows

    @property
    def is_classified(self) -> bool:
        """Whether each row is right or wrong, rather than more or less off."""
        return bool(self._result.outcomes)

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> Sample: ...
    @overload
    def __getitem__(self, place: slice) -> list[Sample]: ...
    def __getitem__(self, place: int | slice) -> Sample | list[Sample]:
        if isinstance(place, slice):
            rows = self._rows[place]
            found = self.of(rows)
            return [found[row] for row in rows]
        return self.of([self._rows[place]])[self._rows[place]]

    def of(self, rows: Sequence[int]) -> dict[int, Sample]:
        """{row: what was said of it}"""
        return {row["row"]: _sample(row) for row in _read(self._result.samples_key, rows)}


def samples_of(actor: Actor, run: Run, shown: str = "") -> Samples:
    """All rows in order, those that are wrong, or the worst first where none is simply wrong.

    For whoever may read the model: its predictions are made of it. Of a hidden suite for nobody: a model that always says the
    same would be told the labels. Raises Forbidden, GatedRepository, RepositoryClosed, ResultNotReady, BadRequest.
    """
    if run.suite_version.is_hidden:
        raise Forbidden(_("The rows of a hidden suite are shown to nobody."))
    result = result_of(actor, run)
    if shown not in SHOWN:
        raise BadRequest(_("show can be wrong or worst, not %(shown)r.") % {"shown": shown[:40]})
    count = run.suite_version.rows
    rows: Sequence[int] = range(count)
    if shown == "wrong":
        if not result.outcomes:
            raise BadRequest(_("On this suite no row is simply right or wrong; ask for show=worst."))
        rows = outcomes.rows_of(~outcomes.bits(result.outcomes) & ((1 << count) - 1))
    elif shown == "worst":
        if not result.losses:
            raise BadRequest(_("On this suite each row is right or wrong; ask for show=wrong."))
        losses = outcomes.losses(result.losses)
        rows = sorted(range(count), key=losses.__getitem__, reverse=True)
    return Samples(result, rows)


def result_of(actor: Actor, run: Run) -> Result:
    """What a run left behind, with its rows. Raises GatedRepository, RepositoryClosed, ResultNotReady."""
    require_read(actor, run.repository)
    result = Result.objects.filter(run=run).defer("document").first()
    if result is None or not (result.outcomes or result.losses):
        raise ResultNotReady(
            _("This evaluation is %(state)s: it has no rows to show.") % {"state": State(run.state).in_words}
        )
    return result


def classes(run: Run) -> list[str]:
    """The names of what is predicted, if the suite gives them."""
    names: list[str] = run.suite_version.definition["io"]["output"].get("labels", [])
    return names


def _sample(row: dict[str, Any]) -> Sample:
    return Sample(row["row"], row.get("correct"), row.get("loss"), row["predicted"])


def _read(key: str, rows: Sequence[int]) -> list[dict[str, Any]]:
    """These rows of a Parquet file as `evaluations.samples` writes it: its end, and the groups they are in."""
    import pyarrow.parquet as pq  # noqa: PLC0415 - 0.2 s and 60 MB that few pages need

    if not rows:
        return []
    size = storage.size_of(key)
    if size is None:
        raise storage.ObjectMissing
    with pq.ParquetFile(opened(lambda start, end: storage.read_range(key, start, end), size)) as file:
        counts = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
        starts = [0, *accumulate(counts)]
        wanted: dict[int, list[int]] = {}
        for row in sorted(rows):
            wanted.setdefault(bisect_right(starts, row) - 1, []).append(row)
        found: list[dict[str, Any]] = []
        for group, members in wanted.items():
            table = file.read_row_group(group)
            found += table.take([row - starts[group] for row in members]).to_pylist()
        return found
