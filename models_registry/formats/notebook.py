"""A Jupyter notebook's cells, out of its JSON: https://nbformat.readthedocs.io, versions 3 and 4.

Read leniently: what a cell or an output is not, is left out rather than refused. How much is kept is bounded.
"""

import base64
import binascii
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

MOST_CELLS = 500
MOST_OUTPUTS = 40  # of one cell
LONGEST_SOURCE = 60_000  # characters of one cell
LONGEST_TEXT = 20_000  # characters of one output
LONGEST_HTML = 200_000
MOST_DRAWN = 512 * 1024  # characters of all cells and formatted outputs together: each is parsed or coloured
LARGEST_PICTURE = 2 * 1024 * 1024
MOST_PICTURE_BYTES = 6 * 1024 * 1024  # of all together, as they stand in the page

RICH = ("html", "markdown", "latex")
_PICTURES = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "image/webp": (b"RIFF",),
}
_SVG = "image/svg+xml"
_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[\x00-\x08\x0b\x0c\x0e-\x1f]")


class NotANotebook(ValueError):
    """The text says why, for people to read."""


@dataclass(frozen=True)
class Output:
    """`kind`: "text", "error", one of RICH, "picture" (text: a data: address), or "other" (text: its type)."""

    kind: str
    text: str
    is_cut: bool = False


@dataclass(frozen=True)
class Cell:
    """`kind`: "markdown", "code" or "raw". `count`: as In [count]."""

    kind: str
    source: str
    count: int | None = None
    outputs: list[Output] = field(default_factory=list)
    is_cut: bool = False
    omitted_outputs: int = 0


@dataclass(frozen=True)
class Notebook:
    """`language`: as Pygments may know it. `omitted_cells`: how many more there are."""

    cells: list[Cell]
    language: str = "python"
    kernel: str = ""
    omitted_cells: int = 0


def parse(raw: bytes) -> Notebook:
    """Raises NotANotebook."""
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError):
        raise NotANotebook("It is not valid JSON, or nested too deeply.") from None
    if not isinstance(document, dict):
        raise NotANotebook("It is no JSON object.")
    cells = document.get("cells")
    if cells is None and isinstance(sheets := document.get("worksheets"), list):
        cells = [cell for sheet in sheets if isinstance(sheet, dict) for cell in _list(sheet.get("cells"))]
    if not isinstance(cells, list):
        raise NotANotebook("It holds no list of cells.")
    metadata = _dict(document.get("metadata"))
    kernel = _dict(metadata.get("kernelspec"))
    language = _dict(metadata.get("language_info")).get("name") or kernel.get("language")
    kept, omitted = _Room().fill(cells, MOST_CELLS, _cell)
    return Notebook(
        kept,
        language=language[:40] if isinstance(language, str) else "python",
        kernel=_text(kernel.get("display_name"))[:80],
        omitted_cells=omitted,
    )


_Part = TypeVar("_Part", Cell, Output)


class _Room:
    """How much of a notebook is still kept."""

    def __init__(self) -> None:
        self._picture_bytes = MOST_PICTURE_BYTES
        self._characters = MOST_DRAWN

    def fill(
        self, values: list[Any], most: int, read: Callable[[dict[str, Any], "_Room"], _Part]
    ) -> tuple[list[_Part], int]:
        """The first of these, without what is none; and how many more there are."""
        kept: list[_Part] = []
        for number, value in enumerate(values):
            if number == most or self._characters <= 0:
                return kept, len(values) - number
            if isinstance(value, dict):
                kept.append(read(value, self))
        return kept, 0

    def text(self, text: str) -> str:
        """What is to be drawn: it takes its place."""
        self._characters -= len(text)
        return text

    def picture(self, mime: str, value: Any) -> str | None:
        """A data: address for what is the picture that it says it is; None for anything else, or too much."""
        if mime == _SVG:
            content = _text(value).encode("utf-8", "replace")
            if b"<svg" not in content[:4096].lower():
                return None
        else:
            try:
                content = base64.b64decode("".join(_text(value).split()), validate=True)
            except (binascii.Error, ValueError):
                return None
            if not content.startswith(_PICTURES[mime]):
                return None
        self._picture_bytes -= len(content)
        if len(content) > LARGEST_PICTURE or self._picture_bytes < 0:
            return None
        return f"data:{mime};base64,{base64.b64encode(content).decode()}"


def _cell(cell: dict[str, Any], room: _Room) -> Cell:
    kind = cell.get("cell_type")
    source = _text(cell.get("source", cell.get("input")))
    if kind == "heading":  # of version 3
        level = cell.get("level")
        kind, source = "markdown", f"{'#' * (level if type(level) is int and 1 <= level <= 6 else 1)} {source}"
    if kind not in {"markdown", "code"}:
        kind = "raw"
    count = cell.get("execution_count", cell.get("prompt_number"))
    shown = room.text(source[:LONGEST_SOURCE])
    outputs, omitted = room.fill(_list(cell.get("outputs")) if kind == "code" else [], MOST_OUTPUTS, _output)
    return Cell(
        kind,
        shown,
        count if type(count) is int and 0 <= count < 10**9 else None,
        outputs,
        is_cut=len(source) > LONGEST_SOURCE,
        omitted_outputs=omitted,
    )


def _output(output: dict[str, Any], room: _Room) -> Output:
    kind = output.get("output_type")
    if kind == "stream":
        return _words("error" if output.get("name", output.get("stream")) == "stderr" else "text", output.get("text"))
    if kind in {"error", "pyerr"}:
        trace = "\n".join(_text(line) for line in _list(output.get("traceback")))
        return _words("error", trace or f"{_text(output.get('ename'))}: {_text(output.get('evalue'))}")
    data = _dict(output.get("data")) or _old_data(output)
    for mime in (*_PICTURES, _SVG):
        if mime in data:
            address = room.picture(mime, data[mime])
            return Output("picture", address) if address else Output("other", mime)
    for mime, name, longest in (
        ("text/html", "html", LONGEST_HTML),
        ("text/markdown", "markdown", LONGEST_TEXT),
        ("text/latex", "latex", LONGEST_TEXT),
    ):
        if mime in data and len(text := _text(data[mime])) <= longest and text.strip():
            return Output(name, room.text(text))
    if "text/plain" in data:
        return _words("text", data["text/plain"])
    return Output("other", _text(", ".join(sorted(mime[:60] for mime in data)[:3])))


def _old_data(output: dict[str, Any]) -> dict[str, Any]:
    """Version 3 keeps them beside the rest, under short names."""
    names = {
        "png": "image/png", "jpeg": "image/jpeg", "svg": _SVG, "html": "text/html", "latex": "text/latex",
        "text": "text/plain",
    }  # fmt: skip
    return {mime: output[name] for name, mime in names.items() if name in output}


def _words(kind: str, value: Any) -> Output:
    text = _text(value)
    return Output(kind, _ANSI.sub("", text[: 2 * LONGEST_TEXT])[:LONGEST_TEXT], is_cut=len(text) > LONGEST_TEXT)


def _text(value: Any) -> str:
    """A text, or a list of lines."""
    if isinstance(value, str):
        joined = value
    elif isinstance(value, list):
        joined = "".join(part for part in value if isinstance(part, str))
    else:
        return ""
    return joined.encode("utf-8", "replace").decode().replace("\0", "\ufffd")


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
