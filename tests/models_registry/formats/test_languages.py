"""Languages of cards, by their BCP-47 tags."""

import pytest

from models_registry.formats.languages import choices, is_language, name_of


@pytest.mark.parametrize("tag", ["en", "zh-Hans", "pt-BR", "yue", "multilingual", "code", "no"])
def test_these_are_languages(tag: str) -> None:
    assert is_language(tag)


@pytest.mark.parametrize("tag", ["", "english", "xx", "e n", "zh_Hans_nope"])
def test_these_are_none(tag: str) -> None:
    assert not is_language(tag)


def test_names_are_those_of_the_reader() -> None:
    assert name_of("de", locale="en") == "German"
    assert name_of("de", locale="zh-hans") == "德语"
    assert name_of("my own", locale="en") == "my own"
    assert ("de", "German") in choices("en")
