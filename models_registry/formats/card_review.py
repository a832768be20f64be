"""How complete a card is: what a reader looks for before using a model or a dataset, and which of it is there.

Headings are known by their words, in English and Chinese. A section counts once something is written below its heading:
the questions of a template, which are comments, do not count.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_HEADING = re.compile(r"(?P<level>#{1,6})[ \t]+(?P<title>.+)")
_FENCE = re.compile(r" {0,3}(?P<mark>`{3,}|~{3,})")

SECTIONS: dict[str, dict[str, re.Pattern[str]]] = {
    "model": {
        "uses": re.compile(r"intended|(?<!how to )\buses?\b|applications?\b|用途|适用|应用", re.IGNORECASE),
        "limitations": re.compile(r"limit|\bbias|\brisks?\b|out.of.scope|局限|限制|偏差|风险", re.IGNORECASE),
        "example": re.compile(r"how to|quick ?start|get(?:ting)? started|example|usage|用法|示例|快速开始", re.IGNORECASE),
        "training": re.compile(r"train|训练", re.IGNORECASE),
        "evaluation": re.compile(r"evaluat|results?\b|benchmark|performance|metrics|评测|评估|结果|性能", re.IGNORECASE),
    },
    "dataset": {
        "uses": re.compile(r"intended|(?<!how to )\buses?\b|applications?\b|\btasks?\b|用途|适用|任务", re.IGNORECASE),
        "structure": re.compile(r"structure|fields|features|columns|splits?\b|format|schema|结构|字段|划分", re.IGNORECASE),
        "source": re.compile(r"source|collect|creation|curat|annotat|provenance|来源|收集|标注|采集", re.IGNORECASE),
        "limitations": re.compile(r"limit|\bbias|\brisks?\b|privacy|personal|consider|局限|限制|偏差|风险|隐私", re.IGNORECASE),
        "example": re.compile(r"how to|quick ?start|get(?:ting)? started|example|load|用法|示例|快速开始|加载", re.IGNORECASE),
    },
}  # fmt: skip
# What the metadata should name: {key of the review: (key of the metadata, whether it is missed where it is absent)}.
FIELDS: dict[str, dict[str, tuple[str, bool]]] = {
    "model": {
        "license": ("license", True),
        "task": ("pipeline_tag", True),
        "datasets": ("datasets", True),
        "base_model": ("base_model", False),
    },
    "dataset": {
        "license": ("license", True),
        "task": ("task_categories", True),
        "language": ("language", False),
        "size": ("size_categories", True),
    },
}


@dataclass(frozen=True)
class Point:
    """`is_section`: it is written in the text, and a template has it; else it is a field of the metadata.

    is_begun: its heading is there, with nothing below it. is_missed: False where it need not be there, such as the base
    model of one that has none.
    """

    key: str
    is_done: bool
    is_section: bool
    is_missed: bool
    is_begun: bool = False


def review(kind: str, metadata: dict[str, Any], body: str) -> list[Point]:
    """Every point, those of the metadata first. kind: "model" or "dataset"."""
    points = [
        Point(key, is_done=bool(metadata.get(name)), is_section=False, is_missed=counts and not metadata.get(name))
        for key, (name, counts) in FIELDS[kind].items()
    ]
    body = _COMMENT.sub("", body)
    written, titles = list(_sections(body)), [text for level, text in _lines(body) if level]
    has_code = any(_FENCE.match(line) for line in body.splitlines())
    for key, words in SECTIONS[kind].items():
        is_done = any(words.search(title) for title in written) or (key == "example" and has_code)
        is_begun = not is_done and any(words.search(title) for title in titles)
        points.append(Point(key, is_done=is_done, is_section=True, is_missed=not is_done, is_begun=is_begun))
    return points


def _sections(body: str) -> Iterator[str]:
    """The headings below which something is written, be it in a section of a section."""
    open_titles: list[tuple[int, str]] = []
    for level, text in _lines(body):
        if level:
            open_titles = [(other, title) for other, title in open_titles if other < level]
            open_titles.append((level, text))
        elif text.strip():
            yield from (title for _level, title in open_titles)
            open_titles = [(other, "") for other, _title in open_titles]


def _lines(body: str) -> Iterator[tuple[int, str]]:
    """(level of the heading, its title), or (0, the line); what stands in a code block is no heading."""
    fence = ""
    for line in body.splitlines():
        mark = _FENCE.match(line)
        if mark and not fence:
            fence = mark["mark"][:3]
        elif mark and mark["mark"].startswith(fence):
            fence = ""
        heading = None if fence or mark else _HEADING.fullmatch(line)
        yield (len(heading["level"]), heading["title"].rstrip(" \t#")) if heading else (0, line)


def with_section(body: str, template: str, matches: Callable[[str], object]) -> str:
    """The text with the template's section whose title matches at its end; as it is where the template has none."""
    found = next((section for title, section in sections_of(template) if matches(title)), "")
    return f"{body.rstrip()}\n\n{found.strip()}\n".lstrip() if found else body


def sections_of(template: str) -> Iterator[tuple[str, str]]:
    """(title, the whole section with its heading) of each heading of the second level."""
    for section in re.split(r"(?m)^(?=## )", template)[1:]:
        yield section.partition("\n")[0].removeprefix("## ").strip(), section
