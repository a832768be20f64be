"""Markdown that people wrote, as HTML that is safe to show on our own origin: what cards and comments share.

Rendered by markdown-it-py, raw HTML included, and then cleaned by nh3: tags, attributes, classes, ids and addresses
each come from a short list. Pictures load from the hub alone: one from elsewhere becomes a link, so that reading tells
nobody that you read it.
"""

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from models_registry.formats import highlighting

SCHEMES = {"http", "https", "mailto"}

TAGS = set(
    """
    a abbr audio b blockquote br caption code col colgroup dd del details dfn div dl dt em figcaption figure
    h1 h2 h3 h4 h5 h6 hr i img input ins kbd label li mark ol p picture pre q s samp section small source span strong
    sub summary sup table tbody td tfoot th thead tr u ul var video wbr
    """.split()
)
ATTRIBUTES = {
    "*": {"align", "class", "dir", "id", "lang", "title"},
    "a": {"href"},
    "audio": {"controls", "preload", "src"},
    "col": {"span"},
    "details": {"open"},
    "div": {"tabindex"},
    "img": {"alt", "height", "loading", "src", "width"},
    "input": {"checked", "disabled", "type"},
    "li": {"value"},
    "ol": {"reversed", "start"},
    "pre": {"tabindex"},
    "source": {"src", "type"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "video": {"controls", "height", "muted", "preload", "src", "width"},
}
CLASSES = highlighting.CLASSES | {
    "contains-task-list",
    "footnote-backref",
    "footnote-item",
    "footnote-ref",
    "footnotes",
    "footnotes-list",
    "mention",
    "table-scroll",
    "task-list-item",
    "task-list-item-checkbox",
}
_DROPPED = dict.fromkeys(range(0x20))  # control characters, which browsers leave out of addresses, too


@dataclass(frozen=True)
class Place:
    """Where a Markdown file lies, to make its relative links work.

    `blob` and `resolve`: addresses of the commit's root in our pages and as plain bytes, ending in "/". `folder`: path
    of the file's folder in the repository, "" for the root. `id_prefix` keeps the ids of the text apart from those of the
    page; where it is empty the text has no ids. `pictures`: where addresses of pictures may begin, if not anywhere here.
    """

    blob: str
    resolve: str
    folder: str = ""
    id_prefix: str = "card-"
    pictures: tuple[str, ...] = ("/",)

    def address(self, written: str, *, base: str) -> str | None:
        """The address that a link means; None where it leaves the repository or uses a scheme we do not serve."""
        written = written.translate(_DROPPED).strip()
        try:
            parts = urlsplit(written)
        except ValueError:
            return None
        if parts.scheme:
            return written if parts.scheme.lower() in SCHEMES else None
        if parts.netloc or "\\" in written:
            return None
        if not parts.path:
            return f"#{self.id_prefix}{parts.fragment}" if parts.fragment else None
        if parts.path.startswith("/"):
            return written
        path = posixpath.normpath(posixpath.join(self.folder, unquote(parts.path)))
        if path == ".." or path.startswith(("../", "/")):
            return None
        fragment = f"#{quote(parts.fragment)}" if parts.fragment else ""
        return base + ("" if path == "." else quote(path)) + fragment

    def picture(self, written: str) -> str | None:
        """The address that a picture, sound or film loads from; None where it may not."""
        address = None if is_outside(written) else self.address(written, base=self.resolve)
        if address is None or ".." in unquote(address).split("/"):
            return None
        return address if address.startswith(self.pictures) else None

    def id_of(self, written: str) -> str | None:
        if not self.id_prefix:
            return None
        return written if written.startswith(self.id_prefix) else f"{self.id_prefix}{written}"


def clean(html: str, place: Place) -> SafeString:
    """HTML from anywhere, reduced to what such a text may hold."""

    def attribute(tag: str, name: str, value: str) -> str | None:
        return _attribute(tag, name, value, place)

    cleaned = nh3.clean(
        html,
        tags=TAGS,
        clean_content_tags={"script", "style", "template", "noscript", "iframe", "object", "svg", "math", "title"},
        attributes=ATTRIBUTES,
        attribute_filter=attribute,
        url_schemes=SCHEMES,
        set_tag_attribute_values={"pre": {"tabindex": "0"}},  # what scrolls must be reachable by keyboard
        link_rel="nofollow noopener ugc",
        strip_comments=True,
    )
    return mark_safe(cleaned)  # noqa: S308 - this is the one place that makes it safe


def _attribute(tag: str, name: str, value: str, place: Place) -> str | None:
    if name == "class":
        return " ".join(word for word in value.split() if word in CLASSES) or None
    if name == "id":
        return place.id_of(value)
    if name == "href":
        return place.address(value, base=place.blob)
    if name == "src":
        return place.picture(value)
    if name == "tabindex":
        return "0" if value == "0" else None
    if tag == "input" and name == "type":
        return "checkbox"  # the boxes of task lists, and nothing one could type a password into
    return value


def is_outside(address: str) -> bool:
    """Whether an address names another host, or a scheme such as data:."""
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return True
    return bool(parts.scheme or parts.netloc) or "\\" in address


def parser() -> MarkdownIt:
    """What cards and comments both understand. Its `render` takes the Place as `env["place"]`."""
    made = MarkdownIt("commonmark", {"html": True, "typographer": False, "highlight": _code})
    made.enable(["table", "strikethrough"])
    made.core.ruler.after("inline", "mark_tasks", _mark_tasks)
    made.core.ruler.push("lower_headings", _lower_headings)
    made.core.ruler.push("align_cells", _align_cells)
    made.core.ruler.push("drop_empty_heads", _drop_empty_heads)
    made.add_render_rule("image", _image)
    made.add_render_rule("table_open", _table_open)
    made.add_render_rule("table_close", _table_close)
    return made


def _code(code: str, language: str, _attributes: str) -> str:
    return f'<pre><code class="highlight">{highlighting.highlight_language(code, language)}</code></pre>'


_TASK = re.compile(r"\[[ xX]][ \t\n\v\f\r]+")


def _mark_tasks(state: StateCore) -> None:
    """Items that begin with `[ ]` or `[x]` get a box. As mdit_py_plugins.tasklists does it, which looks for the list of each
    item through all items before it."""
    lists: list[Token] = []
    for index, token in enumerate(state.tokens):
        if token.type in {"bullet_list_open", "ordered_list_open"}:
            lists.append(token)
        elif token.type in {"bullet_list_close", "ordered_list_close"}:
            lists.pop()
        elif token.type == "inline" and token.children and lists and _TASK.match(token.content):
            item = state.tokens[index - 2]
            if item.type != "list_item_open" or state.tokens[index - 1].type != "paragraph_open":
                continue
            checked = "" if token.content[1] == " " else 'checked="checked" '
            box = f'<input class="task-list-item-checkbox" {checked}disabled="disabled" type="checkbox">'
            token.children[0].content = token.children[0].content[3:]
            token.content = token.content[3:]
            token.children = [_html("<label>"), _html(box), *token.children, _html("</label>")]
            item.attrSet("class", "task-list-item")
            lists[-1].attrSet("class", "contains-task-list")


def _html(content: str) -> Token:
    return Token("html_inline", "", 0, content=content)


def _lower_headings(state: StateCore) -> None:
    """The page's title is its only <h1>: what a card calls a first heading is a second one there."""
    for token in state.tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(int(token.tag[1]) + 1, 6)}"


def _align_cells(state: StateCore) -> None:
    """How a column is aligned, as an attribute: a style in the page would be against our policy."""
    for token in state.tokens:
        style = str(token.attrs.pop("style", "")) if token.type in {"th_open", "td_open"} else ""
        if style.startswith("text-align:"):
            token.attrSet("align", style.removeprefix("text-align:"))


def _drop_empty_heads(state: StateCore) -> None:
    """Markdown cannot write a table without a head, so people leave it empty; to who hears the page it is only noise."""
    kept: list[Token] = []
    head_at: int | None = None
    for token in state.tokens:
        if token.type == "thead_open":
            head_at = len(kept)
        kept.append(token)
        if token.type == "thead_close" and head_at is not None:
            if not any(part.type == "inline" and part.content.strip() for part in kept[head_at:]):
                del kept[head_at:]
            head_at = None
    state.tokens = kept


def _table_open(_self: RendererHTML, _tokens: Sequence[Token], _index: int, _options: Any, _env: Any) -> str:
    return '<div class="table-scroll" tabindex="0"><table>\n'


def _table_close(_self: RendererHTML, _tokens: Sequence[Token], _index: int, _options: Any, _env: Any) -> str:
    return "</table></div>\n"


def _image(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    token = tokens[index]
    address = str(token.attrGet("src") or "")
    words = self.renderInlineAsText(token.children or [], options, env)
    if env["place"].picture(address):
        return f'<img src="{escape(address)}" alt="{escape(words)}" loading="lazy">'
    words = words or address
    inside_a_link = sum({"link_open": 1, "link_close": -1}.get(before.type, 0) for before in tokens[:index]) > 0
    return escape(words) if inside_a_link else f'<a href="{escape(address)}">{escape(words)}</a>'
