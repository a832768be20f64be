"""Languages as cards name them: BCP-47 tags, or one of two words that the field uses beside them."""

from collections.abc import Sequence
from functools import cache

import langcodes
from language_data.population_data import LANGUAGE_SPEAKING_POPULATION

BESIDE = ("multilingual", "code")  # of many languages, of programming languages
_MANY = 2_000_000  # speakers of a language that has no tag of two letters, and yet is offered


def is_language(tag: str) -> bool:
    return tag.lower() in BESIDE or langcodes.tag_is_valid(tag)


def name_of(tag: str, *, locale: str) -> str:
    """What the language is called by readers of `locale`; the tag itself where that is not known."""
    if not langcodes.tag_is_valid(tag):
        return tag
    name = langcodes.Language.get(tag).display_name(locale)
    return tag if name.startswith("Unknown language") else name


@cache
def choices(locale: str) -> Sequence[tuple[str, str]]:
    """(tag, name) of the languages that most cards are in, by their tags. Other tags are as good."""
    spoken = {tag: count for tag, count in LANGUAGE_SPEAKING_POPULATION.items() if "-" not in tag and "_" not in tag}
    tags = sorted(tag for tag, count in spoken.items() if len(tag) == 2 or count >= _MANY)
    return [(tag, name_of(tag, locale=locale)) for tag in tags]
