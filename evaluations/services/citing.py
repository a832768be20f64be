"""How an edition of a board is cited."""

import re
from urllib.parse import urlsplit

from django.conf import settings

from evaluations.models import Edition

_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_SPECIAL = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}


def plain(edition: Edition) -> str:
    models = "1 model" if edition.model_count == 1 else f"{edition.model_count:,} models"
    return (
        f"{_author()}: {_title(edition)}. {_board(edition)}, {models}. {_address(edition)}. SHA-256 {edition.sha256}."
    )


def bibtex(edition: Edition) -> str:
    models = "1 model" if edition.model_count == 1 else f"{edition.model_count} models"
    note = f"{_board(edition)}, {models}, SHA-256 {edition.sha256}"
    fields = {
        "author": f"{{{_escaped(_author())}}}",
        "title": _escaped(_title(edition)),
        "year": f"{edition.day:%Y}",
        "howpublished": rf"\url{{{_address(edition)}}}",
        "note": _escaped(note),
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items()]
    lines.insert(3, f"  month = {_MONTHS[edition.day.month - 1]},")
    return "\n".join([f"@misc{{{edition.board.name}-{edition.name},", *lines, "}"])


def _author() -> str:
    return f"Grove at {urlsplit(settings.BASE_URL).netloc}"


def _title(edition: Edition) -> str:
    title = edition.suite_version.definition["title"] if edition.suite_version else edition.board.title
    return f"{title}, leaderboard, edition of {edition.name}"


def _board(edition: Edition) -> str:
    if edition.suite_version is None:
        return f"Group of suites {edition.board.name}"
    return f"Suite {edition.board.name} {edition.suite_version.version}"


def _address(edition: Edition) -> str:
    return f"{settings.BASE_URL}{edition.get_absolute_url()}"


def _escaped(text: str) -> str:
    """What LaTeX would read as more than text."""
    return re.sub(r"[\\~^&%$#_{}]", lambda found: _SPECIAL.get(found[0], f"\\{found[0]}"), text)
