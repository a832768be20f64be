"""What templates draw with: small things, each the same on every page."""

import html
import re

import pytest

from hub.templatetags.grove import whole_options


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("hf upload a/b . --create-pr", ["--create-pr"]),
        ('hf upload a/b . --create-pr --commit-message "x"', ["--create-pr", "--commit-message"]),
        ("git clone http://hub/a--b/c-d", []),
        ("print('<b>') # -- no option", []),
    ],
)
def test_a_commands_options_are_in_one_piece_and_its_text_stays_as_it_is(command: str, options: list[str]) -> None:
    drawn = whole_options(command)
    assert re.findall(r'<span class="option">(.*?)</span>', drawn) == options
    assert html.unescape(re.sub(r"</?span[^>]*>", "", drawn)) == command
