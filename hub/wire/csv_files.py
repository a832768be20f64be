"""Tables as CSV, for people who open them in a spreadsheet."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.http import StreamingHttpResponse


def csv_file(name: str, rows: Iterable[Sequence[Any]]) -> StreamingHttpResponse:
    """An answer that a browser saves under that name, sent row by row. name: of ASCII letters that need no quoting."""
    return StreamingHttpResponse(
        _written(rows),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def harmless_cell(value: Any) -> Any:
    """Text that a spreadsheet does not run: one that begins like a formula gets an apostrophe before it."""
    if not isinstance(value, str):
        return value
    return f"'{value}" if value.lstrip()[:1] in {"=", "+", "-", "@"} or value[:1] in {"\t", "\r", "\n"} else value


class _Echo:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def _written(rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    writer: Any = csv.writer(_Echo())
    yield "\ufeff"  # spreadsheets take it for another encoding without
    for row in rows:
        yield writer.writerow([harmless_cell(value) for value in row])
