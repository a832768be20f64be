"""Hostile texts, and what no HTML made of them may hold."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

from models_registry.formats import formulas
from models_registry.services.markdown import ATTRIBUTES, TAGS

TEXTS: list[str] = json.loads((Path(__file__).parent / "fixtures" / "xss.json").read_text())
"""Attempts to run script, load foreign things or take over the page: as tags, attributes, addresses and broken markup."""

ADDRESS = re.compile(r"(https?://|mailto:|/(?!/)|#)", re.IGNORECASE)


class Auditor(HTMLParser):
    """Fails on anything that a text of ours may not hold."""

    def __init__(self, *, ids: str) -> None:
        super().__init__()
        self.ids = ids

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in formulas.TAGS:
            assert {name for name, _value in attrs} <= formulas.ATTRIBUTES | {"display", "aria-label"}
            return
        assert tag in TAGS
        allowed = ATTRIBUTES["*"] | ATTRIBUTES.get(tag, set()) | {"rel"}
        for name, value in attrs:
            assert name in allowed
            if name in {"href", "src"}:
                assert ADDRESS.match(value or ""), value
                assert "\\" not in (value or "")[:2]
                assert name == "href" or (value or "").startswith("/"), value
            if name == "id":
                assert self.ids
                assert (value or "").startswith(self.ids)
            if name == "class":
                assert not {"btn", "stretched-link", "btn-primary"} & set((value or "").split())
            if tag == "input" and name == "type":
                assert value == "checkbox"

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)


def audit(html: str, *, ids: str = "") -> None:
    """`ids`: how each id begins; empty where there may be none."""
    auditor = Auditor(ids=ids)
    auditor.feed(html)
    auditor.close()
