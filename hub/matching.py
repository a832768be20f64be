"""Finding things by what somebody types: words as they stand, words spelt nearly so, and words of long texts.

Candidates come from the database, a bounded number by each way; how good each is, `closeness` says here, so that both
databases rank alike.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Left

from hub.search_indexes import LONGEST_TEXT

Rows = TypeVar("Rows", bound=QuerySet[Any])

CANDIDATES = 100  # by each way of looking, of which the best are taken
MOST_WORDS = 8
LONGEST_QUERY = 200
SHORTEST_FUZZY = 4  # characters: of a shorter word, nearly every other one is a misspelling
LEAST_ALIKE = 0.4  # of a word's trigrams that must occur
MOST_READ = 5_000  # names, where no index knows which ones are alike
MOST_ALIKE = 2_000
_PARTS = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Found:
    """What a text found of one kind. `rows`: the best ones, the best first, `wanted` at most. `matches`: all, to be counted.

    `names`: what those are called that are only spelt nearly so, to tell what may have been meant; empty if the text stands
    in what was found.
    """

    rows: Sequence[Any]
    matches: QuerySet
    wanted: int
    names: Sequence[str] = ()

    def count(self, most: int) -> int:
        """Of all matches, or `most` where they are more."""
        if self.names or len(self.rows) < min(self.wanted, CANDIDATES):  # no way of looking was cut off
            return len(self.rows)
        return max(len(self.rows), self.matches.order_by()[:most].count())


def ranked(rows: Iterable[Any], value: Callable[[Any], float], most: int) -> list[Any]:
    """The best ones, each once; equals as they came."""
    once = {row.pk: row for row in rows}
    return sorted(once.values(), key=value, reverse=True)[:most]


def words(text: str) -> list[str]:
    return text[:LONGEST_QUERY].lower().split()[:MOST_WORDS]


def containing(field: str, text: str) -> Q:
    """Every word occurs in the column, which holds lower case."""
    return Q(*(Q(**{f"{field}__contains": word}) for word in words(text)))


def mentioning(text: str, *fields: str) -> Q:
    """Every word occurs in one of the columns, in any case."""
    found = Q()
    for word in text[:LONGEST_QUERY].split()[:MOST_WORDS]:  # as typed: SQLite knows the case of ASCII letters alone
        found &= Q(*((f"{field}__icontains", word) for field in fields), _connector=Q.OR)
    return found


def allows_typos(text: str) -> bool:
    return any(len(word) >= SHORTEST_FUZZY for word in words(text))


def nearly(rows: Rows, field: str, text: str) -> Rows:
    """Those in whose column, which holds lower case, every word occurs, spelt so or nearly so; of very many, some.

    On PostgreSQL by an index; elsewhere the first names are read and compared here. Ask `allows_typos` first.
    """
    if connection.vendor == "postgresql":
        return rows.filter(pk__in=_alike(rows.model.objects.order_by(), field, text))
    names = rows.values_list("pk", field)[:MOST_READ]
    return rows.filter(pk__in=[pk for pk, name in names if _is_nearly(name, text)][:MOST_ALIKE])


def _alike(rows: Rows, field: str, text: str) -> list[Any]:
    """Their primary keys.

    Of all rows, without another condition, so that no other index is taken for it: a comparison of trigrams costs a hundred
    times what PostgreSQL reckons with.
    """
    typed = words(text)
    found = Q()
    for word in typed:
        how = "trigram_word_similar" if len(word) >= SHORTEST_FUZZY else "contains"
        found &= Q(**{f"{field}__{how}": word})
    alike = min(_least_alike(word) for word in typed if len(word) >= SHORTEST_FUZZY)
    configure = (
        "SELECT set_config('pg_trgm.word_similarity_threshold', %s, true), set_config('enable_seqscan', %s, true)"
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(configure, [str(alike), "off"])
        keys = list(rows.filter(found).values_list("pk", flat=True)[:MOST_ALIKE])
        cursor.execute(configure, [str(alike), "on"])
    return keys


def _least_alike(word: str) -> float:
    """How much of it must occur, so that two letters may have changed places.

    They spoil four of its trigrams and bring four others. The longer a word, the fewer others are as much alike, and the
    quicker an index tells them from it.
    """
    count = len(trigrams(word))
    return max(LEAST_ALIKE, (count - 4) / (count + 4) - 0.01)


def _is_nearly(name: str, text: str) -> bool:
    there, typed = parts(name), parts(text)
    return bool(typed) and all(word in name or any(_is_like(part, word) for part in there) for word in typed)


def _is_like(part: str, word: str) -> bool:
    wanted = trigrams(word)
    return len(word) >= SHORTEST_FUZZY and len(wanted & trigrams(part)) >= _least_alike(word) * len(wanted)


def with_text(rows: Rows, field: str, text: str) -> Rows:
    """Those of whose long text this is a part: by whole words on PostgreSQL, which has an index of them."""
    if connection.vendor != "postgresql":
        return rows.filter(mentioning(text, field))
    asked = SearchQuery(text[:LONGEST_QUERY], config="simple", search_type="websearch")
    words_of = SearchVector(Left(field, LONGEST_TEXT), config="simple")  # as the index has it
    return rows.annotate(words=words_of).filter(words=asked)


def parts(name: str) -> list[str]:
    """ "birch-lab/digits-cnn" → birch, lab, digits, cnn"""
    return [part for part in _PARTS.split(name.lower()) if part]


def trigrams(word: str) -> set[str]:
    padded = f"  {word} "
    return {padded[start : start + 3] for start in range(len(padded) - 2)}


def alikeness(word: str, other: str) -> float:
    """From 0 to 1: how many of the trigrams of both they share."""
    one, two = trigrams(word), trigrams(other)
    return len(one & two) / len(one | two)


def closeness(text: str, name: str, owner: str = "", more: str = "") -> float:
    """How well something is meant by a text, from 0 (not at all) to 6 (by its very name). more: what else is said of it."""
    asked, name, owner = text.lower().strip(), name.lower(), owner.lower()
    full = f"{owner}/{name}" if owner else name
    if asked in {name, full}:
        return 6
    if asked == owner:
        return 4
    if name.startswith(asked) or full.startswith(asked):
        return 5
    if asked in name:
        return 3.5 if any(f"{mark}{asked}" in name for mark in "-_. ") else 3
    typed = words(text)
    if typed and all(word in full for word in typed):
        return 2.5
    if typed and all(word in f"{full} {more.lower()}" for word in typed):
        return 1
    there = parts(full)
    best = [max((alikeness(word, part) for part in there), default=0.0) for word in parts(asked)]
    return sum(best) / len(best) if best else 0


def corrected(text: str, names: Iterable[str]) -> str:
    """The text with each word that occurs in none of the names replaced by the one of theirs that is most like it.

    "" where nothing needs it, or nothing is like it.
    """
    there = {part for name in names for part in parts(name)}
    meant = []
    for word in words(text):
        if any(word in part for part in there) or not parts(word) or not there:
            meant.append(word)
            continue
        best = max(sorted(there), key=lambda part: alikeness(word, part))
        meant.append(best if alikeness(word, best) > 0.2 else word)
    return found if (found := " ".join(meant)) != " ".join(words(text)) else ""
