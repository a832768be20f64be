"""A notebook's cells as HTML: the same cleaning as a card's, for whatever its outputs hold."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import NamedTuple

from django.core.cache import cache
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from models_registry.formats.highlighting import highlight_language
from models_registry.formats.notebook import RICH, Cell, Notebook, Output
from models_registry.services import cards, markdown
from models_registry.services.cards import Formulas
from models_registry.services.markdown import Place

KEPT_SECONDS = 24 * 3600


@dataclass(frozen=True)
class ShownOutput:
    """`kind`: "text", "error", "html", "picture" (`html` is its address) or "other" (`html` is its type)."""

    kind: str
    html: str
    is_cut: bool


@dataclass(frozen=True)
class ShownCell:
    """`html`: safe, of a Markdown cell all that is shown, of another one the inside of a <code>."""

    cell: Cell
    html: SafeString
    outputs: list[ShownOutput]


class _Part(NamedTuple):
    """What is drawn of a cell: neither pictures nor plain text."""

    kind: str
    source: str
    outputs: list[Output]


def cells(found: Notebook, place: Place) -> list[ShownCell]:
    """place: of the file. Drawn once, however often it is read. Ids are left out: each cell could have the same."""
    parts = [_Part(cell.kind, cell.source, [one for one in cell.outputs if one.kind in RICH]) for cell in found.cells]
    nameless = replace(place, id_prefix="")
    key = f"notebook:1:{sha256(repr((parts, found.language, nameless)).encode()).hexdigest()}"
    drawn: list[tuple[str, list[str]]] | None = cache.get(key)
    if drawn is None:
        drawn = _drawn(parts, found.language, nameless)
        cache.set(key, drawn, KEPT_SECONDS)
    return [
        ShownCell(cell, _safe(source), _outputs(cell, iter(rich)))
        for cell, (source, rich) in zip(found.cells, drawn, strict=True)
    ]


def _drawn(parts: list[_Part], language: str, place: Place) -> list[tuple[str, list[str]]]:
    """As HTML: a cell's source, and each of its formatted outputs."""
    formulas = Formulas()
    return [
        (
            str(_source(part, language, place, formulas)),
            [str(_output(output, place, formulas)) for output in part.outputs],
        )
        for part in parts
    ]


def _source(part: _Part, language: str, place: Place, formulas: Formulas) -> str:
    if part.kind == "markdown":
        return cards.render(part.source, place, formulas)
    return escape(part.source) if part.kind == "raw" else highlight_language(part.source, language)


def _output(output: Output, place: Place, formulas: Formulas) -> str:
    if output.kind == "html":
        return markdown.clean(output.text, place)
    if output.kind == "markdown":
        return cards.render(output.text, place, formulas)
    return formulas.draw(output.text.strip().strip("$"), is_block=True)


def _outputs(cell: Cell, rich: Iterator[str]) -> list[ShownOutput]:
    return [
        ShownOutput("html", _safe(next(rich)), output.is_cut)
        if output.kind in RICH
        else ShownOutput(output.kind, output.text, output.is_cut)
        for output in cell.outputs
    ]


def _safe(html: str) -> SafeString:
    return mark_safe(html)  # noqa: S308 - cleaned, escaped, or coloured by Pygments, which escapes
