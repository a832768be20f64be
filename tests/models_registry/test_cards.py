"""Markdown from anyone: rendered for readers, harmless to them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models_registry.services.cards import render
from models_registry.services.markdown import Place
from tests import hostile

PLACE = Place(blob="/ann/net/blob/main/", resolve="/ann/net/resolve/main/")


def audit(html: str) -> None:
    hostile.audit(html, ids="card-")


@pytest.mark.parametrize("text", hostile.TEXTS)
def test_nothing_hostile_survives_rendering(text):
    audit(render(text, PLACE))
    audit(render(f"text {text} text", PLACE))
    audit(render(f"- [ ] {text}\n\n| {text} |\n|--|\n| {text} |\n", PLACE))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [*hostile.TEXTS, "<", ">", '"', "'", "`", "[", "](", ")", "\n\n", "**", "# ", "> ", "&quot;", "x"]
        ),
        max_size=12,
    )
)
def test_no_combination_of_hostile_pieces_survives_rendering(pieces):
    audit(render("".join(pieces), PLACE))


@pytest.mark.parametrize(
    ("written", "folder", "expected"),
    [
        ("[x](docs/use.md)", "", 'href="/ann/net/blob/main/docs/use.md"'),
        ("[x](use.md#how)", "docs", 'href="/ann/net/blob/main/docs/use.md#how"'),
        ("[x](../train.py)", "docs", 'href="/ann/net/blob/main/train.py"'),
        ("[x](#how-to)", "", 'href="#card-how-to"'),
        ("[x](https://a.example/b)", "", 'href="https://a.example/b"'),
        ("![x](plots/a%20b.png)", "", 'src="/ann/net/resolve/main/plots/a%20b.png"'),
        ('<img src="plots/a b.png">', "", 'src="/ann/net/resolve/main/plots/a%20b.png"'),
    ],
)
def test_relative_addresses_lead_into_the_repository(written, folder, expected):
    assert expected in render(written, Place(PLACE.blob, PLACE.resolve, folder))


@pytest.mark.parametrize(
    "written", ["[x](../../settings)", "![x](../../other/net/resolve/main/x.png)", "[x](//evil.example)"]
)
def test_relative_addresses_cannot_leave_the_repository(written):
    html = render(written, PLACE)
    assert "href" not in html
    assert "src" not in html


def test_a_picture_from_elsewhere_is_a_link_so_that_reading_tells_nobody():
    assert render("![badge](https://a.example/b.svg)", PLACE).startswith('<p><a href="https://a.example/b.svg"')
    assert render("[![badge](https://a.example/b.svg)](https://c.example)", PLACE).count("<a ") == 1


def test_the_page_keeps_the_only_first_heading_and_headings_can_be_linked_to():
    html = render("# Title\n\n## Part one\n", PLACE)
    assert '<h2 id="card-title">Title</h2>' in html
    assert '<h3 id="card-part-one">Part one</h3>' in html


def test_tables_footnotes_task_lists_and_code_are_drawn():
    html = render("| a |\n|--|\n| 1 |\n\n- [x] done\n\nnote[^1]\n\n[^1]: foot\n\n```python\nx = 1\n```\n", PLACE)
    assert "<table>" in html
    assert 'type="checkbox"' in html
    assert 'class="footnotes"' in html
    assert '<code class="highlight"><span class="n">x</span>' in html


def test_columns_keep_their_alignment_and_an_empty_head_is_left_out() -> None:
    html = render("|  |  |\n|:--|--:|\n| a | 1 |\n", PLACE)
    assert "<thead>" not in html
    assert '<td align="right">1</td>' in html
    assert "<th>b</th>" in render("|  | b |\n|--|--|\n| a | 1 |\n", PLACE)


def test_a_very_long_or_deep_card_is_rendered_in_bounded_time():
    for text in ("> " * 5000 + "x", "[" * 20_000, "*a " * 20_000, "`" * 20_000, "<div>" * 20_000, "| a " * 5000):
        audit(render(text, PLACE))
