"""The administration speaks the reader's language: whatever a page says in both, it says because it is a name or a value."""

import re

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from lxml import html

from tests import make
from tests.hub.test_staff_roles import REGISTERED, rows_of

SPOKEN = ("title", "aria-label", "placeholder", "alt", "data-label", "value")
# What the rows hold (names, keys, hashes, texts), and words that are the same everywhere.
DATA = re.compile(
    r"(?i)(user|org|organisation |repository)\d+.*|[\w:-]*\d[\w:-]*|digits-\S+( \S+)*|a+(: x)?|(a token )?\(?hf_\w+.*|"
    r"[a-z]+[._@][a-z_]+|index_commit .*|\"\w+\"|digits cup|be fair\.|buy now|main( phase)?|read \*digits\*\.|some|a token|"
    r"moderator|evaluator|operator|repository|staff|the hub|false|cpu|esc|grove"
)


def said(page: str) -> set[str]:
    """Texts and spoken attributes of a page."""
    found: set[str] = set()
    for node in html.fromstring(page).iter():
        if (
            not isinstance(node.tag, str)
            or node.tag in {"script", "style", "code", "pre"}
            or "material-symbols" in node.get("class", "")
        ):
            continue
        found |= {" ".join(part.split()) for part in (node.text, node.tail) if part}
        found |= {
            node.get(name) for name in SPOKEN if node.get(name) and (name != "value" or node.get("type") == "submit")
        }
    return {text for text in found if re.search(r"[a-zA-Z]{3}", text)}


@pytest.fixture
def boss(client: Client) -> Client:
    client.force_login(make.user(is_admin=True))
    return client


def both(client: Client, address: str) -> set[str]:
    texts = []
    for language in ("zh-hans", "en"):
        answer = client.get(address, headers={"Accept-Language": language})
        if answer.status_code in {302, 403}:  # goes elsewhere, or does not fit this row
            return set()
        assert answer.status_code == 200
        texts.append(said(answer.content.decode()))
    return texts[0] & texts[1]


@pytest.mark.parametrize("model", REGISTERED)
def test_what_a_page_says_is_said_in_the_readers_language(boss: Client, model: type[Model]) -> None:
    page = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
    there_are = rows_of(model)
    left = both(boss, page) | both(boss, "/admin/")
    model_admin = admin.site._registry[model]
    for row in there_are:
        left |= both(boss, f"{page}{row.pk}/change/")
        for act in model_admin._extract_action_names(model_admin.actions_detail):
            left |= both(boss, f"{page}{row.pk}/{act}/")
    assert not {text for text in left if not DATA.fullmatch(text)}
