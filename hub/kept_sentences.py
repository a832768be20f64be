"""Sentences that are made or kept in English, told in the reader's language.

What is stored is read by others than whoever wrote it, and pure functions know no language: both are English. A page finds
such a sentence again by the form in which it was made, and says it in the reader's words. What has no known form stays as it is.
"""

import re
from typing import NamedTuple

from django.utils.translation import gettext, pgettext

LONGEST = 2_000  # characters
# Places in which no space stands. Without them what somebody wrote could pass for a sentence of ours, and be looked at for long.
_OF_ONE_WORD = frozenset(
    {
        "by", "byte", "commit", "content", "count", "days", "digest", "largest", "last", "least", "line", "model", "most",
        "place", "repository", "said", "seconds", "signature", "size", "token", "total", "type", "value", "version",
    }
)  # fmt: skip
_PLACE = re.compile(r"%\((\w+)\)s")


class _Form(NamedTuple):
    text: str
    pattern: re.Pattern[str]
    fixed: int  # characters beside its places


_known: dict[str, _Form] = {}
_most_exact_first: list[_Form] = []
_beginnings: list[str] = []


def sentence(form: str) -> str:
    """The form, such as "%(name)s is gone", which is known from now on."""
    parts = _PLACE.split(form)
    pattern = "".join(
        f"(?P<{part}>{r'[^ ]+' if part in _OF_ONE_WORD else '.+?'})" if place % 2 else re.escape(part)
        for place, part in enumerate(parts)
    )
    if form not in _known:
        _known[form] = _Form(form, re.compile(pattern, re.DOTALL), sum(map(len, parts[::2])))
        _most_exact_first.append(_known[form])
        _most_exact_first.sort(key=lambda one: -one.fixed)
    return form


def beginning(form: str) -> str:
    """A sentence without places, which somebody's own words may follow: those stay as they are."""
    _beginnings.append(sentence(form))
    return form


def in_words(text: str) -> str:
    """Also of a sentence behind what it is about: "train.csv: It is encrypted."."""
    if len(text) > LONGEST:
        return text
    if told := _told(text):
        return told
    about, colon, rest = text.partition(": ")
    if colon and (told := _told(rest)):
        return about + pgettext("before what is named", ": ") + told
    return text


def _told(text: str, *, is_part: bool = False) -> str:
    """ "" for what has no known form. A sentence may hold another one; looking further would take a hostile text too long."""
    for words in _beginnings:
        if text.startswith(f"{words} "):
            return gettext(words) + text.removeprefix(words)
    for form in _most_exact_first:
        if found := form.pattern.fullmatch(text):
            parts = found.groupdict()
            if not is_part:
                parts = {name: _told(part, is_part=True) or part for name, part in parts.items()}
            return gettext(form.text) % parts
    return ""
