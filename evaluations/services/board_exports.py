"""A board as a table for other programs: one row a model, one column a fact, made while it is sent."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.db.models import QuerySet

from evaluations.models import GroupStanding, Score, SplitScore, Standing, SuiteVersion
from evaluations.services import board_speeds
from hub.batches import batches

READ_AT_ONCE = 1000
FACTS: dict[str, type] = {
    "rank_first": int,
    "rank_last": int,
    "repository": str,
    "commit": str,
    "trust": str,
    "license": str,
    "architecture": str,
    "format": str,
    "params": int,
    "bytes": int,
    "hardware": str,
    "machine": str,
    "evaluation": str,
    "finished_at": str,
}

# The primary metric on public and on hidden rows, of suites that have both; the gap is public less hidden.
SPLIT: dict[str, type] = {
    **{f"{part}{bound}": float for part in ("public", "hidden") for bound in ("", "_low", "_high")},
    "gap": float,
    "wide_gap": bool,
}


def columns(version: SuiteVersion) -> dict[str, type]:
    """{name: type} of the table: the facts, then each metric with its interval, then what was measured of speed and memory."""
    metrics = [metric["name"] for metric in version.definition["metrics"]]
    intervals = {f"{name}{part}": float for name in metrics for part in ("", "_low", "_high")}
    return (
        FACTS
        | intervals
        | (SPLIT if version.public_rows else {})
        | dict.fromkeys(board_speeds.measured(version), float)
    )


def records(rows: QuerySet[Standing]) -> Iterator[dict[str, Any]]:
    """Of standings, in their order. A metric that was not measured is left out."""
    return records_of(rows.iterator(chunk_size=READ_AT_ONCE))


def records_of(rows: Iterable[Standing]) -> Iterator[dict[str, Any]]:
    for row in rows:
        run = row.run
        record = {
            "rank_first": row.first,
            "rank_last": row.last,
            "repository": run.repository.full_name,
            "commit": run.commit,
            "trust": row.trust,
            "license": run.repository.licence,
            "architecture": run.architecture,
            "format": run.format,
            "params": run.parameters,
            "bytes": run.model_bytes,
            "hardware": run.hardware_class,
            "machine": run.machine,
            "evaluation": str(run.pk),
            "finished_at": run.finished_at.isoformat() if run.finished_at else None,
        }
        for score in run.scores.all():
            record |= {score.name: score.value, f"{score.name}_low": score.low, f"{score.name}_high": score.high}
        yield record | split(getattr(run, "split_score", None)) | board_speeds.values(run)


def split(found: SplitScore | None) -> dict[str, float | bool | None]:
    """{column: value} of SPLIT; nothing of a run whose suite has no such rows."""
    if found is None:
        return {}
    bounds = {"": "value", "_low": "low", "_high": "high"}
    parts = {
        f"{part}{bound}": getattr(found, f"{part}_{fact}")
        for part in ("public", "hidden")
        for bound, fact in bounds.items()
    }
    return {**parts, "gap": found.gap, "wide_gap": found.has_wide_gap}


def group_columns(suites: Iterable[str]) -> dict[str, type]:
    """As `columns`, of a group's board; the scores of its suites are normalised."""
    means = {"mean": float, "mean_low": float, "mean_high": float, "borda": float}
    facts = {name: kind for name, kind in FACTS.items() if name != "evaluation"}
    return facts | means | dict.fromkeys(suites, float)


def group_records(suites: Mapping[int, str], rows: QuerySet[GroupStanding]) -> Iterator[dict[str, Any]]:
    """Of standings, in their order. suites: names by id. What a model was not measured on is left out."""
    return group_records_of(suites, rows.iterator(chunk_size=READ_AT_ONCE))


def group_records_of(suites: Mapping[int, str], rows: Iterable[GroupStanding]) -> Iterator[dict[str, Any]]:
    for row in rows:
        yield {
            "rank_first": row.first,
            "rank_last": row.last,
            "repository": row.repository.full_name,
            "commit": row.commit,
            "trust": row.trust,
            "license": row.repository.licence,
            "architecture": row.architecture,
            "format": row.format,
            "params": row.parameters,
            "bytes": row.model_bytes,
            "hardware": row.hardware_class,
            "machine": row.machine,
            "finished_at": row.finished_at.isoformat() if row.finished_at else None,
            "mean": row.value,
            "mean_low": row.low,
            "mean_high": row.high,
            "borda": row.borda,
        } | {suites[part.suite_id]: part.normalized for part in row.parts.all() if part.suite_id in suites}


PROGRESS = ("measured_at", "model", "run", "value", "low", "high")


def progress(records: Iterable[Score]) -> Iterator[dict[str, Any]]:
    """Scores of `plots.progress`, in columns of PROGRESS."""
    for score in records:
        at = score.run.finished_at
        yield {
            "measured_at": at.isoformat() if at else "", "model": score.run.repository.full_name, "run": str(score.run_id),
            "value": score.value, "low": score.low, "high": score.high,
        }  # fmt: skip


def as_csv(names: Iterable[str], table: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Of records, in columns of these names."""
    for part in batches(_cells(list(names), table), READ_AT_ONCE):
        target = io.StringIO()
        csv.writer(target).writerows(part)
        yield target.getvalue()


def as_parquet(types: Mapping[str, type], table: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """Of records, in columns of these names and types. One row group for each thousand."""
    import pyarrow as pa  # noqa: PLC0415 - 0.2 s and 60 MB that no other page needs
    import pyarrow.parquet as pq  # noqa: PLC0415

    kinds = {int: pa.int64(), float: pa.float64(), bool: pa.bool_(), str: pa.string()}
    schema = pa.schema([(name, kinds[kind]) for name, kind in types.items()])
    target = _Sent()
    with pq.ParquetWriter(pa.PythonFile(target, mode="w"), schema, compression="zstd") as writer:
        for part in batches(table, READ_AT_ONCE):
            writer.write_table(pa.Table.from_pylist(part, schema))
            yield target.take()
    yield target.take()


def _cells(names: list[str], table: Iterable[Mapping[str, Any]]) -> Iterator[list[Any]]:
    yield names
    for record in table:
        yield [_harmless(record.get(name)) for name in names]


def _harmless(value: Any) -> Any:
    """Text that a spreadsheet does not run: architectures and licences are of their authors' choice."""
    return f"'{value}" if isinstance(value, str) and value.lstrip()[:1] in {"=", "+", "-", "@"} else value


class _Sent(io.RawIOBase):
    """A file of which what was written is taken away."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._size

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        self._size += len(self._parts[-1])
        return len(self._parts[-1])

    def take(self) -> bytes:
        taken, self._parts = b"".join(self._parts), []
        return taken
