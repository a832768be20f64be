"""Sentences that are made or kept in English, told in the reader's language.

What is stored is read by others than whoever wrote it, and pure functions know no language: both are English. A page finds
such a sentence again by the form in which it was made, and says it in the reader's words. What has no known form stays as it is.
"""

import re

from django.utils.translation import gettext

LONGEST = (
    2_000  # characters: what people wrote within it may be anything, and forms with several places look at it again
)
_PLACE = re.compile(r"%\((\w+)\)s")
_known: dict[str, re.Pattern[str]] = {}


def sentence(form: str) -> str:
    """The form, such as "%(name)s is gone", which is known from now on."""
    parts = _PLACE.split(form)
    pattern = "".join(f"(?P<{part}>.+)" if place % 2 else re.escape(part) for place, part in enumerate(parts))
    _known[form] = re.compile(pattern, re.DOTALL)
    return form


def in_words(text: str) -> str:
    for form, pattern in _known.items() if len(text) <= LONGEST else ():
        if found := pattern.fullmatch(text):
            return gettext(form) % {
                name: gettext(part) if part in _known else part for name, part in found.groupdict().items()
            }
    return text
