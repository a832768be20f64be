"""A repository's card, and any Markdown file of it, as HTML that is safe to show."""

from functools import cache

from django.utils.safestring import SafeString
from markdown_it import MarkdownIt
from mdit_py_plugins.anchors import anchors_plugin
from mdit_py_plugins.footnote import footnote_plugin

from models_registry.services import markdown
from models_registry.services.markdown import Place

LONGEST = 512 * 1024  # characters; a longer card is shown as its file


def render(text: str, place: Place) -> SafeString:
    """The Markdown of a card (without its front matter) as clean HTML."""
    html = _parser().render(text[:LONGEST], {"place": place})
    return markdown.clean(html, place)


@cache
def _parser() -> MarkdownIt:
    return markdown.parser().use(footnote_plugin).use(anchors_plugin, max_level=4)
