"""A notebook's cells as HTML: the same cleaning as a card's, for whatever its outputs hold."""

from dataclasses import dataclass, replace

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from models_registry.formats.highlighting import highlight_language
from models_registry.formats.notebook import Cell, Notebook, Output
from models_registry.services import cards, markdown
from models_registry.services.markdown import Place


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


def cells(found: Notebook, place: Place) -> list[ShownCell]:
    """place: of the file. Ids are left out: each cell could have the same."""
    nameless = replace(place, id_prefix="")
    return [
        ShownCell(cell, _source(cell, found.language, nameless), [_output(output, nameless) for output in cell.outputs])
        for cell in found.cells
    ]


def _source(cell: Cell, language: str, place: Place) -> SafeString:
    if cell.kind == "markdown":
        return cards.render(cell.source, place)
    if cell.kind == "raw":
        return escape(cell.source)
    return mark_safe(highlight_language(cell.source, language))  # noqa: S308 - Pygments escapes what it colours


def _output(output: Output, place: Place) -> ShownOutput:
    if output.kind == "html":
        return ShownOutput("html", markdown.clean(output.text, place), output.is_cut)
    if output.kind == "markdown":
        return ShownOutput("html", cards.render(output.text, place), output.is_cut)
    if output.kind == "latex":
        latex = output.text.strip().strip("$")
        return ShownOutput("html", cards.formula(latex, is_block=True), output.is_cut)
    return ShownOutput(output.kind, output.text, output.is_cut)
