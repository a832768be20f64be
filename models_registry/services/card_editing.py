"""A card's metadata changed from a page, touching nothing else; and what the card editor starts from."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.models import Actor
from hub.errors import Invalid
from models_registry import access
from models_registry.formats.card import CardError
from models_registry.formats.front_matter import with_values
from models_registry.models import Commit, Repository
from models_registry.services import editing, objects, references, trees
from models_registry.services.changes import AddFile
from models_registry.services.commits import create_commit
from models_registry.services.format_words import in_words

README = "README.md"


def edit_card(*, actor: Actor, repository: Repository, values: dict[str, Any], title: str) -> Commit:
    """Set these keys of the metadata on the default branch, None takes one out; the commit, or the head if nothing changes.

    Raises Forbidden; Invalid if the card cannot be edited so; BranchMoved if another commit came in between.
    """
    access.require_write(actor, repository)
    head = references.resolve(repository, repository.default_branch)
    entry = trees.find(repository, head, [README]).get(README)
    text = ""
    if entry is not None:
        if entry.is_folder or entry.lfs is not None:
            raise Invalid(_("The README.md of this repository is no text file: its metadata cannot be changed here."))
        try:
            text = objects.inflate(trees.content_of(repository, entry)).decode("utf-8")
        except UnicodeDecodeError:
            raise Invalid(
                _("The README.md of this repository is not UTF-8: its metadata cannot be changed here.")
            ) from None
    try:
        edited = with_values(text, values)
    except CardError as error:
        raise Invalid(in_words(str(error))) from error
    change = AddFile.of(README, edited.encode())
    return create_commit(
        actor=actor,
        repository=repository,
        branch=repository.default_branch,
        parent=head.oid,
        changes=[change],
        title=title,
    )


# Keys that a card mostly writes as one word where there is but one.
_SINGULAR = {"base_model", "language", "license"}
_TEMPLATES = Path(__file__).resolve().parent.parent / "card_templates"
_ORIGINAL = "en"


def template(repository_name: str, kind: str) -> str:
    """The text that a new card may start from: headings, and below each what belongs there, as comments.

    In the language of the page on which it was asked for, where there is one.
    """
    return _template(kind, get_language() or _ORIGINAL).replace("{name}", repository_name)


@cache
def _template(kind: str, language: str) -> str:
    folder = _TEMPLATES / language
    return ((folder if folder.is_dir() else _TEMPLATES / _ORIGINAL) / f"{kind}.md").read_text()


def words_of(value: Any) -> list[str] | None:
    """A value of the metadata as a list of words, as fields of a form show it; None where they cannot."""
    entries = [] if value is None else value if isinstance(value, list) else [value]
    if any(isinstance(entry, bool) or not isinstance(entry, str | int | float) for entry in entries):
        return None
    words = [str(entry) for entry in entries]
    return words if all(word == word.strip() and "\n" not in word for word in words) else None


def line_of(value: Any) -> str | None:
    """The same for a single line of text."""
    words = words_of(value)
    return None if words is None or isinstance(value, list) else "".join(words)


def as_written(name: str, words: Sequence[str], before: Any) -> Any:
    """How the metadata are to say these words, in the manner in which they did before; None for none."""
    if not words:
        return None
    is_single = not isinstance(before, list) if before is not None else name in _SINGULAR
    return words[0] if len(words) == 1 and is_single else list(words)


def read_readme(repository: Repository, commit: Commit) -> str | None:
    """The text of the card's file, None where there is none. Raises Invalid where it is no text."""
    entry = trees.find(repository, commit, [README]).get(README)
    if entry is None:
        return None
    text = None if entry.is_folder else editing.text_of(repository, entry)
    if text is None:
        raise Invalid(_("The README.md of this repository is no text, or too long to be edited here."))
    return text
