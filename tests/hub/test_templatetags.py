"""What templates draw with: small things, each the same on every page."""

import html
import re
from datetime import datetime, timedelta

import pytest
from django.contrib.humanize.templatetags import humanize
from django.utils import timezone

from hub.templatetags import grove
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


def test_how_long_ago_it_was_is_told_anew_as_time_goes_by(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = timezone.now()
    for age, said in (
        (timedelta(seconds=20), "20 seconds ago"),
        (timedelta(seconds=21), "21 seconds ago"),
        (timedelta(seconds=119), "a minute ago"),
        (timedelta(seconds=120), "2 minutes ago"),
        (timedelta(hours=5), "5 hours ago"),
    ):
        now = moment + age
        monkeypatch.setattr(grove.timezone, "now", lambda now=now: now)
        monkeypatch.setattr(humanize, "datetime", type("Clock", (datetime,), {"now": lambda _zone, now=now: now}))
        assert f">{said}</time>" in grove.when(moment).replace("\xa0", " ")
