"""A repository's card, and any Markdown file of it, as HTML that is safe to show."""

import re
import secrets
from collections.abc import Sequence
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


def render(text: str, place: Place) -> SafeString:
    """The Markdown of a card (without its front matter) as clean HTML."""
    drawn = _Formulas()
    html = _parser().render(text[:LONGEST], {"place": place, "formulas": drawn})
    return drawn.put_into(markdown.clean(html, place))


def formula(latex: str, *, is_block: bool) -> SafeString:
    """LaTeX as MathML; what cannot be drawn stands there as it is written."""
    try:
        return mark_safe(formulas.mathml(latex, is_block=is_block))  # noqa: S308 - from a short list of tags, all text escaped
    except NotAFormula:
        return mark_safe(f"<code>{escape(latex)}</code>")  # noqa: S308 - it is escaped


class _Formulas:
    """A text's formulas, kept out of the text while it is cleaned: so no <math> that somebody wrote is ever let through."""

    def __init__(self) -> None:
        self._mark = secrets.token_hex(16)  # nobody can write it
        self._drawn: list[str] = []

    def keep(self, latex: str, *, is_block: bool) -> str:
        """What stands for it meanwhile."""
        if len(self._drawn) >= MOST_FORMULAS:
            return f"<code>{escape(latex)}</code>"
        self._drawn.append(formula(latex, is_block=is_block))
        return f"{self._mark}-{len(self._drawn) - 1}-"

    def put_into(self, cleaned: SafeString) -> SafeString:
        put = re.sub(f"{self._mark}-(\\d+)-", lambda found: self._drawn[int(found[1])], cleaned)
        return mark_safe(put)  # noqa: S308 - what was cleaned, and formulas that are safe


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
