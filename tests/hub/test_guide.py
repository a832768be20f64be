"""The guide: whole in both languages, and every link in it leads somewhere."""

import re

import pytest
from django.conf import settings
from django.test import Client

from hub.guide import PAGES

LANGUAGES = [code for code, _name in settings.LANGUAGES]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_there_in_every_language_and_its_links_lead_somewhere(client: Client, language: str) -> None:
    headings = set()
    for name in PAGES:
        answer = client.get(f"/docs/{name}", headers={"Accept-Language": language})
        text = answer.content.decode()
        article = re.search(r'<article lang="([^"]+)">\s*<h1>([^<]+)</h1>(.*)</article>', text, re.DOTALL)
        assert article, name
        assert article[1] == language
        headings.add(article[2])
        assert "hub.example" not in article[3]
        for link in re.findall(r'href="(/[^"#?]*)', article[3]):
            assert client.get(link).status_code in {200, 302}, (name, link)
    assert len(headings) == len(PAGES)


def test_the_first_page_is_the_beginning_and_an_unknown_one_is_missing(client: Client) -> None:
    assert b"Start here" in client.get("/docs").content
    assert client.get("/docs/nothing").status_code == 404
