"""JSON as lists that fold, for view/_json.html."""

import json
from html import escape
from typing import Any

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

DEEPEST = 30
MOST_VALUES = 5_000
LONGEST_VALUE = 1_000
_OPEN = 2  # levels that are unfolded at first


class NotATree(ValueError):
    """The text says why, for people to read."""


def drawn(text: str) -> SafeString:
    """Raises NotATree."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise NotATree(_("This is no JSON that can be read.")) from None
    html = _Tree().value("", value, 0).encode("utf-8", "replace").decode()  # JSON can name half of a character
    return mark_safe(html)  # noqa: S308 - every key and value is escaped


class _Tree:
    def __init__(self) -> None:
        self._left = MOST_VALUES

    def value(self, key: str, value: Any, depth: int) -> str:
        self._left -= 1
        name = f'<span class="json-key">{escape(key)}</span> ' if key else ""
        if not isinstance(value, dict | list) or not value:
            return f"<div>{name}{_scalar(value)}</div>"
        if depth >= DEEPEST:
            return f"<div>{name}…</div>"
        count = ngettext("%(count)s value", "%(count)s values", len(value)) % {"count": len(value)}
        items = (
            list(value.items()) if isinstance(value, dict) else [(str(place), one) for place, one in enumerate(value)]
        )
        inner, shown = [], 0
        for name_of, one in items:
            if self._left <= 0:
                break
            inner.append(self.value(name_of[:LONGEST_VALUE] or '""', one, depth + 1))
            shown += 1
        if shown < len(items):
            inner.append(f'<div class="hint">{escape(_("and more"))}</div>')
        is_open = " open" if depth < _OPEN else ""
        return f'<details{is_open}><summary>{name}<span class="hint">{escape(count)}</span></summary>{"".join(inner)}</details>'


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        text = json.dumps(value[:LONGEST_VALUE], ensure_ascii=False) + ("…" if len(value) > LONGEST_VALUE else "")
        return f'<span class="s2">{escape(text)}</span>'
    text = json.dumps(value)
    kind = "kc" if value is None or isinstance(value, bool) else "mi"
    return f'<span class="{kind}">{escape(text[:LONGEST_VALUE])}</span>'
