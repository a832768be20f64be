"""The card of a commit: its README's text and front matter, and a sentence for lists."""

import re

from models_registry.formats import card as cards
from models_registry.formats.card import CardError, CardFacts
from models_registry.models import Card, Commit, Repository
from models_registry.services import quarantine, reading, trees
from models_registry.services.trees import TreeEntry

_LONGEST_CARD = 512 * 1024
_LONGEST_SUMMARY = 300
_MARKUP = re.compile(r"!?\[([^\]]*)\]\([^)]*\)|[*_`~]|<[^>]*>")


def read_card(repository: Repository, commit: Commit, files: list[TreeEntry]) -> tuple[Card, CardFacts]:
    """A card that cannot be read is kept as text, with its fault. Raises StorageUnavailable."""
    named = (entry for entry in files if entry.path == "README.md" and entry.lfs is None)
    readme = next((entry for entry in named if not quarantine.holds(entry.oid)), None)
    card = Card(repository=repository, commit=commit.oid)
    if readme is None:
        return card, CardFacts()
    raw = reading.read_range(trees.content_of(repository, readme), 0, _LONGEST_CARD)
    text = raw.decode("utf-8", "replace").replace("\0", "")
    try:
        parsed = cards.parse(text)
    except CardError as error:
        card.text, card.warnings = cards.split(text)[1], [str(error)]
        return card, CardFacts()
    facts = cards.facts(parsed.metadata)
    card.text, card.front_matter, card.warnings = parsed.body, parsed.metadata, list(facts.warnings)
    return card, facts


def summary_of(text: str) -> str:
    """The card's first sentence or so: its first paragraph that is neither a heading nor code nor HTML, without markup."""
    in_code = False
    paragraph: list[str] = []
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith(("```", "~~~")):
            in_code = not in_code
            continue
        if in_code or stripped.startswith(("#", "|", "<", "---", "===", "![", "[![", ">")):
            continue
        if stripped:
            paragraph.append(stripped)
        elif paragraph:
            break
    plain = " ".join(_MARKUP.sub(r"\1", " ".join(paragraph)).split())
    return plain if len(plain) <= _LONGEST_SUMMARY else plain[: _LONGEST_SUMMARY - 1].rstrip() + "…"
