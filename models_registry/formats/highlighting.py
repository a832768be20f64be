"""Source code as HTML with classes, for static/css/highlight.css; colours never stand in the markup."""

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import TextLexer, get_lexer_by_name, get_lexer_for_filename
from pygments.token import STANDARD_TYPES
from pygments.util import ClassNotFound

LARGEST = 256 * 1024  # characters; beyond, colours cost more time than they are worth
CLASSES = frozenset(name for name in STANDARD_TYPES.values() if name) | {"highlight"}


def _html(code: str, lexer: Lexer) -> str:
    return highlight(code, TextLexer() if len(code) > LARGEST else lexer, HtmlFormatter(nowrap=True))


def highlight_language(code: str, language: str) -> str:
    """The inside of a <code>; plain, escaped text where the language is unknown."""
    try:
        lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        lexer = TextLexer(stripnl=False, ensurenl=False)
    return _html(code, lexer)


def highlight_file(code: str, filename: str) -> list[str]:
    """A file's lines as HTML, each balanced in itself, so that a page can number them."""
    try:
        lexer = get_lexer_for_filename(filename, stripnl=False)
    except ClassNotFound:
        lexer = TextLexer(stripnl=False)
    lines = _html(code, lexer).split("\n")
    return lines[:-1] if lines and not lines[-1] else lines
