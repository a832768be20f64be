"""Forms that no page could use are refused with a sentence, whatever they are for."""

import pytest
from django.test import Client

from tests import make


@pytest.fixture
def page(client: Client) -> str:
    repository = make.repository()
    make.commit(repository, {"notes.txt": "one\n"})
    client.force_login(repository.creator)
    return f"{repository.get_absolute_url()}/edit/main/notes.txt"


@pytest.mark.parametrize("sent", [{"title": "a\0b"}, {"parent": "\0"}, {"text": "a\0"}])
def test_a_form_with_a_character_that_no_text_may_hold_is_refused_as_a_page(
    client: Client, page: str, sent: dict[str, str]
) -> None:
    answer = client.post(page, {"text": "two\n"} | sent)
    assert answer.status_code == 400
    assert "NUL character" in answer.content.decode()


@pytest.mark.parametrize("act", ["preview", "save"])
def test_a_text_longer_than_a_page_takes_is_neither_compared_nor_kept(client: Client, page: str, act: str) -> None:
    answer = client.post(page, {"text": "\n" * 600_000, "act": act})
    assert answer.status_code == 413
    assert "up to 512 KB" in answer.content.decode()


def test_the_card_editor_takes_no_longer_texts_either(client: Client, page: str) -> None:
    address = page.replace("/edit/main/notes.txt", "/card-parts?part=review")
    assert client.post(address, {"text": "# a" + "#" * 600_000}).status_code == 413
    assert client.post(address, {"text": "# a" + "#" * 500_000 + "x"}).status_code == 200
