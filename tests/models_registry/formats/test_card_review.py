"""What a card lacks is seen by its metadata and headings; a template's questions are not yet answers."""

from pathlib import Path

import pytest

import models_registry
from models_registry.formats.card_review import SECTIONS, review, with_section

TEMPLATES = Path(models_registry.__file__).parent / "card_templates"


def done(kind: str, metadata: dict[str, object], body: str) -> set[str]:
    return {point.key for point in review(kind, metadata, body) if point.is_done}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", set()),
        ("# Net\n\nText.\n", set()),
        ("## Limitations\n\nMany.\n", {"limitations"}),
        ("## Limitations\n", set()),
        ("## Limitations\n\n<!-- Which? -->\n", set()),
        ("## Limitations\n\n### Of light\n\nDark.\n", {"limitations"}),
        ("## Limitations\n\n## Training\n\nLong.\n", {"training"}),
        ("```\n# Training\nx\n```\n", {"example"}),
        ("<!--\n```\nx\n```\n-->", set()),
        ("## How to use it\n\n`pip`\n", {"example"}),
        ("## 局限\n\n很多。\n\n## 训练\n\n长。\n", {"limitations", "training"}),
        ("## Evaluation results ##\n\n0.9\n", {"evaluation"}),
        ("## Training\n\n## Training\n\nOnce.\n", {"training"}),
    ],
)
def test_a_section_counts_once_something_is_written_below_its_heading(body: str, expected: set[str]) -> None:
    assert done("model", {}, body) == expected


def test_metadata_counts_and_a_base_model_is_missed_by_nobody() -> None:
    points = {point.key: point for point in review("model", {"license": "mit"}, "")}
    assert points["license"].is_done
    assert points["task"].is_missed
    assert not points["base_model"].is_missed
    assert done("dataset", {"task_categories": ["x"], "size_categories": ["n<1K"]}, "") == {"task", "size"}


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("kind", ["model", "dataset"])
def test_the_template_asks_for_every_section_and_answers_none(kind: str, language: str) -> None:
    template = (TEMPLATES / language / f"{kind}.md").read_text()
    points = [point for point in review(kind, {}, template) if point.is_section]
    assert all(point.is_begun and not point.is_done for point in points)
    for point in points:
        text = with_section("# Net\n", template, SECTIONS[kind][point.key].search)
        begun = {found.key for found in review(kind, {}, text) if found.is_begun}
        assert point.key in begun
        assert text.startswith("# Net\n\n## ")
