"""Rows out of Parquet, CSV, JSON and text, as far as a few megabytes go."""

import csv
import io
import json
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from models_registry.formats.fenced import NoMoreBytes, Source, SourceFile
from models_registry.formats.tables.columns import (
    KEPT_CHARACTERS,
    KEPT_ROWS,
    MOST_COLUMNS,
    STATISTIC_ROWS,
    Column,
    cell,
    clean,
)

TEXT_BYTES = 8 * 1024 * 1024  # of a split, unpacked
LARGEST_FOOTER = 16 * 1024 * 1024
MOST_FILES_READ = 20
_BATCH_BYTES = 16 * 1024 * 1024
_BLOCK = 256 * 1024
_LONGEST_RECORD = 1024 * 1024
_GZIP = 31  # zlib's name for it


class TableError(ValueError):
    """This file's rows cannot be read; the message says why."""


@dataclass
class Table:
    """What is known of a split. `num_rows`: of all its files; None where they were not read to their end."""

    num_rows: int | None = 0
    seen: int = 0
    columns: dict[str, Column] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)
    cut: list[tuple[int, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    kinds: dict[str, str] = field(default_factory=dict)
    _characters: int = 0
    _omits_columns: bool = False

    @property
    def is_full(self) -> bool:
        return self.seen >= STATISTIC_ROWS

    def add(self, row: Mapping[str, Any]) -> None:
        for name, value in row.items():
            column = self.columns.get(name)
            if column is None:
                if len(self.columns) >= MOST_COLUMNS:
                    self._omits_columns = True
                    continue
                column = self.columns[name] = Column(name, self.kinds.get(name, ""))
                column.add_nothing(self.seen)
            column.add(value)
        for name in self.columns.keys() - row.keys():
            self.columns[name].add_nothing(1)
        if len(self.rows) < KEPT_ROWS and self._characters < KEPT_CHARACTERS:
            self._keep(row)
        self.seen += 1

    def _keep(self, row: Mapping[str, Any]) -> None:
        kept = {}
        for name in self.columns:
            value, is_cut = cell(row.get(name))
            kept[self.columns[name].name] = value
            if is_cut:
                self.cut.append((len(self.rows), self.columns[name].name))
            self._characters += (
                len(value) if isinstance(value, str) else 8 if not isinstance(value, dict | list) else 200
            )
        self.rows.append(kept)

    def count(self, rows: int | None) -> None:
        """One file more has that many rows; None: nobody knows."""
        self.num_rows = None if rows is None or self.num_rows is None else self.num_rows + rows

    def as_json(self) -> dict[str, Any]:
        if self._omits_columns:
            self.problems.append(f"Only the first {MOST_COLUMNS} columns are shown.")
        return {
            "num_rows": self.num_rows,
            "seen": self.seen,
            "columns": [column.summary() for column in self.columns.values()],
            "rows": self.rows,
            "cut": [list(place) for place in self.cut],
            "problems": [clean(problem) for problem in self.problems[:20]],
        }


def read_table(form: str, sources: Sequence[Source]) -> dict[str, Any]:
    """A split's first rows and statistics, as JSON; a file that cannot be read is a sentence among its `problems`."""
    table = Table()
    left = TEXT_BYTES
    for source in sources[:MOST_FILES_READ]:
        try:
            if form == "parquet":
                _read_parquet(source, table)
            else:
                left -= _read_text(form, source, table, left)
        except (TableError, ValueError, RecursionError, OverflowError, csv.Error, MemoryError) as error:
            table.num_rows = None
            table.problems.append(f"{source.path[:200]}: {_sentence(error)}")
    if len(sources) > MOST_FILES_READ:
        table.num_rows = None
    return table.as_json()


def _sentence(error: Exception) -> str:
    if isinstance(error, TableError | NoMoreBytes):
        return str(error)[:300]
    if isinstance(error, RecursionError):
        return "Its values are nested too deeply."
    if isinstance(error, MemoryError):
        return "It unpacks to more than this hub reads."
    return f"It cannot be read ({type(error).__name__}: {str(error)[:200]})."


def _read_text(form: str, source: Source, table: Table, most: int) -> int:
    """Returns the number of bytes that were looked at."""
    if most <= 0:
        table.count(None)
        return 0
    head, is_whole = _head(source, most)
    text = _decoded(head)
    if form == "csv":
        rows = _csv_rows(text, "\t" if ".tsv" in source.path.lower() else None)
    elif form == "json":
        rows = _json_rows(text, table)
    else:
        rows = ({"text": line} for line in text.splitlines())
    counted = 0
    pending: Mapping[str, Any] | None = None
    for row in rows:
        if pending is not None:
            counted += 1
            if not table.is_full:
                table.add(pending)
        pending = row
    if pending is not None and is_whole:  # where the file was cut, so was its last row
        counted += 1
        if not table.is_full:
            table.add(pending)
    if not is_whole and not counted:
        raise TableError("Its first row is longer than this hub reads for a preview.")
    table.count(counted if is_whole else None)
    return len(head)


def _head(source: Source, most: int) -> tuple[bytes, bool]:
    """The first bytes, unpacked, and whether that is all of it. Raises TableError."""
    parts: list[bytes] = []
    length = 0
    unpacker = zlib.decompressobj(_GZIP) if source.path.lower().endswith(".gz") else None
    for start in range(0, source.size, _BLOCK):
        part = source.read(start, min(start + _BLOCK, source.size))
        if unpacker is not None:
            try:
                part = unpacker.decompress(part, most - length + 1)
            except zlib.error:
                raise TableError("It ends in .gz, and is no gzip file.") from None
        parts.append(part)
        length += len(part)
        if length > most:
            return b"".join(parts)[:most], False
        if unpacker is not None and unpacker.eof:
            break
    return b"".join(parts), unpacker is None or unpacker.eof


def _decoded(head: bytes) -> str:
    encoding = "utf-16" if head[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    return head.decode(encoding, "replace")


def _csv_rows(text: str, delimiter: str | None) -> Iterator[dict[str, Any]]:
    csv.field_size_limit(_LONGEST_RECORD)
    first = text[: text.find("\n") if "\n" in text else len(text)][:_BLOCK]
    if delimiter is None:
        delimiter = max(",;\t|", key=first.count) if any(mark in first for mark in ",;\t|") else ","
    records = (record for record in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if record)
    header = next(records, [])
    names = _unique(header)
    several = list(_first(records, STATISTIC_ROWS))
    readers = [_reader_of([row[place] if place < len(row) else "" for row in several]) for place in range(len(names))]
    for record in several:
        yield {name: readers[place](record[place]) if place < len(record) else None for place, name in enumerate(names)}
    for _record in records:
        yield {}  # counted, and no more


def _first(records: Iterator[list[str]], most: int) -> Iterator[list[str]]:
    for _number, record in zip(range(most), records, strict=False):
        yield record


def _unique(header: Sequence[str]) -> list[str]:
    names: list[str] = []
    known: set[str] = set()
    for place, title in enumerate(header[: MOST_COLUMNS + 1]):
        name = title.strip() or f"column {place + 1}"
        while name in known:
            name += "_"
        known.add(name)
        names.append(name)
    return names


_INTEGER = re.compile(r"[-+]?\d{1,18}\Z", re.ASCII)
_FLOAT = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?\Z", re.ASCII)
_BOOLEANS = {"true": True, "false": False}


def _reader_of(values: Sequence[str]) -> Callable[[str], Any]:
    """How a column's cells are read: as what all of them are. Formulas are text like any other."""
    written = [value.strip() for value in values if value.strip()]
    if not written:
        return lambda value: value or None
    if all(_INTEGER.match(value) for value in written) and not any(
        value.lstrip("+-").startswith("0") and len(value.lstrip("+-")) > 1 for value in written
    ):
        return lambda value: int(value) if value.strip() else None
    if all(len(value) <= 40 and _FLOAT.match(value) for value in written):
        return lambda value: float(value) if value.strip() else None
    if all(value.lower() in _BOOLEANS for value in written):
        return lambda value: _BOOLEANS[value.strip().lower()] if value.strip() else None
    return lambda value: value or None


def _json_rows(text: str, table: Table) -> Iterator[dict[str, Any]]:
    """JSON lines, an array of rows, or an object of columns or of one list of rows."""
    start = text.lstrip()
    if start.startswith("["):
        yield from _array_rows(start)
        return
    document = _document(start)
    if document is not None:
        yield from _object_rows(document)
        return
    broken = number = 0
    for number, line in enumerate(start.split("\n")):
        if not line.strip():
            continue
        if number >= STATISTIC_ROWS:
            yield {}
            continue
        try:
            if len(line) > _LONGEST_RECORD:
                raise TableError("Too long.")
            yield _row(json.loads(line))
        except (ValueError, RecursionError):
            broken += 1
    if broken > (0 if text.endswith("\n") else 1) or broken == number + 1:
        table.problems.append(f"{broken} lines are no JSON that can be read, or too long.")


def _document(text: str) -> dict[str, Any] | None:
    """The object that a text is, if it is one and not several in lines."""
    first, _, rest = text.partition("\n")
    try:
        if rest.strip() and isinstance(json.loads(first[:_LONGEST_RECORD]), dict):
            return None
    except (ValueError, RecursionError):
        pass
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _array_rows(text: str) -> Iterator[dict[str, Any]]:
    decoder = json.JSONDecoder()
    place = 1
    while True:
        while place < len(text) and text[place] in " \t\r\n,":
            place += 1
        if place >= len(text) or text[place] == "]":
            yield from [{}] if place >= len(text) else []  # stands for the row that is cut off
            return
        try:
            value, place = decoder.raw_decode(text, place)
        except ValueError:
            if place + _LONGEST_RECORD < len(text):
                raise TableError("It is not valid JSON.") from None
            yield {}  # cut off, too
            return
        yield _row(value)


def _object_rows(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    lists = {name: value for name, value in document.items() if isinstance(value, list)}
    lengths = {len(value) for value in lists.values()}
    if len(lists) == len(document) and len(lengths) == 1 and len(lists) > 1:
        for place in range(lengths.pop()):
            yield {name: values[place] for name, values in lists.items()}
        return
    rows = [value for value in lists.values() if value and all(isinstance(row, dict) for row in value)]
    if len(rows) == 1:
        yield from (_row(row) for row in rows[0])
        return
    yield _row(document)


def _row(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {"value": value}


def _read_parquet(source: Source, table: Table) -> None:
    # Here, and not above: it is for the one process that reads tables.
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    tail = source.read(max(source.size - 8, 0), source.size)
    if tail[4:] == b"PARE":
        raise TableError("It is encrypted.")
    if tail[4:] != b"PAR1" or int.from_bytes(tail[:4], "little") > min(LARGEST_FOOTER, source.size):
        raise TableError("It is no Parquet file, or its footer is larger than this hub reads.")
    try:
        file = pq.ParquetFile(pa.PythonFile(SourceFile(source), mode="r"), pre_buffer=False)
        groups = file.metadata.num_row_groups
        table.count(max(file.metadata.num_rows, 0))
        if table.is_full or groups == 0:
            return
        names = file.schema_arrow.names
        table.kinds |= {name: clean(str(file.schema_arrow.field(place).type))[:80] for place, name in enumerate(names)}
        first = file.metadata.row_group(0)
        width = max(first.total_byte_size // max(first.num_rows, 1), 1)
        batches = file.iter_batches(
            batch_size=max(min(_BATCH_BYTES // width, 1000), 1),
            row_groups=list(range(min(groups, 4))),
            columns=names[:MOST_COLUMNS] if len(names) > MOST_COLUMNS else None,
            use_threads=False,
        )
        for batch in batches:
            for row in batch.to_pylist():
                table.add(row)
                if table.is_full:
                    return
    except (pa.ArrowException, OSError, NotImplementedError) as error:
        raise TableError(f"It cannot be read: {str(error).splitlines()[0][:200]}") from None
