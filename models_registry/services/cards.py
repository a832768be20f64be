"""A repository's card, and any Markdown file of it, as HTML that is safe to show."""

import re
import secrets
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from html import escape
from typing import Any

from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from mdit_py_plugins.anchors import anchors_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin

from models_registry.formats import formulas
from models_registry.formats.formulas import NotAFormula
from models_registry.services import markdown
from models_registry.services.markdown import Place

LONGEST = 512 * 1024  # characters; a longer card is shown as its file
MOST_FORMULAS = 500
LONGEST_FORMULAS = 64 * 1024  # characters of all together: each costs some forty microseconds


class Formulas:
    """The formulas of one page, kept out of its texts while they are cleaned: so no <math> that somebody wrote is let through."""

    def __init__(self) -> None:
        self._mark = secrets.token_hex(16)  # nobody can write it
        self._drawn: list[str] = []
        self._left = LONGEST_FORMULAS

    def draw(self, latex: str, *, is_block: bool) -> SafeString:
        """LaTeX as MathML; what cannot be drawn, or is one too many, stands there as it is written."""
        html = f"<code>{escape(latex)}</code>"
        if len(self._drawn) < MOST_FORMULAS and len(latex) <= self._left:
            self._left -= len(latex)
            with suppress(NotAFormula):
                html = formulas.mathml(latex, is_block=is_block)
            self._drawn.append(html)
        return mark_safe(html)  # noqa: S308 - escaped, or from a short list of tags with all text escaped

    def keep(self, latex: str, *, is_block: bool) -> str:
        """What stands for it meanwhile."""
        place, html = len(self._drawn), self.draw(latex, is_block=is_block)
        return f"{self._mark}-{place}-" if place < len(self._drawn) else html

    def put_into(self, cleaned: SafeString) -> SafeString:
        put = re.sub(f"{self._mark}-(\\d+)-", lambda found: self._drawn[int(found[1])], cleaned)
        return mark_safe(put)  # noqa: S308 - what was cleaned, and formulas that are safe


def render(text: str, place: Place, formulas_of_page: Formulas | None = None) -> SafeString:
    """The Markdown of a card (without its front matter) as clean HTML."""
    drawn = formulas_of_page or Formulas()
    html = _parser().render(text[:LONGEST], {"place": place, "formulas": drawn})
    return drawn.put_into(markdown.clean(html, place))


@cache
def _parser() -> MarkdownIt:
    made = markdown.parser().use(footnote_plugin).use(anchors_plugin, max_level=4)
    # Neither spaces inside nor digits outside: "$5 and $6" are prices.
    made.use(dollarmath_plugin, allow_labels=False, allow_space=False, allow_digits=False, double_inline=True)
    for kind in ("math_inline", "math_inline_double", "math_block"):
        made.add_render_rule(kind, _formula)
    return made


def _formula(_self: RendererHTML, tokens: Sequence[Token], index: int, _options: Any, env: Any) -> str:
    token = tokens[index]
    kept: str = env["formulas"].keep(token.content, is_block=token.type != "math_inline")
    return f"<p>{kept}</p>\n" if token.type == "math_block" else kept
