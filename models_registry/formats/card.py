"""The card of a repository: a README.md whose first lines may be YAML between two `---`.

Cards come from anyone, so the YAML is read with care: plain data only, bounded in size, depth and number of values, no
anchors (a few lines of them unfold to gigabytes). Booleans are `true` and `false` alone, as in YAML 1.2: the language
code `no` stays a word, and dates stay text, so that the metadata is always JSON.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from models_registry.formats.licences import UNSTATED, identify

LARGEST_FRONT_MATTER = 256 * 1024  # bytes of UTF-8
MOST_VALUES = 20_000
DEEPEST = 24
MOST_TAGS = 200
LONGEST_WORD = 200
_NO_METADATA = (
    "empty or missing yaml metadata in repo card: without it, nobody finds the repository by task, library or licence."
)

FRONT_MATTER = re.compile(r"\A\ufeff?\s*---[ \t]*\r?\n(?P<yaml>.*?)(?:\r?\n|(?<=\n))---[ \t]*(?:\r?\n|\Z)", re.DOTALL)


class CardError(ValueError):
    """The front matter cannot be read; the message says why and, where known, on which line."""


@dataclass(frozen=True)
class Card:
    """`metadata`: the front matter as plain JSON data, {} without any. `body`: the Markdown below it."""

    metadata: dict[str, Any]
    body: str


@dataclass(frozen=True)
class CardFacts:
    """What we index. Whatever is not of the expected form is left out and explained in `warnings`."""

    title: str = ""
    licence: str = ""
    licences: tuple[str, ...] = ()
    task: str = ""
    library: str = ""
    tags: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    base_models: tuple[str, ...] = ()
    base_model_relation: str = ""
    prefixed_tags: tuple[str, ...] = ()
    warnings: tuple[str, ...] = field(default=(), compare=False)


# What datasets say of themselves, and Hub clients filter by as `size_categories:1K<n<10K`.
PREFIXED = (
    "annotations_creators",
    "language_creators",
    "multilinguality",
    "size_categories",
    "source_datasets",
    "task_categories",
    "task_ids",
)


class _Loader(yaml.CSafeLoader):
    """SafeLoader without the surprises of YAML 1.1: no yes/no/on/off, no dates, no base-60 numbers."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("int", r"^[-+]?(?:0|[1-9][0-9]{0,30})$", "-+0123456789"),
    ("float", r"^[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?$", "-+.0123456789"),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first))


def split(text: str) -> tuple[str | None, str]:
    """The front matter (None without any) and the Markdown below it."""
    found = FRONT_MATTER.match(text)
    return (found["yaml"], text[found.end() :]) if found else (None, text)


def parse(text: str) -> Card:
    """Read a whole README.md. Raises CardError."""
    front_matter, body = split(text)
    return Card({} if front_matter is None else _metadata(front_matter), body)


def _metadata(text: str) -> dict[str, Any]:
    data = plain_yaml(text)
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise CardError("The metadata must be a mapping of names to values.")
    return data


def plain_yaml(text: str) -> Any:
    """YAML that somebody wrote, as JSON data, read with the care described above. Raises CardError."""
    if len(text.encode(errors="replace")) > LARGEST_FRONT_MATTER:
        raise CardError(f"The metadata is larger than {LARGEST_FRONT_MATTER // 1024} KiB.")
    try:
        _refuse_bombs(text)
        data = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader, made stricter
    except CardError:
        raise
    except yaml.MarkedYAMLError as error:
        where = f" on line {error.problem_mark.line + 2}" if error.problem_mark else ""  # 1-based, after the first ---
        raise CardError(f"The metadata is not valid YAML{where}: {error.problem}.") from error
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise CardError(f"The metadata is not valid YAML: {error}.") from error
    return _plain(data)


def _refuse_bombs(text: str) -> None:
    """Look at the stream of events before anything is built from it."""
    depth = values = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise CardError("The metadata uses YAML anchors (&, *), which cards may not.")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.ScalarEvent):
            values += 1
        if depth > DEEPEST:
            raise CardError(f"The metadata is nested deeper than {DEEPEST} levels.")
        if values > MOST_VALUES:
            raise CardError(f"The metadata holds more than {MOST_VALUES} values.")


def _plain(value: Any) -> Any:
    """The same as JSON data. Explicit tags (!!binary, !!set, !!timestamp) can make what JSON cannot say."""
    if isinstance(value, dict):
        return {_key(name): _plain(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise CardError("The metadata holds a number that is not finite.")
    if isinstance(value, str):
        # A lone surrogate or a NUL is text that neither the database nor UTF-8 can hold.
        return value.encode("utf-8", "replace").decode().replace("\x00", "\ufffd")
    if value is None or isinstance(value, bool | int | float):
        return value
    raise CardError(f"The metadata holds a {type(value).__name__}, which JSON cannot express.")


def _key(name: Any) -> str:
    if isinstance(name, str):
        return str(_plain(name))
    if name is None or isinstance(name, bool | int | float):
        return str(name)
    raise CardError("The names in the metadata must be text.")


class _Reader:
    """Takes values of the expected form out of the metadata, and notes what it had to leave out."""

    def __init__(self, metadata: dict[str, Any]) -> None:
        self.metadata = metadata
        self.warnings: list[str] = []

    def word(self, name: str) -> str:
        value = self.metadata.get(name)
        if value is None:
            return ""
        if isinstance(value, str) and len(value) <= LONGEST_WORD:
            return value.strip()
        self.warnings.append(f"“{name}” should be one text of at most {LONGEST_WORD} characters; it is ignored.")
        return ""

    def words(self, name: str) -> tuple[str, ...]:
        value = self.metadata.get(name)
        if value is None:
            return ()
        given = value if isinstance(value, list) else [value]
        usable = list(self._usable(given))
        kept = tuple(dict.fromkeys(usable))[:MOST_TAGS]
        if len(usable) < len(given) or len(kept) == MOST_TAGS < len(usable):
            self.warnings.append(f"“{name}” should be a list of at most {MOST_TAGS} short texts; some are ignored.")
        return kept

    @staticmethod
    def _usable(given: list[Any]) -> Iterator[str]:
        for entry in given:
            if isinstance(entry, int | float) and not isinstance(entry, bool):
                yield str(entry)
            elif isinstance(entry, str) and 0 < len(entry.strip()) <= LONGEST_WORD:
                yield entry.strip()


def facts(metadata: dict[str, Any]) -> CardFacts:
    """The indexed part of a card's metadata; never fails, however odd the metadata."""
    reader = _Reader(metadata)
    licences, named = reader.words("license"), reader.word("license_name")
    task = reader.word("pipeline_tag") or next(iter(reader.words("task_categories")), "")
    return CardFacts(
        title=reader.word("pretty_name"),
        licence=(named if licences == ("other",) else "") or " AND ".join(licences),
        licences=licences,
        task=task,
        library=reader.word("library_name"),
        tags=reader.words("tags"),
        languages=reader.words("language"),
        datasets=reader.words("datasets"),
        base_models=reader.words("base_model"),
        base_model_relation=reader.word("base_model_relation"),
        prefixed_tags=tuple(f"{name}:{word}" for name in PREFIXED for word in reader.words(name)),
        warnings=tuple(reader.warnings),
    )


def validate(text: str, *, strict: bool = False) -> tuple[list[str], list[str]]:
    """(errors, warnings) about a README.md, in words for its author and partly those that Hub clients know.

    strict: a licence that nobody knows is an error; otherwise it is kept and marked, which an upload is warned of.
    """
    try:
        card = parse(text)
    except CardError as error:
        return [str(error)], []
    if not card.metadata:
        return [], [_NO_METADATA]
    if errors := list(_errors(card.metadata, strict=strict)):
        return errors, []
    found = facts(card.metadata)
    warnings = list(found.warnings)
    if not found.licence:
        warnings.append("The card names no licence (“license”): without one, others may not use the repository.")
    elif not identify(found.licence).known:
        warnings.append(f"The licence “{found.licence}” is not in the SPDX list; it is kept as written.")
    return [], warnings


def _errors(metadata: dict[str, Any], *, strict: bool) -> Iterator[str]:
    written = metadata.get("license") if strict else None
    for word in written if isinstance(written, list) else [written]:
        if word is None or (isinstance(word, str) and (word.lower() in UNSTATED or identify(word).known)):
            continue
        yield f'"license" must be one of the SPDX list, or "other" with a "license_name" of your own: not “{str(word)[:60]}”.'
    results = metadata.get("model-index")
    if results is not None and not isinstance(results, list):
        yield '"model-index" must be an array.'
    elif any(not isinstance(result, dict) for result in results or []):
        yield '"model-index" must be an array of objects.'
