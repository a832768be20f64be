"""One key of a card's front matter changed, and every other byte of it left as it is: comments, order, quotes."""

import re
from typing import Any

import yaml

from models_registry.formats.card import FRONT_MATTER, CardError, parse

_KEY = re.compile(r"""(?P<quote>["']?)(?P<name>[^\s:#"'\[\]{},&*!|>%@`-][^:#"']*?)(?P=quote)[ \t]*:(?=[ \t\r\n]|\Z)""")
_BY_HAND = "The metadata of this card are written in a way that cannot be edited here: change them by hand."


def with_values(text: str, values: dict[str, Any]) -> str:
    """A README.md with these keys at the top of its metadata set, or removed where the value is None.

    A card without metadata gets some. Raises CardError if the metadata cannot be read, or edited by the line (a mapping in
    braces).
    """
    before = parse(text).metadata
    for name, value in values.items():
        text = _with_value(text, name, value, is_there=name in before)
    kept = {name: value for name, value in before.items() if name not in values}
    if parse(text).metadata != kept | {name: value for name, value in values.items() if value is not None}:
        raise CardError(_BY_HAND)
    return text


def _with_value(text: str, name: str, value: Any, *, is_there: bool) -> str:
    found = FRONT_MATTER.match(text)
    newline = "\r\n" if text.partition("\n")[0].endswith("\r") else "\n"  # as the first line ends
    block = "" if value is None else _block(name, value).replace("\n", newline)
    if found is None:
        return f"---{newline}{block}---{newline}{newline}{text}" if block else text
    start, end = found.span("yaml")
    lines = text[start:end].splitlines(keepends=True)
    place = _place(lines, name)
    if place is None and is_there:
        raise CardError(_BY_HAND)
    if place is None:
        before, after = "".join(lines), ""
    else:
        before, after = "".join(lines[: place[0]]), "".join(lines[place[1] :])
    if before and block and not before.endswith("\n"):
        before += newline
    matter = before + block + after
    if text[end : end + 1] in {"\r", "\n"}:  # the line break before the closing --- is not the metadata's own
        matter = matter.removesuffix(newline) if not after else matter
    elif matter and not matter.endswith("\n"):
        matter += newline
    return text[:start] + matter + text[end:]


def _block(name: str, value: Any) -> str:
    """As YAML, in lines of their own."""
    return yaml.safe_dump({name: value}, allow_unicode=True, sort_keys=False, default_flow_style=False, width=1000)


def _place(lines: list[str], name: str) -> tuple[int, int] | None:
    """The lines [first, end) that hold this key of the top level."""
    for first, line in enumerate(lines):
        key = _KEY.match(line)
        if key is None or key["name"] != name:
            continue
        end = first + 1
        while end < len(lines) and _belongs(lines[end]):
            end += 1
        while end > first + 1 and not lines[end - 1].strip():  # empty lines after it are the file's, not the value's
            end -= 1
        return first, end
    return None


def _belongs(line: str) -> bool:
    """Whether a line goes on with the value of the key before it: indented, empty, or an entry of a list."""
    return not line.strip() or line[0] in " \t" or line.startswith(("- ", "-\n", "-\r")) or line.strip() == "-"


def joined(original: str, matter: str, body: str) -> str:
    """A README.md of these lines of metadata and this text, fenced as `original` fences its metadata."""
    found = FRONT_MATTER.match(original)
    if not matter.strip() and (found is None or found["yaml"] != matter):
        return body
    if found is None:
        return f"---\n{matter.rstrip()}\n---\n{body}"
    start, end = found.span("yaml")
    closing = original[end : found.end()]
    ends = matter == "" or matter.endswith("\n") or closing.startswith(("\n", "\r"))
    if body and not closing.endswith("\n"):
        closing += "\n"
    return f"{original[:start]}{matter}{'' if ends else chr(10)}{closing}{body}"
