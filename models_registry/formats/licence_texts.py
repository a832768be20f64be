"""Which licence a file such as LICENSE holds, by the title that the text itself bears; never by resemblance.

What stands below the title is not read: a file that says it is one licence is held to be that one, and one without a known
title to be none.
"""

import re

from models_registry.formats.licence_terms import choices
from models_registry.formats.licences import identify

_BEGINNING = 600  # characters, among which the title is
# Card values that leave open which of several texts is meant.
_VAGUE = {"bsd", "cc", "gfdl", "gpl", "lgpl", "openrail"}


def _gnu(name: str) -> frozenset[str]:
    """Both have one text: whether later versions will do is said elsewhere."""
    return frozenset({f"{name}-only", f"{name}-or-later"})


_TITLES: dict[str, frozenset[str]] = {
    r"(?:the )?mit license\b": frozenset({"MIT"}),
    r"apache license,? version 2\.0": frozenset({"Apache-2.0"}),
    r"bsd 2-clause license": frozenset({"BSD-2-Clause"}),
    r"bsd 3-clause license": frozenset({"BSD-3-Clause"}),
    r"isc license": frozenset({"ISC"}),
    r"mozilla public license,? version 2\.0": frozenset({"MPL-2.0"}),
    r"eclipse public license - v ?2\.0": frozenset({"EPL-2.0"}),
    r"boost software license - version 1\.0": frozenset({"BSL-1.0"}),
    r"gnu general public license version 2\b": _gnu("GPL-2.0"),
    r"gnu general public license version 3\b": _gnu("GPL-3.0"),
    r"gnu lesser general public license version 2\.1": _gnu("LGPL-2.1"),
    r"gnu lesser general public license version 3\b": _gnu("LGPL-3.0"),
    r"gnu affero general public license version 3\b": _gnu("AGPL-3.0"),
    r"this is free and unencumbered software released into the public domain": frozenset({"Unlicense"}),
    r"木兰宽松许可证[,，] ?第2版": frozenset({"MulanPSL-2.0"}),
    r"(?:creative commons legal code )?cc0 1\.0 universal": frozenset({"CC0-1.0"}),
    r"llama 2 community license agreement": frozenset({"llama2"}),
    r"meta llama 3 community license agreement": frozenset({"llama3"}),
    r"llama 3\.1 community license agreement": frozenset({"llama3.1"}),
    r"llama 3\.2 community license agreement": frozenset({"llama3.2"}),
    r"llama 3\.3 community license agreement": frozenset({"llama3.3"}),
    r"llama 4 community license agreement": frozenset({"llama4"}),
    r"gemma terms of use": frozenset({"gemma"}),
} | {
    rf"(?:creative commons )?attribution{title} 4\.0 international": frozenset({f"CC-BY{short}-4.0"})
    for title, short in {
        "": "", "-sharealike": "-SA", "-noncommercial": "-NC", "-noderivatives": "-ND",
        "-noncommercial-sharealike": "-NC-SA", "-noncommercial-noderivatives": "-NC-ND",
    }.items()
}  # fmt: skip


def titled(text: str) -> frozenset[str]:
    """The licences whose text bears this title, as `licence_terms` names them; none where it is not known."""
    beginning = " ".join(text[:_BEGINNING].lstrip("\ufeff").replace("#", " ").replace("*", " ").lower().split())
    return next((ids for title, ids in _TITLES.items() if re.match(title, beginning)), frozenset())


def contradicts(licence: str, ids: frozenset[str]) -> bool:
    """Whether a card that names this licence cannot mean any of these. False where that cannot be told."""
    if not ids or licence.strip().lower() in _VAGUE or not identify(licence).known:
        return False
    named = {name.partition(" WITH ")[0] for terms in choices(licence) for name in terms.ids}
    return not named & ids


def name_of(ids: frozenset[str]) -> str:
    """What to call them."""
    return identify(min(ids)).name.removesuffix("-only")
