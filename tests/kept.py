"""Whether pages find sentences again that are kept in English (`hub.kept_sentences`), whatever has been translated."""

from unittest import mock

from hub.kept_sentences import in_words
from models_registry.services import format_words  # noqa: F401 - its sentences are known from then on

MARK = "«told»"


def marking() -> mock._patch:
    """Meanwhile what is told in the reader's language begins with MARK, and all else stays as it is."""
    return mock.patch("hub.kept_sentences.gettext", lambda form: MARK + form)


def is_known(text: str) -> bool:
    with marking():
        return MARK in in_words(text)
